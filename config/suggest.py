"""Did you mean ...? The nearest of the known names."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name nearest to ``word``, or None when none is near; case, - and _ count for nothing."""
    names = {_plain(name): name for name in known}
    plain = _plain(word[:256])
    found = get_close_matches(plain, list(names), n=1, cutoff=0.6)
    parts = found or [name for name in names if len(plain) >= 3 and (plain in name or name in plain)]
    return names[parts[0]] if len(parts) == 1 else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The hint for a misspelt name, or None."""
    found = nearest(word, known)
    return f'did you mean "{found}"?' if found else None


def as_share(found: float) -> str | None:
    """The hint for a percentage where a share is needed, or None."""
    return f"write {found / 100:g} for {found:g} %" if 1 < found <= 100 else None


def listing(names: Iterable[str]) -> str:
    """Names for a message, in the order given."""
    return ", ".join(names) or "none"


def quoted(value: str) -> str:
    """A text as it is shown in messages: in quotes, on one line, cut after 60 characters."""
    line = " ".join(value.split())
    return f'"{line[:57]}..."' if len(line) > 60 else f'"{line}"'


def _plain(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "")
