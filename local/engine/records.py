"""What is kept of pipelines, executions and steps: frozen values, to and from the store's documents.

Times are seconds since 1970 (UTC). Keys: a pipeline's is its name, an execution's `<pipeline>/<id>`,
a step's `<pipeline>/<id>/<step>`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

PIPELINES = "pipeline"
EXECUTIONS = "pipeline-execution"
STEPS = "pipeline-step"
CALLBACKS = "pipeline-callback"
CACHE = "pipeline-cache"
DEFINITIONS = "pipeline-definition"  # <pipeline>/<sha256> -> what executions were started with
REQUESTS = "pipeline-request"  # <operation>/<ClientRequestToken> -> its request's sha256, what it made


@dataclass(frozen=True)
class Kept:
    """A value that is a document of the store."""

    def document(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """Unknown members are left out, so that an older program can read a newer document."""
        known = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in document.items() if name in known})


@dataclass(frozen=True)
class Version(Kept):
    id: int
    definition: str
    created: float
    display_name: str | None = None
    description: str | None = None
    aliases: list[str] = field(default_factory=list)
    last_execution: str | None = None


@dataclass(frozen=True)
class Pipeline(Kept):
    """`versions` are documents of Version, the newest last."""

    name: str
    arn: str
    role: str
    created: float
    modified: float
    versions: list[dict[str, Any]]
    display_name: str | None = None
    description: str | None = None
    parallelism: int | None = None
    last_run: float | None = None
    tags: list[dict[str, str]] = field(default_factory=list)

    def latest(self) -> Version:
        return Version.of(self.versions[-1])


@dataclass(frozen=True)
class Execution(Kept):
    """`selection` is the request's SelectiveExecutionConfig; `parameters` are typed, defaults merged.

    `definition` is the key of its text (Ledger.definition); `experiment` has the names that are plain texts;
    `announced` is the last status that was told as an event.
    """

    id: str
    arn: str
    pipeline: str
    pipeline_arn: str
    role: str
    version: int
    definition: str
    parameters: dict[str, Any]
    status: str
    created: float
    modified: float
    display_name: str | None = None
    description: str | None = None
    failure_reason: str | None = None
    ended: float | None = None
    parallelism: int | None = None
    selection: dict[str, Any] | None = None
    experiment: dict[str, str] | None = None
    announced: str | None = None

    @property
    def key(self) -> str:
        return f"{self.pipeline}/{self.id}"


@dataclass(frozen=True)
class Step(Kept):
    """`metadata` is what ListPipelineExecutionSteps shows, `properties` what references can read.

    `reused_from` is set where a step was not run but taken from another execution: by the cache, or by a
    selective execution.
    """

    name: str
    type: str
    status: str
    attempts: int
    order: int
    started: float
    ended: float | None = None
    display_name: str | None = None
    description: str | None = None
    failure_reason: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    cache_hit: str | None = None
    reused_from: str | None = None
    outcome: bool | None = None
