"""Checks of the configuration: it loads, it compiles, it names a real account. All offline."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.doctor.finding import Finding, broken, fine, note
from deploy.doctor.situation import Situation
from deploy.hints import typed

# What the shipped files hold until they are filled in.
PLACEHOLDERS = frozenset({"111111111111", "222222222222"})


def files_are_sound(situation: Situation) -> Iterator[Finding]:
    """Every pipeline's file, and what AWS would refuse of the definitions."""
    problem = situation.problem
    if problem is not None:
        lines = str(problem).splitlines()
        yield broken(lines[0], typed("validate", situation.environment))
    elif situation.project is not None:
        yield fine(f"{len(situation.project.pipelines)} pipelines are valid")


def account_is_filled_in(situation: Situation) -> Iterator[Finding]:
    """The shipped environment files have none."""
    if situation.project is None:
        return
    account = situation.project.environment.account
    if account in PLACEHOLDERS:
        file = f"config/environments/{situation.environment}.yaml"
        yield broken(f'account "{account}" is a placeholder', f"$EDITOR {file}")
    else:
        yield fine(f"account {account}, region {situation.project.environment.region}")


def caller_is_of_the_account(situation: Situation) -> Iterator[Finding]:
    """Credentials that AWS takes, of the environment's account and region."""
    if situation.refusal is not None:
        yield broken(situation.refusal.fact, situation.refusal.hint or "")
    elif situation.aws is not None:
        who = situation.aws.client("sts").get_caller_identity()["Arn"]
        yield fine(f"calls are made as {who}")
    else:
        yield note("nobody was asked: the stand-in does not run", "run_pipeline.py local up")
