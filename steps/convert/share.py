"""One instance's share of the objects: read, checked, consolidated, written, and kept account of."""

from __future__ import annotations

import argparse
import contextlib
from array import array
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from xxhash import xxh3_64_intdigest

from steps.convert.instance import Instance
from steps.convert.known_media import KnownMedia
from steps.convert.twice import Surveyed, survey
from steps.runtime.errors import StepError
from steps.runtime.outputs import json_line, sha256, text_file, write_json
from steps.segments import consolidate, whole
from steps.segments.agreement import Agreement
from steps.segments.answers import superseded
from steps.segments.books import Books
from steps.segments.checks import Checker, timed
from steps.segments.consolidate import Divided
from steps.segments.media import duration as media_duration
from steps.segments.model import Answer, Aside, Converted, Given, Item
from steps.segments.places import Places, s3_fetch
from steps.segments.readers.catalog import Reader, Source, reader
from steps.segments.settings import LabelingSettings
from steps.segments.split import SETS, one_name
from steps.segments.writers.catalog import Place, Writer, writer
from steps.segments.writers.folders import media_file

_EXCERPT = 2000
_NO_ATTRIBUTE = "see data.attribute; an output manifest has ATTRIBUTE and ATTRIBUTE-metadata"
# What is missing where nothing is labeled, and what to do, by format; ground_truth otherwise.
_UNLABELED = {
    "label_studio": (
        "an annotation",
        "export the project as JSON; JSON-MIN, CSV and TSV have no annotations",
    ),
    "segments": ("segments", "see data.format; a line or element is an object with id and segments"),
}


