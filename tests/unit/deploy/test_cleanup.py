"""Leftovers: ours are found by their tags, strangers' are not touched, what is in use stays."""

from __future__ import annotations

import pytest

from deploy import cleanup
from deploy.apply import apply
from deploy.cleanup import Leftover
from deploy.serving import SERVING_TAG
from tests.unit.deploy.fakes import ACCOUNT, REGION, FakeAws, FakeRun, project
from tests.unit.deploy.runs import INFERENCE, TRAINING, TRAINING_ID, training_run

NAME = f"local-{TRAINING_ID}"


def arn(kind: str, name: str) -> str:
    """The ARN of an endpoint, endpoint-config or model."""
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/{name}"


def tags(prefix: str = "local", keep: str = "delete") -> dict[str, str]:
    """The tags that the platform puts on what executions make."""
    return {
        "pipelines:execution": TRAINING,
        "pipelines:prefix": prefix,
        "pipelines:after-evaluation": keep,
    }


def account(status: str = "Succeeded") -> FakeAws:
    """An endpoint, a configuration and a model of one execution, beside a stranger's."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run(status))
    fake.sagemaker.endpoints = {NAME: "InService", "local-strangers": "InService", "elsewhere": "InService"}
    fake.sagemaker.configs = [f"{NAME}-1234"]
    fake.sagemaker.models = [NAME]
    fake.sagemaker.tags = {
        arn("endpoint", NAME): tags(),
        arn("endpointconfig", f"{NAME}-1234"): tags(),
        arn("model", NAME): tags(),
        arn("endpoint", "local-strangers"): {"team": "others"},
    }
    return fake


def found(fake: FakeAws) -> tuple[Leftover, ...]:
    """What is listed."""
    return cleanup.leftovers(project(), fake.aws)


def test_only_what_carries_our_tags_is_listed() -> None:
    """A stranger's endpoint called like ours is none of ours."""
    assert [(each.kind, each.name) for each in found(account())] == [
        ("endpoint", NAME),
        ("endpoint configuration", f"{NAME}-1234"),
        ("model", NAME),
    ]


def test_what_serves_an_approved_package_is_no_leftover() -> None:
    """It carries the environment's tag, and that of serving; no execution made it."""
    fake, name = account(), "local-facts"
    fake.sagemaker.endpoints |= {name: "InService"}
    fake.sagemaker.tags[arn("endpoint", name)] = {"pipelines:prefix": "local", SERVING_TAG: name}
    assert name not in {each.name for each in found(fake)}


def test_another_environment_of_the_same_account_is_left_alone() -> None:
    """The prefix tag must be this environment's, though the name contains it."""
    fake = account()
    fake.sagemaker.tags[arn("endpoint", NAME)] = tags(prefix="other-local")
    assert [each.kind for each in found(fake)] == ["endpoint configuration", "model"]


def test_a_running_endpoint_is_shown_with_its_price() -> None:
    """From the file of the pipeline that made it; configurations and models cost nothing."""
    assert [each.price for each in found(account())] == [7.09, None, None]


@pytest.mark.parametrize("status", ["Executing", "Stopping"])
def test_what_a_running_execution_uses_stays(status: str) -> None:
    """It is listed with the reason, and not deleted."""
    listed = found(account(status))
    assert [each.in_use for each in listed] == [f"execution {TRAINING_ID} is {status}"] * 3
    assert cleanup.plan(listed) == ()


def test_what_is_being_evaluated_stays() -> None:
    """An inference execution uses the endpoint of a training that is long over."""
    fake = account()
    fake.sagemaker.add_run(FakeRun(INFERENCE, "Executing", [], {}, {"TrainingExecution": TRAINING}))
    assert {each.in_use for each in found(fake)} == {"execution bbbbbbbbbbbb evaluates it"}


def test_deleting_goes_from_the_endpoint_down() -> None:
    """An endpoint before what it was made from."""
    fake = account()
    apply(cleanup.plan(found(fake)), fake.aws, report=lambda _: None)
    assert fake.sagemaker.writes() == ["delete_endpoint", "delete_endpoint_config", "delete_model"]


def test_all_pages_are_looked_at() -> None:
    """The hundred-and-first leftover is found too."""
    fake = account()
    fake.sagemaker.page = 2
    names = [f"local-model{n}" for n in range(7)]
    fake.sagemaker.models = names
    fake.sagemaker.tags |= {arn("model", name): tags() for name in names}
    assert [each.name for each in found(fake) if each.kind == "model"] == names
