"""CloudWatch's log lines of an execution's steps, of any kind that writes some."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from deploy.errors import is_missing
from deploy.executions import Seen, Step
from deploy.observing import waits
from deploy.session import Aws

PROCESSING = "/aws/sagemaker/ProcessingJobs"
TRAINING = "/aws/sagemaker/TrainingJobs"
ENDPOINTS = "/aws/sagemaker/Endpoints/"
LAMBDA = "/aws/lambda/"


@dataclass(frozen=True)
class Source:
    """Where a step's lines lie: a log group, and what narrows it down to the step."""

    group: str
    stream_prefix: str = ""
    containing: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Line:
    """One log line with the step it belongs to and when it was written."""

    step: str
    at: datetime
    text: str


def sources(seen: Seen, step: Step) -> tuple[Source, ...]:
    """The places where the lines of a step are looked for; none for steps that write no log."""
    return tuple(
        source for key, find in FINDERS.items() if key in step.metadata for source in find(seen, step)
    )


def lines(aws: Aws, seen: Seen, step: Step) -> Iterator[Line]:
    """All lines of a step, oldest first, asked for page by page."""
    found = [_events(aws, source) for source in sources(seen, step)]
    for event in heapq.merge(*found, key=lambda event: event["timestamp"]):
        yield _line(step, event)


def since(aws: Aws, seen: Seen, step: Step, at: int | None) -> Iterator[Line]:
    """The lines of a step from a time on (milliseconds since 1970; None: all), oldest first."""
    begin = None if at is None else datetime.fromtimestamp(at / 1000, tz=UTC)
    found = [_events(aws, _from(source, begin)) for source in sources(seen, step)]
    for event in heapq.merge(*found, key=lambda event: event["timestamp"]):
        yield _line(step, event)


def _from(source: Source, begin: datetime | None) -> Source:
    return source if begin is None else replace(source, since=max(begin, source.since or begin))


def last_line(aws: Aws, seen: Seen, step: Step) -> str:
    """The newest line of a step that has any text; empty when there is none yet."""
    newest = ""
    for source in sources(seen, step):
        for event in _tail(aws, source, 20):
            newest = event["message"].strip() or newest
    return newest


def end(aws: Aws, seen: Seen, step: Step, count: int) -> list[Line]:
    """The newest lines of a step, oldest first; a long log is not read from its beginning."""
    events = [event for source in sources(seen, step) for event in _tail(aws, source, count)]
    ordered = sorted(events, key=lambda event: event["timestamp"])[-count:]
    return [_line(step, event) for event in ordered]


def _line(step: Step, event: Mapping[str, Any]) -> Line:
    at = datetime.fromtimestamp(event["timestamp"] / 1000, tz=UTC)
    return Line(step.name, at, event["message"].rstrip("\n"))


def _of_processing_job(seen: Seen, step: Step) -> Iterator[Source]:
    del seen
    # A job's streams are <job name>/<instance>-<time>; the slash keeps a job with a longer name out.
    yield Source(PROCESSING, stream_prefix=_last(step.metadata["ProcessingJob"]["Arn"]) + "/")


def _of_training_job(seen: Seen, step: Step) -> Iterator[Source]:
    del seen
    yield Source(TRAINING, stream_prefix=_last(step.metadata["TrainingJob"]["Arn"]) + "/")


def _of_function(seen: Seen, step: Step) -> Iterator[Source]:
    """The function's log is shared by all executions: its lines carry the execution's id."""
    name = step.metadata["Lambda"].get("Arn", "").split(":function:")[-1].split(":")[0]
    until = step.ended + timedelta(seconds=30) if step.ended else None
    if name:
        yield Source(LAMBDA + name, containing=seen.execution.id, since=step.started, until=until)


