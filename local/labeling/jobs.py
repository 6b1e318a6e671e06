"""The labeling jobs of this machine: made, answered from a folder, stopped, described, kept over a kill."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.api import ApiError
from local.engine.operations.pages import present
from local.engine.patience import patiently
from local.engine.ports import Document
from local.labeling.answers import AnswerFolder
from local.labeling.request import check_places, parse_request
from local.labeling.run import Counters, Invoke, LabelingOutcome, LabelingRun
from local.objects import Objects
from local.resources import Resources, times

KIND = "labeling-job"
ENDED = ("Completed", "Failed", "Stopped")
_SHOWN = ("LabelAttributeName", "InputConfig", "OutputConfig", "RoleArn", "LabelCategoryConfigS3Uri")
_MORE = ("StoppingConditions", "HumanTaskConfig", "Tags")


def missing(name: str, arn: str) -> ApiError:
    return ApiError("ResourceNotFound", f"Could not find labeling job '{name}' ({arn}).")


def taken(name: str, arn: str) -> ApiError:
    return ApiError("ResourceInUse", f"Labeling job name '{name}' already exists: {arn}")


@dataclass(frozen=True)
class Around:
    """What jobs need of the machine."""

    objects: Objects
    invoke: Invoke
    answers: Path | None
    seconds_per_object: float
    check_role: Callable[[str], None]
    team_exists: Callable[[str], bool]
    function_exists: Callable[[str], bool]


class LabelingJobs:
    """Every method may be called from any thread."""

    def __init__(self, resources: Resources, around: Around) -> None:
        self.resources = resources
        self._around = around
        self._lock = threading.Lock()
        self._runs: dict[str, LabelingRun] = {}
        self._closed = False

    def create(self, asked: Document) -> str:
        """Starts a job and returns its ARN; names stay taken for ever, as on the service."""
        request = parse_request(asked)
        around = self._around
        around.check_role(request.role)
        check_places(
            request,
            around.objects,
            team_exists=around.team_exists,
            function_exists=around.function_exists,
        )
        document = self.resources.add(
            request.name, asked, status="Initializing", counters={}, reason=None, code=uuid.uuid4().hex[:16]
        )
        self._start(document)
        return str(document["arn"])

    def stop(self, name: str) -> None:
        """Asks a running job to end; one that has ended is left as it is."""
        with self._lock:
            job = self.resources.get(name)
            if job["status"] in ENDED:
                return
            self.resources.write(name, status="Stopping")
            run = self._runs.get(self.resources.key(name))
        if run is not None:
            run.stop()

    def resume(self) -> None:
        """After a restart: goes through the objects again, also for a job that was being stopped."""
        for job in self.resources.all():
            if job["status"] not in ENDED:
                self._start(job)

    def close(self) -> None:
        """The machine goes down: what happens now is not the end of the jobs."""
        self._closed = True
        for run in list(self._runs.values()):
            run.stop()

    def _start(self, job: Document) -> None:
        around, request = self._around, parse_request(job["request"])
        run = LabelingRun(
            request,
            job["arn"],
            job["created"],
            around.objects,
            around.invoke,
            AnswerFolder(around.answers) if around.answers is not None else None,
            around.seconds_per_object,
            report=lambda status, counters: self._report(request.name, status, counters),
            clock=self.resources.clock,
        )
        self._runs[self.resources.key(request.name)] = run
        if self.resources.get(request.name)["status"] == "Stopping":  # asked between `add` and here
            run.stop()
        name = f"labeling job {request.name}"
        threading.Thread(target=self._run, args=(request.name, run), name=name, daemon=True).start()

    def _run(self, name: str, run: LabelingRun) -> None:
        try:
            outcome = run.run()
        except Exception as error:  # noqa: BLE001 - whatever it is, the job must not stay InProgress for ever
            outcome = LabelingOutcome("Failed", {}, f"InternalServerError: {type(error).__name__}: {error}")
        if not self._closed:
            end: dict[str, Any] = {"status": outcome.status, "reason": outcome.reason}
            end |= {"counters": outcome.counters} if outcome.counters else {}
            patiently(lambda: self.resources.write(name, **end), give_up=lambda: self._closed)
            self._runs.pop(self.resources.key(name), None)

    def _report(self, name: str, status: str, counters: Counters) -> None:
        def told(found: Document) -> Document:
            kept = found["status"] if found["status"] == "Stopping" else status
            return {**found, "status": kept, "counters": counters}

        if not self._closed:
            patiently(lambda: self.resources.change(name, told), give_up=lambda: self._closed)


def output_of(job: Document) -> dict[str, Any] | None:
    """LabelingJobOutput of a job that has left one."""
    if job["status"] not in ("Completed", "Stopped"):
        return None
    return {"OutputDatasetS3Uri": f"{parse_request(job['request']).root}/manifests/output/output.manifest"}


def description(job: Document) -> dict[str, Any]:
    """DescribeLabelingJob's answer."""
    request: Mapping[str, Any] = job["request"]
    return present(
        {
            "LabelingJobName": request["LabelingJobName"],
            "LabelingJobArn": job["arn"],
            "LabelingJobStatus": job["status"],
            "LabelCounters": job["counters"],
            "FailureReason": job["reason"],
            "JobReferenceCode": job["code"],
            "LabelingJobOutput": output_of(job),
            **{name: request.get(name) for name in (*_SHOWN, *_MORE)},
            **times(job),
        }
    )


def summary(job: Document) -> dict[str, Any]:
    """An element of ListLabelingJobs' answer."""
    request: Mapping[str, Any] = job["request"]
    task = request["HumanTaskConfig"]
    consolidation = task.get("AnnotationConsolidationConfig") or {}
    return present(
        {
            "LabelingJobName": request["LabelingJobName"],
            "LabelingJobArn": job["arn"],
            "LabelingJobStatus": job["status"],
            "LabelCounters": job["counters"],
            "FailureReason": job["reason"],
            "LabelingJobOutput": output_of(job),
            "InputConfig": request["InputConfig"],
            "WorkteamArn": task["WorkteamArn"],
            "PreHumanTaskLambdaArn": task.get("PreHumanTaskLambdaArn"),
            "AnnotationConsolidationLambdaArn": consolidation.get("AnnotationConsolidationLambdaArn"),
            **times(job),
        }
    )
