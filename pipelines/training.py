"""Kind ``training``: prepare the data, fine-tune with Autopilot, deploy the best candidate, publish it.

prepare -> start-automl -> wait-automl -> deploy-model -> wait-endpoint -> publish-candidate
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from config import names
from config.base_models import BASE_MODELS
from config.models import ParameterRef, TrainingConfig
from config.models.training import LABELING
from pipelines import places, sources
from pipelines.context import Context
from pipelines.functions import INTEGER, function_step, output, texts, wait_step
from pipelines.processing import Job, output_uri, processing_step
from pipelines.sdk import CallbackStep, ExecutionVariables, Join, LambdaStep, Step
from pipelines.settings import SAMPLE, step_settings
from pipelines.step import RequestStep

# AutoMLChannel.ContentType; both channels share it.
CONTENT_TYPES: Final = {"csv": "text/csv;header=present", "parquet": "x-application/vnd.amazon+parquet"}

Training = Context[TrainingConfig]


def build(context: Training) -> Sequence[Step]:
    """The steps, in order."""
    prepare = prepare_step(context)
    start_automl = start_automl_step(context, prepare)
    wait_automl = wait_automl_step(context, start_automl)
    deploy_model = deploy_model_step(context, wait_automl)
    wait_endpoint = wait_endpoint_step(context, deploy_model)
    publish = publish_candidate_step(context, prepare, wait_automl, deploy_model, wait_endpoint)
    return [prepare, start_automl, wait_automl, deploy_model, wait_endpoint, publish]


def prepare_step(context: Training) -> RequestStep:
    """Rows to training, validation and evaluation sets, and a report on the data."""
    config = context.config
    inputs: dict[str, Any] = {}
    data = config.data.model_dump(mode="json")
    if config.data.source == LABELING:
        inputs["data"] = context.parameters["LabeledData"]
    elif not sources.is_hub(config.data.source):
        inputs["data"] = data["source"] = sources.uri(context, "data.source", config.data.source)
    if config.data.tokenizer is not None:
        inputs["tokenizer"] = data["tokenizer"] = sources.uri(
            context, "data.tokenizer", config.data.tokenizer
        )
    # The references of `data` are found in the model, not in its plain form.
    settings = step_settings("prepare", config, {"data": config.data, "model": _model(config), **SAMPLE})
    settings = settings.with_part("data", data)
    outputs = ("training", "validation", "evaluation", "report")
    return processing_step(context, config.steps.prepare, Job(settings, inputs, outputs))


def _model(config: TrainingConfig) -> dict[str, Any]:
    """The base model and its limits on rows: of every choice where an execution chooses the model."""
    model, base_model = config.model, config.model.base_model
    own = {"base_model": base_model, "context_tokens": model.context_tokens}
    if not isinstance(base_model, ParameterRef):
        limits = _limits(base_model)
        return {**own, **limits, "context_tokens": model.context_tokens or limits["context_tokens"]}
    choices = config.parameters[base_model.parameter].allowed or tuple(BASE_MODELS)
    return {**own, "base_models": {str(name): _limits(str(name)) for name in choices if name in BASE_MODELS}}


def _limits(base_model: str) -> dict[str, int]:
    """Tokens of one row, and rows of both channels together."""
    found = BASE_MODELS[base_model]
    return {"context_tokens": found.context_tokens, "max_rows": found.max_rows}


def start_automl_step(context: Training, prepare: RequestStep) -> LambdaStep:
    """Starts the fine-tuning job; the same job again when called again."""
    config, env, value = context.config, context.env, context.value
    data, model, tuning = config.data, config.model, config.model.hyperparameters
    channel = data.validation == "channel"
    inputs = {
        "training_data": output_uri(prepare, "training"),
        "validation_data": output_uri(prepare, "validation") if channel else "",
        "validation_fraction": "" if channel else value(data.validation_fraction),
        "content_type": CONTENT_TYPES[data.output_format],
        "output_path": places.of_execution(context, "start-automl"),
        "base_model": value(model.base_model),
        "accept_eula": model.accept_eula,
        "epoch_count": value(tuning.epoch_count),
        "learning_rate": value(tuning.learning_rate),
        "batch_size": value(tuning.batch_size),
        "learning_rate_warmup_steps": value(tuning.learning_rate_warmup_steps),
        "max_runtime_seconds": value(model.job.max_runtime_seconds),
        "max_training_job_seconds": value(model.job.max_training_job_seconds),
        "role_arn": names.role_arn(env, "automl"),
        **_surroundings(context),
    }
    outputs = {**texts("job_name", "job_arn"), "attempt": INTEGER}
    return function_step(context, "start-automl", "start_automl", inputs, outputs)


def wait_automl_step(context: Training, start_automl: LambdaStep) -> CallbackStep:
    """Waits for the fine-tuning job."""
    return wait_step(
        context,
        "wait-automl",
        "automl",
        output(start_automl, "job_name"),
        deadline_seconds=context.config.wait.deadline_seconds,
        outputs=("job_name", "job_status", "secondary_status"),
    )


def deploy_model_step(context: Training, wait_automl: CallbackStep) -> LambdaStep:
    """Best candidate to model, endpoint configuration and endpoint, named after the execution."""
    env, endpoint, value = context.env, context.config.endpoint, context.value
    inputs = {
        "job_name": output(wait_automl, "job_name"),
        "name": Join(on="-", values=[env.prefix, ExecutionVariables.PIPELINE_EXECUTION_ID]),
        "instance_type": value(endpoint.instance_type),
        "instance_count": value(endpoint.instance_count),
        "model_data_download_timeout_seconds": endpoint.model_data_download_timeout_seconds,
        "startup_health_check_timeout_seconds": endpoint.startup_health_check_timeout_seconds,
        "environment": json.dumps(dict(endpoint.environment), sort_keys=True),
        "role_arn": names.role_arn(env, "endpoint"),
        "after_evaluation": endpoint.after_evaluation,
        **_surroundings(context),
    }
    outputs = texts("endpoint_name", "model_name", "model_data_url", "image")
    return function_step(context, "deploy-model", "deploy_model", inputs, outputs)


def wait_endpoint_step(context: Training, deploy_model: LambdaStep) -> CallbackStep:
    """Waits until the endpoint is in service."""
    return wait_step(
        context,
        "wait-endpoint",
        "endpoint",
        output(deploy_model, "endpoint_name"),
        deadline_seconds=context.config.wait.deadline_seconds,
        outputs=("endpoint_name", "endpoint_arn", "endpoint_status"),
    )


def publish_candidate_step(
    context: Training,
    prepare: RequestStep,
    wait_automl: CallbackStep,
    deploy_model: LambdaStep,
    wait_endpoint: CallbackStep,
) -> LambdaStep:
    """Writes candidate.json, from which inference pipelines take their parameters."""
    config = context.config
    inputs = {
        "pipeline_name": context.name,
        "job_name": output(wait_automl, "job_name"),
        "endpoint_name": output(wait_endpoint, "endpoint_name"),
        "model_data_url": output(deploy_model, "model_data_url"),
        "image": output(deploy_model, "image"),
        "base_model": context.value(config.model.base_model),
        "training_data": output_uri(prepare, "training"),
        "evaluation_data": output_uri(prepare, "evaluation"),
        "report_data": output_uri(prepare, "report"),
        "after_evaluation": config.endpoint.after_evaluation,
        "output_uri": places.of_execution(context, "candidate.json"),
        "commit": context.parameters["Commit"],
    }
    outputs = texts("candidate_uri")
    return function_step(context, "publish-candidate", "publish_candidate", inputs, outputs)


def _surroundings(context: Training) -> dict[str, Any]:
    """Encryption, network and tags of what a function makes; Lambda inputs are flat, so lists are texts."""
    network = context.env.network
    return {
        "kms_key": context.env.kms_key or "",
        "subnets": ",".join(network.subnets),
        "security_groups": ",".join(network.security_groups),
        "tags": json.dumps(context.tags, ensure_ascii=False, sort_keys=True),
    }
