"""The registration: CreateModelPackage with what a reviewer needs to trace a model.

Values of CustomerMetadataProperties hold at most 256 characters, so long things are named by their URI.
"""

from __future__ import annotations

from typing import Any, Final

from config import names
from config.models import InferenceConfig, StepRetries
from config.platform_parameters import SAMPLE_ROWS
from pipelines.context import Context
from pipelines.processing import output_uri
from pipelines.retries import step_retries
from pipelines.sdk import ExecutionVariables, Join, StepTypeEnum
from pipelines.step import RequestStep

METRICS_FILE: Final = "evaluation_metrics.json"
REPORT_FILE: Final = "evaluation_report.html"
DEFAULT_RETRIES: Final = StepRetries()


def register_step(
    context: Context[InferenceConfig], evaluate: RequestStep, environment: dict[str, str]
) -> RequestStep:
    """Registers the candidate; ``environment`` is that of its container, as the training pipeline sets it."""
    return RequestStep(
        "register",
        StepTypeEnum.REGISTER_MODEL,
        _request(context, evaluate, environment),
        response_shape="DescribeModelPackageOutput",
        retries=step_retries(DEFAULT_RETRIES),
    )


def _request(
    context: Context[InferenceConfig], evaluate: RequestStep, environment: dict[str, str]
) -> dict[str, Any]:
    registry = context.config.registry
    description = {"ModelPackageDescription": registry.description} if registry.description else {}
    return {
        "ModelPackageGroupName": names.group_name(context.env, registry.group),
        **description,
        "ModelApprovalStatus": context.value(registry.approval_status),
        "Domain": "NATURAL_LANGUAGE_PROCESSING",
        "Task": "TEXT_GENERATION",
        "InferenceSpecification": _inference(context, environment),
        "ModelMetrics": {"ModelQuality": {"Statistics": _file(evaluate, "metrics", METRICS_FILE)}},
        "MetadataProperties": {
            "CommitId": context.parameters["Commit"],
            "GeneratedBy": ExecutionVariables.PIPELINE_EXECUTION_ARN,
        },
        "CustomerMetadataProperties": _metadata(context, evaluate),
    }


def _inference(context: Context[InferenceConfig], environment: dict[str, str]) -> dict[str, Any]:
    registry, parameters = context.config.registry, context.parameters
    container = {"Image": parameters["ModelImage"], "ModelDataUrl": parameters["ModelDataUrl"]}
    transform = list(registry.transform_instances)
    return {
        "Containers": [{**container, "Environment": environment} if environment else container],
        "SupportedContentTypes": list(registry.content_types),
        "SupportedResponseMIMETypes": list(registry.response_types),
        "SupportedRealtimeInferenceInstanceTypes": list(registry.inference_instances),
        **({"SupportedTransformInstanceTypes": transform} if transform else {}),
    }


def _file(evaluate: RequestStep, output: str, name: str) -> dict[str, Any]:
    uri = Join(on="/", values=[output_uri(evaluate, output), name])
    return {"ContentType": "application/json", "S3Uri": uri}


def _metadata(context: Context[InferenceConfig], evaluate: RequestStep) -> dict[str, Any]:
    parameters = context.parameters
    return {
        "base_model": parameters["BaseModelName"],
        "automl_job": parameters["AutoMLJobName"],
        "data_hash": parameters["DataHash"],
        "candidate": parameters["CandidateUri"],
        "training_execution": parameters["TrainingExecution"],
        "report": Join(on="/", values=[output_uri(evaluate, "report"), REPORT_FILE]),
        "commit": parameters["Commit"],
        "dirty_tree": parameters["DirtyTree"],
        "execution": ExecutionVariables.PIPELINE_EXECUTION_ARN,
        # A Join: the registry takes texts alone. 0 is a run on all rows.
        "sample_rows": Join(values=[parameters[SAMPLE_ROWS]]),
    }
