"""Processing: a processing job of its own, waited for."""

from __future__ import annotations

from typing import Any

from local.api import ApiError
from local.engine.constraints import check_request
from local.engine.retries import JOB_INTERNAL_ERROR
from local.engine.steps.contract import StepFailedError, StepResult, StepRun, StepStoppedError, jsonable


class ProcessingStep:
    def run(self, step: StepRun) -> StepResult:
        """The properties are DescribeProcessingJob's answer.

        The job's ARN is noted before the job is made: after a kill between the two it is made with the same
        name, and never twice.
        """
        jobs = step.machine.jobs
        noted = step.begun.get("ProcessingJob", {}).get("Arn")
        request = {"RoleArn": step.execution.role, **step.named("ProcessingJobName")}
        name = noted.rpartition("/")[2] if noted else request["ProcessingJobName"]
        if not noted or not jobs.exists(name):
            _create(step, {**request, "ProcessingJobName": name})
        step.stop.listen(lambda: jobs.stop(name))
        return _result(jobs.wait(name))


def _create(step: StepRun, request: dict[str, Any]) -> None:
    arn = step.machine.arn(f"processing-job/{request['ProcessingJobName']}")
    step.note({"ProcessingJob": {"Arn": arn}})
    try:
        check_request("CreateProcessingJob", request)
        step.machine.jobs.create(request)
    except ApiError:
        step.note({})
        raise


def _result(job: dict[str, Any]) -> StepResult:
    if job["ProcessingJobStatus"] == "Stopped":
        raise StepStoppedError(job.get("FailureReason"))
    if job["ProcessingJobStatus"] != "Completed":
        reason = job.get("FailureReason") or "the processing job failed without a reason"
        internal = JOB_INTERNAL_ERROR if reason.startswith("InternalServerError") else None
        raise StepFailedError(reason, exception_type=internal)
    return StepResult(metadata={"ProcessingJob": {"Arn": job["ProcessingJobArn"]}}, properties=jsonable(job))
