"""Approving and rejecting: first the record, then the registry's status, which follows the log.

    refuse -> claim the next number -> read the log again -> UpdateModelPackage where the status differs
                                             ^------------- until it says the same as before ----

Work that was cut off after the record is completed by the same command.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from botocore.exceptions import ClientError

from config.errors import PlatformError
from config.models import Project
from deploy.errors import code_of, is_missing
from deploy.hints import typed
from deploy.reviewing import callers, decisions, evaluations
from deploy.reviewing.callers import Caller
from deploy.reviewing.decisions import APPROVED, PENDING, Decision, TakenError
from deploy.reviewing.evidence import Gap
from deploy.reviewing.registry import Package
from deploy.reviewing.tally import Tally, is_genuine, objection, tally
from deploy.session import Aws

LONGEST_REASON = 1024  # UpdateModelPackage.ApprovalDescription


class DecisionError(PlatformError):
    """A decision that is not taken."""


class HalfDoneError(PlatformError):
    """A decision whose record is written, and whose status is not."""

    exit_code: ClassVar[int] = 3


@dataclass(frozen=True)
class Wish:
    """What somebody wants to decide, and when. `gaps`: what keeps the package from being decided on."""

    decision: str
    reason: str
    who: Caller
    at: datetime
    gaps: Sequence[Gap] = ()
    force: bool = False


@dataclass(frozen=True)
class History:
    """The log of a package, read against the environment's rules."""

    log: tuple[Decision, ...]
    launcher: Caller | None
    tally: Tally


@dataclass(frozen=True)
class Outcome:
    """What came of it. `record` is None where nothing had to be written, `was` the status before."""

    record: Decision | None
    tally: Tally
    was: str
    status: str


def history(project: Project, aws: Aws, package: Package) -> History:
    """What was decided on a package, and what it comes to."""
    log = decisions.read(aws, project.environment, package)
    rules = project.environment.registry
    launched = callers.launcher(aws, execution_of(package)) if rules.not_launcher else None
    return History(log, launched, tally(log, rules, launched))


def execution_of(package: Package) -> str:
    """The ARN of the execution that registered the package; empty where it does not say."""
    return package.metadata.get("execution", "")


def check_reason(reason: str) -> None:
    """Raises DecisionError for a reason that is none, or that the registry does not take."""
    if not reason.strip():
        raise DecisionError(
            "a decision needs a reason", hint='--reason "what was looked at, and what was seen"'
        )
    if len(reason) > LONGEST_REASON:
        raise DecisionError(
            f"the reason has {len(reason)} characters, the registry takes {LONGEST_REASON}",
            hint="say it shorter, and link to the rest",
        )


def decide(project: Project, aws: Aws, package: Package, wish: Wish) -> Outcome:
    """Takes the decision. Raises DecisionError when nothing is written, HalfDoneError when half of it is."""
    check_reason(wish.reason)
    before = history(project, aws, package)
    if _is_said(before, package, wish):
        return _follow(project, aws, package, before, None)
    if wish.decision == APPROVED:
        _check_approval(project, package, wish, before)
    record = _record(project, aws, package, wish, before)
    try:
        decisions.claim(aws, project.environment, package.group, package.version, record)
    except TakenError as error:
        raise _told(project, aws, package, record) from error
    return _follow(project, aws, package, history(project, aws, package), record)


def _is_said(before: History, package: Package, wish: Wish) -> bool:
    """The log says it already: it was decided so and the registry agrees, or this command was cut off."""
    if not before.log:
        return False
    last = before.log[-1]
    if (last.decision, last.reason, last.caller.user_id) == (wish.decision, wish.reason, wish.who.user_id):
        return is_genuine(last)
    return before.tally.status == wish.decision == package.approval


