"""Label Studio's JSON export: tasks with annotations of regions of time and of whole files.

Regions that share an id are one segment: its labels from `labels` or `timelinelabels`, its text from
`textarea`, further controls of the region as custom fields (`emotion` as the emotion). The control's name
(`from_name`) is the track. Frames of timelines, which count from 1, become seconds by the frame rate that a
result of the task tells (`framesCount` and `duration`, as boxes have them), else its data (`fps`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from steps.segments.answers import finite
from steps.segments.model import Given, Item, Key
from steps.segments.readers.catalog import Source
from steps.segments.readers.fields import duration_of, fields_of, seconds_of, text_of, value_of
from steps.segments.readers.lines import elements_of
from steps.segments.readers.plain import data_files
from steps.segments.split import names_file

_LABELS = ("labels", "timelinelabels", "hypertextlabels", "paragraphlabels")
# What a region has beside its custom fields; a control that is called so becomes `text_`, say.
_OF_REGIONS = frozenset({"id", "start", "end", "text", "labels", "track", "channel"})
_SAID = ("choices", "rating", "text", "number", "datetime", "taxonomy", "selected")
_RATES = ("fps", "frame_rate", "framerate")
_MEDIA = ("audio", "video", "url", "source")


class LabelStudio:
    """Reads every export of a folder."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def keys(self) -> Iterator[tuple[int, Key | None]]:
        """The media of each annotated task."""
        for item in self.items():
            key = Key(item.source or item.id, item.id, item.recording, item.source)
            yield item.line, key if item.problem is None else None

    def items(self) -> Iterator[Item]:
        """The tasks in the order of files and arrays."""
        number = -1
        for path in data_files(self._source.manifest):
            for _, task in elements_of(path):
                number += 1
                yield self._item(number, task) if isinstance(task, dict) else Item(number, problem=task)

    def _item(self, number: int, task: dict[str, Any]) -> Item:
        inner = task.get("data")
        data: dict[str, Any] = inner if isinstance(inner, dict) else {}
        line = {**task, **data}
        source = _media(data)
        identity = text_of(line, self._source.id_key) or text_of(task, "id") or source or f"task-{number}"
        annotations = task.get("annotations", task.get("completions"))
        given = (
            [each for each in annotations if isinstance(each, dict)] if isinstance(annotations, list) else []
        )
        results = [result for each in given for result in _results(each)]
        rate = _rate(results, data)
        answers = tuple(
            _given(each, place, rate)
            for place, each in enumerate(given, start=1)
            if not each.get("was_cancelled")
        )
        duration = duration_of(line, self._source.duration_key)
        if duration is None:
            lengths = [value_of(r, "original_length") for r in results]
            lengths += [value_of(r, "value.duration") for r in results if value_of(r, "value.framesCount")]
            duration = next(filter(None, map(seconds_of, lengths)), None)
        return Item(
            line=number,
            id=identity,
            recording=text_of(line, self._source.recording_key) or source or identity,
            source=source,
            duration=duration,
            fields=fields_of(line, self._source.fields),
            answers=answers,
            problem=None if answers else ("unlabeled", "no annotation that was not cancelled"),
        )


def _media(data: Mapping[str, Any]) -> str:
    """The recording of a task: projects call it what they like, and exports do not say what they call it."""
    texts = {key: value for key, value in data.items() if isinstance(value, str) and value}
    found = [texts[key] for key in _MEDIA if key in texts]
    found += filter(names_file, texts.values())
    found += (value for value in texts.values() if "://" in value.partition(" ")[0])
    return next(iter(found), texts.get("text", ""))


def _results(annotation: Mapping[str, Any]) -> list[dict[str, Any]]:
    results = annotation.get("result")
    return [each for each in results if isinstance(each, dict)] if isinstance(results, list) else []


def _rate(results: Sequence[Mapping[str, Any]], data: Mapping[str, Any]) -> float | None:
    """Frames in a second of a task's recording."""
    for result in results:
        frames = value_of(result, "value.framesCount") or result.get("original_frames")
        length = seconds_of(value_of(result, "value.duration") or result.get("original_length"))
        if isinstance(frames, int) and frames > 0 and finite(frames) and length:
            return frames / length
    return next(filter(None, (seconds_of(data.get(key)) for key in _RATES)), None)


def _given(annotation: Mapping[str, Any], place: int, rate: float | None) -> Given:
    """One worker's annotation."""
    by = annotation.get("completed_by")
    worker = value_of(by, "email") or value_of(by, "id") if isinstance(by, dict) else by
    regions: dict[str, dict[str, Any]] = {}
    whole: dict[str, Any] = {}
    for result in _results(annotation):
        value = result.get("value")
        if not isinstance(value, dict):
            continue
        if "ranges" in value:
            _timeline(result, value, rate, regions)
        elif "start" in value and "end" in value:
            region = regions.setdefault(str(result.get("id")), {"start": value["start"], "end": value["end"]})
            _control(result, value, region)
        else:
            plain = _plain(value)
            whole[str(result.get("from_name"))] = dict(value) if plain is None else plain
    streams: dict[str, list[dict[str, Any]]] = {}
    for region in regions.values():
        labels = region.pop("labels", None) or [None]
        track = str(region.pop("track", "segments"))
        for label in labels:
            streams.setdefault(track, []).append({"id": label, **region})
    seconds = seconds_of(annotation.get("lead_time"))
    return Given(str(worker if worker is not None else f"worker-{place}"), streams, whole, seconds)


def _control(result: Mapping[str, Any], value: Mapping[str, Any], region: dict[str, Any]) -> None:
    """What one control says of a region."""
    name = str(result.get("from_name"))
    kind = next((key for key in _LABELS if isinstance(value.get(key), list)), None)
    if kind:
        region["labels"], region["track"] = value[kind], name
    elif isinstance(value.get("text"), list | str) and result.get("type") == "textarea":
        text = value["text"]
        region["text"] = "\n".join(map(str, text)) if isinstance(text, list) else text
    elif (plain := _plain(value)) is not None:
        only = plain[0] if isinstance(plain, list) and len(plain) == 1 else plain
        region[f"{name}_" if name in _OF_REGIONS else name] = only
    if isinstance(value.get("channel"), int):
        region["channel"] = value["channel"]


def _timeline(
    result: Mapping[str, Any],
    value: Mapping[str, Any],
    rate: float | None,
    regions: dict[str, dict[str, Any]],
) -> None:
    """Ranges of frames, the last one included; without a frame rate they have no times: the checks say so."""
    for number, each in enumerate(value["ranges"] if isinstance(value["ranges"], list) else []):
        if not isinstance(each, dict):
            continue
        times = {key: each.get(key) for key in ("start", "end")}
        if rate:
            shown = {"start": 1, "end": 0}  # the first frame begins at nought
            times = {
                key: (time - shown[key]) / rate if isinstance(time, int | float) else time
                for key, time in times.items()
            }
        else:
            times = {key: f"frame {time}" for key, time in times.items()}
        region = {**times, "labels": value.get("timelinelabels"), "track": str(result.get("from_name"))}
        regions[f"{result.get('id')}/{number}"] = region


def _plain(value: Mapping[str, Any]) -> Any:
    """What a control says: choices (a list), a text, a number; None for what is of no such kind."""
    key = next((each for each in _SAID if each in value), None)
    found = None if key is None else value[key]
    if key == "text" and isinstance(found, list):
        return "\n".join(map(str, found))
    if key == "taxonomy" and isinstance(found, list):
        return ["/".join(map(str, each)) if isinstance(each, list) else each for each in found]
    return found
