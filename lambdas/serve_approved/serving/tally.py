"""What the decisions on a package come to. Pure.

tally.py and callers.py in deploy/reviewing/ say the same for the person who decides; one table of cases in
the tests holds both to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from .settings import Settings

APPROVED, REJECTED, PENDING = "Approved", "Rejected", "PendingManualApproval"
# What the bucket's policy takes for the source identity of a session that has none.
NO_SOURCE = "nobody"
_SESSION = re.compile(r"arn:[^:]+:sts::\d+:assumed-role/(?P<role>[^/]+)/[^/]+")
_USER = re.compile(r"arn:[^:]+:iam::\d+:user/(?:.*/)?(?P<name>[^/]+)")
_MARK = re.compile(r"caller (?P<arn>arn:\S+) \(id (?P<id>\S+?)(?:, source identity (?P<source>\S+))?\)$")


@dataclass(frozen=True)
class Caller:
    """Somebody as AWS names them."""

    arn: str
    user_id: str
    source_identity: str = ""


@dataclass(frozen=True)
class Decision:
    """What counts of a record. `writer` is by the object's tag; `evidence` ETags by URI."""

    sequence: int
    decision: str
    caller: Caller
    forced: bool
    evidence: Mapping[str, str]
    writer: str


@dataclass(frozen=True)
class Tally:
    """`approvals` are those that count since the last rejection."""

    status: str
    approvals: tuple[Decision, ...]


def tally(log: Iterable[Decision], settings: Settings, launcher: Caller | None) -> Tally:
    """Reads the log from its beginning; a rejection starts it afresh."""
    approvals: list[Decision] = []
    status = PENDING
    for decision in log:
        if not decision.writer or decision.writer != decision.caller.user_id:
            continue
        if decision.decision == REJECTED:
            approvals, status = [], REJECTED
        elif _counts(decision.caller, approvals, settings, launcher):
            approvals.append(decision)
            status = APPROVED if len(approvals) >= settings.approvers else PENDING
    return Tally(status, tuple(approvals))


def _counts(who: Caller, approvals: Sequence[Decision], settings: Settings, launcher: Caller | None) -> bool:
    if settings.approvers == 1 and not settings.not_launcher:
        return True
    keys = person(who, settings.sessions_are_people)
    if not keys:
        return False
    if settings.not_launcher:
        launched = person(launcher, settings.sessions_are_people) if launcher else frozenset()
        if not launched or keys & launched:
            return False
    return not any(keys & person(each.caller, settings.sessions_are_people) for each in approvals)


def person(who: Caller, sessions_are_people: Sequence[str]) -> frozenset[str]:
    """What tells somebody from others; empty when nothing does."""
    if user := _USER.fullmatch(who.arn):
        return frozenset({f"id:{who.user_id}", f"name:{user['name'].casefold()}"})
    session = _SESSION.fullmatch(who.arn)
    if session is None:
        return frozenset()
    if who.source_identity and who.source_identity != NO_SOURCE:
        return frozenset({f"name:{who.source_identity.casefold()}"})
    name = who.user_id.partition(":")[2]
    if name and any(fnmatchcase(session["role"], pattern) for pattern in sessions_are_people):
        return frozenset({f"name:{name.casefold()}"})
    return frozenset()


def launcher_of(description: str) -> Caller | None:
    """Who launched an execution, by what `start` wrote at the end of its description."""
    found = _MARK.search(description)
    return Caller(found["arn"], found["id"], found["source"] or "") if found else None


def of_document(content: Any, *, writer: str, source: str) -> Decision:
    """A record as it was written. KeyError, TypeError or ValueError where it is none of version 1."""
    if content["version"] != 1 or content["decision"] not in (APPROVED, REJECTED):
        raise ValueError(content["version"])
    who = content["caller"]
    claimed = str(who.get("source_identity") or "")
    return Decision(
        sequence=int(content["sequence"]),
        decision=content["decision"],
        caller=Caller(str(who["arn"]), str(who["user_id"]), claimed if claimed == source else ""),
        forced=content["forced"] is True,
        evidence={each["uri"]: each["etag"] for each in content["evidence"]},
        writer=writer,
    )
