"""What can be waited for: a table, one small module each.

A module of the table has the functions of `Thing`. It knows one kind of job or resource: how to describe
it, what a description means, how to stop it, and how a retried step begins it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple, Protocol, cast

from waiting.decision import Look
from waiting.messages import MessageError

MODULES: Mapping[str, str] = {
    "automl": "waiting.automl",
    "endpoint": "waiting.endpoint",
    "batch": "waiting.batch",
}
# Things that need more of AWS than SageMaker's client are given all tools.
NEED_ALL_TOOLS = frozenset({"batch"})

Description = Mapping[str, Any]


class Begun(NamedTuple):
    """The name to watch from now on; `done` is False while what was there before is still going away."""

    name: str
    done: bool


class Thing(Protocol):
    """`sagemaker` is SageMaker's client, or what `hands` gives for the thing."""

    def describe(self, sagemaker: Any, name: str) -> Description | None:
        """The service's description, None when there is no such thing."""

    def look(self, name: str, description: Description | None) -> Look:
        """What the description means for a wait."""

    def stop(self, sagemaker: Any, name: str, *, everything: bool) -> bool:
        """Lets nothing of that name run on; False when the service refuses for now. `everything` also
        removes what it was made from. Does no harm to a thing that has ended or is gone."""

    def begin_again(self, sagemaker: Any, name: str, description: Description | None) -> Begun | None:
        """For a retried step: a new attempt at a thing that ended; None when there is no way to."""


def hands(waits_for: str, tools: Any) -> Any:
    """What the functions of a thing take first."""
    return tools if waits_for in NEED_ALL_TOOLS else tools.sagemaker


def thing(waits_for: str) -> Thing:
    """The module for what a message waits for."""
    if waits_for not in MODULES:
        known = ", ".join(MODULES)
        raise MessageError(f"nothing known by the name {waits_for!r} can be waited for; known: {known}")
    return cast(Thing, import_module(MODULES[waits_for]))
