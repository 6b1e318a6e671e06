"""Bedrock's batch inference jobs of an execution: named `<execution id>-<job>-<attempt>`.

The name is also the client token, so that starting twice is starting once, and the listing by name finds
every job of the execution, whoever started it.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelInvocationJob.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from waiting.batch_state import State
from waiting.failures import AWS_ERRORS, code, is_missing, is_passing
from waiting.tools import Tools

RUNNING = frozenset({"Submitted", "Validating", "Scheduled", "InProgress", "Stopping"})
BAD = frozenset({"Failed", "Stopped", "Expired"})
# Bedrock says so of a quota that the next look may find free again.
FULL = frozenset({"ServiceQuotaExceededException", "ThrottlingException"})
FULL_PAGE = 1000


@dataclass(frozen=True)
class Attempt:
    job: str
    number: int
    arn: str
    status: str
    message: str
    errors: int
    source: str  # S3 prefix of its input
    target: str  # S3 prefix of its output, with the job's id

    @property
    def running(self) -> bool:
        return self.status in RUNNING


def name(execution_id: str, job: str, attempt: int) -> str:
    """63 characters at most: ids of executions have 12."""
    return f"{execution_id}-{job}-{attempt}"


def listed(bedrock: Any, execution_id: str) -> dict[str, Attempt]:
    """The newest attempt of every job of the execution."""
    newest: dict[str, Attempt] = {}
    more: dict[str, str] = {}
    while True:
        page = bedrock.list_model_invocation_jobs(nameContains=execution_id, maxResults=FULL_PAGE, **more)
        for summary in page.get("invocationJobSummaries", []):
            attempt = _attempt(execution_id, summary)
            known = newest.get(attempt.job) if attempt else None
            if attempt and (known is None or attempt.number > known.number):
                newest[attempt.job] = attempt
        if not page.get("nextToken"):
            return newest
        more = {"nextToken": page["nextToken"]}


def create(tools: Tools, state: State, job: str, number: int, source: str) -> str:
    """Starts an attempt: "started", "full" where a quota is used up for now, else why it cannot be."""
    called = name(state.execution_id, job, number)
    output = {"s3Uri": f"{state.output_uri.rstrip('/')}/{job}/{number}/"}
    request = dict(state.request)
    if key := request.pop("kms_key", ""):
        output["s3EncryptionKeyId"] = key
    try:
        tools.bedrock.create_model_invocation_job(
            jobName=called,
            clientRequestToken=called,
            inputDataConfig={"s3InputDataConfig": {"s3Uri": source, "s3InputFormat": "JSONL"}},
            outputDataConfig={"s3OutputDataConfig": output},
            **request,
        )
    except AWS_ERRORS as error:
        if code(error) == "ConflictException":  # of that name there is one
            return "started"
        if code(error) in FULL:
            tools.log("no room for another batch job", name=called, code=code(error))
            return "full"
        if is_passing(error):
            raise
        tools.log("batch job refused", level="ERROR", name=called, code=code(error))
        return f"batch job '{called}' was refused: {error}"
    tools.log("batch job started", name=called)
    return "started"


def stop(bedrock: Any, attempt: Attempt) -> None:
    """Does no harm to a job that has ended or is gone."""
    try:
        bedrock.stop_model_invocation_job(jobIdentifier=attempt.arn)
    except AWS_ERRORS as error:
        if not is_missing(error) and code(error) not in ("ConflictException", "ValidationException"):
            raise


def _attempt(execution_id: str, summary: Mapping[str, Any]) -> Attempt | None:
    given = summary["jobName"]
    job, _, number = given.removeprefix(f"{execution_id}-").rpartition("-")
    if not given.startswith(f"{execution_id}-") or not job or not number.isdecimal():
        return None
    target = summary["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"].rstrip("/")
    return Attempt(
        job=job,
        number=int(number),
        arn=summary["jobArn"],
        status=summary["status"],
        message=summary.get("message") or "the service gives no reason",
        # Counts that the listing does not tell are looked for in the output.
        errors=summary.get("errorRecordCount", 1),
        source=summary["inputDataConfig"]["s3InputDataConfig"]["s3Uri"],
        target=f"{target}/{summary['jobArn'].rpartition('/')[2]}",
    )
