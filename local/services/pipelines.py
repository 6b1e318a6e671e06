"""SageMaker Pipelines: definitions, versions, executions, steps and callbacks, run by local/engine/."""

from __future__ import annotations

from local.api import Operations
from local.engine.assembly import desk_of
from local.engine.operations.table import OPERATIONS
from local.stand_in import StandIn


def operations(stand_in: StandIn) -> Operations:
    desk = desk_of(stand_in)
    return {("sagemaker", name): desk.handler(operation) for name, operation in OPERATIONS.items()}


def resume(stand_in: StandIn) -> None:
    """Takes up every execution that had not ended."""
    desk_of(stand_in).engine.resume()


def stop(stand_in: StandIn) -> None:
    """Leaves running executions as they are, for `resume`."""
    desk_of(stand_in).engine.close()
