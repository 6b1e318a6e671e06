"""What the decisions on a package come to: who counts, how many are still needed. Pure.

lambdas/serve_approved/serving/tally.py says the same for the function that deploys; one table of cases in the
tests holds both to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from config.models.environment import RegistryRules
from deploy.reviewing.callers import Caller, person
from deploy.reviewing.decisions import APPROVED, PENDING, REJECTED, Decision


@dataclass(frozen=True)
class Tally:
    """`status` is what the registry should say; `approvals` those that count since the last rejection."""

    status: str
    approvals: tuple[Decision, ...]
    needed: int

    @property
    def text(self) -> str:
        """ "1 of 2", or empty where one approval does."""
        return f"{len(self.approvals)} of {self.needed}" if self.needed > 1 else ""


def tally(log: Iterable[Decision], rules: RegistryRules, launcher: Caller | None) -> Tally:
    """Reads the log from its beginning; a rejection starts it afresh."""
    approvals: list[Decision] = []
    status = PENDING
    for decision in log:
        if not is_genuine(decision):
            continue
        if decision.decision == REJECTED:
            approvals, status = [], REJECTED
        elif not objection(decision.caller, approvals, rules, launcher):
            approvals.append(decision)
            status = APPROVED if len(approvals) >= rules.approvers else PENDING
    return Tally(status, tuple(approvals), rules.approvers)


def is_genuine(decision: Decision) -> bool:
    """Whether it is about this very package, and the bucket says that whom it names has written it."""
    return bool(decision.writer) and decision.writer == decision.caller.user_id and not decision.of_former


def objection(
    who: Caller, approvals: Sequence[Decision], rules: RegistryRules, launcher: Caller | None
) -> str:
    """Why this caller's approval does not count beside those given; empty when it does."""
    if rules.approvers == 1 and not rules.not_launcher:
        return ""
    keys = person(who, rules.sessions_are_people)
    if not keys:
        return f"nobody can tell who {who.arn} is: sessions of the role are named as their callers like"
    if rules.not_launcher:
        launched = person(launcher, rules.sessions_are_people) if launcher else frozenset()
        if not launched:
            return "nobody can tell who launched the execution that registered it" + _named(launcher)
        if keys & launched:
            return f"{who.name} launched the execution that registered it"
    if any(keys & person(each.caller, rules.sessions_are_people) for each in approvals):
        return f"{who.name} has approved it already"
    return ""


def _named(launcher: Caller | None) -> str:
    return f": {launcher.arn}" if launcher else ": it was started by another tool, or is gone"
