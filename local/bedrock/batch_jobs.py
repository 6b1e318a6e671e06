"""The batch inference jobs of this machine: made, run, stopped, described; they outlive a kill.

A job whose process died with the machine runs again from its input, under its own id.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local.api import ApiError
from local.bedrock.batch_request import BatchRequest, check_places, parse_request
from local.bedrock.batch_run import BatchOutcome, BatchRun
from local.bedrock.batch_settings import BatchSettings
from local.bedrock.place import new_id, quota_exceeded, tags_of
from local.bedrock.quotas import Quotas
from local.engine.operations.pages import moment, present
from local.engine.patience import patiently
from local.engine.ports import Document
from local.objects import Objects
from local.resources import Resources

WAITING = ("Submitted", "Validating", "Scheduled", "InProgress")
ENDED = ("Completed", "PartiallyCompleted", "Failed", "Stopped", "Expired")
COUNTS = ("totalRecordCount", "processedRecordCount", "successRecordCount", "errorRecordCount")
SHOWN = (
    "jobName",
    "modelId",
    "clientRequestToken",
    "roleArn",
    "inputDataConfig",
    "outputDataConfig",
    "vpcConfig",
    "timeoutDurationInHours",
    "modelInvocationType",
)
Announce = Callable[[Document], None]


class BatchJobs:
    """Every method may be called from any thread."""

    def __init__(
        self,
        resources: Resources,
        *,
        objects: Objects,
        quotas: Quotas,
        settings: BatchSettings,
        folder: Path,
        check_role: Callable[[str], None],
        announce: Announce,
    ) -> None:
        self.resources = resources
        self._objects, self._quotas, self._settings = objects, quotas, settings
        self._folder = folder
        self._check_role = check_role
        self._announce = announce
        self._lock = threading.Lock()
        self._runs: dict[str, BatchRun] = {}
        self._closed = False

    def create(self, asked: Document) -> str:
        """Starts a job and returns its ARN; a token that was used before returns that job's."""
        request = parse_request(asked)
        with self._lock:
            jobs = self.resources.all()
            token = asked.get("clientRequestToken")
            for job in jobs:
                if token and job["request"].get("clientRequestToken") == token:
                    return str(job["arn"])
            self._refuse(request, jobs)
            self._check_role(request.role)
            check_places(request, self._objects)
            kept = {**asked, "timeoutDurationInHours": request.hours, "Tags": tags_of(asked)}
            job_id = new_id()
            document = self.resources.add(
                job_id, kept, id=job_id, status="Submitted", message=None, ended=None, counts={}
            )
        self._start(document)
        return str(document["arn"])

    def stop(self, name: str) -> None:
        """Asks a running job to end; one that has ended is a conflict, one that is stopping is left."""
        with self._lock:
            job = self.resources.get(name)
            if job["status"] in ENDED:
                raise ApiError(
                    "ConflictException", f"The job {job['arn']} is {job['status']} and cannot be stopped."
                )
            job = self._write(job["id"], status="Stopping")
            run = self._runs.get(job["id"])
        if run is not None:
            run.stop()

    def resume(self) -> None:
        """After a restart: runs again what was running, and ends what was being stopped."""
        for job in self.resources.all():
            if job["status"] == "Stopping":
                self._end(job["id"], BatchOutcome("Stopped"))
            elif job["status"] in WAITING:
                self._start(job)

    def close(self) -> None:
        """The machine goes down: what happens now is not the end of the jobs."""
        self._closed = True
        for run in list(self._runs.values()):
            run.stop()

    def _refuse(self, request: BatchRequest, jobs: list[Document]) -> None:
        if any(job["request"]["jobName"] == request.name for job in jobs):
            raise ApiError("ConflictException", f"A job of the name {request.name} exists already.")
        running = [
            job
            for job in jobs
            if job["status"] not in ENDED and parse_request(job["request"]).base_model == request.base_model
        ]
        if len(running) >= self._quotas.jobs_per_model:
            raise quota_exceeded(
                "Your account has reached the quota of the sum of in-progress and submitted batch inference "
                f"jobs using base model {request.base_model}: {self._quotas.jobs_per_model}."
            )

    def _start(self, job: Document) -> None:
        job_id, request = job["id"], parse_request(job["request"])
        run = BatchRun(
            job_id,
            request,
            self._objects,
            self._quotas,
            self._settings,
            self._folder / job_id,
            job["created"] + request.hours * self._settings.hour_seconds - self.resources.clock(),
            tell=lambda status: self._tell(job_id, status),
            report=lambda counts: self._report(job_id, counts),
        )
        self._runs[job_id] = run
        if self.resources.get(job_id)["status"] == "Stopping":  # asked between `add` and here
            run.stop()
        threading.Thread(target=self._run, args=(job_id, run), name=f"batch {job_id}", daemon=True).start()

    def _run(self, job_id: str, run: BatchRun) -> None:
        outcome = run.run()
        if not self._closed:
            self._end(job_id, outcome)

    def _tell(self, job_id: str, status: str) -> None:
        def told(found: Document) -> Document:
            return {**found, "status": status} if found["status"] in WAITING else found

        if not self._closed:
            self._announce(patiently(lambda: self.resources.change(job_id, told), give_up=self._is_closed))

    def _report(self, job_id: str, counts: Mapping[str, int]) -> None:
        if not self._closed:
            kept = {name: counts[name] for name in COUNTS}
            patiently(lambda: self.resources.write(job_id, counts=kept), give_up=self._is_closed)

    def _end(self, job_id: str, outcome: BatchOutcome) -> None:
        end: dict[str, Any] = {
            "status": outcome.status,
            "message": outcome.message,
            "ended": self.resources.clock(),
        }
        self._announce(patiently(lambda: self.resources.write(job_id, **end), give_up=self._is_closed))
        self._runs.pop(job_id, None)

    def _write(self, job_id: str, **fields: Any) -> Document:
        job = self.resources.write(job_id, **fields)
        self._announce(job)
        return job

    def _is_closed(self) -> bool:
        return self._closed


def description(job: Document) -> dict[str, Any]:
    """GetModelInvocationJob's answer, and an element of the listing's."""
    request = job["request"]
    return present(
        {
            "jobArn": job["arn"],
            **{name: request.get(name) for name in SHOWN},
            "modelInvocationType": request.get("modelInvocationType") or "InvokeModel",
            "status": job["status"],
            "message": job["message"],
            "submitTime": moment(job["created"]),
            "lastModifiedTime": moment(job["modified"]),
            "endTime": moment(job["ended"]),
            "jobExpirationTime": moment(job["created"] + request["timeoutDurationInHours"] * 3600),
            **job["counts"],
        }
    )


def event(job: Document, account: str) -> dict[str, Any]:
    """The detail of the event "Batch Inference Job State Change"."""
    return {
        "version": "0",
        "accountId": account,
        "batchJobName": job["request"]["jobName"],
        "batchJobArn": job["arn"],
        "batchModelId": job["request"]["modelId"],
        "status": job["status"],
        "failureMessage": job["message"] or "",
        "creationTime": moment(job["created"]).isoformat(),  # type: ignore[union-attr] # created is a time
    }
