"""How long the steps of a pipeline took before: what a run may be expected to take and cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, islice
from statistics import median

from botocore.exceptions import BotoCoreError, ClientError

from config.platform_parameters import SAMPLE_ROWS
from deploy import executions
from deploy.errors import is_missing
from deploy.executions import Execution, Step
from deploy.session import Aws

# So many executions that succeeded are enough, and so many are looked through for them.
ENOUGH = 5
SEARCHED = 30


@dataclass(frozen=True)
class History:
    """Medians in seconds over `runs` executions that succeeded, by step; `alike`: on as many rows as the
    one that is asked for (a sample takes other times than the whole)."""

    seconds: Mapping[str, float] = field(default_factory=dict)
    total: float | None = None
    runs: int = 0
    alike: bool = True


def history(aws: Aws, pipeline: str, *, sample_rows: str, but: str = "") -> History:
    """Of SageMaker's pipeline of that name, without the execution `but`; empty where there is none."""
    found = list(_succeeded(aws, pipeline, but))
    with ThreadPoolExecutor(max_workers=8) as pool:  # somebody is waiting for the first line
        rows = list(pool.map(lambda each: executions.given(aws, each.arn).get(SAMPLE_ROWS, "0"), found))
        alike = [each for each, of in zip(found, rows, strict=True) if of == sample_rows]
        chosen = (alike or found)[:ENOUGH]
        ended = list(pool.map(lambda each: executions.describe(aws, each.arn), chosen))
        steps = list(pool.map(lambda each: executions.steps(aws, each.arn), chosen))
    times: dict[str, list[float]] = {}
    for step in chain.from_iterable(steps):
        if (took := worked(step)) is not None:
            times.setdefault(step.name, []).append(took)
    # A selective execution says nothing about how long all of it takes.
    whole = [
        (each.changed - each.started).total_seconds()
        for each, own in zip(ended, steps, strict=True)
        if not any(step.reused_from for step in own)
    ]
    return History(
        seconds={name: median(seconds) for name, seconds in times.items()},
        total=median(whole) if whole else None,
        runs=len(chosen),
        alike=bool(alike) or not found,
    )


def known_history(aws: Aws, pipeline: str, *, sample_rows: str, but: str = "") -> History:
    """The same, empty where AWS does not answer: what is nice to know must not end a command."""
    try:
        return history(aws, pipeline, sample_rows=sample_rows, but=but)
    except (ClientError, BotoCoreError):
        return History()


def worked(step: Step) -> float | None:
    """Seconds that a step itself took; None where it failed, goes on, or has its result from elsewhere."""
    if (
        step.status != "Succeeded"
        or step.cached_from
        or step.reused_from
        or not step.started
        or not step.ended
    ):
        return None
    return (step.ended - step.started).total_seconds()


def _succeeded(aws: Aws, pipeline: str, but: str) -> Iterator[Execution]:
    """The newest ones."""
    found = 0
    try:
        for execution in islice(executions.newest(aws, pipeline), SEARCHED):
            if execution.status == "Succeeded" and execution.arn != but and found < 2 * ENOUGH:
                found += 1
                yield execution
    except ClientError as error:
        if not is_missing(error):  # never deployed, never run
            raise
