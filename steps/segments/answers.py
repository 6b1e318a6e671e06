"""Answers as labeling tools hand them over: mappings, JSON in a text, or JSON in a text in JSON in a text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

from steps.segments.model import Given

Read = Callable[[bytes | str], Any]
_quick: Read | None
try:
    import orjson

    _quick = orjson.loads
except ImportError:  # in a Lambda function, which has Python's own reader only
    _quick = None

# A hidden form field is a text; a page that encodes it itself, behind a form that does so too, gives two.
_LAYERS = 3
_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_NUMBER = "out of range"
_FROM_ALL = "annotationsFromAllWorkers"
CONSOLIDATED = "consolidated"


class UnreadableAnswerError(Exception):
    """Not JSON, or JSON of another shape; the text says which."""


def parse(content: bytes | str) -> Any:
    """JSON by orjson; by the standard library where it holds half a surrogate pair or a number out of range.

    orjson refuses such a document whole; so only the text or the time is refused, by the checks.
    """
    if _quick is None:
        return by_standard_library(content)
    try:
        return _quick(content)
    except ValueError as error:
        if not any(word in str(error) for word in ("surrogate", "escape", "number")):
            raise UnreadableAnswerError(str(error)) from error
        return by_standard_library(content)


def by_standard_library(content: bytes | str) -> Any:
    """What orjson reads, and halves of surrogate pairs as NUL; raises UnreadableAnswerError."""
    try:
        return writable(json.loads(content, parse_constant=_no_number))
    except (ValueError, RecursionError) as error:
        raise UnreadableAnswerError(str(error)) from error


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def writable(value: Any) -> Any:
    """What the standard library reads as something that cannot be written again.

    Halves of surrogate pairs become NUL; numbers beyond a float's range, and NaN, become a text, which the
    checks refuse where a number is needed.
    """
    if isinstance(value, str):
        return _SURROGATE.sub("\0", value)
    if isinstance(value, list):
        return [writable(each) for each in value]
    if isinstance(value, dict):
        return {writable(key): writable(each) for key, each in value.items()}
    return value if not isinstance(value, int | float) or finite(value) else _NO_NUMBER


def finite(value: float) -> bool:
    """Whether a number has a float; a whole number of hundreds of digits has none."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def decoded(value: Any) -> Any:
    """The value inside up to three layers of JSON; a text that is no JSON is an error."""
    for _ in range(_LAYERS):
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        value = parse(value)
    if isinstance(value, str):
        raise UnreadableAnswerError(f"still a text after {_LAYERS} layers of JSON")
    return value


def of_response(document: Any, field: str) -> tuple[Given, ...]:
    """The answers of a worker response file, `{"answers": [...]}`; raises UnreadableAnswerError."""
    if not isinstance(document, dict) or not isinstance(document.get("answers"), list):
        raise UnreadableAnswerError('no JSON object with a list "answers"')
    return tuple(_answer(each, number, field) for number, each in enumerate(document["answers"], start=1))


def of_content(content: Any, field: str) -> tuple[Given, ...]:
    """The answers in the label attribute itself, as a post-annotation Lambda left them.

    Every worker's (`annotationsFromAllWorkers`, a list of what the Lambda was given, `answers`), or one
    that is consolidated already.
    """
    content = decoded(content)
    if isinstance(content, dict):
        if isinstance(content.get("answers"), list):
            return of_response(content, field)
        listed = content.get(_FROM_ALL, content.get("annotations"))
        if not isinstance(listed, list):
            return (_given(CONSOLIDATED, content, None, field),)
        content = listed
    if not isinstance(content, list):
        raise UnreadableAnswerError(f"an answer is a mapping or a list, found {type(content).__name__}")
    return tuple(_answer(each, number, field) for number, each in enumerate(content, start=1))


def superseded(answers: Sequence[Given]) -> set[int]:
    """The places of answers that a later one of the same worker stands for."""
    last = {given.worker: place for place, given in enumerate(answers)}
    return set(range(len(answers))).difference(last.values())


def _answer(answer: Any, number: int, field: str) -> Given:
    """One answer of a list, by whatever names its parts go."""
    if not isinstance(answer, dict):
        found = type(answer).__name__
        return Given(f"worker-{number}", None, {}, None, ("unreadable_answer", f"found {found}"))
    worker = answer.get("workerId") or _subject(answer) or f"worker-{number}"
    spent = answer.get("timeSpentInSeconds")
    seconds = float(spent) if _counts(spent) else None
    data = answer.get("annotationData")
    if isinstance(data, dict):
        content = data.get("content")
    else:
        content = answer.get("answerContent", answer.get("rawContent", answer.get("content", answer)))
    return _given(str(worker), content, seconds, field)


def _counts(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and value is not True and finite(value) and value >= 0


def _subject(answer: Mapping[str, Any]) -> Any:
    metadata = answer.get("workerMetadata")
    identity = metadata.get("identityData") if isinstance(metadata, dict) else None
    return identity.get("sub") if isinstance(identity, dict) else None


def _given(worker: str, content: Any, seconds: float | None, field: str) -> Given:
    """Streams and form fields out of one worker's content."""
    try:
        fields = decoded(content)
        if not isinstance(fields, dict):
            raise UnreadableAnswerError(f"an answer is a mapping, found {type(fields).__name__}")
        streams, rest = _streams(fields, field)
    except UnreadableAnswerError as error:
        return Given(worker, None, {}, seconds, ("unreadable_answer", str(error)))
    return Given(worker, streams, rest, seconds)


def _streams(fields: Mapping[str, Any], field: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    rest = {name: value for name, value in fields.items() if name != field}
    if field in fields:
        holder = decoded(fields[field])
    elif "streams" in fields or "segments" in fields:
        holder, rest = fields, fields.get("whole") or {}
        if not isinstance(rest, dict):
            raise UnreadableAnswerError(f'"whole" is a mapping, found {type(rest).__name__}')
    else:
        return {}, rest
    if isinstance(holder, list):
        return by_track(holder), rest
    if holder is None:
        return {}, rest
    if not isinstance(holder, dict):
        raise UnreadableAnswerError(f'"{field}" is a mapping, found {type(holder).__name__}')
    if isinstance(holder.get("segments"), list):
        return by_track(holder["segments"]), rest
    if holder and "streams" not in holder:
        found = ", ".join(sorted(holder))
        raise UnreadableAnswerError(f'"{field}" has neither "streams" nor "segments"; its keys: {found:.200}')
    streams = decoded(holder.get("streams")) or {}
    if not isinstance(streams, dict):
        raise UnreadableAnswerError(f'"streams" is a mapping, found {type(streams).__name__}')
    return streams, rest


def by_track(segments: Sequence[Any]) -> dict[str, list[Any]]:
    """A list of segments that name their track, as categories; `label` stands for `id`, also beside it."""
    tracks: dict[str, list[Any]] = {}
    for segment in segments:
        if isinstance(segment, dict):
            name = segment.get("track") or "segments"
            known = {key: value for key, value in segment.items() if key not in _NOT_SENT}
            if segment.get("label") is not None:  # then `id` is the segment's own name
                known["id"] = segment["label"]
            extra = segment.get("extra")
            tracks.setdefault(str(name), []).append({**(extra if isinstance(extra, dict) else {}), **known})
        else:
            tracks.setdefault("segments", []).append(segment)
    return tracks


_NOT_SENT = frozenset({"track", "label", "extra", "votes", "support"})
