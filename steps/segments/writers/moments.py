"""Moment retrieval in video, the JSON Lines of QVHighlights: a query and the windows that answer it."""

from __future__ import annotations

from xxhash import xxh3_64_intdigest

from steps.runtime.outputs import json_line
from steps.runtime.settings import Section
from steps.segments.model import Converted
from steps.segments.writers.catalog import Place
from steps.segments.writers.files import SetFiles, safe_name

_CLIP_SECONDS = 2


class Moments:
    """One line a label of a recording: `relevant_windows` in seconds, `relevant_clip_ids` of 2 s clips."""

    def __init__(self, settings: Section, place: Place) -> None:
        self._track = settings.optional_text("track")
        self._files = SetFiles(lambda split: place.file(split, "jsonl"))

    def write(self, converted: Converted) -> int:
        """Adds the queries of a recording."""
        item = converted.item
        windows: dict[str, list[list[float]]] = {}
        for each in converted.track(self._track):
            start, end = round(each.start, 3), round(each.end, 3)
            windows.setdefault(each.label, []).append([start, max(end, round(start + 0.001, 3))])
        for label, found in windows.items():
            last = item.duration if item.duration is not None else max(end for _, end in found)
            clips = {
                clip
                for start, end in found
                for clip in range(int(start // _CLIP_SECONDS), int(-(-end // _CLIP_SECONDS)))
            }
            row = {
                "qid": xxh3_64_intdigest(f"{item.id}\0{label}".encode()) >> 11,  # exact in any JSON reader
                "query": label,
                "vid": safe_name(item.id),
                "duration": last,
                "relevant_windows": found,
                "relevant_clip_ids": sorted(clips),
            }
            self._files.of(converted.split).write(json_line(row))
        return len(windows)

    def close(self, *, whole: bool) -> None:
        """Ends the files."""
        self._files.close(whole=whole)
