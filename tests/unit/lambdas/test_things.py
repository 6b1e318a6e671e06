"""What can be waited for: AutoML jobs and endpoints."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from waiting import automl, endpoint
from waiting.decision import Ended, Look, Ready, Running
from waiting.messages import MessageError
from waiting.things import MODULES, Begun, Thing, thing

from tests.unit.lambdas.fakes import ACCOUNT, EXECUTION_ID, Aws, denied, error, own_tags

JOB = f"{EXECUTION_ID}-1"
ENDPOINT = f"test-{EXECUTION_ID}"


@pytest.mark.parametrize("name", MODULES)
def test_every_row_of_the_table_is_a_thing(name: str) -> None:
    """A module with all the functions of `Thing`."""
    module = import_module(MODULES[name])
    assert all(callable(getattr(module, each)) for each in dir(Thing) if not each.startswith("_"))


def test_an_unknown_thing_is_told_with_the_known_ones() -> None:
    """A pipeline newer than the function."""
    with pytest.raises(MessageError, match=r"by the name 'moon' .* known: automl, endpoint"):
        thing("moon")


@pytest.mark.parametrize(
    ("status", "secondary", "look"),
    [
        ("InProgress", "PreTraining", Running("AutoML job 'j'", "InProgress (PreTraining)")),
        ("InProgress", "Failed", Running("AutoML job 'j'", "InProgress (Failed)")),
        ("Stopping", "Stopping", Running("AutoML job 'j'", "Stopping (Stopping)", leaving=True)),
        ("Stopped", "Stopped", Ended("AutoML job 'j' was stopped")),
        ("Failed", "Failed", Ended("AutoML job 'j' failed: out of memory")),
    ],
)
def test_only_the_status_of_a_job_says_whether_it_ended(status: str, secondary: str, look: Look) -> None:
    """The secondary status is told, not trusted."""
    description = {
        "AutoMLJobStatus": status,
        "AutoMLJobSecondaryStatus": secondary,
        "FailureReason": "out of memory",
    }
    assert automl.look("j", description) == look


@pytest.mark.parametrize("secondary", ["Completed", "MaxAutoMLJobRuntimeReached", "ModelDeploymentError"])
def test_a_completed_job_is_ready_and_what_went_wrong_is_told(secondary: str) -> None:
    """A job out of time has a candidate: success, with the secondary status and a warning."""
    look = automl.look("j", {"AutoMLJobStatus": "Completed", "AutoMLJobSecondaryStatus": secondary})
    assert isinstance(look, Ready)
    assert look.outputs == {"job_name": "j", "job_status": "Completed", "secondary_status": secondary}
    assert (look.warning is None) == (secondary == "Completed")


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        (
            {"PartialFailureReasons": [{"PartialFailureMessage": "a"}, {"PartialFailureMessage": "b"}]},
            "a; b",
        ),
        ({}, "the service gives no reason"),
    ],
)
def test_a_failed_job_always_has_a_reason(description: dict[str, Any], reason: str) -> None:
    """The partial reasons where there is no other."""
    look = automl.look("j", {"AutoMLJobStatus": "Failed", **description})
    assert look == Ended(f"AutoML job 'j' failed: {reason}")


def test_a_deleted_job_ends_the_wait() -> None:
    """Nothing will ever come of it."""
    assert automl.look("j", automl.describe(Aws().sagemaker, "j")) == Ended("AutoML job 'j' does not exist")


def test_stopping_a_job_stops_later_attempts_too() -> None:
    """A retried step may have begun the next attempt under the first one's name."""
    aws = Aws()
    aws.sagemaker.job(JOB, "Failed")
    aws.sagemaker.job(f"{EXECUTION_ID}-2")
    assert automl.stop(aws.sagemaker, JOB, everything=False)
    assert aws.sagemaker.jobs[f"{EXECUTION_ID}-2"]["AutoMLJobStatus"] == "Stopping"
    assert aws.sagemaker.calls.count("StopAutoMLJob") == 1


def test_a_job_of_any_other_name_is_stopped_alone() -> None:
    """Pipelines that are not ours may use the wait, too."""
    aws = Aws()
    aws.sagemaker.job("My-Job")
    assert automl.stop(aws.sagemaker, "My-Job", everything=False)
    assert aws.sagemaker.jobs["My-Job"]["AutoMLJobStatus"] == "Stopping"


