"""Starting again: the values that an earlier execution of the same pipeline ran with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from config.models import Project
from config.parameters import platform_parameters
from config.platform_parameters import PROVENANCE
from deploy import executions, reference
from deploy.errors import UnknownExecutionError
from deploy.executions import Execution
from deploy.hints import typed
from deploy.launching.candidate import LATEST
from deploy.session import Aws


@dataclass(frozen=True)
class Again:
    """An earlier execution with the values to start with; `left_out` are of parameters that are no more."""

    execution: Execution
    values: Mapping[str, str]
    left_out: Mapping[str, str]

    @property
    def source(self) -> str:
        """Where the values come from, in words."""
        return f"execution {self.execution.id}"


def again(project: Project, aws: Aws, name: str, wanted: str) -> Again:
    """The values of an execution (ARN, id) of the pipeline `name`, or of its `latest`.

    Commit and state of the tree are left to the new start: it runs the definition of today. Raises
    UnknownExecutionError for an execution of another pipeline.
    """
    config = project.pipeline(name)
    execution = reference.find(project, aws, name if wanted == LATEST else wanted)
    own = reference.config_name_of(project, execution.pipeline) or execution.pipeline
    if own != name:
        raise UnknownExecutionError(
            f'execution {execution.id} is of pipeline "{own}", not of "{name}"',
            hint=typed(f"start {own} --from {execution.id}", project.environment.name),
        )
    afresh = {each.name for each in PROVENANCE}
    known = {*config.parameters, *(each.name for each in platform_parameters(config))}
    values = {
        key: value for key, value in executions.parameters(aws, execution.arn).items() if key not in afresh
    }
    return Again(
        execution,
        {key: value for key, value in values.items() if key in known},
        {key: value for key, value in values.items() if key not in known},
    )
