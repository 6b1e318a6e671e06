"""RTTM: who spoke when, ten fields a line, a file a recording (pyannote, NeMo, dscore).

SPEAKER <file> 1 <start> <duration> <NA> <NA> <speaker> <NA> <NA>
"""

from __future__ import annotations

from steps.runtime.settings import Section
from steps.segments.model import Converted, Moment
from steps.segments.writers.catalog import Place
from steps.segments.writers.files import ObjectFiles, safe_name


class Rttm:
    """The segments of one track."""

    def __init__(self, settings: Section, place: Place) -> None:
        self._track = settings.optional_text("track")
        self._files = ObjectFiles(place.folder, "rttm")

    def write(self, converted: Converted) -> int:
        """Writes a recording's file; a recording in which nobody speaks has an empty one."""
        name = safe_name(converted.item.id)
        lines = [
            f"SPEAKER {name} 1 {each.start:.3f} {span(each):.3f} <NA> <NA> {word(each.label)} <NA> <NA>\n"
            for each in converted.track(self._track)
        ]
        self._files.write(converted.split, name, "".join(lines))
        return 1

    def close(self, *, whole: bool) -> None:
        """Ends the files."""
        self._files.close(whole=whole)


def span(moment: Moment) -> float:
    """Seconds to the millisecond, at least one of those: readers refuse a segment of no length."""
    return max(round(moment.end - moment.start, 3), 0.001)


def word(label: str) -> str:
    """A label as one field: white space, which would end it, becomes `_`.

    A double quote becomes a single one: pyannote reads the file as a table, where it opens a quoted field.
    """
    return "_".join(label.split()).replace('"', "'") or "_"
