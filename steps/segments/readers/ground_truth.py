"""Ground Truth's output manifest: one line an object, its answers in the line or in a file behind it.

A line's answers are looked for in this order: `worker-response-ref` of its metadata (jobs without Lambda);
the attribute's own content (jobs with a post-annotation Lambda, consolidated or not); the newest file in
`iteration-*/<line>/`. Built-in classification jobs have the label's name in the metadata. Custom jobs spell
metadata with underscores, built-in ones with hyphens: both are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from steps.runtime.errors import StepError
from steps.segments.answers import CONSOLIDATED, UnreadableAnswerError, of_content, of_response, parse
from steps.segments.model import Given, Item, Key, new_key
from steps.segments.places import Elsewhere, ElsewhereError, Found, ResponseError
from steps.segments.readers.catalog import Source
from steps.segments.readers.fields import duration_of, fields_of, text_of
from steps.segments.readers.lines import objects_of

_METADATA = "-metadata"
_SOURCES = ("source-ref", "source")
# What Ground Truth writes into the metadata of an attribute.
_OF_JOBS = frozenset(
    {"job_name", "job-name", "creation_date", "creation-date", "human-annotated", "failure-reason",
     "worker-response-ref"}
)  # fmt: skip


class GroundTruth:
    """Reads a manifest and the responses behind it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._attribute = source.attribute
        self._job: str | None = None
        self._elsewhere = Elsewhere(source.places)
        self._named = source.id_key is not None or source.recording_key is not None

    def keys(self) -> Iterator[tuple[int, Key | None]]:
        """The source of each line; one that is refused anyway, or unlabeled, stands before no good one."""
        self._elsewhere = Elsewhere(self._source.places)
        for number, line in objects_of(self._source.manifest):
            yield number, self._key(number, line) if isinstance(line, dict) else None

    def _key(self, number: int, line: dict[str, Any]) -> Key | None:
        uri, name = _source_of(line), self._label(line)
        if uri is None:
            return None
        if name is None:
            return Key(None, *self._names(number, line, uri), uri, labeled=False)
        refused = self._refusal(line, name) is not None
        if self._source.places.shared:
            # What is refused belongs to the instance that its number says, wherever its answers are.
            self._elsewhere.add(number, None if refused else _reference(line, name))
        identity, recording = self._names(number, line, uri)
        return new_key((None if refused else uri, identity, recording, uri, True))

    def _names(self, number: int, line: dict[str, Any], uri: str | None) -> tuple[str, str]:
        """What the object and its recording are called: by the keys of the YAML, else by the source."""
        if uri is not None and not self._named:
            return uri, uri
        identity = text_of(line, self._source.id_key) or uri or f"line-{number}"
        return identity, text_of(line, self._source.recording_key) or uri or identity

    def items(self) -> Iterator[Item]:
        """The lines in order, without those of which `keys` has found that their answers are elsewhere."""
        for number, line in objects_of(self._source.manifest, self._elsewhere.lines()):
            yield self._item(number, line) if isinstance(line, dict) else Item(number, problem=line)

    def _label(self, line: Mapping[str, Any]) -> str | None:
        """The label attribute of a line; found out at the first line that has one, where it is not given."""
        if self._source.attribute is None:  # also in later lines no second one may stand
            found = _attribute_of(line)
            self._attribute = self._attribute or found
        name = self._attribute
        return name if name and (name in line or name + _METADATA in line) else None

    def _item(self, number: int, line: dict[str, Any]) -> Item:
        uri = _source_of(line)
        name = self._label(line)
        answers: tuple[Given, ...] = ()
        problem: tuple[str, str] | None = None
        held = False
        if uri is None:
            problem = "no_source", f"a line has one of {', '.join(_SOURCES)}"
        elif name is None:
            problem = "unlabeled", f'lacks "{self._attribute}"' if self._attribute else "no label attribute"
        else:
            try:
                problem = self._refusal(line, name)
                if problem is None:
                    answers, held = self._answers(number, line, name)
            except ResponseError as error:
                problem, held = (error.reason, error.detail), error.held
            except UnreadableAnswerError as error:
                problem = "response_unreadable", str(error)
            except ElsewhereError:
                return Item(number, elsewhere=True)
        identity, recording = self._names(number, line, uri)
        return Item(
            line=number,
            id=identity,
            recording=recording,
            source=uri or "",
            duration=duration_of(line, self._source.duration_key),
            fields=fields_of(line, self._source.fields),
            answers=answers,
            problem=problem,
            held=held,
        )

    def _refusal(self, line: Mapping[str, Any], name: str) -> tuple[str, str] | None:
        metadata = line.get(name + _METADATA)
        if not isinstance(metadata, dict):
            return None
        failure = metadata.get("failure-reason") or metadata.get("failure_reason")
        if failure:
            return "failed", str(failure)[:300]
        job = metadata.get("job_name") or metadata.get("job-name")
        if isinstance(job, str):
            # Metadata may hold the ARN's last part, `labeling-job/<name>`.
            job = job.rpartition("/")[2]
            self._job = self._job or job
            if job != self._job:
                return "other_job", f'of the job "{job}"; the first line is of "{self._job}"'
        return None

    def _answers(self, number: int, line: Mapping[str, Any], name: str) -> tuple[tuple[Given, ...], bool]:
        metadata, places = line.get(name + _METADATA), self._source.places
        reference = _reference(line, name)
        if isinstance(reference, str):
            return self._response(places.read(reference))
        if line.get(name) not in (None, {}, "", []):
            if number % self._source.parts != self._source.part:
                raise ElsewhereError
            if classes := _classes(line[name], metadata):
                return (Given(CONSOLIDATED, {}, {name: classes}),), False
            return of_content(line[name], self._source.field), False
        content = places.newest(number)
        if content is None:
            raise ResponseError(
                "unlabeled", f'"{name}" is empty and no answers are in the folder of the line'
            )
        return self._response(content)

    def _response(self, found: Found) -> tuple[tuple[Given, ...], bool]:
        try:
            return of_response(parse(found.content), self._source.field), found.held
        except UnreadableAnswerError as error:
            raise ResponseError("response_unreadable", str(error), held=found.held) from error


