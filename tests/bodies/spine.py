"""What must be true of the sample in any account: a run that passed its gate, and one that missed it.

A test module makes two fixtures and imports the bodies: `passed`, after `run facts-training facts-inference`
with a bar that the model reaches, and `missed`, after the same with a bar that it does not reach and an
endpoint that is kept.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from commands.shapes import SHAPES, misfits
from tests.functional.account import Account
from tests.functional.repository import Done

TRAINING_STEPS = [
    "prepare",
    "start-automl",
    "wait-automl",
    "deploy-model",
    "wait-endpoint",
    "publish-candidate",
]
INFERENCE_STEPS = ["preprocess", "evaluate", "gate", "register"]
# Little of everything: what is tested is the way, not the model.
SMALL = ("-p", "TrainingRows=60", "-p", "EpochCount=1", "-p", "EvaluationRows=40")


@dataclass(frozen=True)
class Ran:
    """A run of the sample, and what the command said."""

    account: Account
    done: Done
    training: dict[str, Any]
    inference: dict[str, Any]


def ran(account: Account, *words: str, code: int) -> Ran:
    """Runs the sample and reads what became of both executions."""
    done = account.run("run", "facts-training", "facts-inference", *SMALL, *words, code=code)
    return Ran(account, done, account.status("facts-training"), account.status("facts-inference"))


def keep_endpoint(account: Account) -> None:
    """The sample's endpoint outlives its evaluation from now on."""
    file = "config/pipelines/facts-training.yaml"
    account.repository.change(file, "after_evaluation: delete", "after_evaluation: keep")
    account.run("upsert", "facts-training", code=0)


def delete_endpoint(account: Account, name: str) -> None:
    """Endpoint, configurations and model of a run: those of others in the account stay."""
    sagemaker = account.client("sagemaker")
    for configuration in sagemaker.list_endpoint_configs(NameContains=name)["EndpointConfigs"]:
        sagemaker.delete_endpoint_config(EndpointConfigName=configuration["EndpointConfigName"])
    for endpoint in sagemaker.list_endpoints(NameContains=name)["Endpoints"]:
        sagemaker.delete_endpoint(EndpointName=endpoint["EndpointName"])
    for model in sagemaker.list_models(NameContains=name)["Models"]:
        sagemaker.delete_model(ModelName=model["ModelName"])


def test_a_second_upsert_writes_nothing(passed: Ran) -> None:
    """What is deployed is compared as AWS gives it back."""
    words = ("upsert", "facts-training", "facts-inference", "--output", "json")
    document = passed.account.run(*words, code=0).json
    assert [each["change"] for each in document["pipelines"]] == ["unchanged", "unchanged"]
    assert document["writes"] == 0


def test_every_step_succeeds_in_its_order(passed: Ran) -> None:
    """Both executions, as the command line tells of them and as it exits."""
    for document, steps in ((passed.training, TRAINING_STEPS), (passed.inference, INFERENCE_STEPS)):
        assert misfits(document, SHAPES["status"]) == []
        assert (document["status"], document["exit_code"]) == ("Succeeded", 0)
        assert [step["name"] for step in document["steps"]] == steps
        assert {step["status"] for step in document["steps"]} == {"Succeeded"}
        assert f"{document['pipeline']}  {document['id']}  Succeeded" in passed.done.out
    assert "evaluation of 40 rows, 0 without an answer\n" in passed.done.out


def test_a_model_package_waits_for_a_decision(passed: Ran) -> None:
    """Image and data of the candidate, figures, and where it comes from."""
    arn, inference = passed.inference["model_package"], passed.inference
    package = passed.account.client("sagemaker").describe_model_package(ModelPackageName=arn)
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    (container,) = package["InferenceSpecification"]["Containers"]
    assert container["ModelDataUrl"] == inference["parameters"]["ModelDataUrl"]
    assert container["Image"] == inference["parameters"]["ModelImage"]
    metadata = package["CustomerMetadataProperties"]
    assert metadata["training_execution"] == passed.training["arn"]
    assert metadata["execution"] == inference["arn"]
    assert metadata["data_hash"] == inference["parameters"]["DataHash"]
    figures = json.loads(passed.account.read(package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]))
    assert figures["metrics"]["f1"]["mean"] == inference["gates"][0]["value"]


def test_the_candidate_hands_over(passed: Ran) -> None:
    """candidate.json of the training is what the inference ran with."""
    parameters = passed.inference["parameters"]
    content = json.loads(passed.account.read(parameters["CandidateUri"]))
    assert content["pipeline_execution_arn"] == passed.training["arn"]
    assert content["endpoint_name"] == parameters["EndpointName"]
    assert content["metrics"]["validation_loss"] > 0
    assert parameters["TrainingExecution"] == passed.training["arn"]


