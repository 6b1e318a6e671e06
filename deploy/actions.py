"""What deploying comes down to: a list of frozen actions, made by planners that only read.

An executor carries such a list out (deploy/apply.py); another may print it. Nothing here calls AWS.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

# The SHA-256 in a key: people need only as much of it as tells two apart.
HASH = re.compile(r"[0-9a-f]{64}")
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Upload:
    """An object that the bucket does not hold yet; `key` carries the hash of what it holds."""

    bucket: str
    key: str
    body: bytes | Path = field(repr=False)
    owner: str

    @property
    def text(self) -> str:
        """One line for people."""
        return f"upload {HASH.sub(_first_characters, self.key)} ({size_of(self.size)})"

    @property
    def size(self) -> int:
        """In bytes."""
        return self.body.stat().st_size if isinstance(self.body, Path) else len(self.body)


@dataclass(frozen=True)
class Stack:
    """A CloudFormation stack as it should be."""

    name: str
    template: str = field(repr=False)
    parameters: Pairs
    tags: Pairs


@dataclass(frozen=True)
class CreateStack:
    """A stack that is not there. `over` names the remains of a failed first attempt, deleted before."""

    stack: Stack
    over: str | None = None

    @property
    def text(self) -> str:
        """One line for people."""
        before = f" (after deleting what a failed attempt left, {self.over})" if self.over else ""
        return f"create stack {self.stack.name}{before}"


@dataclass(frozen=True)
class UpdateStack:
    """A stack whose template, parameters or tags differ."""

    stack: Stack
    changed: tuple[str, ...]

    @property
    def text(self) -> str:
        """One line for people."""
        return f"update stack {self.stack.name}: {', '.join(self.changed)}"


@dataclass(frozen=True)
class PipelineSpec:
    """A pipeline as it should be; `definition` is the canonical JSON."""

    name: str
    arn: str
    definition: str = field(repr=False)
    description: str
    role: str
    parallelism: int | None
    tags: Pairs


@dataclass(frozen=True)
class CreatePipeline:
    """A pipeline that is not there."""

    pipeline: PipelineSpec

    @property
    def text(self) -> str:
        """One line for people."""
        return f"create pipeline {self.pipeline.name}"


@dataclass(frozen=True)
class UpdatePipeline:
    """A pipeline that differs; `changed` says in what, `found` is the state that it was compared in."""

    pipeline: PipelineSpec
    changed: tuple[str, ...]
    found: str = ""

    @property
    def text(self) -> str:
        """One line for people."""
        return f"update pipeline {self.pipeline.name}: {', '.join(self.changed)}"


@dataclass(frozen=True)
class TagResource:
    """Tags that a resource lacks, or has with another value."""

    name: str
    arn: str
    put: Pairs

    @property
    def text(self) -> str:
        """One line for people."""
        return f"tag {self.name}: {', '.join(f'{key}={_short(value)}' for key, value in self.put)}"


@dataclass(frozen=True)
class MoveAlias:
    """An alias that goes to a version, away from `holder`. `version` None: the newest, if its definition has
    the hash `definition`."""

    name: str
    arn: str
    alias: str
    version: int | None
    holder: int | None
    definition: str = field(default="", repr=False)

    @property
    def text(self) -> str:
        """One line for people."""
        where = "the new version" if self.version is None else f"version {self.version}"
        return f"alias {self.alias} of {self.name}: {where}" + (
            f" (was version {self.holder})" if self.holder is not None else ""
        )


@dataclass(frozen=True)
class CreatePackageGroup:
    """A model package group that is not there."""

    name: str
    description: str
    tags: Pairs

    @property
    def text(self) -> str:
        """One line for people."""
        return f"create model package group {self.name}"


@dataclass(frozen=True)
class DeleteLeftover:
    """An endpoint, endpoint configuration or model that an execution left behind."""

    kind: str
    name: str

    @property
    def text(self) -> str:
        """One line for people."""
        return f"delete {self.kind} {self.name}"


@dataclass(frozen=True)
class GuardrailSpec:
    """A guardrail as it should be. `settings`: members of CreateGuardrail as JSON; `digest` is theirs."""

    name: str
    digest: str
    description: str
    settings: str = field(repr=False)
    tags: Pairs


@dataclass(frozen=True)
class CreateGuardrail:
    """A guardrail that is not there, and its first version."""

    guardrail: GuardrailSpec

    @property
    def text(self) -> str:
        """One line for people."""
        return f"create guardrail {self.guardrail.name}, version 1"


@dataclass(frozen=True)
class UpdateGuardrail:
    """A guardrail without a version of this configuration: its draft is changed, and a version published."""

    guardrail: GuardrailSpec
    id: str

    @property
    def text(self) -> str:
        """One line for people."""
        return f"update guardrail {self.guardrail.name}: a new version"


@dataclass(frozen=True)
class DeleteGuardrail:
    """A version that nothing needs; without one, the guardrail with all of its versions."""

    name: str
    id: str
    version: str | None = None

    @property
    def text(self) -> str:
        """One line for people."""
        return f"delete guardrail {self.name}" + (f" version {self.version}" if self.version else "")


@dataclass(frozen=True)
class CreateWorkforce:
    """The private workforce of an account and region: users of a Cognito user pool."""

    name: str
    user_pool: str
    client: str
    tags: Pairs

    @property
    def text(self) -> str:
        """One line for people."""
        return f"create workforce {self.name} of user pool {self.user_pool}"


@dataclass(frozen=True)
class CreateWorkteam:
    """A private work team that is not there; `request`: CreateWorkteam's members as JSON."""

    name: str
    request: str = field(repr=False)

    @property
    def text(self) -> str:
        """One line for people."""
        return f"create work team {self.name}"


@dataclass(frozen=True)
class CreateLabelingJob:
    """A labeling job; `request`: CreateLabelingJob's members as JSON."""

    name: str
    request: str = field(repr=False)

    @property
    def text(self) -> str:
        """One line for people."""
        return f"create labeling job {self.name}"


Action = (
    Upload
    | CreateStack
    | UpdateStack
    | CreatePipeline
    | UpdatePipeline
    | TagResource
    | MoveAlias
    | CreatePackageGroup
    | DeleteLeftover
    | CreateGuardrail
    | UpdateGuardrail
    | DeleteGuardrail
    | CreateWorkforce
    | CreateWorkteam
    | CreateLabelingJob
)


def _first_characters(digest: re.Match[str]) -> str:
    return digest[0][:8]


def _short(value: str) -> str:
    return re.sub(r"\b([0-9a-f]{8})[0-9a-f]{4,}\b", r"\1", value)


def pairs(mapping: dict[str, str]) -> Pairs:
    """A mapping as a frozen action keeps it: sorted, hashable."""
    return tuple(sorted(mapping.items()))


def size_of(size: float) -> str:
    """Bytes for people: "812 B", "3.4 KB", "1.2 GB" (units of 1,000, as S3's console counts)."""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
