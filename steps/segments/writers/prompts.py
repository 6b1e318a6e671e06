"""Rows of texts out of an object: templates filled with what was said of it or of each segment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter, sub
from typing import Any, Final

from steps.runtime.rows.template import Template, compile_template
from steps.runtime.settings import Section
from steps.segments.model import Converted, Moment, columns

OBJECT: Final = "object"
SEGMENT: Final = "segment"
# Names of an object, and those that a segment adds.
OBJECT_NAMES: Final = ("id", "recording", "source", "duration", "segments", "labels", "text")
SEGMENT_NAMES: Final = ("track", "label", "start", "end", "seconds", "emotion")
_WHOLE: Final = "whole_"
LINE: Final = "[{start} - {end}] {label}: {text}"

Values = Mapping[str, str]


class Rows:
    """The rows of a target by its settings: `rows`, `track`, `segment_line` and templates by key."""

    def __init__(self, settings: Section, fields: tuple[str, ...], templates: tuple[str, ...]) -> None:
        self._per_segment = settings.choice("rows", (OBJECT, SEGMENT), OBJECT) == SEGMENT
        self._track = settings.optional_text("track")
        texts = {key: settings.text(key) for key in templates}
        known = [*OBJECT_NAMES, *fields, *_wholes(texts.values())]
        known += SEGMENT_NAMES if self._per_segment else ()
        compiled = {
            key: compile_template(text, settings.place + "." + key, known) for key, text in texts.items()
        }
        self._keys = templates
        self._templates = tuple(compiled[key] for key in templates)
        self._fill = {key: template.filler() for key, template in compiled.items()}
        self._names = frozenset(name for template in compiled.values() for name in template.names)
        line = settings.text("segment_line", LINE)
        line_names = (*SEGMENT_NAMES, "text", *fields)
        self._line = compile_template(line, settings.place + ".segment_line", line_names).filler()

    def of(self, converted: Converted) -> Iterator[dict[str, str]]:
        """Template key: text, of each row; a row with an empty text is none."""
        for row in self.tuples(converted):
            yield dict(zip(self._keys, row, strict=True))

    def tuples(self, converted: Converted) -> list[tuple[str, ...]]:
        """The rows as tuples, in the order of the templates."""
        shared = self._shared(converted)
        if not self._per_segment:
            filled = [[fill(shared)] for fill in self._fill.values()]
        else:
            moments = converted.track(self._track)
            if not moments:
                return []
            found = columns(moments)
            filled = [_column(template, shared, found) for template in self._templates]
        rows = list(zip(*filled, strict=True))
        if all(map(all, filled)) and not any(any(map(str.isspace, column)) for column in filled):
            return rows
        return [row for row in rows if all(row) and not any(map(str.isspace, row))]

    def _shared(self, converted: Converted) -> dict[str, str]:
        """What the templates use of an object; the rest is not made."""
        item, names = converted.item, self._names
        duration = "" if item.duration is None else seconds(item.duration)
        values = {"id": item.id, "recording": item.recording, "source": item.source, "duration": duration}
        values.update(item.fields)
        for name in names:
            if name.startswith(_WHOLE):
                whole = converted.whole.get(name.removeprefix(_WHOLE))
                values[name] = "" if whole is None else shown(whole.value)
        if self._per_segment or not names & {"segments", "labels", "text"}:
            return values
        moments = converted.track(self._track)
        if "segments" in names:
            values["segments"] = "\n".join(
                self._line({**item.fields, **segment_values(each)}) for each in moments
            )
        values["labels"] = ", ".join(dict.fromkeys(each[1] for each in moments))
        values["text"] = " ".join(each[4] for each in moments if each[4])
        return values


def _column(template: Template, shared: Values, moments: Sequence[Sequence[Any]]) -> list[str]:
    """One template filled for each segment, by column; what is the same for all is filled in once."""
    pattern, values = template.literals[0].replace("%", "%%"), []
    for name, literal in zip(template.names, template.literals[1:], strict=True):
        if name in _OF_MOMENTS:
            values.append(_OF_MOMENTS[name](moments))
            pattern += "%s"
        else:
            pattern += shared[name].replace("%", "%%")
        pattern += literal.replace("%", "%%")
    if not values:
        return [pattern % ()] * len(moments[0])
    if len(values) == 1:
        return [pattern % value for value in values[0]]
    return [pattern % row for row in zip(*values, strict=True)]


def segment_values(moment: Moment) -> dict[str, str]:
    """What a template can say of one segment."""
    found = columns([moment])
    return {name: next(iter(values(found))) for name, values in _OF_MOMENTS.items()}


def seconds(value: float) -> str:
    """Hundredths of a second, without zeros that say nothing."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def shown(value: Any) -> str:
    """A whole-file answer as a text."""
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(value) if isinstance(value, tuple | list) else str(value)


def _wholes(texts: Any) -> list[str]:
    """`{whole_NAME}` of the templates: an answer to the question NAME; empty where there is none."""
    import string

    return [
        name
        for text in texts
        for _, name, _, _ in string.Formatter().parse(text)
        if name is not None and name.startswith(_WHOLE)
    ]


_OF_MOMENTS: Final[Mapping[str, Callable[[Sequence[Sequence[Any]]], Iterable[str]]]] = {
    "track": itemgetter(0),
    "label": itemgetter(1),
    "start": lambda moments: map(seconds, moments[2]),
    "end": lambda moments: map(seconds, moments[3]),
    "seconds": lambda moments: map(seconds, map(sub, moments[3], moments[2])),
    "text": itemgetter(4),
    "emotion": itemgetter(5),
}
