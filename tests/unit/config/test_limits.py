"""Tables and patterns kept as data agree with what AWS's own model of its services says."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from botocore.session import get_session
from pydantic import BaseModel, ValidationError

from config import regions
from config.annotations import check_alone
from config.base_models import BASE_MODELS
from config.metrics import ALGORITHMS, METRICS
from config.models import types
from config.models.environment import RoleArn
from steps.evaluate import names as evaluate_names


@cache
def _sagemaker() -> Any:
    return get_session().get_service_model("sagemaker")


def _accepts(annotation: Any, value: str) -> bool:
    try:
        check_alone(annotation, value)
    except ValidationError:
        return False
    return True


def test_regions_are_sagemakers() -> None:
    """The table has exactly the Regions where SageMaker is, each in its partition."""
    session = get_session()
    known = {
        region: partition
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("sagemaker", partition)
    }
    assert set(regions.CONTAINER_ACCOUNTS) == set(known)
    assert {region: regions.partition(region) for region in known} == known
    assert set(regions.AUTOPILOT_REGIONS) <= set(known)


@pytest.mark.parametrize(
    "region", ["us-east-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1"]
)
def test_domains_are_the_partitions(region: str) -> None:
    """Registries and queues are addressed under the domain of the partition."""
    client = get_session().create_client(
        "sqs", region_name=region, aws_access_key_id="none", aws_secret_access_key="none"
    )
    assert client.meta.endpoint_url == f"https://sqs.{region}.{regions.domain(region)}"


@pytest.mark.parametrize(
    "shape", ["ProcessingInstanceType", "ProductionVariantInstanceType", "TransformInstanceType"]
)
def test_every_instance_type_is_taken(shape: str) -> None:
    """No instance type of AWS is refused for its form."""
    assert [
        each for each in _sagemaker().shape_for(shape).enum if not _accepts(types.InstanceType, each)
    ] == []


@pytest.mark.parametrize(
    "wrong", ["m5.xlarge", "ml.m5", "ml.m5.huge", "ml.M5.xlarge", "ml.m5.xlarge ", "ml..xlarge"]
)
def test_other_instance_types_are_not(wrong: str) -> None:
    """What only looks like an instance type is refused."""
    assert not _accepts(types.InstanceType, wrong)


@pytest.mark.parametrize(
    ("annotation", "shape"),
    [
        (types.EntityName, "PipelineName"),
        (types.ImageUri, "ContainerImage"),
        (types.KmsKey, "KmsKeyId"),
        (RoleArn, "RoleArn"),
    ],
)
def test_texts_are_as_long_as_the_service_takes(annotation: Any, shape: str) -> None:
    """The longest text that a pattern takes is the longest of the service."""
    text = next(each for each in annotation.__metadata__ if isinstance(each, types.Text))
    assert text.longest == _sagemaker().shape_for(shape).metadata["max"]


@pytest.mark.parametrize(
    "name", ["a", "A-b", "a--b", "0", "a" * 256, "-a", "a-", "a_b", "", "a b", "a" * 257]
)
def test_names_are_the_services(name: str) -> None:
    """A pipeline name is taken here exactly when the service's pattern takes it."""
    shape = _sagemaker().shape_for("PipelineName").metadata
    allowed = re.fullmatch(shape["pattern"], name) is not None and len(name) <= shape["max"]
    assert _accepts(types.EntityName, name) == allowed


def test_base_models_are_complete() -> None:
    """Eighteen models: three limits of rows, two of context, licences for Llama 2, Falcon served by TGI."""
    assert len(BASE_MODELS) == 18
    assert {name for name, model in BASE_MODELS.items() if model.max_rows == 1_000} == {
        "Falcon7B",
        "Falcon7BInstruct",
    }
    assert {name for name, model in BASE_MODELS.items() if model.max_rows == 7_000} == {
        "Llama2-13B",
        "Llama2-13BChat",
    }
    assert {name for name, model in BASE_MODELS.items() if model.needs_eula} == {
        name for name in BASE_MODELS if name.startswith("Llama2")
    }
    assert {name for name, model in BASE_MODELS.items() if model.request == "inputs"} == {
        name for name in BASE_MODELS if name.startswith("Falcon")
    }
    assert {
        model.context_tokens for model in BASE_MODELS.values() if model.family in ("llama-2", "mistral")
    } == {2048}


def test_metrics_are_those_that_are_computed() -> None:
    """The names that the YAML may use are those that the evaluate step knows."""
    assert METRICS == evaluate_names.METRICS
    assert ALGORITHMS == evaluate_names.ALGORITHMS


def test_durations() -> None:
    """A duration is seconds for the platform and ISO 8601 for the service."""
    assert [types.seconds(each) for each in ("90s", "15m", "12h", "3d")] == [90, 900, 43_200, 259_200]
    assert [types.iso_duration(each) for each in ("90s", "15m", "12h", "3d")] == [
        "PT90S",
        "PT15M",
        "PT12H",
        "P3D",
    ]


def test_every_model_is_frozen_and_strict() -> None:
    """No model of a file takes unknown keys, converts silently, or can be changed."""

    def models(parent: type[BaseModel]) -> list[type[BaseModel]]:
        return [each for child in parent.__subclasses__() for each in (child, *models(child))]

    settings = [model.model_config for model in models(types.Model)]
    assert len(settings) > 25
    assert all(each["frozen"] and each["strict"] and each["extra"] == "forbid" for each in settings)
