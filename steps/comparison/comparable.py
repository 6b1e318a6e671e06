"""Whether two evaluations may be compared row by row, told by their manifests and results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steps.comparison.results import Scores

# Settings that decide what a score means; how the model was asked may differ, that is what one compares.
SCORING = ("task", "target_delimiter")
RESULTS = "results.jsonl"


def other_data(new: Mapping[str, Any], old: Mapping[str, Any]) -> str:
    """Why two manifests cannot be of the same rows, scored the same way; empty where they can."""
    asked, before = _part(new, "data"), _part(old, "data")
    if not before.get("sha256"):
        return "its manifest does not say which rows were asked"
    if asked.get("sha256") != before["sha256"]:
        return (
            "other evaluation data: "
            f"{_rows(asked)} with hash {_short(asked)}, before {_rows(before)} with hash {_short(before)}"
        )
    settings, earlier = _part(new, "settings"), _part(old, "settings")
    changed = [name for name in SCORING if settings.get(name) != earlier.get(name)]
    return f"scored in another way: {', '.join(changed)}" if changed else ""


def other_rows(new: Scores, old: Scores, manifest: Mapping[str, Any]) -> str:
    """Why the results are not those of `manifest`, the old one's, or not of the same rows; else empty."""
    written = _part(manifest, "files").get(RESULTS)
    if written and written != old.sha256:
        return "its results are not those that its evaluation wrote: the manifest has another hash"
    if new.ids != old.ids:
        return f"its results are of other rows ({len(old):,} against {len(new):,})"
    return ""


def _part(manifest: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = manifest.get(name)
    return part if isinstance(part, Mapping) else {}


def _rows(data: Mapping[str, Any]) -> str:
    rows = data.get("rows")
    return f"{rows:,} rows" if isinstance(rows, int) else "rows"


def _short(data: Mapping[str, Any]) -> str:
    return str(data.get("sha256", "unknown"))[:12]
