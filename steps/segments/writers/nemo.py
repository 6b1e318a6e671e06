"""NeMo manifest for speech recognition: JSON Lines of stretches of audio, without cutting it."""

from __future__ import annotations

from steps.runtime.outputs import json_line
from steps.runtime.settings import Section
from steps.segments.model import Converted
from steps.segments.writers.catalog import Place
from steps.segments.writers.files import SetFiles
from steps.segments.writers.rttm import span


class Nemo:
    """One line a segment with a text: audio_filepath, offset, duration, text; the label as `speaker`."""

    def __init__(self, settings: Section, place: Place) -> None:
        self._track = settings.optional_text("track")
        self._files = SetFiles(lambda split: place.file(split, "jsonl"))

    def write(self, converted: Converted) -> int:
        """Adds the segments of a recording."""
        spoken = [each for each in converted.track(self._track) if each.text.strip()]
        for each in spoken:
            row = {
                "audio_filepath": converted.item.source,
                "offset": round(each.start, 3),
                "duration": span(each),
                "text": each.text,
                "speaker": each.label,
            }
            self._files.of(converted.split).write(json_line(row))
        return len(spoken)

    def close(self, *, whole: bool) -> None:
        """Ends the files."""
        self._files.close(whole=whole)
