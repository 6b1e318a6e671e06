"""The SageMaker SDK, imported here and nowhere else, out of reach of the settings of the shell.

Importing SDK 3.27 builds a boto3 client in a class body (sagemaker/ai_registry/air_hub.py): without a region
it raises NoRegionError, with a broken AWS_PROFILE ProfileNotFound. It looks for a home folder, which the user
of a container may not have. It also installs a handler on the root logger and makes boto3's default session.
So the import happens with a neutral environment, and everything is put back afterwards. It makes some million
objects that stay, which Python's collector would go through again and again: at rest meanwhile, it saves a
seventh of the import's seconds.
"""

from __future__ import annotations

import gc
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import boto3

SDK_SETTINGS: Final = Path(__file__).with_name("sagemaker-sdk.yaml")

_NEUTRAL: Final = {
    "HOME": os.devnull,
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "SAGEMAKER_USER_CONFIG_OVERRIDE": str(SDK_SETTINGS),
    "SAGEMAKER_ADMIN_CONFIG_OVERRIDE": str(SDK_SETTINGS),
}
_REMOVED: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION")


@contextmanager
def neutral() -> Iterator[None]:
    """No region, profile or credentials of the shell, no log lines, no warnings; all put back at the end."""
    handlers, level, disabled = logging.root.handlers[:], logging.root.level, logging.root.manager.disable
    environment = {name: os.environ.get(name) for name in (*_NEUTRAL, *_REMOVED)}
    session = boto3.DEFAULT_SESSION
    _set_environment({**_NEUTRAL, **dict.fromkeys(_REMOVED)})
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        boto3.DEFAULT_SESSION = session
        _set_environment(environment)
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
        logging.disable(disabled)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """No garbage collection inside; what was made there is left out of later ones too."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def _set_environment(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


with neutral(), _collector_at_rest():
    from sagemaker.core.lambda_helper import Lambda
    from sagemaker.core.network import NetworkConfig
    from sagemaker.core.processing import Processor
    from sagemaker.core.shapes import (
        ProcessingInput,
        ProcessingOutput,
        ProcessingS3Input,
        ProcessingS3Output,
    )
    from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo, ConditionLessThanOrEqualTo
    from sagemaker.core.workflow.execution_variables import ExecutionVariables
    from sagemaker.core.workflow.functions import Join, JsonGet
    from sagemaker.core.workflow.parameters import (
        Parameter,
        ParameterBoolean,
        ParameterFloat,
        ParameterInteger,
        ParameterString,
    )
    from sagemaker.core.workflow.pipeline_context import PipelineSession
    from sagemaker.core.workflow.properties import Properties, PropertyFile
    from sagemaker.mlops.workflow.callback_step import CallbackOutput, CallbackStep
    from sagemaker.mlops.workflow.condition_step import ConditionStep
    from sagemaker.mlops.workflow.fail_step import FailStep
    from sagemaker.mlops.workflow.lambda_step import LambdaOutput, LambdaOutputTypeEnum, LambdaStep
    from sagemaker.mlops.workflow.pipeline import Pipeline
    from sagemaker.mlops.workflow.retry import (
        SageMakerJobExceptionTypeEnum,
        SageMakerJobStepRetryPolicy,
        StepExceptionTypeEnum,
        StepRetryPolicy,
    )
    from sagemaker.mlops.workflow.steps import CacheConfig, ConfigurableRetryStep, Step, StepTypeEnum

__all__ = [
    "CacheConfig",
    "CallbackOutput",
    "CallbackStep",
    "ConditionGreaterThanOrEqualTo",
    "ConditionLessThanOrEqualTo",
    "ConditionStep",
    "ConfigurableRetryStep",
    "ExecutionVariables",
    "FailStep",
    "Join",
    "JsonGet",
    "Lambda",
    "LambdaOutput",
    "LambdaOutputTypeEnum",
    "LambdaStep",
    "NetworkConfig",
    "Parameter",
    "ParameterBoolean",
    "ParameterFloat",
    "ParameterInteger",
    "ParameterString",
    "Pipeline",
    "PipelineSession",
    "ProcessingInput",
    "ProcessingOutput",
    "ProcessingS3Input",
    "ProcessingS3Output",
    "Processor",
    "Properties",
    "PropertyFile",
    "SageMakerJobExceptionTypeEnum",
    "SageMakerJobStepRetryPolicy",
    "Step",
    "StepExceptionTypeEnum",
    "StepRetryPolicy",
    "StepTypeEnum",
    "neutral",
]
