"""What was approved is served: by the registry's present state, whatever events say, with a record only."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from serve_approved.serving import tally as tallying
from serve_approved.serving.group import NotYetError
from serve_approved.serving.settings import Settings
from serve_approved.serving.wanted import endpoint_name

from config.load import load_project
from deploy.reviewing import serving
from tests.unit.deploy.deciders import CASES, Case
from tests.unit.lambdas.fakes import ACCOUNT, denied, error, throttled
from tests.unit.lambdas.serving_world import BUCKET, GROUP, SETTINGS, TOPIC, ServingWorld, arn

BOB = "arn:aws:iam::123456789012:user/bob"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_log_comes_to_the_same_status_as_for_whoever_decides(case: Case) -> None:
    """The function counts as deploy/reviewing/tally.py does, from the bytes that decisions.py writes."""
    settings = replace(
        SETTINGS,
        approvers=case.registry.approvers,
        not_launcher=case.registry.not_launcher,
        sessions_are_people=case.registry.sessions_are_people,
    )
    log = [
        tallying.of_document(
            json.loads(json.dumps(each.document)), writer=each.writer, source=each.caller.source_identity
        )
        for each in case.decisions
    ]
    launcher = tallying.launcher_of(f"started by x; {case.launcher.mark}") if case.launcher else None
    found = tallying.tally(log, settings, launcher)
    assert (found.status, tuple(each.sequence for each in found.approvals)) == (case.status, case.counted)


def test_settings_arrive_as_the_environments_file_has_them() -> None:
    """Written by deploy/reviewing/serving.py, read by the function."""
    environment = load_project("local").environment
    rules = environment.registry.model_validate(
        {
            "approvers": 2,
            "not_launcher": True,
            "sessions_are_people": ["AWSReservedSSO_*"],
            "serving": {"instance_type": "ml.g5.2xlarge", "without_approved": "delete"},
        }
    )
    text = serving.settings(environment.model_copy(update={"registry": rules, "tags": {"a": "b"}}))
    from serve_approved.serving.settings import Endpoint, read

    assert read(text, topic_arn="t") == Settings(
        environment="local",
        approvers=2,
        not_launcher=True,
        sessions_are_people=("AWSReservedSSO_*",),
        serving=Endpoint("ml.g5.2xlarge", 1, 3600, 3600, "delete"),
        role_arn="arn:aws:iam::123456789012:role/local-endpoint",
        tags={"a": "b"},
        topic_arn="t",
    )


def test_an_approval_makes_model_configuration_and_endpoint() -> None:
    """Of the package itself, tagged as serving, never as an execution's."""
    world = ServingWorld()
    world.approved(1)
    assert world.package_event(1) == "is created for test-facts/1"
    assert world.serves == arn(1)
    [model] = world.aws.sagemaker.models.values()
    assert model["PrimaryContainer"] == {"ModelPackageName": arn(1)}
    [configuration] = world.aws.sagemaker.configurations.values()
    assert configuration["ProductionVariants"] == [
        {
            "VariantName": "AllTraffic",
            "ModelName": model["ModelName"],
            "InstanceType": "ml.g5.12xlarge",
            "InitialInstanceCount": 1,
            "InitialVariantWeight": 1.0,
            "ModelDataDownloadTimeoutInSeconds": 3600,
            "ContainerStartupHealthCheckTimeoutInSeconds": 1800,
        }
    ]
    assert tags(world) == {
        "team": "facts",
        "pipelines:prefix": "test",
        "pipelines:serving": GROUP,
        "pipelines:serving-asked": configuration["EndpointConfigName"],
    }


def tags(world: ServingWorld) -> dict[str, str]:
    found = world.aws.sagemaker.tags[f"{ACCOUNT}:endpoint/{GROUP}"]
    return {tag["Key"]: tag["Value"] for tag in found}


def calls(world: ServingWorld) -> list[str]:
    """The writing calls since this was asked last."""
    writing = [
        call
        for call in world.aws.sagemaker.calls
        if call.startswith(("Create", "Update", "Delete", "AddTags"))
    ]
    world.aws.sagemaker.calls.clear()
    return writing


def served(*versions: int) -> ServingWorld:
    """The last of these versions is in service; calls are forgotten."""
    world = ServingWorld()
    for version in versions:
        world.approved(version)
        world.package_event(version)
        world.settle()
    calls(world)
    return world


@pytest.mark.parametrize("event", ["package_event", "endpoint_event", "schedule"])
def test_repeated_and_late_events_change_nothing(event: str) -> None:
    """An approval's event again, an endpoint's, the schedule: what stands stands."""
    world = served(1)
    said = world.package_event(1) if event == "package_event" else getattr(world, event)()
    assert (said, calls(world)) == ("serves test-facts/1", [])


