"""The AutoML jobs of this machine: made, followed, stopped, described; they outlive a kill.

A job whose process died with the machine is trained again from its channels, under its own name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local.api import ApiError
from local.automl.request import TuningRequest, parse_request
from local.automl.run import TuningOutcome, TuningRun, Workshop
from local.engine.patience import patiently
from local.engine.ports import Document
from local.resources import Resources

KIND = "automl-job"
RUNNING = ("InProgress", "Stopping")
MAX_RERUNS = 3
# Concurrent jobs by Region, page autopilot-quotas; elsewhere one.
CONCURRENT_JOBS: Mapping[str, int] = {
    **dict.fromkeys(
        ("us-east-1", "us-east-2", "us-west-2", "ap-northeast-1", "eu-west-1", "eu-central-1"), 4
    ),
    **dict.fromkeys(("ap-northeast-2", "ap-southeast-1", "ap-southeast-2", "eu-west-2"), 2),
}


def missing(name: str, arn: str) -> ApiError:
    return ApiError("ResourceNotFound", f"Could not find AutoML job '{name}' ({arn}).")


def taken(name: str, arn: str) -> ApiError:
    message = (
        f"The AutoML job name '{name}' is already in use ({arn}); names are unique in an account and Region."
    )
    return ApiError("ResourceInUse", message)


class AutoMLJobs:
    """Every method may be called from any thread."""

    def __init__(
        self,
        resources: Resources,
        workshop: Workshop,
        *,
        folder: Path,
        concurrent: int,
        check_role: Callable[[str], None],
    ) -> None:
        self.resources = resources
        self._workshop = workshop
        self._folder = folder
        self._concurrent = concurrent
        self._check_role = check_role
        self._lock = threading.Lock()
        self._runs: dict[str, TuningRun] = {}
        self._closed = False

    def create(self, asked: Document) -> str:
        """Starts a job and returns its ARN; ApiError where it is refused."""
        request = parse_request(asked)
        self._check_role(request.role)
        with self._lock:
            running = [job for job in self.resources.all() if job["status"] in RUNNING]
            found = self.resources.find(request.name)
            if found is None and len(running) >= self._concurrent:
                raise ApiError(
                    "ResourceLimitExceeded",
                    "The account-level service limit 'Maximum number of concurrent Autopilot jobs' is"
                    f" {self._concurrent} jobs, with current utilization of {len(running)} jobs and a request"
                    " delta of 1 jobs.",
                )
            document = self.resources.add(request.name, asked, **_fresh())
        self._start(request)
        return str(document["arn"])

    def stop(self, name: str) -> None:
        """Asks a running job to end; one that has ended is left as it is."""
        with self._lock:
            if self.resources.get(name)["status"] != "InProgress":
                return
            self.resources.write(name, status="Stopping", secondary="Stopping")
            run = self._runs.get(self.resources.key(name))
        if run is not None:
            run.stop()

    def resume(self) -> None:
        """After a restart: trains again what was training, and ends what was being stopped."""
        for document in self.resources.all():
            request = parse_request(document["request"])
            if document["status"] == "Stopping":
                self._end(request.name, TuningOutcome("Stopped", "Stopped"))
            elif document["status"] == "InProgress" and document["reruns"] >= MAX_RERUNS:
                reason = f"InternalServerError: the machine went down {MAX_RERUNS + 1} times during the job"
                self._end(request.name, TuningOutcome("Failed", "Failed", reason))
            elif document["status"] == "InProgress":
                self.resources.write(request.name, secondary="Starting", reruns=document["reruns"] + 1)
                self._start(request)

    def close(self) -> None:
        """The machine goes down: what happens to its processes now is not the end of their jobs."""
        self._closed = True

    def _start(self, request: TuningRequest) -> None:
        run = TuningRun(
            request,
            self._folder / self.resources.key(request.name),
            self._workshop,
            training_begins=lambda: self._training_begins(request.name),
        )
        self._runs[self.resources.key(request.name)] = run
        if self.resources.get(request.name)["status"] == "Stopping":  # asked between `add` and here
            run.stop()
        name = f"AutoML job {request.name}"
        threading.Thread(target=self._run, args=(request.name, run), name=name, daemon=True).start()

    def _training_begins(self, name: str) -> None:
        def begin(found: Document) -> Document:
            started = {"training_started": self.resources.clock()}
            secondary = {"secondary": "TrainingModels"} if found["status"] == "InProgress" else {}
            return {**found, **started, **secondary}

        self.resources.change(name, begin)

    def _run(self, name: str, run: TuningRun) -> None:
        outcome = run.run()
        if not self._closed:
            self._end(name, outcome)

    def _end(self, name: str, outcome: TuningOutcome) -> None:
        end: dict[str, Any] = {
            "status": outcome.status,
            "secondary": outcome.secondary,
            "reason": outcome.reason,
            "metrics": dict(outcome.metrics) if outcome.metrics is not None else None,
            "ended": self.resources.clock(),
        }
        patiently(lambda: self.resources.write(name, **end), give_up=lambda: self._closed)
        self._runs.pop(self.resources.key(name), None)


def _fresh() -> Document:
    """The fields of a job that has just been made; times in seconds since 1970."""
    return {
        "status": "InProgress",
        "secondary": "Starting",
        "training_started": None,
        "ended": None,
        "reason": None,
        "metrics": None,
        "reruns": 0,
    }
