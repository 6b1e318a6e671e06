"""The processing jobs of this machine: made, followed, stopped, described; they outlive a kill.

A job whose process died with the machine is run again from its inputs, under its own name.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.api import ApiError
from local.engine.patience import patiently
from local.engine.ports import Document, Documents
from local.jobs.describe import description, processing_config
from local.jobs.kit import Kit, Outcome
from local.jobs.request import parse_request
from local.jobs.run import JobRun

JOBS = "processing-job"
MAX_RERUNS = 20  # a job that brings the machine down must not do so for ever
RUNNING = ("InProgress", "Stopping")


class Jobs:
    """Every method may be called from any thread."""

    def __init__(
        self,
        documents: Documents,
        kit: Kit,
        *,
        folder: Path,
        arn: Callable[[str], str],
        check_role: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._documents = documents
        self._kit = kit
        self._folder = folder
        self._arn = arn
        self._check_role = check_role
        self._clock = clock
        self._runs: dict[str, JobRun] = {}
        self._changed = threading.Condition()
        self._closed = False

    def create(self, request: Document) -> str:
        """Starts a job and returns its ARN; ApiError where it is refused."""
        self._check_role(parse_request(request).role)
        name, now = request["ProcessingJobName"], self._clock()
        arn = self._arn(f"processing-job/{name}")

        def new(document: Document | None) -> Document:
            if document is not None:
                raise ApiError(
                    "ResourceInUse",
                    "Job name must be unique within an AWS account and region, and a job with this name "
                    f"already exists ({arn})",
                )
            return _new_document(request, arn, now)

        with self._changed:
            self._start(self._documents.update(JOBS, name, new))
        return arn

    def exists(self, name: str) -> bool:
        return self._documents.get(JOBS, name) is not None

    def document(self, name: str) -> Document:
        """ApiError (ResourceNotFound) where there is no such job."""
        document = self._documents.get(JOBS, name)
        if document is None:
            raise ApiError("ResourceNotFound", f"Could not find requested job with name: {name}")
        return document

    def documents(self) -> list[Document]:
        return [document for _, document in self._documents.list(JOBS)]

    def stop(self, name: str) -> None:
        """Asks a running job to end; one that has ended is left as it is."""
        self.document(name)
        self._documents.update(JOBS, name, _stopping)
        with self._changed:
            run = self._runs.get(name)
        if run is not None:
            run.stop()

    def wait(self, name: str) -> dict[str, Any]:
        """Blocks until the job has ended; DescribeProcessingJob's answer."""
        with self._changed:
            while (document := self.document(name))["status"] in RUNNING:
                self._changed.wait()
        return description(document)

    def resume(self) -> None:
        """After a restart: runs again what was running, and ends what was being stopped."""
        for found in self.documents():
            name = found["request"]["ProcessingJobName"]
            with self._changed:
                # Executions that were taken up meanwhile may have made jobs of this life.
                if name not in self._runs:
                    self._take_up(name, self.document(name))

    def _take_up(self, name: str, document: Document) -> None:
        if document["status"] == "Stopping":
            self._end(name, Outcome("Stopped"))
        elif document["status"] == "InProgress" and document["reruns"] >= MAX_RERUNS:
            reason = f"InternalServerError: the machine went down {MAX_RERUNS + 1} times while the job ran"
            self._end(name, Outcome("Failed", reason))
        elif document["status"] == "InProgress":
            self._start(self._write(name, reruns=document["reruns"] + 1))

    def close(self) -> None:
        """The machine goes down: what happens to its processes now is not the end of their jobs."""
        self._closed = True

    def _start(self, document: Document) -> None:
        name = document["request"]["ProcessingJobName"]
        spec = parse_request(document["request"])
        run = JobRun(spec, processing_config(document), self._folder / name, self._kit)
        self._runs[name] = run
        threading.Thread(target=self._run, args=(name, run), name=f"job {name}", daemon=True).start()

    def _run(self, name: str, run: JobRun) -> None:
        self._patiently(name, started=self._clock())
        outcome = run.run()
        run.clean()  # first: what it left may be what fills the disk that its end is written to
        if not self._closed:
            self._end(name, outcome)

    def _end(self, name: str, outcome: Outcome) -> None:
        end = {
            "status": outcome.status,
            "reason": outcome.failure_reason,
            "message": outcome.exit_message,
            "ended": self._clock(),
        }
        self._patiently(name, **end)
        with self._changed:
            self._runs.pop(name, None)
            self._changed.notify_all()

    def _patiently(self, name: str, **changes: Any) -> None:
        patiently(lambda: self._write(name, **changes), give_up=lambda: self._closed)

    def _write(self, name: str, **changes: Any) -> Document:
        now = self._clock()
        return self._documents.update(JOBS, name, lambda old: {**(old or {}), "modified": now, **changes})


def _stopping(document: Document | None) -> Document:
    """One that ended at this very moment stays as it ended."""
    found = document or {}
    return {**found, "status": "Stopping"} if found.get("status") == "InProgress" else found


def _new_document(request: Document, arn: str, now: float) -> Document:
    """A job's document: times in seconds since 1970, `reason` and `message` as the API gives them."""
    return {
        "request": request,
        "arn": arn,
        "status": "InProgress",
        "created": now,
        "modified": now,
        "started": None,
        "ended": None,
        "reason": None,
        "message": None,
        "reruns": 0,
    }