def test_another_approval_updates_and_a_rejection_falls_back() -> None:
    """With the configurations that are there; the endpoint is never taken down."""
    world = served(1, 2)
    assert world.serves == arn(2)
    world.decide(2, "Rejected")
    assert world.package_event(2) == "is updated to test-facts/1"
    assert world.serves == arn(1)
    assert calls(world) == ["CreateModel", "CreateEndpointConfig", "UpdateEndpoint", "AddTags"]
    assert len(world.aws.sagemaker.configurations) == 2


def test_events_in_the_wrong_order_end_in_the_same_state() -> None:
    """The approval of 1 arrives after that of 2: 2 is newer."""
    world = ServingWorld()
    world.approved(1)
    world.approved(2)
    for version in (2, 1):
        world.package_event(version)
        world.settle()
    assert world.serves == arn(2)


def test_an_endpoint_that_changes_is_looked_at_again_by_its_own_event() -> None:
    """Nothing waits: the approval during a creation is served by the event of its end."""
    world = ServingWorld()
    world.approved(1)
    world.package_event(1)
    world.approved(2)
    assert world.package_event(2) == "is Creating; test-facts/2 is looked at again when that is over"
    assert world.serves == arn(1)
    world.settle()
    assert world.endpoint_event() == "is updated to test-facts/2"


def test_a_lost_event_is_found_by_the_schedule() -> None:
    """All groups of the environment, no others'."""
    world = ServingWorld()
    world.approved(1)
    other = {**world.aws.sagemaker.packages[arn(1)], "ModelPackageGroupName": "another-test-facts"}
    world.aws.sagemaker.packages["other"] = other
    assert world.schedule() == "is created for test-facts/1"
    assert list(world.aws.sagemaker.endpoints) == [GROUP]


def test_the_studio_button_deploys_nothing() -> None:
    """Approved without a record: said in the log and on the topic, and what was served stays."""
    world = served(1)
    world.register(2, "Approved")
    assert world.package_event(2) == "serves test-facts/1"
    assert calls(world) == []
    said = "test-facts/2 is approved but not served: nobody's decision is recorded"
    assert said in world.aws.log.lines[-2]["what"]
    [(topic, text)] = world.aws.sns.published
    assert topic == TOPIC
    assert said in text
    assert "run_pipeline.py registry log test-facts --env local" in text
    world.schedule()
    assert len(world.aws.sns.published) == 1


def test_a_decision_on_a_deleted_package_of_the_same_name_deploys_nothing() -> None:
    """The group was made again, its first package approved in Studio: the log is of another one."""
    world = ServingWorld()
    world.approved(1)
    world.aws.clock.sleep(60)
    world.register(1, "Approved")
    assert world.package_event(1) == "is not there, and no approved package may be served"
    assert "nobody's decision is recorded" in world.aws.log.lines[-2]["what"]


@pytest.mark.parametrize(
    ("settings", "records", "why"),
    [
        ({"approvers": 2}, [("Approved", {})], "1 of 2 approvals count"),
        ({"approvers": 2}, [("Approved", {}), ("Approved", {})], "1 of 2 approvals count"),
        ({}, [("Approved", {}), ("Rejected", {})], "the log of decisions says Rejected"),
        ({"not_launcher": True}, [("Approved", {})], "0 of 1 approvals count"),
        ({}, [("Approved", {"version": 2})], "cannot be read"),
        ({}, [("Approved", {"evidence": None})], "cannot be read"),
        (
            {},
            [("Approved", {"evidence": [{"uri": f"s3://{BUCKET}/report", "etag": "0"}]})],
            f"evidence has changed since the decision: s3://{BUCKET}/report",
        ),
    ],
)
def test_a_log_that_does_not_say_approved_deploys_nothing(
    settings: dict[str, Any], records: list[tuple[str, dict[str, Any]]], why: str
) -> None:
    """Too few approvers, a rejection, a launcher nobody knows, a record or evidence that was changed."""
    world = ServingWorld(settings=replace(SETTINGS, **settings))
    world.register(1, "Approved")
    for decision, changes in records:
        world.record(1, decision, **changes)
    assert world.package_event(1) == "is not there, and no approved package may be served"
    assert why in world.aws.log.lines[0]["what"]
    assert calls(world) == []


@pytest.mark.parametrize(
    "lost", ["metrics/evaluation_metrics.json", "report/results.jsonl", "report/manifest.json"]
)
def test_missing_evidence_deploys_only_what_was_forced(lost: str) -> None:
    """The function looks itself."""
    world = ServingWorld()
    world.register(1)
    del world.aws.s3.objects[f"{BUCKET}/{world.folder(1)}/{lost}"]
    world.decide(1)
    assert world.package_event(1) == "is not there, and no approved package may be served"
    assert "approved without --force, though its" in world.aws.log.lines[0]["what"]
    world.decide(1, forced=True)
    world.record(1, "Rejected")
    world.decide(1, forced=True)
    assert world.package_event(1) == "is created for test-facts/1"