def test_the_next_attempt_has_the_request_and_tags_of_the_last() -> None:
    """What a retried step begins is the job that failed, once more."""
    aws = Aws()
    aws.sagemaker.job(JOB, "Failed", DataSplitConfig={"ValidationFraction": 0.1})
    begun = automl.begin_again(aws.sagemaker, JOB, automl.describe(aws.sagemaker, JOB))
    assert begun == Begun(f"{EXECUTION_ID}-2", done=True)
    first, second = aws.sagemaker.jobs[JOB], aws.sagemaker.jobs[f"{EXECUTION_ID}-2"]
    assert second["AutoMLJobStatus"] == "InProgress"
    assert all(second.get(member) == first.get(member) for member in automl.REQUEST_MEMBERS)
    assert aws.sagemaker.tags[f"{ACCOUNT}:automl-job/{EXECUTION_ID}-2"] == own_tags()


def test_an_attempt_that_runs_is_taken_over() -> None:
    """A function that died after it had begun the next attempt does not begin another."""
    aws = Aws()
    aws.sagemaker.job(JOB, "Failed")
    aws.sagemaker.job(f"{EXECUTION_ID}-2")
    begun = automl.begin_again(aws.sagemaker, JOB, automl.describe(aws.sagemaker, JOB))
    assert begun == Begun(f"{EXECUTION_ID}-2", done=True)
    assert "CreateAutoMLJobV2" not in aws.sagemaker.calls


@pytest.mark.parametrize("name", ["My-Job", JOB])
def test_what_cannot_be_begun_again_is_not(name: str) -> None:
    """A job of another name has no next attempt; neither has one that never was."""
    aws = Aws()
    aws.sagemaker.job("My-Job", "Failed")
    assert automl.begin_again(aws.sagemaker, name, automl.describe(aws.sagemaker, name)) is None


@pytest.mark.parametrize(
    ("status", "look"),
    [
        ("Creating", Running("endpoint 'e'", "Creating")),
        ("Updating", Running("endpoint 'e'", "Updating")),
        ("Deleting", Running("endpoint 'e'", "Deleting", leaving=True)),
        ("Failed", Ended("endpoint 'e' is Failed: no capacity")),
        ("OutOfService", Ended("endpoint 'e' is OutOfService: no capacity")),
        ("UpdateRollbackFailed", Ended("endpoint 'e' is UpdateRollbackFailed: no capacity")),
        ("InService", Ready({"endpoint_name": "e", "endpoint_arn": "arn", "endpoint_status": "InService"})),
    ],
)
def test_what_the_status_of_an_endpoint_means(status: str, look: Look) -> None:
    """InService is the aim, three statuses are ends, all others are on their way."""
    description = {"EndpointStatus": status, "EndpointArn": "arn", "FailureReason": "no capacity"}
    assert endpoint.look("e", description) == look


def test_a_missing_endpoint_ends_the_wait() -> None:
    """SageMaker tells it by a ValidationException."""
    assert endpoint.look("e", endpoint.describe(Aws().sagemaker, "e")) == Ended("endpoint 'e' does not exist")


@pytest.mark.parametrize("module", [automl, endpoint])
def test_other_errors_are_not_taken_for_missing(module: Any) -> None:
    """What may not be described may well exist."""
    aws = Aws()
    operation = "DescribeEndpoint" if module is endpoint else "DescribeAutoMLJobV2"
    aws.sagemaker.fail_always(operation, denied(operation))
    with pytest.raises(Exception, match=f"not authorized to perform {operation}"):
        module.describe(aws.sagemaker, "x")


def test_an_endpoint_being_created_cannot_be_deleted_yet() -> None:
    """The service refuses; that is no error, but a matter of time."""
    aws = Aws()
    aws.sagemaker.endpoint(ENDPOINT, "Creating")
    assert not endpoint.stop(aws.sagemaker, ENDPOINT, everything=False)
    aws.sagemaker.endpoints[ENDPOINT]["EndpointStatus"] = "InService"
    assert endpoint.stop(aws.sagemaker, ENDPOINT, everything=False)
    assert aws.sagemaker.endpoints == {}


