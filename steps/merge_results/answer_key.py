"""What was found of personal data that somebody planted and wrote down, for samples with an answer key.

A planted thing counts where the model's answer repeats it, which its reasoning is no part of: `found` when
the result does not hold it any more, `missed` when it does. Misses are told by record, type and form; the
texts themselves are kept nowhere.

    {"id": "call-0001", "planted": [{"type": "EMAIL", "form": "spoken", "text": "..."}]}    a line of the key
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from steps.runtime.guardrail.outputs import output_of

COUNTS = ("planted", "in_answers", "found", "missed")


@dataclass(frozen=True)
class Planted:
    """One thing of the key. `pattern` finds it as a whole word."""

    id: str
    type: str
    form: str
    pattern: re.Pattern[str]


def compare(key: Path, raw: Path, results: Path) -> dict[str, Any]:
    """The counts by type and in all, and the misses."""
    planted = list(read(key))
    of_record: dict[str, list[Planted]] = {}
    for each in planted:
        of_record.setdefault(each.id, []).append(each)
    answered = set(_standing(of_record, _answers(raw)))
    missed = set(_standing(of_record, _results(results)))
    by_type: dict[str, dict[str, int]] = {}
    for each in planted:
        counts = by_type.setdefault(each.type, dict.fromkeys(COUNTS, 0))
        counts["planted"] += 1
        counts["in_answers"] += each in answered
        counts["missed"] += each in missed
        counts["found"] += each in answered and each not in missed
    return {
        "total": {name: sum(counts[name] for counts in by_type.values()) for name in COUNTS},
        "by_type": {name: by_type[name] for name in sorted(by_type)},
        "missed": [
            {"id": each.id, "type": each.type, "form": each.form} for each in planted if each in missed
        ],
    }


def read(key: Path) -> Iterator[Planted]:
    """The key, a file or a folder with one."""
    for path in _files(key, (".jsonl",)):
        for line in path.read_bytes().splitlines():
            record = orjson.loads(line)
            for each in record["planted"]:
                pattern = re.compile(rf"(?<!\w){re.escape(each['text'])}(?!\w)")
                yield Planted(record["id"], each["type"], each.get("form", ""), pattern)


def _standing(
    of_record: Mapping[str, Sequence[Planted]], texts: Iterable[tuple[str, str]]
) -> Iterator[Planted]:
    for identity, text in texts:
        yield from (each for each in of_record.get(identity, ()) if each.pattern.search(text))


def _answers(raw: Path) -> Iterator[tuple[str, str]]:
    for path in _files(raw, (".out", ".jsonl")):
        with path.open("rb") as lines:
            for line in lines:
                record = _parsed(line)
                output = output_of(record.get("modelOutput"))
                yield str(record.get("recordId")), output.text if output else ""


def _results(results: Path) -> Iterator[tuple[str, str]]:
    with results.open("rb") as lines:
        for line in lines:
            record = orjson.loads(line)
            yield record["id"], record["text"] or ""


def _parsed(line: bytes) -> dict[str, Any]:
    """A line that was cut off says nothing."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return record if isinstance(record, dict) else {}


def _files(place: Path, endings: tuple[str, ...]) -> list[Path]:
    found = [place] if place.is_file() else sorted(each for each in place.rglob("*") if each.is_file())
    return [path for path in found if path.suffix in endings and not path.name.startswith("manifest.json")]
