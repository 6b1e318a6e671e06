"""What a batch of inference jobs is: written once by `start_batch`, read at every look.

What has happened is not kept here: Bedrock's listing knows the jobs and S3 what they left. Only a retry of
the pipeline's step is noted (`retried_from`), so that two looks at once can do no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from waiting import batch_places as places

VERSION = 1


@dataclass(frozen=True)
class Part:
    """A job of the plan, or the records that go on demand. `prefix`: where its input files are."""

    name: str
    prefix: str
    records: int


@dataclass(frozen=True)
class State:
    """`request` holds the members of CreateModelInvocationJob that all jobs share. `retried_from`: by job the
    attempt whose bad end a retry of the step set aside."""

    execution_id: str
    output_uri: str
    work_uri: str
    jobs: tuple[Part, ...]
    on_demand: Part | None
    records: int
    request: Mapping[str, Any]
    max_concurrent_jobs: int
    retry_unfinished: int
    rest_on_demand: bool
    minimum_records: int
    retried_from: Mapping[str, int] = field(default_factory=dict)


def uri(output_uri: str) -> str:
    """Where the state of a batch lies, beside its output."""
    return f"{work(output_uri)}/state.json"


def work(output_uri: str) -> str:
    """Where the wait keeps what it needs, beside the output."""
    return f"{output_uri.rstrip('/').rpartition('/')[0]}/wait-batch"


def read(s3: Any, state_uri: str) -> State | None:
    """The state, None when there is none."""
    content = places.read(s3, state_uri)
    if content is None:
        return None
    known = {name: content[name] for name in State.__dataclass_fields__ if name in content}
    jobs = tuple(Part(**job) for job in content["jobs"])
    on_demand = Part(**content["on_demand"]) if content["on_demand"] else None
    return State(**{**known, "jobs": jobs, "on_demand": on_demand})


def write(s3: Any, state_uri: str, state: State) -> None:
    """Replaces the state."""
    places.write(s3, state_uri, {"version": VERSION, **asdict(state)})
