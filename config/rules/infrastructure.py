"""Rules about processing steps, shared by all kinds."""

from __future__ import annotations

from collections.abc import Mapping

from config.models.environment import Environment
from config.models.pipeline import ProcessingStep
from config.rules.rule import Finding, Findings


def isolation_findings(
    name: str, step: ProcessingStep, environment: Environment, *, needs_network: str | None
) -> Findings:
    """An isolated step reaches nothing, so it must need nothing, packages included."""
    if not step.network_isolation:
        return
    path = ("steps", name, "network_isolation")
    if needs_network is not None:
        yield Finding(path, f"{name} {needs_network}, which an isolated step cannot", "write false")
    elif not (
        step.image
        or environment.images.steps.get(name)
        or environment.images.default
        or environment.wheelhouse
    ):
        message = f"{name} installs its packages, which needs a prebuilt image or a wheelhouse when isolated"
        yield Finding(path, message, f"set steps.{name}.image, or wheelhouse in the environment file")


def single_instance_findings(steps: object, why: Mapping[str, str]) -> Findings:
    """Steps that must see everything, with the reason: on several instances each would do it all."""
    for name, reason in why.items():
        count = getattr(steps, name).instance_count
        if count != 1:
            yield Finding(("steps", name, "instance_count"), f"found {count}; {reason}", "write 1")
