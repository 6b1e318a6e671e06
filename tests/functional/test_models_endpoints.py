"""A job that fine-tunes, and an endpoint that serves what came of it, with plain boto3."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.conftest import RunningStandIn
from tests.functional.model_jobs import ROLE, Models, Pair, as_parquet, facts

pytestmark = pytest.mark.functional

# Questions and answers in scripts with and without spaces, with signs that occur once.
SCRIPTS: list[Pair] = [
    ("Türkiye'nin başkenti neresidir?\nTürkiye'nin başkenti Ankara'dır.\n", "Ankara"),
    ("Wie heißt die Hauptstadt Österreichs?\nÖsterreichs Hauptstadt heißt Wien.\n", "Wien"),
    ("法国的首都是哪里？\n法国的首都是巴黎。\n", "巴黎"),
    ("भारत की राजधानी क्या है?\nभारत की राजधानी नई दिल्ली है।\n", "नई दिल्ली"),
    ("เมืองหลวงของประเทศไทยคืออะไร\nเมืองหลวงของประเทศไทยคือกรุงเทพ\n", "กรุงเทพ"),
    ("ما هي عاصمة مصر؟\nعاصمة مصر هي القاهرة.\n", "القاهرة"),
    ("Which sign is it?\nIt is 🦜, not 🐍.\n", "🦜"),
]


@dataclass(frozen=True)
class Deployed:
    """A small model of sixty facts and some scripts, in service."""

    models: Models
    name: str
    job: dict[str, Any]

    @property
    def container(self) -> dict[str, Any]:
        container: dict[str, Any] = self.job["BestCandidate"]["InferenceContainers"][0]
        return container


@pytest.fixture(scope="module")
def deployed(stand_in: RunningStandIn) -> Deployed:
    models = Models(stand_in, "models-endpoints")
    data = models.put("train/a.parquet", as_parquet([*facts(60), *SCRIPTS * 3]))
    models.train("models-endpoints", data, content_type="x-application/vnd.amazon+parquet")
    job = models.trained("models-endpoints")
    assert job["AutoMLJobStatus"] == "Completed", job
    made = Deployed(models, "models-endpoints", job)
    models.deploy(made.name, made.container)
    assert models.settled(made.name)["EndpointStatus"] == "InService"
    return made


def test_the_job_reports_what_autopilot_reports(deployed: Deployed) -> None:
    """Metrics by standard names, a container that can be deployed, the model really used, a log."""
    best = deployed.job["BestCandidate"]
    metrics = {m["StandardMetricName"]: m["Value"] for m in best["CandidateProperties"]["CandidateMetrics"]}
    assert set(metrics) == {
        "TrainingLoss",
        "ValidationLoss",
        "Perplexity",
        "Rouge1",
        "Rouge2",
        "RougeL",
        "RougeLSum",
    }
    assert 0 < metrics["ValidationLoss"] < metrics["Perplexity"]
    assert "/djl-inference:" in deployed.container["Image"]
    logs, group = deployed.models.stand_in.client("logs"), "/aws/sagemaker/TrainingJobs"
    prefix = best["CandidateName"]
    stream = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix)["logStreams"][0]
    events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    assert any(event["message"].startswith("epoch 1 of 1: training loss") for event in events)


def test_both_containers_shapes_are_answered_alike(deployed: Deployed) -> None:
    """Greedy unless sampling is asked for: the same prompt, the same answer."""
    prompt = facts(1)[0][0]
    bodies = [
        {"text_inputs": prompt, "parameters": {"max_new_tokens": 4}},
        {"inputs": prompt, "parameters": {"max_new_tokens": 4}},
        {"text_inputs": prompt, "max_new_tokens": 4},
    ]
    answers = [
        json.loads(
            deployed.models.runtime.invoke_endpoint(
                EndpointName=deployed.name, ContentType="application/json", Body=json.dumps(body)
            )["Body"].read()
        )
        for body in bodies
    ]
    assert answers[0] == answers[1] == answers[2]
    assert list(answers[0][0]) == ["generated_text"]


def test_the_recipes_settings_are_served(deployed: Deployed) -> None:
    """Sampling with a seed repeats itself; details tell how the answer ended; the prompt can be echoed."""
    settings = {
        "do_sample": True,
        "temperature": 2.0,
        "top_k": 50,
        "top_p": 0.95,
        "max_new_tokens": 6,
        "seed": 3,
    }
    ask, prompt = deployed.models.ask, "What is the period of Iron?\nIron is stable.\n"
    first = ask(deployed.name, prompt, **settings, details=True, return_full_text=True)[0]
    assert first == ask(deployed.name, prompt, **settings, details=True, return_full_text=True)[0]
    assert first["generated_text"].startswith(prompt)
    details = first["details"]
    assert details["finish_reason"] in ("length", "eos_token")
    assert details["generated_tokens"] == len(details["tokens"]) <= 6
    assert all(token["logprob"] <= 0 for token in details["tokens"])


@pytest.mark.parametrize("prompt", [*(row[0] for row in SCRIPTS), "日本の首都は？ ሰላም Ქართული 𝔘"])
def test_no_sign_of_any_script_is_lost(deployed: Deployed, prompt: str) -> None:
    """A prompt comes back as it went, also with signs that were never seen."""
    answer = deployed.models.ask(deployed.name, prompt, max_new_tokens=8, return_full_text=True)
    assert answer[0]["generated_text"].startswith(prompt)


def test_many_callers_at_once_get_the_answers_they_would_get_alone(deployed: Deployed) -> None:
    """Batches of prompts of different lengths change nothing."""
    prompts = [prompt for prompt, _ in facts(40)]

    def answer(prompt: str) -> Any:
        return deployed.models.ask(deployed.name, prompt, max_new_tokens=4)

    alone = [answer(prompt) for prompt in prompts[:8]]
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(answer, prompts))
    assert together[:8] == alone


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"hello", "the body is not JSON"),
        (b'{"text_inputs": "a", "parameters": {"temperature": 0}}', "'temperature' must be a number > 0"),
        (b'{"inputs": "a", "parameters": {"max_new_tokens": 5000}}', "max_new_tokens must be <= 1024"),
    ],
)
def test_what_the_container_refuses_is_a_model_error(deployed: Deployed, body: bytes, text: str) -> None:
    """With the container's status and text as members of the error."""
    with pytest.raises(ClientError, match="ModelError") as raised:
        deployed.models.runtime.invoke_endpoint(EndpointName=deployed.name, Body=body)
    answer: Any = raised.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert answer["OriginalStatusCode"] == 400
    assert text in answer["OriginalMessage"]
    assert answer["LogStreamArn"].endswith(f":log-group:/aws/sagemaker/Endpoints/{deployed.name}")


