"""Inference pipelines: what the YAML turns into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from config.models import Project
from definition.compile import CompiledPipeline
from tests.golden.update import settings_of
from tests.unit.pipelines.variants import compile_changed, inputs, step, with_environment, with_pipeline

FIGURE = {
    "Std:JsonGet": {
        "PropertyFile": {"Get": "Steps.evaluate.PropertyFiles.metrics"},
        "Path": "metrics.f1.mean",
    }
}


def test_the_gate_stands_between_evaluation_and_registration(
    compiled: Mapping[str, CompiledPipeline],
) -> None:
    """Register where all gates hold, fail where one is missed."""
    gate = step(compiled["facts-inference"], "gate")["Arguments"]

    assert gate["Conditions"] == [
        {"Type": "GreaterThanOrEqualTo", "LeftValue": FIGURE, "RightValue": {"Get": "Parameters.MinimumF1"}}
    ]
    assert [each["Name"] for each in gate["IfSteps"]] == ["register"]
    assert [each["Name"] for each in gate["ElseSteps"]] == ["gate-missed"]


def test_a_missed_gate_is_told_with_its_figures(compiled: Mapping[str, CompiledPipeline]) -> None:
    """Gate missed: f1 = 0.43, needs at least 0.5."""
    message = step(compiled["facts-inference"], "gate-missed")["Arguments"]["ErrorMessage"]["Std:Join"]

    assert message["Values"] == [
        "Gate missed: f1 = ",
        FIGURE,
        ", needs at least ",
        {"Get": "Parameters.MinimumF1"},
    ]


def test_several_gates_must_all_hold_and_are_all_told(project: Project) -> None:
    """Lower and upper bounds, read from the normalized scores where the YAML says so."""
    changes: dict[str, Any] = {
        "gates": [
            {"metric": "f1", "at_least": 0.5},
            {"metric": "exact_match", "at_least": 0.1, "at_most": 0.9},
        ],
        "evaluation.normalization": "unicode",
        "parameters": {name: each for name, each in _parameters(project).items() if name != "MinimumF1"},
    }
    compiled = compile_changed(project, "facts-inference", changes)
    conditions = step(compiled, "gate")["Arguments"]["Conditions"]
    message = step(compiled, "gate-missed")["Arguments"]["ErrorMessage"]["Std:Join"]["Values"]

    assert [
        (each["Type"], each["LeftValue"]["Std:JsonGet"]["Path"], each["RightValue"]) for each in conditions
    ] == [
        ("GreaterThanOrEqualTo", "unicode_metrics.f1.mean", 0.5),
        ("GreaterThanOrEqualTo", "unicode_metrics.exact_match.mean", 0.1),
        ("LessThanOrEqualTo", "unicode_metrics.exact_match.mean", 0.9),
    ]
    words = "".join(each if isinstance(each, str) else "?" for each in message)
    assert words == (
        "Gate missed: f1 = ?, needs at least ?; exact_match = ?, needs at least ?; "
        "exact_match = ?, may be at most ?"
    )


def test_a_gate_can_compare_with_the_approved_package(project: Project) -> None:
    """The evaluation decides and says why; the condition reads its 1 or 0, the Fail step its words."""
    parameters = {**_parameters(project), "Margin": {"type": "Float", "default": 0.01}}
    gates = [
        {"metric": "f1", "at_least": {"parameter": "MinimumF1"}},
        {"metric": "f1", "better_than": "approved", "margin": {"parameter": "Margin"}, "confidence": 0.9},
    ]
    compiled = compile_changed(project, "facts-inference", {"gates": gates, "parameters": parameters})
    bound, compared = step(compiled, "gate")["Arguments"]["Conditions"]
    message = step(compiled, "gate-missed")["Arguments"]["ErrorMessage"]["Std:Join"]["Values"]
    told = settings_of(compiled)["evaluate"]

    assert bound["LeftValue"] == FIGURE
    assert (compared["Type"], compared["RightValue"]) == ("GreaterThanOrEqualTo", 1)
    assert compared["LeftValue"]["Std:JsonGet"]["Path"] == "comparisons.f1.passed"
    assert [each if isinstance(each, str) else each["Std:JsonGet"]["Path"] for each in message[4:]] == [
        "; f1: ",
        "comparisons.f1.verdict",
        ", ",
        "comparisons.f1.told",
    ]
    assert told["group"] == "local-facts"
    assert told["gates"][1]["better_than"] == "approved"
    assert told["parameters"] == {"Margin": "Float", "MinimumF1": "Float", "SampleRows": "Integer"}


def test_the_rows_asked_are_held_against_the_training_set(
    compiled: Mapping[str, CompiledPipeline],
) -> None:
    """Whole on every instance, for the candidate's set and for data of its own."""
    given = inputs(compiled["facts-inference"], "preprocess")["training"]

    assert given["S3Uri"] == {"Get": "Parameters.TrainingQuestions"}
    assert given["S3DataDistributionType"] == "FullyReplicated"


