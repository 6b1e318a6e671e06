"""Every name that the platform gives to something on AWS, as pure functions of the environment.

All of them fit the services' limits for any prefix of at most 20 characters: the longest are the bucket
(20 + 11 + 12 + 1 + 14 = 58 of 63) and the endpoint configuration (20 + 1 + 12 + 1 + 12 = 46 of 63).
"""

from __future__ import annotations

from typing import Final, Literal

from config import regions
from config.models.environment import Environment
from config.models.pipeline import ProcessingStep

Role = Literal["pipeline", "processing", "automl", "endpoint", "functions", "batch", "labeling"]

PREFIX_TAG: Final = "pipelines:prefix"

LABELING_JOB_TIME: Final = "yymmdd-hhmmss"
_LABELING_JOB: Final = 63  # shape LabelingJobName
# The AWS deep-learning container (PyTorch, CPU) that steps run in when nothing else is said. Python 3.11:
# fmeval's pins have wheels for it.
PINNED_IMAGE: Final = "pytorch-training:2.5.1-cpu-py311-ubuntu22.04-sagemaker"


def partition(env: Environment) -> str:
    """The partition of the environment's region: aws, aws-cn, aws-us-gov, ..."""
    return regions.partition(env.region)


def bucket(env: Environment) -> str:
    """The bucket that everything of the environment lies in."""
    return env.bucket or f"{env.prefix}-pipelines-{env.account}-{env.region}"


def key_prefix(env: Environment) -> str:
    """The first part of every key in the bucket."""
    return env.prefix


def s3_uri(env: Environment, key: str) -> str:
    """The URI of a key of the environment's bucket."""
    return f"s3://{bucket(env)}/{key}"


def role_arn(env: Environment, role: Role) -> str:
    """The role of that purpose: the environment's own, or the one that bootstrap makes."""
    given: str | None = getattr(env.roles, role)
    return given or f"arn:{partition(env)}:iam::{env.account}:role/{env.prefix}-{role}"


def function_name(env: Environment, function: str) -> str:
    """``start_automl`` -> ``<prefix>-start-automl``."""
    return f"{env.prefix}-{function.replace('_', '-')}"


def function_arn(env: Environment, function: str) -> str:
    """The ARN of the function's alias ``live``, its newest version; or the one that the environment names."""
    return env.functions.get(function) or (
        f"arn:{partition(env)}:lambda:{env.region}:{env.account}:function:{function_name(env, function)}:live"
    )


def queue_name(env: Environment, queue: str) -> str:
    """``wait`` -> ``<prefix>-wait``."""
    return f"{env.prefix}-{queue}"


def queue_url(env: Environment, queue: str) -> str:
    """The URL that messages are sent to."""
    return f"https://sqs.{env.region}.{regions.domain(env.region)}/{env.account}/{queue_name(env, queue)}"


def pipeline_name(env: Environment, name: str) -> str:
    """The name on SageMaker of the pipeline called ``name`` in its file."""
    return f"{env.prefix}-{name}"


def pipeline_arn(env: Environment, name: str) -> str:
    """The ARN on SageMaker; the service lower-cases names there."""
    full = pipeline_name(env, name).lower()
    return f"arn:{partition(env)}:sagemaker:{env.region}:{env.account}:pipeline/{full}"


def labeling_job_prefix(env: Environment, name: str) -> str:
    """What the names of a labeling job's runs begin with; the time of their creation follows."""
    return f"{env.prefix}-{name}-"


def longest_labeling_job(env: Environment) -> int:
    """Characters that a labeling job's own name may have, so that 63 are enough for the whole."""
    return _LABELING_JOB - len(labeling_job_prefix(env, "")) - len(LABELING_JOB_TIME)


def labeling_output(env: Environment) -> str:
    """Where labeling jobs write, where nothing else is said."""
    return s3_uri(env, f"{key_prefix(env)}/labeling/jobs")


def group_name(env: Environment, group: str) -> str:
    """The full name of a model package group."""
    return f"{env.prefix}-{group}"


def package_key(env: Environment, group: str, version: int, name: str) -> str:
    """The key of a file that is kept with a model package, such as its evidence page."""
    return f"{key_prefix(env)}/reviews/{group}/{version}/{name}"


Stack = Literal["base", "services", "access"]


def stack_name(env: Environment, stack: Stack) -> str:
    """The CloudFormation stack of that template."""
    return f"{env.prefix}-{stack}"


def ownership(env: Environment) -> dict[str, str]:
    """The tag on everything that is made for the environment; what lacks it is never deleted."""
    return {PREFIX_TAG: env.prefix}


def kms_arn(env: Environment) -> str:
    """The ARN of the environment's key, or of its alias; empty when it names none."""
    key = env.kms_key or ""
    if not key or key.startswith("arn:"):
        return key
    rest = key if key.startswith("alias/") else f"key/{key}"
    return f"arn:{partition(env)}:kms:{env.region}:{env.account}:{rest}"


def kms_alias(env: Environment) -> str:
    """``alias/...`` when that is how the environment names its key; else empty."""
    _, found, name = kms_arn(env).partition(":alias/")
    return f"alias/{name}" if found else ""


def pinned_image(env: Environment) -> str:
    """The pinned AWS deep-learning container in the registry of the region."""
    account = regions.CONTAINER_ACCOUNTS[env.region]
    return f"{account}.dkr.ecr.{env.region}.{regions.domain(env.region)}/{PINNED_IMAGE}"


def step_image(env: Environment, name: str, step: ProcessingStep) -> str:
    """The image of a step: its own, the environment's for it, the environment's default, the pinned one."""
    return step.image or env.images.steps.get(name) or env.images.default or pinned_image(env)