def test_an_unknown_endpoint_is_a_validation_error(deployed: Deployed) -> None:
    """The runtime's code, not the control plane's."""
    with pytest.raises(
        ClientError, match=r"ValidationError.*Endpoint none of account 123456789012 not found"
    ):
        deployed.models.runtime.invoke_endpoint(EndpointName="none", Body=b"{}")


def test_an_endpoint_whose_model_is_missing_fails_with_the_reason(deployed: Deployed, name: str) -> None:
    """And can be deleted, so that its name is free."""
    models = deployed.models
    missing = {**deployed.container, "ModelDataUrl": f"s3://{models.bucket}/none/model.tar.gz"}
    models.deploy(name, missing)
    found = models.settled(name)
    assert found["EndpointStatus"] == "Failed"
    assert (
        f"Failed to download model data for container from URL: s3://{models.bucket}/none"
        in found["FailureReason"]
    )
    models.sagemaker.delete_endpoint(EndpointName=name)
    with pytest.raises(ClientError, match=r"ValidationException.*Could not find endpoint"):
        models.sagemaker.describe_endpoint(EndpointName=name)


def test_an_archive_that_is_no_model_fails_the_endpoint(deployed: Deployed, name: str) -> None:
    """What is in it is said, not that a health check failed."""
    models = deployed.models
    models.put("garbage/model.tar.gz", b"<html>")
    models.deploy(name, {**deployed.container, "ModelDataUrl": f"s3://{models.bucket}/garbage/model.tar.gz"})
    found = models.settled(name)
    assert found["EndpointStatus"] == "Failed"
    assert "model.tar.gz cannot be unpacked" in found["FailureReason"]