class Share:
    """The work of one instance."""

    def __init__(self, wanted: LabelingSettings, folders: argparse.Namespace, instance: Instance) -> None:
        self._wanted, self._instance = wanted, instance
        self._out: Path = folders.output
        self._media: Path | None = folders.media if folders.media.is_dir() else None
        self._known = KnownMedia(self._media)
        self._checker = Checker(wanted.rules)
        self._agreement = Agreement(wanted.measure)
        self._reader = self._open(folders)
        self._surveyed = self._survey()
        self._split = replace(wanted.split, same=self._surveyed.same)

    def _open(self, folders: argparse.Namespace) -> Reader:
        data, instance = self._wanted.data, self._instance
        manifest: Path = folders.manifest / Path(data.manifest).name if data.manifest else folders.manifest
        if not manifest.exists():
            raise StepError(
                f'there is no manifest "{data.manifest}" in {data.source}',
                hint="see data.source and data.manifest",
            )
        # An instance for which S3 had no file may have no folder; the others have the answers all the same.
        given = folders.data.is_dir() or (data.responses and instance.parts > 1)
        places = Places(
            folder=folders.data if given else None,
            root=f"{data.root}/{data.responses}" if data.root else "",
            below=data.responses,
            max_bytes=self._wanted.max_response_bytes,
            shared=instance.parts > 1,
            fetch=s3_fetch(),
        )
        source = Source(
            manifest=manifest,
            places=places,
            attribute=data.attribute,
            field=data.answer_field,
            id_key=data.id,
            recording_key=data.recording,
            duration_key=data.duration,
            fields=data.fields,
            part=instance.part,
            parts=instance.parts,
        )
        return reader(data.format, source)

    def _survey(self) -> Surveyed:
        """One look at all lines before the work: what cannot do is said at once, by every instance.

        A sample is the first lines of the manifest, and the books are of those alone.
        """
        most = self._wanted.sample_rows or None
        data, found = self._wanted.data, survey(islice(self._reader.keys(), most), self._known.name)
        if not found.lines:
            raise StepError(f"the manifest is empty: {data.source} has no line", hint="see data.manifest")
        if not found.labeled:
            what = f'the label attribute "{data.attribute}"' if data.attribute else "a label attribute"
            what, hint = _UNLABELED.get(data.format, (what, _NO_ATTRIBUTE))
            raise StepError(f"none of the {found.lines} lines of {data.source} has {what}", hint=hint)
        return found

    def convert(self) -> Books:
        """Goes through the objects; the files appear when all went well."""
        books = Books()
        writers = self._writers()
        folder, name = self._out / "books", self._instance.name
        whole_run = False
        try:
            with (
                text_file(folder / f"set_aside-{name}.jsonl") as aside,
                text_file(folder / f"review-{name}.jsonl") as review,
            ):
                for item in self._mine():
                    books.objects += 1
                    books.lines.append(item.line)
                    converted = self._converted(item, books, aside, review)
                    if converted is not None:
                        books.add(converted)
                        for target, each in writers.items():
                            if rows := each.write(converted):
                                books.rows[target][converted.split] += rows
            whole_run = True
        finally:
            _close(list(writers.values()), whole=whole_run)
        if faults := books.faults():
            raise RuntimeError(f"the books do not balance: {'; '.join(faults)}")
        return books

    def _writers(self) -> dict[str, Writer]:
        fields = tuple(self._wanted.data.fields)
        several = self._instance.parts > 1
        return {
            name: writer(
                name,
                settings,
                Place(self._out / "targets" / name, self._instance.name, several, fields, self._media),
            )
            for name, settings in self._wanted.targets.items()
        }

    def _mine(self) -> Iterator[Item]:
        """What this instance has the answers of, and its part of what no instance has."""
        part, parts = self._instance.part, self._instance.parts
        for item in self._reader.items():
            if item.line >= self._surveyed.lines:  # beyond the sample
                return
            if item.held or (not item.elsewhere and item.line % parts == part):
                yield item

    def _converted(self, item: Item, books: Books, aside: TextIO, review: TextIO) -> Converted | None:
        """The object, or None with the reason written down."""
        problem = item.problem
        if problem is None and item.line in self._surveyed.repeated:
            problem = "labeled_twice", f"as line {self._surveyed.repeated[item.line]}"
        if problem is None and item.line in self._surveyed.same_id:
            problem = "id_taken", f"by line {self._surveyed.same_id[item.line]}"
        if problem is not None:
            _note(books, aside, Aside("object", *problem, item.line, item.id))
            return None
        if item.duration is None:
            found = media_duration(path) if (path := media_file(self._media, item.source)) else None
            item = _with_duration(item, found)
            books.unchecked_durations += found is None
        answers = list(self._answers(item, books, aside))
        if not answers:
            detail = "no answer that can be read"
            _note(books, aside, Aside("object", "no_answers", detail, item.line, item.id))
            return None
        voting = [each for each in answers if each.timed] or answers
        moments, divided, used = consolidate.consolidate(voting, self._wanted.consolidation)
        books.segments_used += used
        for each in divided:
            self._divided(item, each, books, aside, review)
        agreed = self._whole(item, answers, books, aside, review)
        self._agreement.add(voting, moments, item.duration)
        split = self._split.of(item.recording)
        books.recordings.append(_marked(self._split.group(item.recording), split))
        for name in self._files(item.source):
            books.files.append(_marked(xxh3_64_intdigest(name), split))
        return Converted(item, split, len(voting), moments, agreed, tuple(answers))

    def _files(self, source: str) -> Iterator[bytes]:
        """What a source is known by: its URI, and its bytes where the job has them."""
        if source:
            yield one_name(source)
        if name := self._known.name(source):
            yield name

    def _answers(self, item: Item, books: Books, file: TextIO) -> Iterator[Answer]:
        """The answers that can be used; of a worker with several, the last."""
        early = superseded(item.answers)
        for place, given in enumerate(item.answers):
            books.answers += 1
            problem = given.problem
            if problem is None and place in early:
                problem = "answered_twice", "a later answer of the worker is used"
            if problem is None:
                books.answers_used += 1
                yield self._answer(item, given, books, file)
            else:
                _note(books, file, Aside("answer", *problem, item.line, item.id, given.worker))

    def _answer(self, item: Item, given: Given, books: Books, file: TextIO) -> Answer:
        tracks, refused, count = self._checker.check(given.streams, item.duration)
        books.segments += count
        for each in refused:
            content = {"track": each.track, "segment": each.content}
            _note(
                books,
                file,
                Aside("segment", each.reason, each.detail, item.line, item.id, given.worker, content),
            )
        answers, wrong, asked = whole.read(given.fields, self._wanted.questions)
        books.wholes += asked
        for name, detail, content in wrong:
            reason = "whole_unreadable"
            what = f"{name}: {detail}"
            _note(books, file, Aside("whole", reason, what, item.line, item.id, given.worker, content))
        self._agreement.count(given.worker, count, len(refused), given.seconds)
        return Answer(given.worker, tracks, answers, given.seconds, timed(tracks, refused))

    def _divided(self, item: Item, divided: Divided, books: Books, file: TextIO, review: TextIO) -> None:
        for worker, segment in divided.members:
            content = {"track": segment.track, "segment": segment._asdict()}
            _note(
                books,
                file,
                Aside("segment", divided.reason, divided.detail, item.line, item.id, worker, content),
            )
        if divided.reason == "tie":
            members = [{"worker": worker, **segment._asdict()} for worker, segment in divided.members]
            line = {"line": item.line, "object": item.id, "source": item.source, "detail": divided.detail}
            review.write(_json({**line, "what": "segment", "answers": members}))

    def _whole(
        self, item: Item, answers: list[Answer], books: Books, file: TextIO, review: TextIO
    ) -> dict[str, Any]:
        agreed, tied = whole.consolidate(answers)
        books.wholes_used += sum(name in answer.whole for answer in answers for name in agreed)
        for name, said in tied:
            for answer in answers:
                if name in answer.whole:
                    content = answer.whole[name].value
                    _note(
                        books,
                        file,
                        Aside("whole", "whole_tie", name, item.line, item.id, answer.worker, content),
                    )
            line = {"line": item.line, "object": item.id, "source": item.source, "detail": said}
            review.write(_json({**line, "what": name}))
        return agreed

    def write_books(self, books: Books) -> None:
        """What `merge` reads: accounts and sums as JSON, line numbers and hashes as bare 64-bit numbers."""
        folder, name = self._out / "books", self._instance.name
        part, parts = self._instance.part, self._instance.parts
        blank = [line for line in self._surveyed.blank if line % parts == part]  # nobody's answers are missed
        lines = books.lines + array("Q", blank)
        for what, numbers in (("lines", lines), ("recordings", books.recordings), ("files", books.files)):
            with (folder / f"{what}-{name}.u64").open("wb") as file:
                numbers.tofile(file)
        document = {
            "part": name,
            "manifest_lines": self._surveyed.lines,
            "books": books.plain(),
            "agreement": self._agreement.plain(),
            "files": {target: _hashed(self._out / "targets" / target) for target in self._wanted.targets},
        }
        write_json(folder / f"books-{name}.json", document)


