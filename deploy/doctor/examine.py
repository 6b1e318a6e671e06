"""The list of checks, and what running them all gives. A check is a function of one rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from config.errors import PlatformError
from deploy.doctor import configuration, images, infrastructure, machine, quotas, roles
from deploy.doctor.finding import Finding, unknown
from deploy.doctor.situation import Account, Situation
from deploy.errors import DENIED, code_of, explain

# How a service, or the stand-in, says that it does not have an operation.
NOT_HAD = frozenset({"UnsupportedOperation", "NotImplemented", "UnknownOperationException"})


@dataclass(frozen=True)
class Here:
    """A check that needs no connection."""

    name: str
    rule: Callable[[Situation], Iterator[Finding]]


@dataclass(frozen=True)
class There:
    """A check of the account."""

    name: str
    rule: Callable[[Account], Iterator[Finding]]


CHECKS: tuple[Here | There, ...] = (
    Here("python", machine.python_is_supported),
    Here("packages", machine.packages_are_the_locked_ones),
    Here("package conflicts", machine.no_two_packages_fight),
    Here("shell", machine.shell_points_where_it_should),
    Here("disk", machine.there_is_room),
    Here("isolation", machine.jobs_are_isolated),
    Here("step environments", machine.step_environments_are_built),
    Here("configuration", configuration.files_are_sound),
    Here("account", configuration.account_is_filled_in),
    Here("credentials", configuration.caller_is_of_the_account),
    There("stacks", infrastructure.stacks_stand),
    There("bucket", infrastructure.bucket_can_be_used),
    There("roles", roles.roles_trust_their_service),
    There("permissions", roles.roles_may_do_what_steps_need),
    There("queues", infrastructure.queues_are_empty_of_the_dead),
    There("functions", infrastructure.functions_can_be_called),
    There("pipelines", infrastructure.pipelines_are_deployed),
    There("images", images.images_are_in_the_region),
    There("instances", quotas.instances_are_within_quotas),
    There("rates", quotas.rates_are_within_quotas),
    There("leftovers", infrastructure.nothing_is_left_behind),
)


@dataclass(frozen=True)
class Checked:
    """What one check found."""

    check: str
    finding: Finding


def examine(situation: Situation) -> Iterator[Checked]:
    """Every finding, as it is found. A check that cannot be carried out is a finding, too."""
    account = _account(situation)
    for check in CHECKS:
        if isinstance(check, Here):
            for finding in check.rule(situation):
                yield Checked(check.name, finding)
        elif account is not None:
            for finding in _asked(check, account):
                yield Checked(check.name, finding)
    if account is None:
        asked = ", ".join(check.name for check in CHECKS if isinstance(check, There))
        yield Checked("the rest", unknown(f"not looked at, for want of a connection: {asked}"))


def _account(situation: Situation) -> Account | None:
    if situation.project is None or situation.aws is None:
        return None
    return Account(situation.project, situation.aws, situation.definitions, situation.now)


def _asked(check: There, account: Account) -> Iterator[Finding]:
    try:
        yield from list(check.rule(account))
    except ClientError as error:
        yield _unasked(error)
    except BotoCoreError as error:
        explained = explain(error)
        yield unknown(explained.fact if explained else str(error), (explained and explained.hint) or "")
    except PlatformError as error:
        yield unknown(error.fact, error.hint or "")


def _unasked(error: ClientError) -> Finding:
    """A question that these credentials may not ask is no fault of the environment."""
    if code_of(error) in DENIED:
        return unknown(f"these credentials may not ask: {error.operation_name} is denied")
    if code_of(error) in NOT_HAD:
        return unknown(f"the other end does not have {error.operation_name}")
    explained = explain(error)
    return unknown(explained.fact if explained else str(error), (explained and explained.hint) or "")
