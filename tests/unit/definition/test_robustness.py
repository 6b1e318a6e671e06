"""Checks speak about anything: no shape of JSON makes them crash, and strangers' definitions pass."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from definition.checks import Problem, check, check_start
from tests.unit.definition.examples import facts, good

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        | st.fixed_dictionaries({"Get": inner})
        | st.fixed_dictionaries({"Std:Join": inner})
        | st.fixed_dictionaries({"Std:JsonGet": inner})
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [path, *(place for name, member in members for place in places(member, (*path, name)))]


PLACES = [place for place in places(good()) if place]


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(PLACES), value=ANYTHING)
def test_anything_anywhere_is_judged_and_never_crashes(place: tuple[Any, ...], value: Any) -> None:
    """Any part of a good definition replaced by any JSON."""
    definition = copy.deepcopy(good())
    parent: Any = definition
    for part in place[:-1]:
        parent = parent[part]
    parent[place[-1]] = value

    assert all(isinstance(problem, Problem) and problem.fact for problem in check(definition))


@settings(max_examples=100, deadline=None)
@given(definition=ANYTHING, values=st.dictionaries(st.text(max_size=5), ANYTHING, max_size=3))
def test_any_json_and_any_values_are_judged(definition: Any, values: dict[str, Any]) -> None:
    """Also as a whole, and at a start."""
    assert isinstance(check(definition), tuple)
    if isinstance(definition, dict):
        assert isinstance(check_start(definition, values), tuple)


def test_other_types_of_steps_pass() -> None:
    """A stranger's training, model, endpoint and loop, as the SDK writes them."""
    training = {
        "Name": "Train",
        "Type": "Training",
        "Arguments": {
            "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
            "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30},
            "RoleArn": "arn:aws:iam::123456789012:role/r",
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}},
                }
            ],
        },
    }
    artifacts = {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}
    model = {
        "Name": "Model",
        "Type": "Model",
        "Arguments": {
            "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r",
            "PrimaryContainer": {"Image": "image", "ModelDataUrl": artifacts, "Environment": {}},
        },
    }
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": {"Get": "Steps.Model.ModelName"},
        "InstanceType": "ml.g5.12xlarge",
        "InitialInstanceCount": 1,
    }
    config = {"Name": "Config", "Type": "EndpointConfig", "Arguments": {"ProductionVariants": [variant]}}
    endpoint = {
        "Name": "Endpoint",
        "Type": "Endpoint",
        "Arguments": {
            "EndpointName": "e",
            "EndpointConfigName": {"Get": "Steps.Config.EndpointConfigName"},
        },
    }
    check_step = {
        "Name": "Quality",
        "Type": "QualityCheck",
        "Arguments": {"anything": {"Get": "Steps.Train.FinalMetricDataList['loss'].Value"}},
    }
    loop = {
        "Name": "Each",
        "Type": "ForEach",
        "Arguments": {
            "IterableItems": ["a", "b"],
            "MaxConcurrency": 2,
            "ForEachBody": [
                {
                    "Name": "Call",
                    "Type": "Lambda",
                    "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:f",
                    "Arguments": {"item": {"Get": "ForEach.CurrentItem"}},
                }
            ],
        },
    }

    assert (
        facts({"Version": "2020-12-01", "Steps": [training, model, config, endpoint, check_step, loop]}) == []
    )
