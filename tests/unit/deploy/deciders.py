"""People and sessions that decide, and cases of logs with what they come to: for both readers of the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from config.models.environment import RegistryRules
from deploy.reviewing.callers import Caller
from deploy.reviewing.decisions import APPROVED, PENDING, REJECTED, Decision
from tests.unit.deploy.fakes import ACCOUNT

AT = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
PACKAGE = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/local-facts/1"


def user(name: str) -> Caller:
    return Caller(f"arn:aws:iam::{ACCOUNT}:user/team/{name}", f"AIDA{name.upper()}", ACCOUNT)


def session(name: str, role: str = "reviewers", source: str = "") -> Caller:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}"
    return Caller(arn, f"AROA{role.upper()}:{name}", ACCOUNT, source)


ALICE, BOB, CAROL = user("alice"), user("bob"), user("carol")
ROOT = Caller(f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, ACCOUNT)


def decision(sequence: int, what: str, who: Caller, **changes: Any) -> Decision:
    """A record that its caller has written."""
    values: dict[str, Any] = {
        "package": PACKAGE,
        "sequence": sequence,
        "decision": what,
        "reason": "looked at the report",
        "caller": who,
        "at": AT,
        "forced": False,
        "gaps": (),
        "launcher": None,
        "evidence": (),
        "approvers": 1,
        "not_launcher": False,
        "writer": who.user_id,
    }
    return Decision(**{**values, **changes})


@dataclass(frozen=True)
class Case:
    """A log, the environment's rules, and what it comes to: the status, and the numbers that count."""

    name: str
    log: tuple[tuple[str, Caller], ...]
    status: str
    counted: tuple[int, ...]
    rules: dict[str, Any] = field(default_factory=dict)
    launcher: Caller | None = None
    writers: dict[int, str] = field(default_factory=dict)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        return tuple(
            decision(number, what, who, writer=self.writers.get(number, who.user_id))
            for number, (what, who) in enumerate(self.log, 1)
        )

    @property
    def registry(self) -> RegistryRules:
        return RegistryRules(**self.rules)


YES, NO = APPROVED, REJECTED
TWO = {"approvers": 2}
OTHERS = {"not_launcher": True}
SSO = "AWSReservedSSO_Review_0123456789abcdef"
BY_SESSION = {**TWO, "sessions_are_people": ("AWSReservedSSO_*",)}
CASES = (
    Case("nothing was decided", (), PENDING, ()),
    Case("one approval does", ((YES, ALICE),), APPROVED, (1,)),
    Case("anybody's, where one does", ((YES, session("deploy")),), APPROVED, (1,)),
    Case("a rejection stands", ((YES, ALICE), (NO, BOB)), REJECTED, ()),
    Case("an approval after a rejection", ((NO, BOB), (YES, ALICE)), APPROVED, (2,)),
    Case("a record that somebody else wrote", ((YES, ALICE),), PENDING, (), writers={1: BOB.user_id}),
    Case("a record that nobody signed", ((YES, ALICE),), PENDING, (), writers={1: ""}),
    Case("a rejection that somebody else wrote", ((YES, ALICE), (NO, BOB)), APPROVED, (1,), writers={2: "x"}),
    Case("one of two", ((YES, ALICE),), PENDING, (1,), TWO),
    Case("two of two", ((YES, ALICE), (YES, BOB)), APPROVED, (1, 2), TWO),
    Case("twice the same", ((YES, ALICE), (YES, ALICE)), PENDING, (1,), TWO),
    Case(
        "a user and a session of the same name",
        ((YES, ALICE), (YES, session("x", "r", "Alice"))),
        PENDING,
        (1,),
        TWO,
    ),
    Case("a rejection starts afresh", ((YES, ALICE), (NO, CAROL), (YES, BOB)), PENDING, (3,), TWO),
    Case("sessions tell nobody apart", ((YES, session("alice")), (YES, session("bob"))), PENDING, (), TWO),
    Case(
        "source identities do",
        ((YES, session("x", source="alice")), (YES, session("x", source="bob"))),
        APPROVED,
        (1, 2),
        TWO,
    ),
    Case(
        "one source identity under two session names",
        ((YES, session("x", source="alice")), (YES, session("y", source="alice"))),
        PENDING,
        (1,),
        TWO,
    ),
    Case(
        "sessions of roles that are named for people",
        ((YES, session("alice", SSO)), (YES, session("bob", SSO))),
        APPROVED,
        (1, 2),
        BY_SESSION,
    ),
    Case(
        "the same session name in such a role",
        ((YES, session("alice", SSO)), (YES, session("Alice", SSO))),
        PENDING,
        (1,),
        BY_SESSION,
    ),
    Case("the account's root is nobody", ((YES, ALICE), (YES, ROOT)), PENDING, (1,), TWO),
    Case("the launcher", ((YES, ALICE),), PENDING, (), OTHERS, ALICE),
    Case("somebody else than the launcher", ((YES, BOB),), APPROVED, (1,), OTHERS, ALICE),
    Case("nobody knows who launched", ((YES, BOB),), PENDING, (), OTHERS),
    Case("an indistinct launcher", ((YES, BOB),), PENDING, (), OTHERS, session("ci")),
    Case(
        "two, one of them the launcher", ((YES, ALICE), (YES, BOB)), PENDING, (2,), {**TWO, **OTHERS}, ALICE
    ),
    Case("what one more says", ((YES, ALICE), (YES, BOB), (YES, CAROL)), APPROVED, (1, 2, 3), TWO),
)
