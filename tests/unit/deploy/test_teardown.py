"""Removing an environment: what carries its tag, in an order that works, and never what does not."""

from __future__ import annotations

import dataclasses

import pytest
from botocore.exceptions import ClientError

from deploy.errors import RefusedError, StackError
from deploy.infrastructure.stacks import Waiting
from deploy.upkeep import teardown
from deploy.upkeep.removals import remove
from deploy.upkeep.teardown import Teardown, Wish
from tests.unit.deploy.fakes import ACCOUNT, BUCKET, REGION, FakeRun, execution_arn, pipeline_arn, project
from tests.unit.deploy.whole_account import OURS, WholeAws

EVERYTHING = Wish(package_groups=True, data=True)
STRANGER = {"team": "others"}
OTHER = {"pipelines:prefix": "local-2"}


def environment() -> WholeAws:
    """An environment with everything in it, beside strangers and another environment with like names."""
    fake = WholeAws()
    sagemaker = fake.sagemaker
    sagemaker.add_pipeline("local-facts-training", OURS)
    sagemaker.add_pipeline("local-forgotten", OURS)
    sagemaker.add_pipeline("local-strangers", STRANGER)
    sagemaker.add_pipeline("local-2-facts-training", OTHER)
    sagemaker.add_pipeline("elsewhere", OURS)
    for identifier in ("aaaaaaaaaaaa", "bbbbbbbbbbbb"):
        sagemaker.add_run(FakeRun(execution_arn("local-facts-training", identifier), "Succeeded", [], {}))
    sagemaker.add_package(1, "Approved")
    sagemaker.add_package(2, "Rejected")
    sagemaker.add_package(1, "Approved", group="local-strangers-models")
    group = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package-group/local-strangers-models"
    sagemaker.tags[group] = STRANGER
    sagemaker.endpoints = {"local-served": "InService", "local-strangers": "InService"}
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/"
    sagemaker.tags |= {f"{arn}local-served": OURS, f"{arn}local-strangers": STRANGER}
    fake.bedrock.guardrails = {"local-calls": OURS, "local-strangers": STRANGER, "local-2-calls": OTHER}
    fake.cloudformation.add(
        "local-base", OURS, ("AWS::IAM::Role", "local-pipeline"), ("AWS::S3::Bucket", BUCKET)
    )
    fake.cloudformation.add(
        "local-services",
        OURS,
        ("AWS::Lambda::Function", "local-wait"),
        ("AWS::SQS::Queue", f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/local-wait"),
        ("AWS::Logs::LogGroup", "/aws/lambda/local-wait"),
        ("AWS::Events::Rule", "local-reconcile"),
    )
    fake.cloudformation.add("local-access", STRANGER)
    fake.s3.put("local/executions/x")
    fake.s3.put("by-hand.txt")
    return fake


def made(fake: WholeAws, wish: Wish = Wish()) -> Teardown:  # noqa: B008  (frozen)
    """The plan."""
    return teardown.plan(project(), fake.aws, wish)


def carry_out(fake: WholeAws, wish: Wish = Wish()) -> list[str]:  # noqa: B008  (frozen)
    """teardown --yes; the lines that are told."""
    told: list[str] = []
    waiting = Waiting(clock=lambda: 0.0, sleep=lambda _: None, tell=lambda _: None)
    remove(
        made(fake, wish).actions, fake.aws, report=lambda action: told.append(action.text), waiting=waiting
    )
    return told


def test_the_list_is_complete_and_says_that_history_goes() -> None:
    """In the order in which it is deleted: a function that makes endpoints goes before endpoints."""
    assert [action.text for action in made(environment()).actions] == [
        "delete stack local-services (4 resources)",
        "delete endpoint local-served",
        "delete pipeline local-facts-training, and with it the history of 2 executions",
        "delete pipeline local-forgotten, and with it the history of 0 executions",
        "delete guardrail local-calls",
        "delete stack local-base (1 resource)",
    ]


def test_what_a_stack_takes_along_is_named() -> None:
    """Functions, queues, rules and log groups; not the bucket, which outlives its stack."""
    services, *_, base = made(environment()).actions
    assert getattr(services, "resources", ()) == (
        "AWS::Lambda::Function local-wait",
        "AWS::SQS::Queue local-wait",
        "AWS::Logs::LogGroup /aws/lambda/local-wait",
        "AWS::Events::Rule local-reconcile",
    )
    assert getattr(base, "resources", ()) == ("AWS::IAM::Role local-pipeline",)


def test_planning_deletes_nothing() -> None:
    """Whatever was wished for."""
    fake = environment()
    made(fake, EVERYTHING)
    assert fake.deletions() == []


def test_a_stranger_is_never_touched_and_said_to_stay() -> None:
    """Pipelines, guardrails, groups, stacks and endpoints called like ours, and another environment's."""
    fake = environment()
    carry_out(fake, EVERYTHING)
    assert set(fake.sagemaker.pipelines) == {"local-strangers", "local-2-facts-training", "elsewhere"}
    assert set(fake.sagemaker.groups) == {"local-strangers-models"}
    assert set(fake.cloudformation.stacks) == {"local-access"}
    assert fake.bedrock.deleted == ["id-local-calls"]
    touched = [request for name, request in fake.sagemaker.calls if name == "delete_endpoint"]
    assert touched == [{"EndpointName": "local-served"}]
    said = {(each.kind, each.name) for each in made(environment(), EVERYTHING).stays}
    assert said == {
        ("pipeline", "local-strangers"),
        ("pipeline", "local-2-facts-training"),
        ("guardrail", "local-strangers"),
        ("guardrail", "local-2-calls"),
        ("model package group", "local-strangers-models"),
        ("stack", "local-access"),
    }


def test_package_groups_and_data_stay_without_their_flags() -> None:
    """And what would take them is said."""
    fake = environment()
    carry_out(fake)
    assert "local-facts" in fake.sagemaker.groups
    assert fake.s3.deleted == []
    why = {each.name: each.why for each in made(environment()).stays}
    assert why["local-facts"] == "2 model packages, which --package-groups deletes too"
    assert why[BUCKET] == "2 objects (2 B), which --data deletes too"


def test_package_groups_go_with_all_their_packages() -> None:
    """The service refuses to delete a group that holds one."""
    fake = environment()
    carry_out(fake, Wish(package_groups=True))
    names = [name for name in fake.sagemaker.writes() if "package" in name]
    assert names == ["delete_model_package", "delete_model_package", "delete_model_package_group"]
    assert fake.s3.deleted == []


def test_the_bucket_is_emptied_and_deleted_last() -> None:
    """Its policy first, which protects decisions; then everything in it, then the bucket."""
    fake = environment()
    told = carry_out(fake, EVERYTHING)
    assert told[-1] == f"delete bucket {BUCKET} with all its data"
    assert fake.s3.deleted == [f"policy of {BUCKET}", "by-hand.txt", "local/executions/x", f"bucket {BUCKET}"]


def test_a_bucket_that_the_environment_names_stays() -> None:
    """bootstrap did not make it, so teardown does not delete it, whatever tag it carries."""
    fake = environment()
    named = project().environment.model_copy(update={"bucket": BUCKET})
    found = teardown.plan(dataclasses.replace(project(), environment=named), fake.aws, EVERYTHING)
    assert not [action for action in found.actions if "bucket" in action.text]
    [stays] = [each for each in found.stays if each.kind == "bucket"]
    assert stays.why == "the environment's file names it: bootstrap did not make it"


@pytest.mark.parametrize("tags", [STRANGER, OTHER, None])
def test_a_bucket_without_our_tag_stays(tags: dict[str, str] | None) -> None:
    """Also one without any tag."""
    fake = environment()
    fake.s3.bucket_tags = {} if tags is None else {BUCKET: tags}
    carry_out(fake, EVERYTHING)
    assert fake.s3.deleted == []


@pytest.mark.parametrize("status", ["Executing", "Stopping"])
def test_a_running_execution_is_in_the_way(status: str) -> None:
    """Of our pipelines; a stranger's is no concern."""
    fake = environment()
    ours = execution_arn("local-facts-training", "cccccccccccc")
    for arn in (ours, execution_arn("local-strangers", "dddddddddddd")):
        fake.sagemaker.add_run(FakeRun(arn, status, [], {}))
    assert [each.arn for each in made(fake).running] == [ours]


@pytest.mark.parametrize("broken", ["pipelines", "stacks", "bucket"])
def test_a_second_time_finishes_what_broke_off(broken: str) -> None:
    """What is gone is not in the list; what stands is still found, without the stacks too."""
    fake = environment()
    if broken == "pipelines":
        del fake.sagemaker.pipelines["local-facts-training"]
    else:
        for name in ("local-services", "local-base"):
            del fake.cloudformation.stacks[name]
    if broken == "bucket":
        del fake.s3.objects[BUCKET, "by-hand.txt"]
    carry_out(fake, EVERYTHING)
    assert made(fake, EVERYTHING).actions == ()
    assert BUCKET not in fake.s3.buckets


def test_what_another_hand_deletes_meanwhile_is_no_error() -> None:
    """Planned, then gone: the rest is carried out all the same."""
    fake = environment()
    planned = made(fake)
    del fake.sagemaker.pipelines["local-facts-training"]
    told: list[str] = []
    waiting = Waiting(clock=lambda: 0.0, sleep=lambda _: None, tell=lambda _: None)
    remove(planned.actions, fake.aws, report=lambda action: told.append(action.text), waiting=waiting)
    assert told == [action.text for action in planned.actions]
    assert "local-base" not in fake.cloudformation.stacks


def test_a_stack_that_does_not_go_is_an_error_with_its_reason() -> None:
    """A role that something else holds on to; nothing after it is deleted."""
    fake = environment()

    class Stuck(type(fake.cloudformation)):  # type: ignore[misc]
        """Does not delete."""

        def delete_stack(self, *, StackName: str) -> None:
            self.stacks[StackName]["StackStatus"] = "DELETE_FAILED"

    fake.cloudformation = Stuck(stacks=fake.cloudformation.stacks)
    with pytest.raises(StackError, match='stack "local-services" ended as DELETE_FAILED'):
        carry_out(fake, EVERYTHING)
    assert fake.s3.deleted == []


def test_a_refusal_is_not_taken_for_gone() -> None:
    """Only what is missing is passed over."""
    fake = environment()
    fake.s3.refuses = "by-hand.txt"
    with pytest.raises(RefusedError, match=r'AWS refused to delete "by-hand.txt" of bucket'):
        carry_out(fake, EVERYTHING)
    assert BUCKET in fake.s3.buckets


def test_what_may_not_be_looked_at_ends_the_planning() -> None:
    """AccessDenied on a tag is an error, never "not ours" and never "ours"."""
    fake = environment()

    class Closed(type(fake.sagemaker)):  # type: ignore[misc]
        """Shows no tags."""

        def list_tags(self, *, ResourceArn: str) -> dict[str, object]:
            error = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
            raise ClientError(error, "ListTags")

    fake.sagemaker = Closed(pipelines=fake.sagemaker.pipelines)
    with pytest.raises(ClientError, match="AccessDeniedException"):
        made(fake)
    assert pipeline_arn("local-facts-training") in environment().sagemaker.tags
