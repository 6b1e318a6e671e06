"""Templates as they are sent: without comments and with less indentation, which the service counts too.

CreateStack takes 51,200 bytes in its request; beyond that a template has to lie in a bucket, and ours makes
the bucket. What is left out means nothing: a test holds the parsed outcome against the parsed file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

LONGEST = 51_200
Which = Literal["base", "services", "access"]


def template(root: Path, which: Which) -> str:
    """infra/<which>.yaml of the repository at `root`, as it is sent."""
    return compact((root / "infra" / f"{which}.yaml").read_text(encoding="utf-8"))


def compact(text: str) -> str:
    """The same YAML without blank lines and comments, and with lists as far left as their keys."""
    lines: list[str] = []
    lists: list[tuple[int, int]] = []  # the lists that the line stands in: indentation, moved left by
    for line in text.splitlines():
        content = line.strip()
        if not content or content.startswith("#"):
            continue
        indentation = len(line) - len(line.lstrip())
        is_item = content.startswith("- ")
        while lists and (lists[-1][0] > indentation or (lists[-1][0] == indentation and not is_item)):
            lists.pop()
        if is_item and (not lists or lists[-1][0] < indentation):
            # Only a key's list may begin below its first letter; a list in a list may not.
            lists.append((indentation, 2 if lines[-1].endswith(":") else 0))
        lines.append(" " * (indentation - sum(moved for _, moved in lists)) + content)
    return "\n".join(lines) + "\n"
