"""Checks: segments as a worker's page sent them become segments of the model, or are set aside by reason.

A category in which nothing is wrong is taken column by column, at half the cost of looking at each segment;
else each segment is looked at, and what is wrong with one is found out when something is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter, le, lt, sub
from typing import Any, NamedTuple

from steps.segments.answers import finite
from steps.segments.model import NOTHING, Marks, Segment, new_segment

_KNOWN = frozenset({"id", "start", "end", "text", "emotion", "track"})
_MILLISECONDS = 1000
# Beyond the recording by this factor and within it as milliseconds: the unit is wrong, not the mark.
_UNIT_FACTOR = 10
# No recording is longer where its duration is not known.
_LONGEST = 24 * 3600.0
# Nor does anyone mark all of a longer one to the whole second: a minute in milliseconds is 16 hours.
_LONG = 4 * 3600.0


@dataclass(frozen=True)
class Track:
    """Rules of one category: `labels` None takes any."""

    labels: frozenset[str] | None = None
    overlaps: bool = True
    text_required: bool = False


@dataclass(frozen=True)
class Rules:
    """Rules of all categories; a category that is not named is taken only with `unknown_tracks`."""

    tracks: Mapping[str, Track]
    unknown_tracks: bool = False
    minimum_seconds: float = 0.0
    tolerance_seconds: float = 0.25


class Refused(NamedTuple):
    """A segment set aside: why, how it reads, where it stood."""

    reason: str
    detail: str
    track: str
    content: Any


Tracks = dict[str, Sequence[Segment]]
Checked = tuple[Tracks, list[Refused], int]


def timed(tracks: Tracks, refused: Sequence[Refused]) -> bool:
    """Whether an answer says where segments are; not where all its times are in the wrong unit."""
    return bool(tracks) or not any(each.reason == "wrong_unit" for each in refused)


class Checker:
    """The rules made ready."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._anything = Track()
        self._minimum = rules.minimum_seconds

    def check(self, streams: Mapping[str, Any], duration: float | None) -> Checked:
        """Segments by track in order of time, those set aside, and how many there were in all."""
        limit = math.inf if duration is None else duration + self._rules.tolerance_seconds
        tracks: dict[str, Sequence[Segment]] = {}
        refused: list[Refused] = []
        read = 0
        for name, entries in streams.items():
            rule = self._rules.tracks.get(name)
            if type(entries) is not list:
                read += 1
                refused.append(Refused("malformed", "a category holds a list of segments", name, entries))
                continue
            read += len(entries)
            if rule is None:
                if not self._rules.unknown_tracks:
                    refused += (self._unknown(name, entry) for entry in entries)
                    continue
                rule = self._anything
            found: Sequence[Segment] | None = self._faultless(name, rule, entries, duration)
            if found is None:
                found = self._track(name, rule, entries, duration, refused)
            if found:
                tracks[name] = found
        if refused and _in_milliseconds(streams.values(), limit):
            detail = "all segments of the answer fit as milliseconds"
        elif duration is None and _whole_and_long(tracks):
            detail = f"whole numbers up to more than {_LONG:g}; data.duration can tell them from seconds"
        else:
            return tracks, refused, read
        return {}, [Refused("wrong_unit", detail, name, entry) for name, entry in _all(streams)], read

    def _faultless(self, name: str, rule: Track, entries: list[Any], duration: float | None) -> Marks | None:
        """The segments of a category in which nothing is wrong or unusual, column by column; else None."""
        last, minimum = _LONGEST if duration is None else duration, self._minimum
        try:
            labels, starts, ends, texts, emotions = zip(*map(_FIELDS, entries), strict=True)
            good = (
                set(map(type, starts + ends)) == _FLOAT
                and starts[0] >= 0.0
                # Also false for NaN; a length of at least something is the check of the order too.
                and (min(map(sub, ends, starts)) >= minimum if minimum > 0 else all(map(lt, starts, ends)))
                and all(map(le, ends, starts[1:]))
                and ends[-1] <= last
                and set(map(len, entries)) == _FIVE
                and (rule.labels is None or rule.labels.issuperset(labels))
                and (rule.labels is not None or all(map(_plain, labels)))
                and not (rule.text_required and (not all(texts) or any(map(str.isspace, texts))))
                and "\0" not in "".join(texts + emotions)  # which only texts can be joined for
            )
        except (TypeError, KeyError, ValueError, IndexError):
            return None
        if not good:
            return None
        size = len(labels)
        return Marks(((name,) * size, labels, starts, ends, texts, emotions, (NOTHING,) * size))

    def _track(  # one loop on purpose
        self, name: str, rule: Track, entries: list[Any], duration: float | None, refused: list[Refused]
    ) -> list[Segment]:
        last = _LONGEST if duration is None else duration
        labels, needs_text, minimum = rule.labels, rule.text_required, self._minimum
        found: list[Segment] = []
        append, reached, apart = found.append, 0.0, True
        for entry in entries:
            try:
                label, start, end, text = entry["id"], entry["start"], entry["end"], entry["text"]
                emotion = entry["emotion"]
                good = (
                    type(start) is float
                    and type(end) is float
                    and 0.0 <= start < end <= last  # also false for NaN
                    and end - start >= minimum
                    and (label in labels if labels else _plain(label))
                    and type(text) is str
                    and (not needs_text or (text and not text.isspace()))
                    and "\0" not in text
                    and type(emotion) is str
                    and "\0" not in emotion
                )
            except (TypeError, KeyError):
                good = False
            if good:
                extra = NOTHING if len(entry) == 5 else _extra(entry)
                append(new_segment((name, label, start, end, text, emotion, extra)))
            else:
                unusual = self._unusual(name, rule, entry, duration)
                if isinstance(unusual, Refused):
                    refused.append(unusual)
                    continue
                append(unusual)
                start, end = found[-1][2:4]
            if start < reached:
                apart = False
            reached = end
        if apart:
            return found
        found.sort(key=_place)
        return self._without_overlaps(found, rule, refused)

    def _unusual(self, track: str, rule: Track, entry: Any, duration: float | None) -> Segment | Refused:
        """A segment that the short way does not take: whole numbers, a key left out, or a fault."""
        fault = self._fault(rule, entry, duration)
        if fault is not None:
            return Refused(*fault, track, entry)
        end = float(entry["end"]) if duration is None else min(float(entry["end"]), duration)
        text, emotion = entry.get("text") or "", entry.get("emotion") or ""
        return new_segment((track, entry["id"], float(entry["start"]), end, text, emotion, _extra(entry)))

    def _without_overlaps(self, found: list[Segment], rule: Track, refused: list[Refused]) -> list[Segment]:
        kept: list[Segment] = []
        seen: set[tuple[str, float, float]] = set()
        reached: Segment | None = None
        for segment in found:
            place = segment[1:4]
            if place in seen:
                refused.append(_refuse("duplicate", "as an earlier one", segment))
                continue
            seen.add(place)
            if not rule.overlaps and reached is not None and segment.start < reached.end:
                detail = f"starts at {segment.start:g}, before {reached.label} ends at {reached.end:g}"
                refused.append(_refuse("overlap", detail, segment))
                continue
            kept.append(segment)
            if reached is None or segment.end > reached.end:
                reached = segment
        return kept

    def _fault(  # noqa: PLR0911 - a fault each
        self, rule: Track, entry: Any, duration: float | None
    ) -> tuple[str, str] | None:
        if not isinstance(entry, dict):
            return "malformed", f"a segment is a mapping, found {type(entry).__name__}"
        missing = [key for key in ("id", "start", "end") if entry.get(key) is None]
        if missing:
            return "malformed", f"lacks {', '.join(missing)}"
        label, start, end = entry["id"], entry["start"], entry["end"]
        for key, value in (("start", start), ("end", end)):
            if type(value) not in _NUMBERS or not finite(value):
                return "not_a_number", f"{key} is {value!r:.40}"
        if start < 0:
            return "negative_time", f"start is {start:g}"
        if end <= start:
            reason = "zero_length" if end == start else "end_before_start"
            return reason, f"from {start:g} to {end:g}"
        if duration is not None and (end > duration + self._rules.tolerance_seconds or start >= duration):
            return "beyond_end", f"from {start:g} to {end:g}, the recording lasts {duration:g} s"
        if duration is None and end > _LONGEST:
            return "wrong_unit", f"ends at {end:g}; no recording has more than {_LONGEST:g} s"
        # Of what is left: the part beyond the recording is cut.
        length = (end if duration is None else min(end, duration)) - start
        if length < self._minimum:
            return "too_short", f"{length:g} s, at least {self._minimum:g}"
        if not _plain(label) or (rule.labels is not None and label not in rule.labels):
            known = "" if rule.labels is None else f"; labels: {', '.join(sorted(rule.labels))}"
            return "unknown_label", f'"{label}"{known}'
        text, emotion = entry.get("text") or "", entry.get("emotion") or ""
        if any(not isinstance(each, str) or "\0" in each for each in (text, emotion)):
            return "invalid_text", "text and emotion are texts without NUL characters"
        if rule.text_required and not text.strip():
            return "missing_text", "the track needs a text"
        return None

    def _unknown(self, track: str, entry: Any) -> Refused:
        known = ", ".join(sorted(self._rules.tracks)) or "none"
        return Refused("unknown_track", f'"{track}"; categories: {known}', track, entry)


