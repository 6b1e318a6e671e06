"""Subtitles, a file a recording: WebVTT for browsers and players, SRT for editors."""

from __future__ import annotations

import re
from collections.abc import Sequence

from steps.runtime.settings import Section
from steps.segments.model import Converted, Moment
from steps.segments.writers.catalog import Place
from steps.segments.writers.files import ObjectFiles, safe_name

# A line that is empty ends a cue; every kind of line end becomes a space.
_BREAKS = re.compile(r"\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+\s*")


class WebVtt:
    """Cues with the label as the voice: `<v Customer>text`."""

    def __init__(self, settings: Section, place: Place) -> None:
        self._track = settings.optional_text("track")
        self._files = ObjectFiles(place.folder, "vtt")

    def write(self, converted: Converted) -> int:
        """Writes a recording's file."""
        cues = [
            f"{number}\n{clock(start, '.')} --> {clock(end, '.')}\n<v {_escaped(one_line(moment.label))}>"
            f"{_escaped(one_line(moment.text))}\n"
            for number, (moment, start, end) in enumerate(timed(converted.track(self._track)), start=1)
        ]
        self._files.write(converted.split, safe_name(converted.item.id), "\n".join(["WEBVTT\n", *cues]))
        return 1

    def close(self, *, whole: bool) -> None:
        """Ends the files."""
        self._files.close(whole=whole)


class Srt:
    """Numbered cues; the label stands before the text, as `Customer: text`."""

    def __init__(self, settings: Section, place: Place) -> None:
        self._track = settings.optional_text("track")
        self._files = ObjectFiles(place.folder, "srt")

    def write(self, converted: Converted) -> int:
        """Writes a recording's file."""
        cues = [
            f"{number}\n{clock(start, ',')} --> {clock(end, ',')}\n"
            f"{': '.join(filter(None, (_shown(moment.label), _shown(moment.text))))}\n"
            for number, (moment, start, end) in enumerate(timed(converted.track(self._track)), start=1)
        ]
        self._files.write(converted.split, safe_name(converted.item.id), "\n".join(cues))
        return 1

    def close(self, *, whole: bool) -> None:
        """Ends the files."""
        self._files.close(whole=whole)


def timed(moments: Sequence[Moment]) -> list[tuple[Moment, int, int]]:
    """Segments by start with their times in milliseconds; none is empty, as players skip such cues."""
    found = [(each, round(each.start * 1000), round(each.end * 1000)) for each in moments]
    found.sort(key=lambda each: each[1:])
    return [(each, start, max(end, start + 1)) for each, start, end in found]


def clock(milliseconds: int, point: str) -> str:
    """01:02:03.456, hours always with two digits or more."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{point}{rest:03d}"


def one_line(text: str) -> str:
    """The text without line ends, which both formats give a meaning."""
    return _BREAKS.sub(" ", text).strip()


def _shown(text: str) -> str:
    """SRT has no way to escape the arrow, by which readers tell a line of times: it loses a dash."""
    return one_line(text).replace("-->", "->")


def _escaped(text: str) -> str:
    """`-->` ends a cue's text and `<` opens a tag: both are escaped, as is `&` (WebVTT 3.2)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