def test_an_endpoint_takes_another_configuration(deployed: Deployed, name: str) -> None:
    """A model of the registry, once approved, serves in the place of the first."""
    models = deployed.models
    sagemaker = models.sagemaker
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    arn = sagemaker.create_model_package(
        ModelPackageGroupName=name,
        InferenceSpecification={
            "Containers": [deployed.container],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    )["ModelPackageArn"]
    package = {"ModelName": name, "Containers": [{"ModelPackageName": arn}], "ExecutionRoleArn": ROLE}
    with pytest.raises(ClientError, match="is not Approved: it cannot be deployed"):
        sagemaker.create_model(**package)
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    sagemaker.create_model(**package)
    models.configure(name, name)
    sagemaker.update_endpoint(EndpointName=deployed.name, EndpointConfigName=name)
    found = models.settled(deployed.name)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", name)
    assert isinstance(models.ask(deployed.name, "Hi", max_new_tokens=2)[0]["generated_text"], str)


def test_tags_are_kept_and_changed(deployed: Deployed, name: str) -> None:
    """On jobs, models, configurations and endpoints alike."""
    sagemaker = deployed.models.sagemaker
    arn = sagemaker.create_model(
        ModelName=name,
        PrimaryContainer=deployed.container,
        ExecutionRoleArn=ROLE,
        Tags=[{"Key": "a", "Value": "1"}],
    )["ModelArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    for own in (deployed.job["AutoMLJobArn"], deployed.models.settled(deployed.name)["EndpointArn"]):
        sagemaker.add_tags(ResourceArn=own, Tags=[{"Key": "c", "Value": "3"}])
        assert {"Key": "c", "Value": "3"} in sagemaker.list_tags(ResourceArn=own)["Tags"]


def test_lists_are_paged_and_filtered(deployed: Deployed) -> None:
    """As the service's waiters and paginators want them."""
    sagemaker = deployed.models.sagemaker
    for number in range(3):
        model = {"ModelName": f"paged-{number}", "PrimaryContainer": deployed.container}
        sagemaker.create_model(**model, ExecutionRoleArn=ROLE)
    pages = sagemaker.get_paginator("list_models").paginate(
        NameContains="paged", SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 2}
    )
    assert [[m["ModelName"] for m in page["Models"]] for page in pages] == [
        ["paged-0", "paged-1"],
        ["paged-2"],
    ]
    listed = sagemaker.list_endpoints(StatusEquals="InService", NameContains=deployed.name)["Endpoints"]
    assert [each["EndpointName"] for each in listed] == [deployed.name]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"InstanceType": "ml.g9.huge"}, "Member must satisfy enum value set"),
        ({"ModelDataDownloadTimeoutInSeconds": 3601}, "Member must have value less than or equal to 3600"),
        (
            {"ContainerStartupHealthCheckTimeoutInSeconds": 3601},
            "Member must have value less than or equal to 3600",
        ),
    ],
)
def test_limits_of_a_configuration_are_the_services(
    deployed: Deployed, name: str, change: dict[str, Any], reason: str
) -> None:
    """Instances of the g5 family are taken (above); what SageMaker does not have is refused."""
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": deployed.name,
        "InstanceType": "ml.g6.xlarge",
        "InitialInstanceCount": 1,
        **change,
    }
    with pytest.raises(ClientError, match=f"ValidationException.*{reason}"):
        deployed.models.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[variant]
        )
