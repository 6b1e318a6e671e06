"""Input manifests: JSON Lines of objects, held against the limits of Ground Truth.

    {"source-ref": "s3://bucket/audio/call-7.wav", "call-id": "call-7", "transcription": "..."}

Limits: pages input-data-limits and sms-input-data-input-manifest of the Developer Guide.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from config import names
from config.models import Environment
from deploy.labeling.errors import ManifestError

SOURCES: Final = ("source-ref", "source")
OBJECTS: Final = 100_000
LINE_CHARACTERS: Final = 100_000
VALUE_CHARACTERS: Final = 20_000
# A bucket as clients take its name at all; @bucket@ is filled in before anybody is asked for it.
S3_OBJECT: Final = re.compile(r"s3://([\w.-]{1,255}|@bucket@)/.+", re.ASCII | re.DOTALL)
_MOST_TOLD: Final = 20
Line = Mapping[str, Any]


@dataclass(frozen=True)
class Manifest:
    """A sound manifest: its lines, and what is in all of them."""

    name: str
    lines: Sequence[Line]

    @property
    def keys(self) -> frozenset[str]:
        """The keys that every line has."""
        common = set(self.lines[0])
        for line in self.lines[1:]:
            common &= set(line)
        return frozenset(common)

    @property
    def sources(self) -> tuple[str, ...]:
        """What each object is."""
        return tuple(str(source_of(line)) for line in self.lines)

    @property
    def buckets(self) -> tuple[str, ...]:
        """Where the objects lie, and the texts that lines refer to."""
        texts = (value for line in self.lines for value in line.values() if isinstance(value, str))
        return tuple(sorted({found[1] for found in map(S3_OBJECT.fullmatch, texts) if found}))

    @property
    def content(self) -> bytes:
        """As it is written."""
        return written(self.lines)


def written(lines: Iterable[Line]) -> bytes:
    """JSON Lines in UTF-8."""
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def source_of(line: Line) -> str | None:
    """`source-ref`, else `source`; None where neither is a text."""
    for key in SOURCES:
        if isinstance(value := line.get(key), str) and value.strip():
            return value
    return None


def filled(content: bytes, environment: Environment) -> bytes:
    """@bucket@ and @prefix@ of a manifest in the repository are the environment's."""
    values = {"@bucket@": names.bucket(environment), "@prefix@": names.key_prefix(environment)}
    for word, value in values.items():
        content = content.replace(word.encode(), value.encode())
    return content


def read(content: bytes, name: str, *, attribute: str | None = None) -> Manifest:
    """The manifest; raises ManifestError with everything that is wrong, by line (from 1)."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError(name, [f"byte {error.start} is not UTF-8"], hint="save it as UTF-8") from error
    lines: list[Line] = []
    problems: list[str] = []
    seen: dict[str, int] = {}
    for number, written_line in enumerate(text.split("\n"), start=1):
        if not written_line.strip():
            continue
        found, wrong = _line(written_line, attribute)
        problems += [f"line {number}: {each}" for each in wrong]
        if found is not None:
            lines.append(found)
            first = seen.setdefault(str(source_of(found)), number)
            if first != number:
                problems.append(f"line {number}: the same source as line {first}")
    problems += _of_all(len(lines) if not problems else max(1, len(lines)))
    if problems:
        raise ManifestError(name, told(problems), hint="run_pipeline.py labeling manifest makes sound ones")
    return Manifest(name, lines)


def _of_all(count: int) -> Iterator[str]:
    if count == 0:
        yield "the manifest is empty"
    if count > OBJECTS:
        yield f"{count:,} objects; a job takes {OBJECTS:,} at most"


def _line(text: str, attribute: str | None) -> tuple[Line | None, list[str]]:
    if len(text) > LINE_CHARACTERS:
        return None, [f"{len(text):,} characters; at most {LINE_CHARACTERS:,}"]
    try:
        line = json.loads(text, object_pairs_hook=_pairs)
    except _RepeatedKeyError as error:
        return None, [f'the key "{error.args[0]}" stands in it twice']
    except (ValueError, RecursionError):
        return None, ["no JSON"]
    if not isinstance(line, dict):
        return None, ["no JSON object"]
    problems = list(line_problems(line, attribute))
    return (None if problems else line), problems


def line_problems(line: Line, attribute: str | None = None) -> Iterator[str]:
    """What Ground Truth would refuse in one line."""
    if source_of(line) is None:
        yield f"has neither {' nor '.join(SOURCES)}"
    reference = line.get("source-ref")
    if isinstance(reference, str) and not S3_OBJECT.fullmatch(reference):
        yield f'source-ref is "{reference[:80]}", an S3 URI is needed'
    for key, value in line.items():
        size = len(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        if size > VALUE_CHARACTERS:
            yield f'"{key}" has {size:,} characters; at most {VALUE_CHARACTERS:,}, longer texts lie in S3'
        if key.startswith("$"):
            yield f'the key "{key}" begins with a dollar sign'
    for key in (attribute, f"{attribute}-metadata") if attribute is not None else ():
        if key in line:
            yield f'has the label attribute "{key}" already'
    try:
        json.dumps(line, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:  # NaN, and half of a surrogate pair
        yield "holds what is no Unicode text or no JSON number"


def set_problems(lines: Sequence[Line], places: Sequence[str]) -> Iterator[str]:
    """What is wrong with lines together: one twice, too many of them; `places` is what each is called."""
    seen: dict[str, str] = {}
    for line, place in zip(lines, places, strict=True):
        size = len(json.dumps(line, ensure_ascii=False))
        if size > LINE_CHARACTERS:
            yield f"{place}: {size:,} characters; at most {LINE_CHARACTERS:,}"
        first = seen.setdefault(str(source_of(line)), place)
        if first != place:
            yield f"{place}: the same source as {first}"
    yield from _of_all(max(1, len(lines)))


class _RepeatedKeyError(Exception):
    """A key that a line has twice."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _RepeatedKeyError(key)
        found[key] = value
    return found


def told(problems: Sequence[str]) -> list[str]:
    """The first problems, and how many more there are."""
    more = len(problems) - _MOST_TOLD
    return [*problems[:_MOST_TOLD], *([f"and {more} more"] if more > 0 else [])]