def test_training_and_evaluation_share_no_question(passed: Ran) -> None:
    """What is asked was not learned."""
    uri = passed.inference["parameters"]["EvaluationData"].rstrip("/")
    asked = {row["input"] for row in passed.account.lines(f"{uri}/evaluation.jsonl")}
    learned = passed.account.read(uri.removesuffix("evaluation") + "training/training.csv")
    assert len(asked) == 300
    assert not [question for question in asked if question.replace('"', '""') in learned]


def test_everything_an_execution_made_carries_its_tags(passed: Ran) -> None:
    """The AutoML job is found by the execution that it belongs to."""
    name = json.loads(passed.account.read(passed.inference["parameters"]["CandidateUri"]))["automl_job_name"]
    sagemaker = passed.account.client("sagemaker")
    arn = sagemaker.describe_auto_ml_job_v2(AutoMLJobName=name)["AutoMLJobArn"]
    tags = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=arn)["Tags"]}
    assert tags["pipelines:execution"] == passed.training["arn"]
    assert tags["pipelines:prefix"] == passed.account.prefix


def test_nothing_is_left_that_costs(passed: Ran) -> None:
    """Endpoint, configuration and model went with the evaluation."""
    sagemaker, name = passed.account.client("sagemaker"), f"{passed.account.prefix}-{passed.training['id']}"
    assert sagemaker.list_endpoints(NameContains=name)["Endpoints"] == []
    assert sagemaker.list_endpoint_configs(NameContains=name)["EndpointConfigs"] == []
    assert sagemaker.list_models(NameContains=name)["Models"] == []


def test_a_candidate_without_its_endpoint_is_refused_at_once(passed: Ran) -> None:
    """Exit code 2, before anything starts, with what to do."""
    words = ("start", "facts-inference", "--from-training", passed.training["id"])
    done = passed.account.run(*words, code=2)
    assert done.out == ""
    assert "is gone: after_evaluation is" in done.err


def test_logs_of_a_step_are_found(passed: Ran) -> None:
    """The evaluation's own words, from CloudWatch Logs."""
    done = passed.account.run("logs", passed.inference["id"], "--step", "evaluate", code=0)
    assert "asked 40 of 40 rows" in done.out


def test_the_decision_is_kept_with_its_reason(passed: Ran) -> None:
    """Approved on the command line, seen by any client."""
    arn = passed.inference["model_package"]
    passed.account.run("registry", "approve", arn, "--reason", "a test", code=0)
    package = passed.account.client("sagemaker").describe_model_package(ModelPackageName=arn)
    assert (package["ModelApprovalStatus"], package["ApprovalDescription"]) == ("Approved", "a test")
    assert package["CustomerMetadataProperties"]["execution"] == passed.inference["arn"]


def test_a_missed_gate_is_exit_code_5_with_its_figures(missed: Ran) -> None:
    """Step, summary and exit code name figure and bar; nothing is registered."""
    fact, hint, *_ = missed.done.err[missed.done.err.rindex("gate of ") :].splitlines()
    assert re.fullmatch(
        r'gate of "facts-inference" missed: f1 = 0[.\d]*, needs at least 1; nothing was registered', fact
    )
    assert hint.startswith("hint: run_pipeline.py outputs ")
    execution = missed.inference
    assert (execution["status"], execution["exit_code"]) == ("Failed", 5)
    assert execution["model_package"] is None
    (step,) = [step for step in execution["steps"] if step["name"] == "gate-missed"]
    assert re.search(r"Gate missed: f1 = 0[.\d]*, needs at least 1", step["reason"])


def test_a_kept_endpoint_can_be_evaluated_again(missed: Ran) -> None:
    """With a lower bar, without training again; cleanup lists it with what it costs."""
    account, endpoint = missed.account, f"{missed.account.prefix}-{missed.training['id']}"
    words = ("run", "facts-inference", "-p", "MinimumF1=0", "-p", "EvaluationRows=40", "--output", "json")
    (execution,) = account.run(*words, code=0).json["executions"]
    assert execution["endpoint"] == {"name": endpoint, "status": "InService"}
    assert execution["parameters"]["TrainingExecution"] == missed.training["arn"]
    leftovers = account.run("cleanup", "--output", "json", code=0).json["leftovers"]
    (left,) = [each for each in leftovers if (each["kind"], each["name"]) == ("endpoint", endpoint)]
    assert (left["kept_on_purpose"], left["deleted"], left["in_use"]) == (True, False, "")
    assert left["usd_per_hour"] == 7.09
