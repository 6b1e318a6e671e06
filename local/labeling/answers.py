"""What the workers of the stand-in answer: a folder that stands for them.

Either the output of another labeling job, whose answers are given again to objects with the same source, or
the same file name (manifests/output/output.manifest names them). Or one file `{"answers": [...]}` an object,
named after the object's file: `call-7.json` answers `s3://bucket/audio/call-7.wav`, and the text `call-7`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

_MANIFEST = Path("manifests", "output", "output.manifest")
_ANNOTATIONS = "/annotations/"
Answers = list[dict[str, Any]]


class AnswerFolder:
    """Answers by source. Files are read when asked for; the manifest of an earlier job once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        manifest = self._folder / _MANIFEST
        self._earlier = _by_source(manifest) if manifest.is_file() else None

    def of(self, source: str) -> Answers | None:
        """The answers to an object, one a worker; None where nobody has answered."""
        if self._earlier is not None:
            found = self._earlier.get(source) or self._earlier.get(PurePosixPath(source).name)
            return self._read(found) if isinstance(found, str) else found
        name = PurePosixPath(source).name
        return self._read(f"{name}.json") or self._read(f"{PurePosixPath(name).stem}.json")

    def _read(self, relative: str) -> Answers | None:
        path = (self._folder / relative).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file():
            return None
        return _listed(json.loads(path.read_text(encoding="utf-8")).get("answers"))


def _by_source(manifest: Path) -> dict[str, str | Answers]:
    """By source, and by the name of its file: the same recordings may lie in another bucket by now."""
    found: dict[str, str | Answers] = {}
    for source, answers in _earlier(manifest):
        found.setdefault(source, answers)
        found.setdefault(PurePosixPath(source).name, answers)
    return found


def _earlier(manifest: Path) -> Iterator[tuple[str, str | Answers]]:
    """(source, path of the answers below the folder, or the answers in the line) of each labeled line."""
    for line in manifest.read_text(encoding="utf-8").split("\n"):  # other ends of lines are text
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # as the earlier job left it
        if not isinstance(entry, dict):
            continue
        source = source_of(entry)
        metadata = next((value for key, value in entry.items() if key.endswith("-metadata")), None)
        reference = str(metadata.get("worker-response-ref") or "") if isinstance(metadata, dict) else ""
        _, marker, path = reference.partition(_ANNOTATIONS)
        if source and marker:
            yield source, f"annotations/{path}"
        elif source and (content := _content(entry)) is not None:
            yield source, content


def _content(entry: Mapping[str, Any]) -> Answers | None:
    """Answers that a post-annotation function has left in the line, as the workers gave them."""
    for value in entry.values():
        listed = value.get("annotationsFromAllWorkers") if isinstance(value, Mapping) else None
        if listed:
            return [
                {"workerId": each["workerId"], "answerContent": json.loads(each["rawContent"])}
                for each in listed
            ]
    return None


def _listed(answers: Any) -> Answers | None:
    return [each for each in answers if isinstance(each, dict)] if isinstance(answers, list) else None


def source_of(line: Mapping[str, Any]) -> str | None:
    """What the line is about: `source-ref`, else `source`."""
    for key in ("source-ref", "source"):
        if isinstance(value := line.get(key), str) and value:
            return value
    return None
