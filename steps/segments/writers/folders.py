"""Hugging Face AudioFolder and VideoFolder: `metadata.jsonl` beside the media, a folder a set.

`file_name` is the media's name below the set's folder. Media that the job was given are linked there;
others are to be put there, as data_card.md says. Several instances have a folder each, which `datasets`
reads as one.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from steps.runtime.outputs import json_line
from steps.runtime.settings import Section
from steps.segments.model import Converted
from steps.segments.writers.catalog import Place
from steps.segments.writers.files import ObjectFiles, SetFiles, safe_name
from steps.segments.writers.prompts import shown


class MediaFolder:
    """One row a recording: its fields, its whole-file answers, its segments as a list of mappings."""

    def __init__(self, settings: Section, place: Place) -> None:
        self._track = settings.optional_text("track")
        self._place = place
        self._files = SetFiles(lambda split: self._folder(split) / "metadata.jsonl")
        self._linked = ObjectFiles(place.folder, "")

    def _folder(self, split: str) -> Path:
        folder = self._place.folder / split
        return folder / self._place.part if self._place.several else folder

    def write(self, converted: Converted) -> int:
        """Adds a recording."""
        item = converted.item
        moments = converted.track(self._track)
        row = {
            "file_name": self._media(converted),
            "id": item.id,
            "recording": item.recording,
            "duration": item.duration,
            "transcription": " ".join(each.text for each in moments if each.text),
            **{name: value for name, value in item.fields.items() if name != "file_name"},
            "segments": [
                {"track": m.track, "label": m.label, "start": m.start, "end": m.end, "text": m.text,
                 "emotion": m.emotion, "support": m.support}
                for m in moments
            ],
            "whole": [
                {"question": name, "answer": shown(each.value)} for name, each in converted.whole.items()
            ],
        }  # fmt: skip
        self._files.of(converted.split).write(json_line(row))
        return 1

    def _media(self, converted: Converted) -> str:
        """The file's name, which no other recording has; linked into the folder where the job has it."""
        item = converted.item
        tail = item.source.rpartition("/")[2] or item.id
        suffix = Path(tail).suffix if len(Path(tail).suffix) <= 6 else ""
        # Without an ending of its own, `a.wav` would be the file of another object `a`.
        name = safe_name(item.id if suffix or "." not in item.id else f"{item.id} ") + suffix.lower()
        media = media_file(self._place.media, item.source)
        if media is not None:
            target = self._linked.path(self._folder(converted.split).relative_to(self._place.folder), name)
            try:
                os.link(media.resolve(), target)
            except OSError:  # another file system
                shutil.copyfile(media, target)
        return name

    def close(self, *, whole: bool) -> None:
        """Ends the files."""
        try:
            self._files.close(whole=whole)
        except OSError:
            self._linked.close(whole=False)
            raise
        self._linked.close(whole=whole)


def media_file(folder: Path | None, source: str) -> Path | None:
    """The file of a source in the folder of media: by the longest part of its path that is there.

    `s3://bucket/calls/may/1.wav` is looked for as calls/may/1.wav, may/1.wav and 1.wav; never outside.
    """
    if folder is None or not source:
        return None
    parts = [part for part in source.removeprefix("s3://").split("/")[1:] if part]
    if not parts or ".." in parts or "." in parts:
        return None
    for first in range(len(parts)):
        path = folder.joinpath(*parts[first:])
        if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
            return path
    return None
