"""Versions of a pipeline and their aliases: which version a name stands for, and moving a name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from config import names
from config.errors import PlatformError
from config.models import Project
from deploy.actions import MoveAlias
from deploy.hints import typed
from deploy.planning.deployed import PipelineVersion, versions
from deploy.session import Aws

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdatePipelineVersion.html
LONGEST_ALIAS = 128
ALIAS_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


class VersionError(PlatformError):
    """A version or an alias that is not there, or cannot be."""


@dataclass(frozen=True)
class VersionChoice:
    """The version that is meant: by number, by alias, or the newest where neither is given."""

    number: int | None = None
    alias: str | None = None

    @property
    def request(self) -> dict[str, Any]:
        """Members of DescribePipeline and StartPipelineExecution."""
        if self.number is not None:
            return {"PipelineVersionId": self.number}
        return {"PipelineVersionAlias": self.alias} if self.alias else {}

    @property
    def text(self) -> str:
        """For people: "version 5", "alias staging", or nothing."""
        if self.number is not None:
            return f"version {self.number}"
        return f'alias "{self.alias}"' if self.alias else ""


NEWEST = VersionChoice()


def check_alias(alias: str) -> str:
    """The alias itself; VersionError for one that the service would refuse."""
    if not alias or len(alias) > LONGEST_ALIAS or set(alias) - ALIAS_LETTERS or alias.isdigit():
        raise VersionError(
            f'"{alias}" cannot be an alias: 1 to {LONGEST_ALIAS} letters, digits, dots, dashes and '
            "underscores, not digits alone",
            hint="for example --alias staging",
        )
    return alias


def move_to_newest(aws: Aws, *, name: str, arn: str, alias: str, becomes: str | None) -> MoveAlias | None:
    """What gives the alias to the newest version; None where it has it.

    ``becomes`` is the hash of a definition that is about to become the newest version; None when none is.
    """
    listed = list(versions(aws, name))
    holder = holder_of(listed, alias)
    if becomes is not None:
        return MoveAlias(name, arn, alias, None, holder.id if holder else None, becomes)
    if holder == listed[0]:
        return None
    return MoveAlias(name, arn, alias, listed[0].id, holder.id if holder else None)


def holder_of(listed: Iterable[PipelineVersion], alias: str) -> PipelineVersion | None:
    """The version that has the alias."""
    return next((version for version in listed if alias in version.aliases), None)


def missing_version(project: Project, name: str, choice: VersionChoice) -> VersionError:
    """What to say when a pipeline has no such version."""
    environment = project.environment
    listing = f"aws sagemaker list-pipeline-versions --pipeline-name {names.pipeline_name(environment, name)}"
    made = typed(f"upsert {name} --alias {choice.alias}", environment.name)
    return VersionError(
        f'pipeline "{name}" has no {choice.text} in environment "{environment.name}"',
        hint=f"{listing}, or {made}" if choice.alias else listing,
    )