def test_rows_that_were_changed_deploy_only_when_forced() -> None:
    """Before the decision, so that it is based on the file as it is now."""
    world = ServingWorld()
    world.register(1)
    world.put(f"{world.folder(1)}/report/results.jsonl", "better rows")
    world.decide(1)
    world.package_event(1)
    assert "its results by row are not those of the manifest" in world.aws.log.lines[0]["what"]
    assert world.aws.sagemaker.endpoints == {}


def test_rows_that_were_learned_deploy_only_when_forced() -> None:
    """The count is the evaluation's own."""
    world = ServingWorld()
    world.register(1, overlap=3)
    world.decide(1)
    world.package_event(1)
    assert "3 of the rows asked stand in its training set" in world.aws.log.lines[0]["what"]
    assert world.aws.sagemaker.endpoints == {}


def test_two_approvers_none_of_them_the_launcher() -> None:
    """The launcher is whom the execution's description names."""
    world = ServingWorld(settings=replace(SETTINGS, approvers=2, not_launcher=True))
    world.register(1)
    execution = f"{ACCOUNT}:pipeline/test-facts-inference/execution/inference001"
    mark = "started by carol; caller arn:aws:iam::123456789012:user/carol (id AIDACAROL)"
    world.aws.sagemaker.execution(execution, description=mark)
    world.decide(1)
    world.decide(1, who="arn:aws:iam::123456789012:user/carol")
    world.package_event(1)
    assert world.aws.sagemaker.endpoints == {}
    world.decide(1, who=BOB)
    assert world.package_event(1) == "is created for test-facts/1"


def test_what_is_served_stays_when_rules_become_stricter() -> None:
    """Or when a file of its evaluation was cleared away; a rejection ends it."""
    world = served(1)
    world.settings = replace(SETTINGS, approvers=3)
    del world.aws.s3.objects[f"{BUCKET}/{world.folder(1)}/report/results.jsonl"]
    assert world.schedule() == "serves test-facts/1"
    world.record(1, "Rejected")
    assert world.schedule() == "serves on, though no approved package is left"


@pytest.mark.parametrize("choice", ["keep", "delete"])
def test_with_no_approved_package_left_the_endpoint_does_as_configured(choice: str) -> None:
    """It says so either way."""
    world = served(1)
    world.with_serving(without_approved=choice)
    world.decide(1, "Rejected")
    said = world.package_event(1)
    assert "no approved package is left" in said
    assert said in world.aws.sns.published[-1][1]
    assert (GROUP in world.aws.sagemaker.endpoints) == (choice == "keep")


def test_an_endpoint_that_changes_is_deleted_when_that_is_over() -> None:
    """The service refuses it before."""
    world = ServingWorld()
    world.with_serving(without_approved="delete")
    world.approved(1)
    world.package_event(1)
    world.decide(1, "Rejected")
    assert world.package_event(1).startswith("cannot be deleted now (ValidationException)")
    world.settle()
    assert world.endpoint_event() == "is deleted: no approved package is left"
    assert world.endpoint_event() == ""


def test_a_model_that_does_not_come_up_is_said_once_and_not_tried_for_ever() -> None:
    """The service went back to the former configuration; only a new event of the package tries again."""
    world = served(1)
    before = world.endpoint["EndpointConfigName"]
    world.approved(2)
    world.package_event(2)
    world.endpoint.update(EndpointConfigName=before, EndpointStatus="InService", FailureReason="no memory")
    calls(world)
    said = "is InService; test-facts/2 could not be deployed: no memory"
    assert [world.endpoint_event(), world.schedule()] == [said, said]
    assert (calls(world), len(world.aws.sns.published)) == ([], 1)
    assert world.package_event(2) == "is updated to test-facts/2"


def test_a_failed_endpoint_makes_way_for_another_package() -> None:
    """It cannot be updated; while its name is taken the invocation fails, and Lambda repeats it."""
    world = ServingWorld()
    world.approved(1)
    world.package_event(1)
    world.settle("Failed")
    assert world.endpoint_event() == (
        "is Failed; test-facts/1 could not be deployed: the service gives no reason"
    )
    world.approved(2)
    exists = error("CreateEndpoint", "ValidationException", "Cannot create already existing endpoint")
    world.aws.sagemaker.fail("CreateEndpoint", exists)
    with pytest.raises(NotYetError, match="endpoint 'test-facts' is being deleted"):
        world.package_event(2)
    assert world.package_event(2) == "is created for test-facts/2"