def test_a_missed_gate_may_end_quietly(project: Project) -> None:
    """Without a Fail step."""
    compiled = compile_changed(project, "facts-inference", {"on_missed_gate": "end"})

    assert step(compiled, "gate")["Arguments"]["ElseSteps"] == []


def _parameters(project: Project) -> dict[str, Any]:
    dumped: dict[str, Any] = project.pipelines["facts-inference"].model_dump()["parameters"]
    return dumped


def test_the_candidates_parameters_are_declared_and_have_no_default(
    compiled: Mapping[str, CompiledPipeline],
) -> None:
    """They are filled from candidate.json; provenance has a default."""
    declared = {
        each["Name"]: each.get("DefaultValue")
        for each in compiled["facts-inference"].definition["Parameters"]
    }

    assert [name for name, default in declared.items() if default is None] == [
        "EndpointName",
        "ModelDataUrl",
        "ModelImage",
        "EvaluationData",
        "TrainingQuestions",
        "BaseModelName",
        "AutoMLJobName",
        "CandidateUri",
        "DataHash",
        "TrainingExecution",
    ]
    assert (declared["Commit"], declared["DirtyTree"]) == ("unknown", "unknown")


def test_an_evaluation_set_of_its_own_needs_no_candidates(project: Project) -> None:
    """EvaluationData has a default then, so that whoever starts it elsewhere need not give one either."""
    compiled = compile_changed(project, "facts-inference", {"data.source": "s3://elsewhere/questions.jsonl"})
    declared = {each["Name"]: each.get("DefaultValue") for each in compiled.definition["Parameters"]}

    assert declared["EvaluationData"] == "unknown"
    assert declared["EndpointName"] is None


def test_evaluation_asks_the_candidates_endpoint(compiled: Mapping[str, CompiledPipeline]) -> None:
    """And is told what model data it must serve."""
    pipeline = compiled["facts-inference"]
    arguments = step(pipeline, "evaluate")["Arguments"]["AppSpecification"]["ContainerArguments"]

    assert arguments[3:9] == [
        "--endpoint-name",
        {"Get": "Parameters.EndpointName"},
        "--model-data-url",
        {"Get": "Parameters.ModelDataUrl"},
        "--region",
        "us-east-1",
    ]
    assert inputs(pipeline, "evaluate")["data"]["S3Uri"] == {
        "Get": "Steps.preprocess.ProcessingOutputConfig.Outputs['evaluation'].S3Output.S3Uri"
    }
    assert step(pipeline, "evaluate")["PropertyFiles"] == [
        {"PropertyFileName": "metrics", "OutputName": "metrics", "FilePath": "evaluation_metrics.json"}
    ]


def test_the_evaluation_set_is_the_candidates_or_its_own(
    project: Project, compiled: Mapping[str, CompiledPipeline]
) -> None:
    """From the parameter, from S3, or from this machine."""
    own = {
        "data.source": "s3://elsewhere/questions.csv",
        "data.format": "csv",
        "data.columns": {"question": "q", "answer": "a"},
        "data.prompt": "{question}",
        "data.output": "{answer}",
    }
    elsewhere = compile_changed(project, "facts-inference", own)
    here = compile_changed(
        project, "facts-inference", {**own, "data.source": "data/facts/facts.jsonl", "data.format": "jsonl"}
    )

    assert inputs(compiled["facts-inference"], "preprocess")["data"]["S3Uri"] == {
        "Get": "Parameters.EvaluationData"
    }
    assert inputs(elsewhere, "preprocess")["data"]["S3Uri"] == "s3://elsewhere/questions.csv"
    assert settings_of(elsewhere)["preprocess"]["data"]["prompt"] == "{question}"
    assert inputs(here, "preprocess")["data"]["S3Uri"] == settings_of(here)["preprocess"]["data"]["source"]
    assert [asset for asset in here.assets if asset.key.endswith("/facts.jsonl")]


