"""One labeling job from its manifest to its output manifest, in the folders that the Developer Guide shows.

    manifest -> (pre-annotation function) -> answers -> worker-response/ -> (post-annotation function)
        -> manifests/output/output.manifest

An object that nobody answers in time stays as it came in. Running again writes the same objects again.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from local.api import ApiError
from local.labeling.answers import AnswerFolder, Answers, source_of
from local.labeling.manifest import ManifestError, lines_of
from local.labeling.request import LabelingRequest
from local.objects import Objects

Counters = dict[str, int]
# So many objects in one call of the post-annotation function.
BATCH = 50
CONTRACT = "2018-10-16"


class Invoked(Protocol):
    """local/functions.py"""

    @property
    def error(self) -> str | None: ...
    def document(self) -> Any: ...


Invoke = Callable[[str, object], Invoked]


@dataclass(frozen=True)
class LabelingOutcome:
    """How a job ended."""

    status: str
    counters: Counters
    reason: str | None = None


class StoppedError(Exception):
    """The job was asked to end."""


@dataclass
class LabelingRun:
    """`began`: seconds since 1970. `report` is told the counters as they change."""

    request: LabelingRequest
    arn: str
    began: float
    objects: Objects
    invoke: Invoke
    answers: AnswerFolder | None
    seconds_per_object: float
    report: Callable[[str, Counters], None]
    clock: Callable[[], float] = time.time
    _stopping: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Ends it soon; what was answered by then is kept."""
        self._stopping.set()

    def run(self) -> LabelingOutcome:
        """To the end, whichever it is."""
        try:
            lines = lines_of(self.objects.read(self.request.manifest))
        except (ManifestError, ApiError) as error:
            reason = error.message if isinstance(error, ApiError) else str(error)
            return LabelingOutcome("Failed", _counters(0, 0, 0), f"ClientError: {reason}")
        given: dict[int, Answers] = {}
        failed: set[int] = set()
        status = "Completed"
        try:
            self._collect(lines, given, failed)
        except StoppedError:
            status = "Stopped"
        contents = self._consolidated(lines, given, failed)
        self._write_manifest(lines, contents)
        return LabelingOutcome(status, _counters(len(lines), len(contents), len(failed)))

    def _collect(self, lines: list[dict[str, Any]], given: dict[int, Answers], failed: set[int]) -> None:
        """Answers by line; every one is written down before the next is asked for."""
        self.report("InProgress", _counters(len(lines), 0, 0))
        most = len(lines) if self.request.most is None else self.request.most
        for index, line in enumerate(lines):
            if len(given) >= most:
                return
            self._pause(self.seconds_per_object)
            if not self._is_for_people(line, index, failed):
                continue
            found = self.answers.of(source_of(line) or "") if self.answers is not None else None
            if found:
                given[index] = found[: self.request.workers]
                self._write(self._response(index), {"answers": given[index]})
                self.report("InProgress", _counters(len(lines), len(given), len(failed)))
        if self.answers is None:  # nobody works here: the tasks wait until they expire
            self._pause(self.began + self.request.available_seconds - self.clock())

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(max(0.0, seconds)):
            raise StoppedError

    def _is_for_people(self, line: dict[str, Any], index: int, failed: set[int]) -> bool:
        """Asks the pre-annotation function, where there is one; an object that it fails on is failed."""
        if self.request.pre is None:
            return True
        event = {"version": CONTRACT, "labelingJobArn": self.arn, "dataObject": line}
        answer = self._call(self.request.pre, event)
        if not isinstance(answer, Mapping) or not isinstance(answer.get("taskInput"), Mapping):
            failed.add(index)
            return False
        wanted = answer.get("isHumanAnnotationRequired", True)
        # The contract says boolean; functions in the wild send a text.
        return str(wanted).lower() != "false"

    def _call(self, arn: str, event: object) -> Any:
        result = self.invoke(arn, event)
        return None if result.error is not None else result.document()

    def _consolidated(
        self, lines: list[dict[str, Any]], given: dict[int, Answers], failed: set[int]
    ) -> dict[int, Any]:
        """Label attribute by line: empty without a post-annotation function, else what it says."""
        if self.request.post is None:
            return {index: {} for index in given}
        contents: dict[int, Any] = {}
        indexes = list(given)
        for begin in range(0, len(indexes), BATCH):
            part = indexes[begin : begin + BATCH]
            contents |= self._consolidate(lines, given, part, begin // BATCH)
        failed.update(index for index in given if index not in contents)
        return contents

    def _consolidate(
        self, lines: list[dict[str, Any]], given: dict[int, Answers], part: list[int], number: int
    ) -> dict[int, Any]:
        folder = f"annotations/consolidation-request/iteration-1/{self._time(number)}.json"
        self._write(folder, [_payload(index, lines[index], given[index]) for index in part])
        event = {
            "version": CONTRACT,
            "labelingJobArn": self.arn,
            "labelCategories": None,
            "labelAttributeName": self.request.attribute,
            "roleArn": self.request.role,
            "outputConfig": f"{self.request.root}/annotations/",
            **({"kmsKeyId": self.request.kms_key} if self.request.kms_key else {}),
            "payload": {"s3Uri": f"{self.request.root}/{folder}"},
        }
        answer = self._call(str(self.request.post), event)
        self._write(
            f"annotations/consolidated-annotation/consolidation-response/iteration-1/{self._time(number)}.json",
            answer,
        )
        found: dict[int, Any] = {}
        for each in answer if isinstance(answer, list) else ():
            index, content = _consolidated(each, self.request.attribute)
            if index in part:
                found[index] = content
        return found

    def _response(self, index: int) -> str:
        return f"annotations/worker-response/iteration-1/{index}/{self._time(index)}.json"

    def _time(self, place: int) -> str:
        """The name of a file: a time, the same one when the job runs again."""
        moment = datetime.fromtimestamp(int(self.began) + place, UTC)
        return moment.strftime("%Y-%m-%d_%H:%M:%S")

    def _write(self, path: str, document: Any) -> None:
        body = json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
        self.objects.write(f"{self.request.root}/{path}", body)

    def _write_manifest(self, lines: list[dict[str, Any]], contents: dict[int, Any]) -> None:
        written = [
            self._labeled(line, index, contents[index]) if index in contents else line
            for index, line in enumerate(lines)
        ]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in written)
        for path in ("annotations/intermediate/1/annotations.manifest", "manifests/output/output.manifest"):
            self.objects.write(f"{self.request.root}/{path}", text.encode("utf-8", "surrogatepass"))

    def _labeled(self, line: dict[str, Any], index: int, content: Any) -> dict[str, Any]:
        name = self.request.attribute
        metadata = {
            "job_name": f"labeling-job/{self.request.name.lower()}",
            "type": "groundTruth/custom",
            "human-annotated": "yes",
            "creation_date": datetime.fromtimestamp(int(self.began) + index, UTC).strftime(
                "%Y-%m-%dT%H:%M:%S.%f"
            ),
        }
        if self.request.post is None:
            metadata["worker-response-ref"] = f"{self.request.root}/{self._response(index)}"
        return {**line, name: content, f"{name}-metadata": metadata}


def _payload(index: int, line: dict[str, Any], answers: Answers) -> dict[str, Any]:
    """One object for the post-annotation function."""
    return {
        "datasetObjectId": str(index),
        "dataObject": {"s3Uri": line["source-ref"]} if "source-ref" in line else {"content": line["source"]},
        "annotations": [
            {
                "workerId": answer.get("workerId", f"worker-{place}"),
                "annotationData": {"content": json.dumps(answer.get("answerContent"), ensure_ascii=False)},
            }
            for place, answer in enumerate(answers, start=1)
        ],
    }


def _consolidated(each: Any, attribute: str) -> tuple[int, Any]:
    """(line, content) of an element of the function's answer; (-1, None) where it has another shape."""
    try:
        return int(each["datasetObjectId"]), each["consolidatedAnnotation"]["content"][attribute]
    except (KeyError, TypeError, ValueError):
        return -1, None


def _counters(total: int, labeled: int, failed: int) -> Counters:
    return {
        "TotalLabeled": labeled,
        "HumanLabeled": labeled,
        "MachineLabeled": 0,
        "FailedNonRetryableError": failed,
        "Unlabeled": total - labeled - failed,
    }