def test_an_endpoint_that_is_being_deleted_needs_no_deletion() -> None:
    """The service may refuse it; there is nothing left to do."""
    aws = Aws()
    aws.sagemaker.endpoint(ENDPOINT, "Deleting")
    refusal = error("DeleteEndpoint", "ValidationException", "Cannot delete")
    aws.sagemaker.fail_always("DeleteEndpoint", refusal)
    assert endpoint.stop(aws.sagemaker, ENDPOINT, everything=False)


def test_another_refusal_is_an_error() -> None:
    """An endpoint in service that the service does not delete needs a person."""
    aws = Aws()
    aws.sagemaker.endpoint(ENDPOINT, "InService")
    aws.sagemaker.fail_always(
        "DeleteEndpoint", error("DeleteEndpoint", "ValidationException", "the endpoint has components")
    )
    with pytest.raises(Exception, match="has components"):
        endpoint.stop(aws.sagemaker, ENDPOINT, everything=False)


def test_everything_of_an_endpoint_goes_also_after_a_death_in_between() -> None:
    """Endpoint, configurations and models; what is gone already does no harm."""
    aws = Aws()
    aws.sagemaker.served(ENDPOINT)
    aws.sagemaker.served(f"{ENDPOINT}0")
    aws.sagemaker.fail("DeleteEndpointConfig", denied("DeleteEndpointConfig"))
    with pytest.raises(Exception, match="not authorized"):
        endpoint.stop(aws.sagemaker, ENDPOINT, everything=True)
    assert endpoint.stop(aws.sagemaker, ENDPOINT, everything=True)
    assert list(aws.sagemaker.endpoints) == [f"{ENDPOINT}0"]
    assert list(aws.sagemaker.configurations) == [f"{ENDPOINT}0-0000"]
    assert list(aws.sagemaker.models) == [f"{ENDPOINT}0"]


def test_model_and_configuration_stay_when_only_the_endpoint_goes() -> None:
    """They cost nothing, and a retried execution makes its endpoint from them."""
    aws = Aws()
    aws.sagemaker.served(ENDPOINT)
    assert endpoint.stop(aws.sagemaker, ENDPOINT, everything=False)
    assert (list(aws.sagemaker.models), list(aws.sagemaker.configurations)) == (
        [ENDPOINT],
        [f"{ENDPOINT}-0000"],
    )


def test_a_deleted_endpoint_is_made_again_from_its_newest_configuration() -> None:
    """With the tags by which it is found and deleted later."""
    aws = Aws()
    aws.sagemaker.served(ENDPOINT)
    aws.sagemaker.clock.time += 10
    arn = f"{ACCOUNT}:endpoint-config/{ENDPOINT}-1111"
    newer = {**aws.sagemaker.configurations[f"{ENDPOINT}-0000"], "CreationTime": aws.clock.date()}
    newer.update(EndpointConfigName=f"{ENDPOINT}-1111", EndpointConfigArn=arn)
    aws.sagemaker.configurations[f"{ENDPOINT}-1111"] = newer
    aws.sagemaker.tags[arn] = [*own_tags(), {"Key": "aws:made-by", "Value": "AWS"}]
    aws.sagemaker.page_size = 1
    endpoint.stop(aws.sagemaker, ENDPOINT, everything=False)
    assert endpoint.begin_again(aws.sagemaker, ENDPOINT, None) == Begun(ENDPOINT, done=True)
    assert aws.sagemaker.endpoints[ENDPOINT]["EndpointConfigName"] == f"{ENDPOINT}-1111"
    assert aws.sagemaker.tags[f"{ACCOUNT}:endpoint/{ENDPOINT}"] == own_tags()


def test_a_failed_endpoint_makes_way_first() -> None:
    """Deleted now, made again at a later look."""
    aws = Aws()
    aws.sagemaker.served(ENDPOINT)
    aws.sagemaker.endpoints[ENDPOINT]["EndpointStatus"] = "Failed"
    found = endpoint.describe(aws.sagemaker, ENDPOINT)
    assert endpoint.begin_again(aws.sagemaker, ENDPOINT, found) == Begun(ENDPOINT, done=False)
    assert aws.sagemaker.endpoints == {}


def test_an_endpoint_without_configuration_cannot_be_made_again() -> None:
    """It never was ours."""
    assert endpoint.begin_again(Aws().sagemaker, ENDPOINT, None) is None
