"""A plan in terms of what people wrote: steps, parameters, files of code, settings, resources of a template.

Made for people after the plan is: it asks the bucket for what code and settings were before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from config import names
from config.cloudformation import TemplateTextError, read_template
from config.models import Project
from definition.comparison import Change, Detail
from definition.consequences import SDK as SDK_MARK
from definition.consequences import explained, re_running, with_mark
from definition.difference import ABSENT, differences
from definition.expressions import shown
from deploy.actions import CreateGuardrail, CreateStack, DeleteGuardrail, Stack, UpdateGuardrail, UpdateStack
from deploy.infrastructure import stacks
from deploy.infrastructure.bundle import FunctionBundle
from deploy.planning import ownership
from deploy.planning.contents import details_of, function_details
from deploy.planning.deployed import DeployedPipeline, definition_of, versions
from deploy.planning.guardrail_changes import guardrail_details
from deploy.planning.upsert import PipelinePlan
from deploy.planning.whole_plan import WholePlan
from deploy.session import Aws

if TYPE_CHECKING:
    from definition.compile import CompiledPipeline

# The first characters of a code's hash, in the logical id of a function's version
# (deploy/infrastructure/bootstrap.py).
VERSION_ID = re.compile(r"(Version)[0-9a-f]{12}\b")
CODE_PARAMETER = "Code"
# Told behind resources, values of parameters and tags.
BEHIND = ("Parameters.", "Conditions.", "Outputs.", "Metadata.")
# Of so many versions the one that was last applied is looked for, to tell what somebody changed since.
LOOKED_BACK = 20
CREATED, CHANGED, REMOVED = "created", "changed", "removed"


@dataclass(frozen=True)
class SdkChange:
    """The SDK's version before and now; `alone`: nothing else that a definition is made of is different.

    `platform_too`: the platform's own code is, the pipeline's file and its steps are not.
    """

    before: str
    after: str
    alone: bool
    platform_too: bool


@dataclass(frozen=True)
class PipelineExplanation:
    """What is done to a pipeline and what it means.

    `change`: created, changed or unchanged. `outside`: what somebody changed since the last upsert, None
    where that cannot be told. `re_running`: cached steps whose earlier results do not count any more.
    """

    name: str
    arn: str
    change: str
    differs: tuple[str, ...]
    changes: tuple[Change, ...] = ()
    protected: str = ""
    outside: tuple[Change, ...] | None = ()
    sdk: SdkChange | None = None
    re_running: tuple[str, ...] = ()
    rolled_back_to: str = ""
    steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class ThingExplanation:
    """A function, stack or guardrail: created, changed or removed, by which verb, and in what."""

    name: str
    change: str
    by: str
    details: tuple[Detail, ...]


@dataclass(frozen=True)
class Explanation:
    """The whole plan, explained."""

    pipelines: tuple[PipelineExplanation, ...]
    functions: tuple[ThingExplanation, ...]
    stacks: tuple[ThingExplanation, ...]
    guardrails: tuple[ThingExplanation, ...]


def explain(project: Project, aws: Aws, plan: WholePlan, compiled: Sequence[CompiledPipeline]) -> Explanation:
    """What the plan means; only reads."""
    by_name = {each.config_name: each for each in compiled}
    infrastructure = plan.infrastructure
    return Explanation(
        pipelines=tuple(
            _pipeline(project, aws, each, by_name[each.name]) for each in plan.pipelines.pipelines
        ),
        functions=tuple(_functions(project, aws, infrastructure.services, infrastructure.bundles)),
        stacks=tuple(
            _stack(aws, action, by)
            for action, by in ((infrastructure.services, "upsert"), (infrastructure.base, "bootstrap"))
            if action is not None
        ),
        guardrails=tuple(_guardrails(aws, plan)),
    )


def _pipeline(
    project: Project, aws: Aws, planned: PipelinePlan, compiled: CompiledPipeline
) -> PipelineExplanation:
    before = planned.before
    change = {"updated": CHANGED}.get(planned.change, planned.change)
    explanation = PipelineExplanation(planned.name, planned.arn, change, planned.differs)
    if before is None:
        steps = tuple(step["Name"] for step in compiled.definition.get("Steps", []))
        return replace(explanation, steps=steps)
    changes: tuple[Change, ...] = ()
    if "definition" in planned.differs and isinstance(before.definition, Mapping):
        changes = detailed(project, aws, explained(before.definition, compiled.definition), compiled)
    sdk = _sdk(before, compiled) if changes else None
    return replace(
        explanation,
        changes=(*with_mark(changes, SDK_MARK), *_others(planned))
        if sdk and sdk.alone
        else (*changes, *_others(planned)),
        protected=planned.protected,
        outside=_outside(aws, before) if planned.protected == "changed outside" else (),
        sdk=sdk,
        re_running=re_running(before.definition, compiled.definition) if changes else (),
        rolled_back_to=before.tags.get(ownership.ROLLED_BACK, ""),
    )


def detailed(
    project: Project, aws: Aws, changes: Sequence[Change], compiled: CompiledPipeline
) -> tuple[Change, ...]:
    """The changes of code, settings and data with what differs in them."""
    assets = {asset.key: asset for asset in compiled.assets}
    bucket = names.bucket(project.environment)
    return tuple(replace(change, details=details_of(aws, bucket, change, assets)) for change in changes)


def _others(planned: PipelinePlan) -> Iterator[Change]:
    """What differs beside the definition: words, the role, the limit on steps, tags."""
    before, wanted = planned.before, planned.wanted
    if before is None or wanted is None:
        return
    values = {
        "description": (before.description, wanted.description, ("cosmetic",)),
        "role": (before.role, wanted.role, ("behaviour",)),
        "parallelism": (before.parallelism, wanted.parallelism, ("behaviour",)),
    }
    for name, (one, other, marks) in values.items():
        if name in planned.differs:
            yield Change("pipeline", "", name, _text(one), _text(other), marks)
    if "tags" in planned.differs:
        for key, value in wanted.tags:
            if before.tags.get(key) != value and not key.startswith("pipelines:"):
                yield Change("pipeline", "", f"tag {key}", before.tags.get(key), value, ("cosmetic",))


def _text(value: Any) -> str | None:
    return None if value in (None, "") else shown(value)


def _sdk(before: DeployedPipeline, compiled: CompiledPipeline) -> SdkChange | None:
    """Whether another version of the SDK has to do with it: told by what was kept at the last upsert."""
    old, new = before.tags.get(ownership.SDK, ""), compiled.origin.sdk
    if not old or old == new:
        return None
    was = before.tags.get(ownership.SOURCES, "").split(".")
    now = compiled.origin.sources.split(".")
    same_file = was[:2] == now[:2]
    unmoved = not ownership.was_changed_outside(before.tags, before.states)
    return SdkChange(
        old, new, alone=was == now and unmoved, platform_too=same_file and was != now and unmoved
    )


def _outside(aws: Aws, before: DeployedPipeline) -> tuple[Change, ...] | None:
    """What is different from the version that was last applied; None where that version is not found."""
    wanted = before.tags.get(ownership.APPLIED, "").partition(".")[0]
    for _, version in zip(range(LOOKED_BACK), versions(aws, before.name), strict=False):
        definition = definition_of(aws, before.name, version.id)
        if ownership.definition_hash(definition) == wanted:
            return (
                explained(definition, before.definition) if isinstance(before.definition, Mapping) else None
            )
    return None


def _functions(
    project: Project,
    aws: Aws,
    services: CreateStack | UpdateStack | None,
    bundles: Sequence[FunctionBundle],
) -> Iterator[ThingExplanation]:
    if services is None:
        return
    deployed = stacks.look_up(aws, services.stack.name)
    parameters = deployed.parameters if deployed is not None else {}
    bucket = names.bucket(project.environment)
    wanted = dict(services.stack.parameters)
    by_key = {bundle.key: bundle for bundle in bundles}
    for name, key in wanted.items():
        bundle = by_key.get(key)
        if bundle is None or parameters.get(name) == key:
            continue
        old = parameters.get(name)
        details = function_details(aws, bucket, old, bundle.body) if old else ()
        yield ThingExplanation(bundle.function, CHANGED if old else CREATED, "upsert", details)
    for name in parameters:
        if name.endswith(CODE_PARAMETER) and name not in wanted:
            yield ThingExplanation(name.removesuffix(CODE_PARAMETER), REMOVED, "upsert", ())


def _stack(aws: Aws, action: CreateStack | UpdateStack, by: str) -> ThingExplanation:
    stack = action.stack
    if isinstance(action, CreateStack):
        return ThingExplanation(stack.name, CREATED, by, ())
    details = sorted(_stack_details(aws, stack), key=lambda detail: detail.what.startswith(BEHIND))
    if not details:
        details = [Detail("", "new versions of its functions alone")]
    return ThingExplanation(stack.name, CHANGED, by, tuple(details))


def _stack_details(aws: Aws, stack: Stack) -> Iterator[Detail]:
    """What differs beside functions' code and the versions published of it, which are told as functions."""
    deployed = stacks.look_up(aws, stack.name)
    if deployed is None:
        return
    codes = {name for name, value in stack.parameters if value.endswith(".zip")}
    try:
        old = read_template(VERSION_ID.sub(r"\1", stacks.deployed_template(aws, stack.name)))
        new = read_template(VERSION_ID.sub(r"\1", stack.template))
        yield from _details("", old, new)
    except TemplateTextError:
        yield Detail("template", "another")
    wanted = {name: value for name, value in stack.parameters if name not in codes}
    parameters = {name: value for name, value in deployed.parameters.items() if name in wanted}
    yield from _details("parameter ", parameters, wanted)
    yield from _details("tag ", dict(deployed.tags), dict(stack.tags))


def _details(before: str, old: Any, new: Any) -> Iterator[Detail]:
    for each in differences(old, new):
        what = before + ".".join(each.path).replace(".[", "[")
        if each.before is ABSENT:
            yield Detail(what, _come(each.after))
        elif each.after is ABSENT:
            yield Detail(what, "removed")
        else:
            yield Detail(what, f"{shown(each.before)} -> {shown(each.after)}")


def _come(value: Any) -> str:
    """``added (AWS::SQS::Queue)``, ``added: 3``"""
    if isinstance(value, Mapping) and isinstance(value.get("Type"), str):
        return f"added ({value['Type']})"
    return f"added: {shown(value)}"


def _guardrails(aws: Aws, plan: WholePlan) -> Iterator[ThingExplanation]:
    for action in plan.pipelines.actions:
        if isinstance(action, CreateGuardrail):
            yield ThingExplanation(action.guardrail.name, CREATED, "upsert", ())
        elif isinstance(action, UpdateGuardrail):
            details = guardrail_details(aws, action)
            yield ThingExplanation(action.guardrail.name, CHANGED, "upsert", details)
        elif isinstance(action, DeleteGuardrail):
            yield ThingExplanation(action.text.removeprefix("delete guardrail "), REMOVED, "upsert", ())
