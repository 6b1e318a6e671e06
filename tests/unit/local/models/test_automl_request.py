"""CreateAutoMLJobV2: accepted, or refused as Autopilot refuses."""

from __future__ import annotations

from typing import Any

import pytest

from local.api import ApiError
from local.automl.candidate import candidate_name, image, model_data_uri
from local.automl.request import DEFAULT_TRAINING_SECONDS, LONGEST_JOB_SECONDS, parse_request


def channel(kind: str = "training", **changes: Any) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://bucket/{kind}/"}
    return {
        "ChannelType": kind,
        "DataSource": {"S3DataSource": {**source, **changes.pop("source", {})}},
        **changes,
    }


def request(
    *channels: dict[str, Any], problem: dict[str, Any] | None = None, **changes: Any
) -> dict[str, Any]:
    return {
        "AutoMLJobName": "job-1",
        "AutoMLJobInputDataConfig": list(channels) or [channel()],
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/out/"},
        "AutoMLProblemTypeConfig": {
            "TextGenerationJobConfig": {"BaseModelName": "Dolly3B", **(problem or {})}
        },
        "RoleArn": "arn:aws:iam::123456789012:role/automl",
        **changes,
    }


def test_what_is_not_said_takes_the_services_defaults() -> None:
    """CSV, a fifth for validation, 72 hours of training, the instruct Falcon."""
    asked = request(AutoMLProblemTypeConfig={"TextGenerationJobConfig": {}})
    found = parse_request(asked)
    assert (found.training, found.validation, found.validation_fraction) == (
        "s3://bucket/training/",
        None,
        0.2,
    )
    assert (found.parquet, found.base_model.name) == (False, "Falcon7BInstruct")
    assert (found.job_seconds, found.training_seconds) == (LONGEST_JOB_SECONDS, DEFAULT_TRAINING_SECONDS)


def test_everything_that_is_said_is_taken() -> None:
    """Both channels, Parquet, limits, hyperparameters as strings."""
    parquet = {"ContentType": "x-application/vnd.amazon+parquet"}
    problem = {
        "CompletionCriteria": {"MaxAutoMLJobRuntimeInSeconds": 900, "MaxRuntimePerTrainingJobInSeconds": 600},
        "BaseModelName": "Llama2-7B",
        "TextGenerationHyperParameters": {"epochCount": "3", "learningRate": "1e-05"},
        "ModelAccessConfig": {"AcceptEula": True},
    }
    found = parse_request(request(channel(**parquet), channel("validation", **parquet), problem=problem))
    assert (found.validation, found.parquet) == ("s3://bucket/validation/", True)
    assert (found.job_seconds, found.training_seconds) == (900, 600)
    assert found.hyperparameters == {"epochCount": "3", "learningRate": "1e-05"}
    assert found.base_model.context_tokens == 2048


def hyper(**values: str) -> dict[str, Any]:
    return request(problem={"TextGenerationHyperParameters": values})


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (request(channel("validation")), "needs a channel of the type 'training'"),
        (request(channel(), channel()), "two channels of the type 'training'"),
        (request(channel(CompressionType="Gzip")), "CompressionType must be None"),
        (request(channel(source={"S3DataType": "ManifestFile"})), "S3DataType must be S3Prefix"),
        (
            request(channel(ContentType="application/jsonlines")),
            "ContentType 'application/jsonlines' is not supported",
        ),
        (
            request(channel(ContentType="x-application/vnd.amazon+parquet"), channel("validation")),
            "must have the same ContentType",
        ),
        (
            request(channel(), channel("validation"), DataSplitConfig={"ValidationFraction": 0.1}),
            "ValidationFraction cannot be given together with a validation channel",
        ),
        (request(DataSplitConfig={"ValidationFraction": 1.0}), "ValidationFraction must be between 0 and 1"),
        (
            request(OutputDataConfig={"S3OutputPath": "s3://b/" + "x" * 510}),
            "must be 512 characters or less; it has 517",
        ),
        (request(problem={"BaseModelName": "Llama3-8B"}), "BaseModelName 'Llama3-8B' is not supported"),
        (request(problem={"BaseModelName": "Llama2-7B"}), "'Llama2-7B' needs its EULA to be accepted"),
        (
            request(problem={"BaseModelName": "Llama2-7B", "ModelAccessConfig": {"AcceptEula": False}}),
            "AcceptEula must be true",
        ),
        (request(problem={"CompletionCriteria": {"MaxCandidates": 2}}), "MaxCandidates must be 1"),
        (
            request(problem={"CompletionCriteria": {"MaxAutoMLJobRuntimeInSeconds": 2_592_001}}),
            "MaxAutoMLJobRuntimeInSeconds must be at most 2592000",
        ),
        (hyper(epochs="3"), "unknown key 'epochs'; known: epochCount"),
        (hyper(epochCount="11"), "epochCount must be a whole number from 1 to 10; it is '11'"),
        (hyper(epochCount="1.5"), "epochCount must be a whole number"),
        (hyper(batchSize="0"), "batchSize must be a whole number from 1 to 64"),
        (hyper(learningRate="1.1"), "learningRate must be a number from 0 to 1"),
        (hyper(learningRate="nan"), "learningRate must be a number from 0 to 1"),
        (
            hyper(learningRateWarmupSteps="251"),
            "learningRateWarmupSteps must be a whole number from 0 to 250",
        ),
        (request(AutoMLProblemTypeConfig={}), "must have exactly one member"),
    ],
)
def test_what_autopilot_refuses_is_refused_at_once(asked: dict[str, Any], reason: str) -> None:
    """With a ValidationException that names the member and the limit."""
    with pytest.raises(ApiError, match=f"ValidationException: .*{reason}"):
        parse_request(asked)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (
            request(AutoMLProblemTypeConfig={"TabularJobConfig": {}}),
            "runs text generation, not TabularJobConfig",
        ),
        (
            request(ModelDeployConfig={"AutoGenerateEndpointName": True}),
            "does not deploy a job's model by itself",
        ),
    ],
)
def test_what_the_stand_in_does_not_do_is_said(asked: dict[str, Any], reason: str) -> None:
    """By an error of its own, not by ignoring it."""
    with pytest.raises(ApiError, match=f"UnsupportedOperation: .*{reason}"):
        parse_request(asked)


def test_a_candidates_names_fit_where_they_go() -> None:
    """A model's and a training job's name have 63 characters; a job's name 32 at most."""
    assert len(candidate_name("j" * 32)) <= 63
    found = parse_request(request())
    assert model_data_uri(found) == f"s3://bucket/out/job-1/{candidate_name('job-1')}/output/model.tar.gz"


def test_falcon_is_served_by_another_container() -> None:
    """Images look as those of the Region do."""
    falcon = parse_request(request(problem={"BaseModelName": "Falcon40B"})).base_model
    assert "/huggingface-pytorch-tgi-inference:" in image(falcon, "eu-west-1")
    dolly = parse_request(request()).base_model
    assert image(dolly, "eu-west-1").startswith("763104351884.dkr.ecr.eu-west-1.amazonaws.com/djl-inference:")