def test_two_invocations_at_once_do_no_harm() -> None:
    """The other one has made everything in between."""
    world = ServingWorld()
    world.approved(1)

    def other(operation: str, _: dict[str, Any]) -> None:
        if operation == "CreateModel":
            world.aws.sagemaker.before = lambda *_: None
            world.package_event(1)

    world.aws.sagemaker.before = other
    assert world.package_event(1) == "is created by another invocation"
    world.settle()
    world.approved(2)

    def first(operation: str, _: dict[str, Any]) -> None:
        if operation == "UpdateEndpoint":
            world.aws.sagemaker.before = lambda *_: None
            world.package_event(2)

    world.aws.sagemaker.before = first
    assert world.package_event(2) == "is being changed by another invocation"
    assert world.serves == arn(2)


def test_a_strangers_endpoint_of_the_name_is_left_alone() -> None:
    """Tags say whose it is."""
    world = ServingWorld()
    world.aws.sagemaker.endpoint(GROUP, "InService")
    world.approved(1)
    assert world.package_event(1) == "another's endpoint has the name; it is left alone"
    assert calls(world) == []


@pytest.mark.parametrize("name", ["another-facts", "testfacts"])
def test_groups_of_others_are_left_alone(name: str) -> None:
    """The rule lets none through; the function looks too."""
    world = ServingWorld()
    assert bring(world, {"ModelPackageGroupName": name}) == {name: "another environment's"}


def bring(world: ServingWorld, detail: dict[str, Any]) -> dict[str, str]:
    from serve_approved.serving.group import bring_all

    return bring_all(world.aws.tools, world.settings, {"detail": detail})


def test_a_training_runs_endpoint_is_no_groups() -> None:
    """It carries no tag of serving; an endpoint that is gone says nothing either."""
    world = served(1)
    world.aws.sagemaker.endpoint("test-abcdefgh1234", "InService")
    assert bring(world, {"EndpointName": "test-abcdefgh1234"}) == {}
    assert bring(world, {"EndpointName": "test-gone"}) == {}


def test_where_serving_is_off_nothing_is_looked_at() -> None:
    """The function may be there without its rules."""
    world = ServingWorld(settings=replace(SETTINGS, serving=None))
    world.approved(1)
    assert (world.package_event(1), world.aws.sagemaker.calls) == ("", [])


@pytest.mark.parametrize(
    ("operation", "failure"), [("ListModelPackages", throttled), ("DescribeEndpoint", denied)]
)
def test_what_cannot_be_read_changes_nothing(operation: str, failure: Any) -> None:
    """The invocation fails and is repeated; no model goes out of service for a throttled call."""
    world = served(1)
    world.aws.sagemaker.fail_always(operation, failure(operation))
    with pytest.raises(Exception, match=operation):
        world.package_event(1)
    assert calls(world) == []


def test_a_topic_that_cannot_be_reached_keeps_nothing_from_being_served() -> None:
    """It is logged."""
    world = served(1)
    world.aws.sns.fail_always("Publish", denied("Publish"))
    world.decide(1, "Rejected")
    assert world.package_event(1) == "serves on, though no approved package is left"
    assert world.aws.log.events()[-1] == "not notified"


def test_a_network_and_a_key_are_passed_on() -> None:
    """The key only where the instance has no disks of its own."""
    network: dict[str, Any] = {"subnets": ("subnet-1",), "security_groups": ("sg-1",), "kms_key": "key"}
    world = ServingWorld(settings=replace(SETTINGS, **network))
    world.with_serving(instance_type="ml.c5.xlarge")
    world.approved(1)
    world.package_event(1)
    [model] = world.aws.sagemaker.models.values()
    assert model["VpcConfig"] == {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    [configuration] = world.aws.sagemaker.configurations.values()
    assert configuration["KmsKeyId"] == "key"
    world.settle()
    world.with_serving(instance_type=None)
    assert world.schedule() == "is updated to test-facts/1"
    assert "KmsKeyId" not in world.aws.sagemaker.configurations[world.endpoint["EndpointConfigName"]]


def test_a_package_without_an_instance_type_is_said_so() -> None:
    """Nothing is made that would fail."""
    world = ServingWorld()
    world.approved(1)
    world.aws.sagemaker.packages[arn(1)]["InferenceSpecification"] = {}
    assert world.package_event(1).startswith("cannot be served: test-facts/1 names no instance type")
    assert calls(world) == []


def test_names_fit_the_services_limit() -> None:
    """63 characters, for endpoints, configurations and models."""
    assert endpoint_name("a" * 63) == "a" * 63
    assert len(endpoint_name("a" * 64)) == 63
    assert endpoint_name("a" * 64) != endpoint_name("a" * 65)
