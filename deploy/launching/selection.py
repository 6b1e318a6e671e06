"""Selective execution: which steps run, and whether SageMaker would let them.

https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-selective-ex.html: what the selected steps need of
others is taken from an earlier execution, which must have succeeded or failed; steps after them do not run;
"all steps in all paths between two selected steps should be included" (API_SelectiveExecutionConfig).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.errors import PlatformError
from config.suggest import did_you_mean, listing
from definition.dependencies import predecessors
from definition.outline import Outline, outline
from deploy import executions
from deploy.executions import Execution
from deploy.session import Aws

MOST_STEPS = 50
SOURCE_STATUSES = ("Succeeded", "Failed")


class SelectionError(PlatformError):
    """Steps that cannot be run by themselves."""


@dataclass(frozen=True)
class Selection:
    """The steps that run, in the definition's order, and those whose results come from `source`."""

    steps: tuple[str, ...]
    reused: tuple[str, ...]
    source: Execution

    @property
    def request(self) -> dict[str, Any]:
        """SelectiveExecutionConfig of StartPipelineExecution."""
        return {
            "SourcePipelineExecutionArn": self.source.arn,
            "SelectedSteps": [{"StepName": name} for name in self.steps],
        }


def select(
    aws: Aws,
    definition: Mapping[str, Any],
    source: Execution,
    *,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
) -> Selection:
    """The selection of `only` these steps, or of all but those in `skip`; raises SelectionError.

    A Condition is selected with the steps of its branches: without them its outcome would have no effect.
    What stands before a skipped step whose result is needed is skipped with it.
    """
    laid_out = outline(definition)
    steps = [step.name for step in laid_out.steps]
    _check_known([*only, *skip], steps)
    waits = predecessors(laid_out)
    named = _with_branches(laid_out, only or steps) - _with_branches(laid_out, skip)
    named -= _before(waits, [name for name in skip if name in _before(waits, list(named))])
    chosen = tuple(name for name in steps if name in named)
    needed = _before(waits, chosen)
    reused = tuple(name for name in steps if name in needed and name not in named)
    _check_count(chosen)
    _check_paths(chosen, reused, waits)
    _check_source(aws, source, reused)
    return Selection(chosen, reused, source)


def _check_known(wanted: Sequence[str], steps: Sequence[str]) -> None:
    for name in wanted:
        if name not in steps:
            raise SelectionError(
                f'the pipeline has no step "{name}"; it has {listing(steps)}',
                hint=did_you_mean(name, steps),
            )


def _check_count(chosen: Sequence[str]) -> None:
    if not chosen:
        raise SelectionError("no step is left to run", hint="--skip fewer steps")
    if len(chosen) > MOST_STEPS:
        raise SelectionError(
            f"{len(chosen)} steps are selected, SageMaker takes {MOST_STEPS}", hint="name them with --only"
        )


def _check_paths(chosen: Sequence[str], reused: Sequence[str], waits: Mapping[str, Sequence[str]]) -> None:
    """A step that is left out may not stand between two that run."""
    for name in reused:
        behind = sorted(_before(waits, (name,)) & set(chosen), key=chosen.index)
        if behind:
            raise SelectionError(
                f'step "{name}" stands between steps that are selected ("{behind[0]}" before it)',
                hint=f'select "{name}" too, or leave out "{behind[0]}"',
            )


def _check_source(aws: Aws, source: Execution, reused: Sequence[str]) -> None:
    if source.status not in SOURCE_STATUSES:
        raise SelectionError(
            f"execution {source.id} is {source.status}; results are taken from one that succeeded or failed",
            hint="name another with --from",
        )
    done = {step.name for step in executions.steps(aws, source.arn) if step.status == "Succeeded"}
    missing = [name for name in reused if name not in done]
    if missing:
        raise SelectionError(
            f'the selected steps need the results of "{missing[0]}", which did not succeed in execution '
            f"{source.id}",
            hint=f'select "{missing[0]}" too, or name another execution with --from',
        )


def _with_branches(laid_out: Outline, names: Sequence[str]) -> set[str]:
    found = set(names)
    for step in laid_out.steps:  # parents stand before what is inside them
        if step.parent in found:
            found.add(step.name)
    return found


def _before(waits: Mapping[str, Sequence[str]], names: Sequence[str]) -> set[str]:
    """Every step that these wait for, directly or not."""
    found: set[str] = set()
    left = list(names)
    while left:
        for name in waits.get(left.pop(), ()):
            if name not in found:
                found.add(name)
                left.append(name)
    return found