def _of_callback(seen: Seen, step: Step) -> Iterator[Source]:
    """The function behind the queue, which has the queue's name, then the log of what is waited for."""
    callback = step.metadata["Callback"]
    queue = callback.get("SqsQueueUrl", "").rpartition("/")[2]
    if queue and callback.get("CallbackToken"):
        # The function logs a fingerprint of the token and not the token, which is a key to the step
        # (lambdas/waiting/log.py).
        token = waits.fingerprint(callback["CallbackToken"])
        yield Source(LAMBDA + queue, containing=token, since=step.started)
    arguments = waits.arguments(seen, step)
    name = arguments.get("name", "")
    if arguments.get("waits_for") == "automl" and name:
        # Autopilot's jobs carry the AutoML job's name in front, and that the number of the attempt behind:
        # a retried wait begins the next one.
        yield Source(TRAINING, stream_prefix=name.rpartition("-")[0] + "-")
    elif arguments.get("waits_for") == "endpoint" and name:
        yield Source(ENDPOINTS + name)


FINDERS: Mapping[str, Callable[[Seen, Step], Iterator[Source]]] = {
    "ProcessingJob": _of_processing_job,
    "TrainingJob": _of_training_job,
    "Lambda": _of_function,
    "Callback": _of_callback,
}


def _events(aws: Aws, source: Source) -> Iterator[Mapping[str, Any]]:
    try:
        yield from _of_streams(aws, source) if source.stream_prefix else _filtered(aws, source)
    except ClientError as error:
        if not is_missing(error):  # the group is made with the first line
            raise


def _of_streams(aws: Aws, source: Source) -> Iterator[Mapping[str, Any]]:
    """The lines of a job: one stream per instance, merged by time."""
    begin = {"startTime": int(source.since.timestamp() * 1000)} if source.since else {}
    streams = [_of_stream(aws, source.group, name, begin) for name in _streams(aws, source)]
    return heapq.merge(*streams, key=lambda event: event["timestamp"])


def _of_stream(aws: Aws, group: str, stream: str, begin: Mapping[str, int]) -> Iterator[Mapping[str, Any]]:
    client = aws.client("logs")
    token: str | None = None
    while True:
        more = {"nextToken": token} if token else {}
        page = client.get_log_events(
            logGroupName=group, logStreamName=stream, startFromHead=True, **begin, **more
        )
        yield from page["events"]
        if not page["events"] or page.get("nextForwardToken") == token:
            return
        token = page["nextForwardToken"]


def _streams(aws: Aws, source: Source) -> list[str]:
    client = aws.client("logs")
    found: list[str] = []
    token: str | None = None
    while True:
        page = client.describe_log_streams(
            logGroupName=source.group,
            logStreamNamePrefix=source.stream_prefix,
            **({"nextToken": token} if token else {}),
        )
        found += [stream["logStreamName"] for stream in page["logStreams"]]
        token = page.get("nextToken")
        if not token:
            return found


def _filtered(aws: Aws, source: Source) -> Iterator[Mapping[str, Any]]:
    """The lines of a group that many share, by what they contain and when they were written."""
    client = aws.client("logs")
    token: str | None = None
    while True:
        page = client.filter_log_events(**_request(source), **({"nextToken": token} if token else {}))
        yield from page["events"]
        token = page.get("nextToken")
        if not token:
            return


def _tail(aws: Aws, source: Source, count: int) -> list[Mapping[str, Any]]:
    """The newest lines of each stream. A job's log may be long: its streams are read from their ends."""
    if not source.stream_prefix:
        return list(deque(_events(aws, source), maxlen=count))
    client = aws.client("logs")
    try:
        pages = [
            client.get_log_events(
                logGroupName=source.group, logStreamName=name, limit=count, startFromHead=False
            )
            for name in _streams(aws, source)
        ]
    except ClientError as error:
        if is_missing(error):
            return []
        raise
    return sorted((event for page in pages for event in page["events"]), key=lambda event: event["timestamp"])


def _request(source: Source) -> dict[str, Any]:
    request: dict[str, Any] = {"logGroupName": source.group}
    if source.containing:
        request["filterPattern"] = f'"{source.containing}"'
    if source.since:
        request["startTime"] = int(source.since.timestamp() * 1000)
    if source.until:
        request["endTime"] = int(source.until.timestamp() * 1000)
    return request


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]
