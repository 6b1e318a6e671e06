"""The data card: what the data are, how far people agreed, and what may be done with them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from steps.segments.settings import LabelingSettings

VERSION = 1
_UNKNOWN = "not stated"


def data_hash(figures: dict[str, Any]) -> str:
    """One SHA-256 over the hashes of all targets."""
    hashes = {name: target["sha256"] for name, target in figures["targets"].items()}
    return hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()


def dataset(figures: dict[str, Any], wanted: LabelingSettings, targets: str) -> dict[str, Any]:
    """dataset.json: what a training pipeline takes to find the data."""
    return {
        "version": VERSION,
        "targets": {name: f"{targets}/{name}" for name in wanted.targets} if targets else {},
        "rows": figures["rows"],
        "sets": figures["sets"],
        "data_hash": data_hash(figures),
        "sample_rows": wanted.sample_rows,
        "card": dict(wanted.card),
    }


def card(figures: dict[str, Any], wanted: LabelingSettings) -> str:
    """README.md in the form of the Hugging Face hub: YAML in front, then text."""
    about = wanted.card
    title = about.get("title") or "Labeled recordings"
    front = {
        "pretty_name": title,
        "license": about.get("licence") or "unknown",
        "language": about.get("languages") or [],
        "size_categories": [_size(figures["objects"]["converted"])],
    }
    header = "\n".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in front.items())
    parts = [f"---\n{header}\n---\n\n# {title}\n", about.get("description") or ""]
    parts += [_terms(about), _counts(figures), _agreement(figures), _made(figures, wanted)]
    return "\n".join(part.strip() + "\n" for part in parts if part.strip())


def _terms(about: Any) -> str:
    rows = [
        ("Licence", about.get("licence")),
        ("Consent of those recorded", about.get("consent")),
        ("Personal data", about.get("personal_data")),
        ("Contact", about.get("contact")),
        ("Source", about.get("source")),
    ]
    lines = [f"| {name} | {_cell(value or _UNKNOWN)} |" for name, value in rows]
    return "\n".join(["## Terms\n", "| | |", "| --- | --- |", *lines])


def _counts(figures: dict[str, Any]) -> str:
    lines = ["## What is in it\n", "| set | recordings | objects | segments |", "| --- | --- | --- | --- |"]
    for name, counts in figures["sets"].items():
        cells = (counts["recordings"], counts.get("objects", 0), counts.get("segments", 0))
        lines.append(f"| {name} | {' | '.join(f'{cell:,}' for cell in cells)} |")
    lines += ["", "No recording is in two sets.", ""]
    lines += ["| track | label | segments | seconds |", "| --- | --- | --- | --- |"]
    for track, labels in figures["labels"].items():
        for label, counts in labels.items():
            lines.append(
                f"| {_cell(track)} | {_cell(label)} | {counts['segments']:,} | {counts['seconds']:,.1f} |"
            )
    return "\n".join([*lines, "", _sentence(figures["objects"], figures["segments"])])


def _sentence(objects: dict[str, Any], segments: dict[str, Any]) -> str:
    aside = {key: sum(each["set_aside"].values()) for key, each in (("o", objects), ("s", segments))}
    return (
        f"{objects['in']:,} objects came in, {objects['converted']:,} are in it,"
        f" {aside['o']:,} set aside."
        f" {segments['in']:,} segments of all workers came in: {segments['converted']:,} are behind the"
        f" {segments['agreed']:,} agreed ones, {aside['s']:,} were set aside."
    )


def _agreement(figures: dict[str, Any]) -> str:
    agreement = figures["agreement"]
    if not agreement or not agreement["compared_objects"]:
        return "## Agreement\n\nNot measured: no object has answers of several workers, or it is turned off."
    lines = ["## Agreement\n", "| track | F1 by overlap | start error | end error | alpha |"]
    lines.append("| --- | --- | --- | --- | --- |")
    for track, found in agreement["tracks"].items():
        f1 = ", ".join(
            f"{value:.3f} at {threshold}" for threshold, value in found["f1"].items() if value is not None
        )
        errors = [found["start_error_seconds"], found["end_error_seconds"]]
        cells = [f"{each:.3f} s" if each is not None else "–" for each in errors]
        alpha = "–" if found["alpha"] is None else f"{found['alpha']:.3f}"
        lines.append(f"| {_cell(track)} | {f1} | {cells[0]} | {cells[1]} | {alpha} |")
    lines.append(f"\nOf {agreement['compared_objects']:,} objects with several workers, every two compared.")
    return "\n".join(lines)


def _made(figures: dict[str, Any], wanted: LabelingSettings) -> str:
    rule = wanted.consolidation
    sample = f"A sample: the first {wanted.sample_rows:,} objects alone.\n\n" if wanted.sample_rows else ""
    return (
        f"## How it was made\n\n{sample}"
        "Segments of several workers were clustered by an intersection over union of at least"
        f" {rule.iou:g}; one that not more than {rule.quorum:.0%} of the workers marked is left out"
        " (at 100%: that not all marked). Boundaries are medians, the label is the majority's. Ties are in"
        " review.jsonl, not in the data."
        f" Sets by recording, seed {wanted.split.seed}.\n\n"
        f"SHA-256 over all files: `{data_hash(figures)}`"
    )


def _size(count: int) -> str:
    for limit, name in ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K")):
        if count < limit:
            return name
    return "100K<n<1M"


def _cell(text: Any) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")
