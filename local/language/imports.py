"""Makes transformers import faster: what it would import and nobody here uses is hidden from it."""

from __future__ import annotations

import sys

# With scikit-learn (for one option of assisted decoding) come scipy and pandas: a third of the import's time.
_UNUSED = ("sklearn", "scipy", "pandas")


def hide_unused() -> None:
    """To be called before transformers is; `import sklearn` then fails as if it were not installed."""
    for name in _UNUSED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # None: "not installed", by Python's rules