def _close(writers: list[Writer], *, whole: bool) -> None:
    """Ends the targets; where one cannot be ended, those after it leave nothing."""
    try:
        while writers:
            writers.pop(0).close(whole=whole)
    finally:
        for each in writers:
            with contextlib.suppress(OSError):
                each.close(whole=False)


def _marked(hashed: int, split: str) -> int:
    """A hash with its set in the two lowest bits, so that `merge` can prove the split."""
    return (hashed & ~3) | SETS.index(split)


def _with_duration(item: Item, seconds: float | None) -> Item:
    return item if seconds is None else item._replace(duration=seconds)


def _note(books: Books, file: TextIO, aside: Aside) -> None:
    books.aside[aside.what][aside.reason] += 1
    line = {key: value for key, value in aside._asdict().items() if value not in ("", None)}
    file.write(_json(line))


def _json(line: dict[str, Any]) -> str:
    """A line that can be written whatever came in: odd numbers and half surrogates as their Python texts."""
    try:
        text = json_line(line)
        text.encode()
    except ValueError:  # NaN, and UnicodeEncodeError
        text = ""
    return text if 0 < len(text) < _EXCERPT else json_line(_short(line))


def _short(line: dict[str, Any]) -> dict[str, Any]:
    return {
        key: ascii(value)[:_EXCERPT] if key in {"content", "answers"} or isinstance(value, float) else value
        for key, value in line.items()
    }


def _hashed(folder: Path) -> dict[str, Any]:
    """Files of a target, and one hash over their names and contents."""
    import hashlib

    digest, count, size = hashlib.sha256(), 0, 0
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{sha256(path)}\n".encode())
        count += 1
        size += path.stat().st_size
    return {"files": count, "bytes": size, "sha256": digest.hexdigest()}