def _reference(line: Mapping[str, Any], name: str) -> Any:
    """The file of the answers, as the metadata of the attribute name it."""
    metadata = line.get(name + _METADATA)
    if not isinstance(metadata, dict):
        return None
    return metadata.get("worker-response-ref") or metadata.get("worker_response_ref")


def _attribute_of(line: Mapping[str, Any]) -> str | None:
    """The one attribute of a line that has a -metadata; raises StepError where several jobs left theirs."""
    found = [key for key in line if key.endswith(_METADATA) and isinstance(line[key], dict)]
    # A key of the input manifest may be called so as well.
    of_jobs = [key for key in found if not _OF_JOBS.isdisjoint(line[key])]
    names = [key.removesuffix(_METADATA) for key in of_jobs or found]
    if not of_jobs:
        names = [name for name in names if name in line]
    if len(names) > 1:
        raise StepError(
            f"the lines have labels of several jobs: {', '.join(names)}",
            hint=f'say which with data.attribute, such as "{names[-1]}"',
        )
    return names[0] if names else None


def _classes(content: Any, metadata: Any) -> list[str] | None:
    """The labels of a built-in classification job, which gives their numbers in the attribute."""
    numbers = content if isinstance(content, list) else [content]
    if not isinstance(metadata, dict) or not all(map(_is_number, numbers)):
        return None
    several = metadata.get("class-map")
    found = several.values() if isinstance(several, dict) else [metadata.get("class-name")]
    return [each for each in found if isinstance(each, str) and each] or None


def _is_number(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and value.isdecimal())


def _source_of(line: Mapping[str, Any]) -> str | None:
    for key in _SOURCES:
        value = line.get(key)
        if isinstance(value, str) and value:
            return value
    return None