_NUMBERS = frozenset({int, float})
_FLOAT, _FIVE = {float}, {5}
_FIELDS = itemgetter("id", "start", "end", "text", "emotion")


def _place(segment: Segment) -> tuple[float, float]:
    return segment[2], segment[3]


def _plain(label: Any) -> bool:
    # A label of blanks alone would be an empty line in subtitles, and nothing to read in a prompt.
    return type(label) is str and label != "" and not label.isspace() and "\0" not in label


def _extra(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in entry.items() if key not in _KNOWN} or NOTHING


def _refuse(reason: str, detail: str, segment: Segment) -> Refused:
    content = {"id": segment.label, "start": segment.start, "end": segment.end, "text": segment.text}
    return Refused(reason, detail, segment.track, content)


def _all(streams: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, entries in streams.items():
        for entry in entries if isinstance(entries, list) else [entries]:
            yield name, entry


def _whole_and_long(tracks: Mapping[str, Sequence[Segment]]) -> bool:
    """Whether the times reach beyond four hours and are whole numbers without exception."""
    found = [segment for segments in tracks.values() for segment in segments]
    longest = max((segment[3] for segment in found), default=0.0)
    return longest > _LONG and all(time.is_integer() for segment in found for time in segment[2:4])


def _in_milliseconds(entries: Iterable[Any], limit: float) -> bool:
    """Whether an answer's times are far beyond the recording and all within it as milliseconds."""
    if limit is math.inf:
        limit = _LONGEST
    ends = [
        entry["end"]
        for listed in entries
        if isinstance(listed, list)
        for entry in listed
        if isinstance(entry, dict) and type(entry.get("end")) in _NUMBERS
    ]
    largest = max(ends, default=0)
    return largest > _UNIT_FACTOR * limit and largest / _MILLISECONDS <= limit
