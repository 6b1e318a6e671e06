"""Templates as they are sent: without comments and with little indentation, which the service counts too.

CreateStack takes 51,200 bytes in its request; beyond that a template has to lie in a bucket, and ours makes
the bucket. What is left out means nothing: a test holds the parsed outcome against the parsed file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Which = Literal["base", "services", "access"]


def template(root: Path, which: Which) -> str:
    """infra/<which>.yaml of the repository at `root`, as it is sent."""
    return compact((root / "infra" / f"{which}.yaml").read_text(encoding="utf-8"))


def compact(text: str) -> str:
    """The same YAML without blank lines and comments, each level as far left as it may stand."""
    lines: list[str] = []
    levels = [(0, 0)]  # the levels that the line stands in: indentation in the text, and in the outcome
    for line in text.splitlines():
        content = line.strip()
        if not content or content.startswith("#"):
            continue
        indentation = len(line) - len(line.lstrip())
        while levels[-1][0] > indentation:
            levels.pop()
        if levels[-1][0] < indentation:
            # Only a key's list may begin below its first letter; a list in a list may not.
            of_key = content.startswith("- ") and lines[-1].endswith(":")
            levels.append((indentation, levels[-1][1] + (0 if of_key else 1)))
        lines.append(" " * levels[-1][1] + content)
        while content.startswith("- "):
            content = content.removeprefix("- ")
            levels.append((levels[-1][0] + 2, levels[-1][1] + 2))
    return "\n".join(lines) + "\n"
