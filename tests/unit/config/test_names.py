"""Names on AWS: pure functions of the environment, right in every partition, within every limit."""

from __future__ import annotations

import re

import pytest

from config import names, regions
from config.models import Environment, ProcessingStep

LONGEST_PREFIX = "a" * 20


def _environment(**changed: object) -> Environment:
    base = {"version": 1, "name": "dev", "account": "123456789012", "region": "us-east-1", "prefix": "dev"}
    return Environment.model_validate({**base, **changed})


def test_names_of_an_environment() -> None:
    """Every name begins with the prefix, and ARNs carry account and region."""
    env = _environment()
    assert names.bucket(env) == "dev-pipelines-123456789012-us-east-1"
    assert names.s3_uri(env, "dev/data/x") == "s3://dev-pipelines-123456789012-us-east-1/dev/data/x"
    assert names.key_prefix(env) == "dev"
    assert names.role_arn(env, "pipeline") == "arn:aws:iam::123456789012:role/dev-pipeline"
    assert names.function_name(env, "start_automl") == "dev-start-automl"
    assert names.function_arn(env, "start_automl") == (
        "arn:aws:lambda:us-east-1:123456789012:function:dev-start-automl:live"
    )
    assert names.queue_url(env, "wait") == "https://sqs.us-east-1.amazonaws.com/123456789012/dev-wait"
    assert names.pipeline_name(env, "Facts") == "dev-Facts"
    assert names.pipeline_arn(env, "Facts") == "arn:aws:sagemaker:us-east-1:123456789012:pipeline/dev-facts"
    assert names.group_name(env, "facts") == "dev-facts"
    assert names.stack_name(env, "base") == "dev-base"


def test_what_the_environment_gives_wins() -> None:
    """A bucket and roles named in the file are taken as they are."""
    role = "arn:aws:iam::123456789012:role/team/runner"
    env = _environment(bucket="our-bucket", roles={"pipeline": role})
    assert names.bucket(env) == "our-bucket"
    assert names.role_arn(env, "pipeline") == role
    assert names.role_arn(env, "automl").endswith(":role/dev-automl")


def test_other_partitions() -> None:
    """China and GovCloud have their own partition and domain."""
    china = _environment(region="cn-north-1")
    assert names.role_arn(china, "pipeline").startswith("arn:aws-cn:iam::")
    assert names.queue_url(china, "wait") == "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/dev-wait"
    assert names.pinned_image(china).startswith("727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/")
    assert names.pipeline_arn(_environment(region="us-gov-west-1"), "x").startswith("arn:aws-us-gov:")


def test_images_of_steps() -> None:
    """A step's own image wins, then the environment's for it, then its default, then the pinned one."""
    step = ProcessingStep()
    assert names.step_image(_environment(), "prepare", step) == (
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.5.1-cpu-py311-ubuntu22.04-sagemaker"
    )
    env = _environment(images={"default": "registry/all:1", "steps": {"prepare": "registry/prepare:1"}})
    assert names.step_image(env, "evaluate", step) == "registry/all:1"
    assert names.step_image(env, "prepare", step) == "registry/prepare:1"
    assert names.step_image(env, "prepare", step.model_copy(update={"image": "own:1"})) == "own:1"


@pytest.mark.parametrize("region", regions.CONTAINER_ACCOUNTS)
def test_the_longest_prefix_fits(region: str) -> None:
    """With a prefix of 20 characters, every name is within the limit of its service, in every Region."""
    env = _environment(region=region, prefix=LONGEST_PREFIX)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", names.bucket(env))
    assert len(names.function_name(env, "publish_candidate")) <= 64
    assert len(names.role_arn(env, "processing").rsplit("/")[-1]) <= 64
    assert len(names.queue_name(env, "wait-dead-letters")) <= 80
    assert len(names.stack_name(env, "services")) <= 128
    assert len(f"{LONGEST_PREFIX}-{'e' * 12}-{'h' * 12}") <= 63  # endpoint configuration
    assert len(names.pinned_image(env)) <= 255