def _check_approval(project: Project, package: Package, wish: Wish, before: History) -> None:
    environment = project.environment
    if wish.gaps and not wish.force:
        raise DecisionError(
            f"{package.name} cannot be approved: " + "; ".join(gap.what for gap in wish.gaps),
            hint=f"{wish.gaps[0].hint}; or --force, which the record keeps",
        )
    why = objection(wish.who, before.tally.approvals, environment.registry, before.launcher)
    if why and before.tally.status != APPROVED:
        raise DecisionError(
            f'{package.name}: this approval would not count in environment "{environment.name}": {why}',
            hint=_advice(project, package, why),
        )


def _advice(project: Project, package: Package, why: str) -> str:
    name = project.environment.name
    if why.startswith("nobody can tell who launched"):
        return f"register it again from an execution that was launched here: {typed('start NAME', name)}"
    if why.startswith("nobody can tell who"):
        return (
            f"export {callers.SOURCE_IDENTITY}=... in a session with that source identity, or name the "
            f"role under registry.sessions_are_people in config/environments/{name}.yaml"
        )
    return f"somebody else approves; who has: {typed(f'registry log {package.name}', name)}"


def _record(project: Project, aws: Aws, package: Package, wish: Wish, before: History) -> Decision:
    rules = project.environment.registry
    return Decision(
        package=package.arn,
        sequence=before.log[-1].sequence + 1 if before.log else 1,
        decision=wish.decision,
        reason=wish.reason,
        caller=wish.who,
        at=wish.at,
        forced=wish.force and bool(wish.gaps),
        gaps=tuple(gap.what for gap in wish.gaps),
        launcher=before.launcher or callers.launcher(aws, execution_of(package)),
        evidence=decisions.files(aws, evidence_of(package)),
        approvers=rules.approvers,
        not_launcher=rules.not_launcher,
        writer=wish.who.user_id,
    )


def evidence_of(package: Package) -> tuple[str, ...]:
    """The URIs of the files that a decision is based on, as far as the package names them."""
    place = evaluations.places(package)
    return tuple(uri for uri in (place.metrics, place.report, place.results, place.manifest) if uri)


def _follow(project: Project, aws: Aws, package: Package, found: History, record: Decision | None) -> Outcome:
    """Brings the registry's status to what the log says, and looks again: somebody may have decided between
    the look and the update, and been overwritten."""
    wanted = package.approval != found.tally.status or (record is not None and found.tally.status != PENDING)
    while wanted:
        _update(project, aws, package, found)
        status = found.tally.status
        found = history(project, aws, package)
        wanted = found.tally.status != status
    return Outcome(record, found.tally, package.approval, found.tally.status)


def _update(project: Project, aws: Aws, package: Package, found: History) -> None:
    reason = next((each.reason for each in reversed(found.log) if is_genuine(each)), "")
    try:
        aws.client("sagemaker").update_model_package(
            ModelPackageArn=package.arn,
            ModelApprovalStatus=found.tally.status,
            **({"ApprovalDescription": one_line(reason)} if reason else {}),
        )
    except ClientError as error:
        if is_missing(error):
            raise DecisionError(
                f"{package.name} was deleted meanwhile: the decision is recorded, nothing follows from it",
                hint=typed("registry list", project.environment.name),
            ) from error
        raise HalfDoneError(
            f"the decision on {package.name} is recorded, the registry's status is not changed "
            f"({code_of(error)})",
            hint="run the same command again; it completes what is recorded",
        ) from error


def one_line(reason: str) -> str:
    """The service takes no line breaks here; the record keeps them."""
    return " ".join(reason.split())


def _told(project: Project, aws: Aws, package: Package, record: Decision) -> DecisionError:
    """Another decision was first: what it says."""
    log = decisions.read(aws, project.environment, package)
    first = next((each for each in log if each.sequence == record.sequence), None)
    said = (
        f'{first.decision} by {first.caller.name}: "{first.reason}"' if first else "it is being written now"
    )
    return DecisionError(
        f"{package.name} was decided at the same moment, as decision {record.sequence:04d}: {said}",
        hint=f"look at it, then decide again: "
        f"{typed(f'registry log {package.name}', project.environment.name)}",
    )
