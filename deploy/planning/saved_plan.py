"""A plan as a file, and whether it still is what would be done.

The file says what was found and what was wanted, by hash, not how to bring it about: that is compiled and
compared anew, and every hash must be the same. So a plan that is applied does what was read in it, to what
was looked at; code and definitions come from the commit that is checked out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from config.models import Project
from deploy import whole_file
from deploy.actions import (
    CreateGuardrail,
    CreateStack,
    DeleteGuardrail,
    MoveAlias,
    UpdateGuardrail,
    UpdateStack,
)
from deploy.errors import StalePlanError
from deploy.hints import typed
from deploy.infrastructure import stacks
from deploy.planning.ownership import APPLIED
from deploy.planning.upsert import WITH_THE_DEFINITION
from deploy.planning.whole_plan import WholePlan
from deploy.session import Aws

FORMAT: Final = 1
NOTHING: Final = "nothing"
NO_CONDITION: Final = (
    "this is looked at just before writing: SageMaker has no update on a condition, so moments remain"
)


@dataclass(frozen=True)
class Thing:
    """One thing that a plan speaks of: what it was found as, and what it shall be."""

    what: str
    found: str
    wanted: str


@dataclass(frozen=True)
class SavedPlan:
    """What the file says. `actions` are lines for people."""

    environment: str
    account: str
    region: str
    pipelines: tuple[str, ...]
    alias: str | None
    things: tuple[Thing, ...]
    actions: tuple[str, ...]


def saved(project: Project, aws: Aws, plan: WholePlan) -> SavedPlan:
    """The plan as it is kept; only reads."""
    return SavedPlan(
        environment=project.environment.name,
        account=project.environment.account,
        region=project.environment.region,
        pipelines=tuple(each.name for each in plan.pipelines.pipelines),
        alias=plan.alias,
        things=tuple(_things(aws, plan)),
        actions=tuple(action.text for action in plan.actions),
    )


def write(path: Path, plan: SavedPlan) -> None:
    """Writes the file: whole, or not at all."""
    things = [{"what": each.what, "found": each.found, "wanted": each.wanted} for each in plan.things]
    document = {
        "format": FORMAT,
        "environment": plan.environment,
        "account": plan.account,
        "region": plan.region,
        "pipelines": list(plan.pipelines),
        "alias": plan.alias,
        "things": things,
        "actions": list(plan.actions),
    }
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    whole_file.write(path, text.encode(), what="the plan", option="--out FILE")


def read(path: Path) -> SavedPlan:
    """The plan of a file. Raises StalePlanError for a file that is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StalePlanError(
            f'"{path}" cannot be read: {error.strerror}', hint=f"run_pipeline.py plan --out {path}"
        ) from error
    except ValueError as error:
        raise _no_plan(path, "it is no JSON") from error
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise _no_plan(path, f"its format is not {FORMAT}")
    try:
        return _plan(document)
    except (KeyError, TypeError, ValueError) as error:
        raise _no_plan(path, "something is missing in it") from error


def _plan(document: Mapping[str, Any]) -> SavedPlan:
    alias = document["alias"]
    return SavedPlan(
        environment=str(document["environment"]),
        account=str(document["account"]),
        region=str(document["region"]),
        pipelines=tuple(str(name) for name in document["pipelines"]),
        alias=None if alias is None else str(alias),
        things=tuple(
            Thing(str(each["what"]), str(each["found"]), str(each["wanted"])) for each in document["things"]
        ),
        actions=tuple(str(each) for each in document["actions"]),
    )


def _no_plan(path: Path, why: str) -> StalePlanError:
    return StalePlanError(
        f'"{path}" is no plan of this program: {why}', hint=f"run_pipeline.py plan --out {path}"
    )


def require_environment(plan: SavedPlan, project: Project) -> None:
    """Raises StalePlanError for a plan of another environment, account or region."""
    here = project.environment
    for what, planned, now in (
        ("environment", plan.environment, here.name),
        ("account", plan.account, here.account),
        ("region", plan.region, here.region),
    ):
        if planned != now:
            raise StalePlanError(
                f'the plan is for {what} "{planned}", this command for "{now}"',
                hint=f"--env {plan.environment}",
            )


def require_same(plan: SavedPlan, now: SavedPlan) -> None:
    """Raises StalePlanError that says what is not any more as it was planned."""
    reasons = [*_moved(plan.things, now.things)]
    if reasons:
        names = " ".join(plan.pipelines)
        raise StalePlanError(
            f"the plan does not hold any more, nothing was written: {'; '.join(reasons)} ({NO_CONDITION})",
            hint=f"{typed(f'plan {names} --out FILE', plan.environment)} makes a new one",
        )


def _moved(planned: Sequence[Thing], now: Sequence[Thing]) -> Iterator[str]:
    before = {each.what: each for each in planned}
    after = {each.what: each for each in now}
    for what in dict.fromkeys((*before, *after)):
        one, other = before.get(what), after.get(what)
        if other is None:
            yield f"{what} has moved on: there is nothing left to do to it"
        elif one is None:
            yield f"{what} has moved on: it would be written now, and was not planned"
        elif one.found != other.found:
            yield f"{what} has moved on since"
        elif one.wanted != other.wanted:
            yield f"{what}: the files are not those of the plan"


def _things(aws: Aws, plan: WholePlan) -> Iterator[Thing]:
    for each in plan.pipelines.pipelines:
        found = each.before.state if each.before is not None else NOTHING
        tags = dict(each.wanted.tags) if each.wanted is not None else {}
        own = {key: value for key, value in tags.items() if key not in WITH_THE_DEFINITION}
        yield Thing(f"pipeline {each.name}", found, f"{tags.get(APPLIED)} {_hash(own)}")
    services = plan.infrastructure.services
    if services is not None:
        yield Thing(f"stack {services.stack.name}", _stack(aws, services), _hash(services.stack.parameters))
    for action in plan.pipelines.actions:
        match action:
            case CreateGuardrail(guardrail):
                yield Thing(f"guardrail {guardrail.name}", NOTHING, guardrail.digest)
            case UpdateGuardrail(guardrail, identifier):
                yield Thing(f"guardrail {guardrail.name}", identifier, guardrail.digest)
            case DeleteGuardrail(name, identifier, version):
                yield Thing(f"guardrail {name} version {version}", identifier, NOTHING)
            case MoveAlias():
                holder = str(action.holder)
                yield Thing(f"alias {action.alias} of {action.name}", holder, str(action.version))


def _stack(aws: Aws, action: CreateStack | UpdateStack) -> str:
    """The stack as it is, in one hash."""
    deployed = stacks.look_up(aws, action.stack.name)
    if deployed is None or isinstance(action, CreateStack):
        return NOTHING
    template = stacks.deployed_template(aws, action.stack.name)
    return _hash([template, dict(deployed.parameters), dict(deployed.tags)])


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
