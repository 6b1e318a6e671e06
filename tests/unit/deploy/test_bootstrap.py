"""Stacks: created, updated, left alone, and failures told with their reason."""

from __future__ import annotations

import itertools

import pytest

from deploy.actions import Action, CreateStack, UpdateStack
from deploy.errors import NotDeployedError, StackError
from deploy.infrastructure import stacks
from deploy.infrastructure.bootstrap import (
    TemplateError,
    base_stack,
    bootstrap,
    require_base,
    services_stack,
    with_code_hashes,
)
from deploy.infrastructure.bundle import function_bundles
from deploy.infrastructure.stacks import Waiting
from tests.unit.deploy.fakes import FakeAws, project


class Told:
    """A clock that moves when somebody sleeps, and what was said meanwhile."""

    def __init__(self) -> None:
        self.now = 0.0
        self.said: list[str] = []
        self.done: list[str] = []

    @property
    def waiting(self) -> Waiting:
        return Waiting(clock=lambda: self.now, sleep=self._sleep, tell=self.said.append)

    def report(self, action: Action) -> None:
        self.done.append(action.text)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


def test_an_empty_account_gets_base_then_code_then_services() -> None:
    """The order is the one in which each part needs the one before."""
    fake, told = FakeAws(), Told()
    bootstrap(project(), fake.aws, report=told.report, waiting=told.waiting)
    assert fake.cloudformation.calls == ["create local-base", "create local-services"]
    kinds = [text.split()[0] for text in told.done]
    assert [kind for kind, _ in itertools.groupby(kinds)] == ["create", "upload", "create"]
    assert all(key.startswith("local/functions/") for key in fake.s3.written)


def test_a_second_time_nothing_is_written() -> None:
    """Unchanged templates, parameters, tags and code are no write call at all."""
    fake, told = FakeAws(), Told()
    bootstrap(project(), fake.aws, report=told.report, waiting=told.waiting)
    fake.cloudformation.calls.clear()
    fake.s3.written.clear()
    assert bootstrap(project(), fake.aws, report=told.report, waiting=told.waiting) == ()
    assert (fake.cloudformation.calls, fake.s3.written) == ([], [])


def test_a_changed_parameter_updates_its_stack_and_names_it() -> None:
    """What differs is said, and only that stack is updated."""
    fake, told = FakeAws(), Told()
    bootstrap(project(), fake.aws, report=told.report, waiting=told.waiting)
    deployed = fake.cloudformation.stacks["local-base"]["Parameters"]
    next(each for each in deployed if each["ParameterKey"] == "InVpc")["ParameterValue"] = "true"
    action = stacks.plan(fake.aws, base_stack(project()))
    assert isinstance(action, UpdateStack)
    assert action.changed == ("InVpc",)


def test_the_remains_of_a_failed_attempt_are_deleted_first() -> None:
    """A stack in ROLLBACK_COMPLETE cannot be updated; its name is freed and used again."""
    fake, told = FakeAws(), Told()
    fake.cloudformation.stacks["local-base"] = {"StackStatus": "ROLLBACK_COMPLETE", "template": ""}
    bootstrap(project(), fake.aws, report=told.report, waiting=told.waiting)
    assert fake.cloudformation.calls == ["delete local-base", "create local-base", "create local-services"]


def test_a_failure_tells_the_first_reason_of_this_attempt() -> None:
    """Not "cancelled", which is the consequence, and not the reason of last week."""
    fake, told = FakeAws(), Told()
    fake.cloudformation.fails = "Role local-pipeline already exists"
    with pytest.raises(StackError, match="ended as ROLLBACK_COMPLETE") as caught:
        bootstrap(project(), fake.aws, report=told.report, waiting=told.waiting)
    assert caught.value.exit_code == 3
    assert caught.value.fact.endswith(": Role (AWS::IAM::Role): Role local-pipeline already exists")


def test_somebody_elses_work_is_waited_for_and_told_of() -> None:
    """A stack in progress is looked at every three seconds until it has settled."""
    fake, told = FakeAws(), Told()
    bootstrap(project(), fake.aws, report=told.report, waiting=told.waiting)
    fake.cloudformation.in_progress_looks = 2
    assert bootstrap(project(), fake.aws, report=told.report, waiting=told.waiting) == ()
    assert told.now == 6.0
    assert told.said[0] == "local-base UPDATE_IN_PROGRESS: local-base ROLLBACK_COMPLETE"


def test_a_stack_that_hangs_is_given_up_after_an_hour() -> None:
    """Waiting ends with where to look."""
    fake, told = FakeAws(), Told()
    bootstrap(project(), fake.aws, report=told.report, waiting=told.waiting)
    fake.cloudformation.in_progress_looks = 10_000
    with pytest.raises(StackError, match='stack "local-base" is still UPDATE_IN_PROGRESS after an hour'):
        bootstrap(project(), fake.aws, report=told.report, waiting=told.waiting)


def test_two_at_once_make_one_stack() -> None:
    """Who comes second finds the stack there, plans again and goes on."""
    fake, told = FakeAws(), Told()

    def another_command_is_quicker() -> None:
        stack = base_stack(project())
        fake.cloudformation.on_create = None
        fake.cloudformation.stacks[stack.name] = {
            "StackStatus": "CREATE_COMPLETE",
            "template": stack.template,
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in stack.parameters],
            "Tags": [{"Key": k, "Value": v} for k, v in stack.tags],
        }

    fake.cloudformation.on_create = another_command_is_quicker
    bootstrap(project(), fake.aws, report=told.report, waiting=told.waiting)
    assert fake.cloudformation.calls == ["create local-services"]


def test_an_environment_without_a_base_names_bootstrap() -> None:
    """upsert into an account that was never bootstrapped says what is missing."""
    with pytest.raises(NotDeployedError, match='has no stack "local-base"') as caught:
        require_base(project(), FakeAws().aws)
    assert caught.value.hint == "run_pipeline.py bootstrap"


def test_new_code_is_a_new_version_in_the_template() -> None:
    """The version's name in the template carries the first characters of the code's hash."""
    bundles = function_bundles(project())
    wait = next(each for each in bundles if each.function == "wait")
    stack = services_stack(project(), bundles)
    assert f"WaitVersion{wait.digest[:12]}:" in stack.template
    assert "@" not in stack.template.replace("-@", "")
    assert dict(stack.parameters)["WaitCode"] == wait.key


def test_a_template_that_names_no_function_of_ours_is_an_error() -> None:
    """A token without a function is found before CloudFormation sees it."""
    with pytest.raises(TemplateError, match='names function "nobody", which lambdas/ does not hold'):
        with_code_hashes("Version@nobody@:", function_bundles(project()))


def test_creating_says_what_it_goes_over() -> None:
    """The action's text tells of the deletion."""
    text = CreateStack(base_stack(project()), over="ROLLBACK_COMPLETE").text
    assert text == "create stack local-base (after deleting what a failed attempt left, ROLLBACK_COMPLETE)"