def test_a_registration_can_be_traced(compiled: Mapping[str, CompiledPipeline]) -> None:
    """Base model, job, data, candidate, report, commit and executions, each within 256 characters."""
    request = step(compiled["facts-inference"], "register")["Arguments"]

    assert set(request["CustomerMetadataProperties"]) == {
        "base_model",
        "automl_job",
        "data_hash",
        "candidate",
        "training_execution",
        "report",
        "commit",
        "dirty_tree",
        "execution",
        "sample_rows",
    }
    # A text, which the registry wants, of a number.
    sample = request["CustomerMetadataProperties"]["sample_rows"]
    assert sample == {"Std:Join": {"On": "", "Values": [{"Get": "Parameters.SampleRows"}]}}
    assert request["ModelPackageGroupName"] == "local-facts"
    assert request["ModelApprovalStatus"] == {"Get": "Parameters.ApprovalStatus"}
    assert request["MetadataProperties"] == {
        "CommitId": {"Get": "Parameters.Commit"},
        "GeneratedBy": {"Get": "Execution.PipelineExecutionArn"},
    }
    statistics = request["ModelMetrics"]["ModelQuality"]["Statistics"]
    assert statistics["ContentType"] == "application/json"
    assert statistics["S3Uri"]["Std:Join"]["Values"][-1] == "evaluation_metrics.json"
    assert (request["Task"], "Tags" in request) == ("TEXT_GENERATION", False)


def test_the_registered_container_is_the_one_that_was_evaluated(project: Project) -> None:
    """Image and model data by parameter, its environment as the training pipeline deploys it."""
    changed = with_pipeline(
        project, "facts-training", {"endpoint.environment": {"HF_TASK": "text-generation"}}
    )
    compiled = compile_changed(
        changed,
        "facts-inference",
        {"registry.transform_instances": ["ml.g5.12xlarge"], "registry.description": ""},
    )
    request = step(compiled, "register")["Arguments"]

    assert request["InferenceSpecification"]["Containers"] == [
        {
            "Image": {"Get": "Parameters.ModelImage"},
            "ModelDataUrl": {"Get": "Parameters.ModelDataUrl"},
            "Environment": {"HF_TASK": "text-generation"},
        }
    ]
    assert request["InferenceSpecification"]["SupportedTransformInstanceTypes"] == ["ml.g5.12xlarge"]
    assert "ModelPackageDescription" not in request


@pytest.mark.parametrize(
    "environment", [{"images": {"default": None, "steps": {"evaluate": "ecr/evaluate:2"}}}]
)
def test_a_prebuilt_image_serves_one_step(project: Project, environment: dict[str, Any]) -> None:
    """The environment names it; other steps keep the pinned one."""
    compiled = compile_changed(with_environment(project, environment), "facts-inference", {})
    images = [
        step(compiled, name)["Arguments"]["AppSpecification"]["ImageUri"]
        for name in ("preprocess", "evaluate")
    ]

    assert images[1] == "ecr/evaluate:2"
    assert "pytorch-training:" in images[0]


def test_gates_and_settings_of_the_evaluation_are_told_to_the_step(
    compiled: Mapping[str, CompiledPipeline],
) -> None:
    """With references where an execution may override."""
    settings = settings_of(compiled["facts-inference"])

    assert settings["evaluate"]["gates"] == [
        {
            "metric": "f1",
            "at_least": {"parameter": "MinimumF1"},
            "at_most": None,
            "better_than": None,
            "margin": None,
            "confidence": None,
        }
    ]
    assert "group" not in settings["evaluate"]
    assert settings["evaluate"]["parameters"] == {"MinimumF1": "Float", "SampleRows": "Integer"}
    assert settings["evaluate"]["evaluation"]["generation"]["max_new_tokens"] == 16
    assert settings["preprocess"]["parameters"] == {"EvaluationRows": "Integer", "SampleRows": "Integer"}
