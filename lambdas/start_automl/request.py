"""Starts the execution's AutoML job (text generation), or finds the one that runs.

The request leaves out AutoMLJobObjective (no metric of its enumeration fits a language model) and asks for
one candidate, which is all the service makes for text generation.
https://docs.aws.amazon.com/sagemaker/latest/dg/autopilot-create-experiment-finetune-llms.html
"""

from __future__ import annotations

import re
from typing import Any

from waiting import attempts, tags
from waiting.inputs import InputError, Inputs
from waiting.tools import Tools

# The service's keys for its four hyperparameters, and what a value may look like ("1e+5" is refused).
HYPERPARAMETERS = {
    "epochCount": "epoch_count",
    "batchSize": "batch_size",
    "learningRate": "learning_rate",
    "learningRateWarmupSteps": "learning_rate_warmup_steps",
}
HYPERPARAMETER_VALUE = re.compile(r"[a-zA-Z0-9._-]{1,16}")


def start(inputs: Inputs, tools: Tools) -> dict[str, Any]:
    """A redelivery finds the job; a job that failed or was stopped is followed by the next attempt."""
    execution_id = inputs.text("pipeline_execution_id")
    newest = attempts.latest(tools.sagemaker, execution_id)
    if newest is not None and not newest.ended:
        return _outputs(newest, tools, found=True)
    number = newest.number + 1 if newest else 1
    attempts.create(tools.sagemaker, request(inputs, f"{execution_id}-{number}", tools.prefix))
    started = attempts.latest(tools.sagemaker, execution_id, first=number)
    if started is None:
        raise InputError(
            f"AutoML job '{execution_id}-{number}' was started, but the service does not know it"
        )
    return _outputs(started, tools, found=False)


def request(inputs: Inputs, name: str, prefix: str) -> dict[str, Any]:
    """The whole CreateAutoMLJobV2 request."""
    own = {tags.EXECUTION: inputs.text("pipeline_execution_arn"), tags.PREFIX: prefix}
    output = {"S3OutputPath": inputs.text("output_path"), "KmsKeyId": inputs.optional("kms_key")}
    return {
        "AutoMLJobName": name,
        "AutoMLJobInputDataConfig": channels(inputs),
        "OutputDataConfig": {key: value for key, value in output.items() if value},
        "AutoMLProblemTypeConfig": {"TextGenerationJobConfig": problem(inputs)},
        "RoleArn": inputs.text("role_arn"),
        "Tags": tags.form(inputs.mapping("tags"), own),
        **split(inputs),
        **security(inputs),
    }


def channels(inputs: Inputs) -> list[dict[str, Any]]:
    """The training channel, and the validation channel when there is one."""
    uris = {"training": inputs.text("training_data"), "validation": inputs.optional("validation_data")}
    return [
        {
            "ChannelType": channel,
            "ContentType": inputs.text("content_type"),
            "CompressionType": "None",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}},
        }
        for channel, uri in uris.items()
        if uri
    ]


def split(inputs: Inputs) -> dict[str, Any]:
    """The share of rows that the service sets aside; it refuses one beside a validation channel."""
    fraction = inputs.optional("validation_fraction")
    if not fraction:
        return {}
    if inputs.optional("validation_data"):
        raise InputError("inputs `validation_data` and `validation_fraction` exclude each other")
    try:
        return {"DataSplitConfig": {"ValidationFraction": float(fraction)}}
    except ValueError:
        raise InputError(f"input `validation_fraction` should be a number, but is {fraction!r}") from None


def problem(inputs: Inputs) -> dict[str, Any]:
    """TextGenerationJobConfig."""
    return {
        "CompletionCriteria": {
            "MaxCandidates": 1,
            "MaxRuntimePerTrainingJobInSeconds": inputs.integer("max_training_job_seconds"),
            "MaxAutoMLJobRuntimeInSeconds": inputs.integer("max_runtime_seconds"),
        },
        "BaseModelName": inputs.text("base_model"),
        "TextGenerationHyperParameters": {
            key: hyperparameter(inputs, name) for key, name in HYPERPARAMETERS.items()
        },
        "ModelAccessConfig": {"AcceptEula": inputs.flag("accept_eula")},
    }


def hyperparameter(inputs: Inputs, name: str) -> str:
    """The value as the service takes it: text of a plain form; counts lose the ".0" of a float."""
    value = inputs.text(name)
    if name != "learning_rate":
        value = str(inputs.integer(name))
    if not HYPERPARAMETER_VALUE.fullmatch(value):
        pattern = HYPERPARAMETER_VALUE.pattern
        raise InputError(f"input `{name}` is {value!r}, but the service takes only {pattern}")
    return value


def security(inputs: Inputs) -> dict[str, Any]:
    """Volume key and network, when the environment names them."""
    config: dict[str, Any] = {}
    if key := inputs.optional("kms_key"):
        config["VolumeKmsKeyId"] = key
    if subnets := inputs.names("subnets"):
        config["VpcConfig"] = {"Subnets": subnets, "SecurityGroupIds": inputs.names("security_groups")}
    return {"SecurityConfig": config} if config else {}


def _outputs(attempt: attempts.Attempt, tools: Tools, *, found: bool) -> dict[str, Any]:
    name, arn = attempt.description["AutoMLJobName"], attempt.description["AutoMLJobArn"]
    tools.log("AutoML job found" if found else "AutoML job started", name=name, attempt=attempt.number)
    return {"job_name": name, "job_arn": arn, "attempt": attempt.number}
