"""Small definitions for tests: one good definition of every step type in use, and ways to break it."""

from __future__ import annotations

import copy
from typing import Any

from definition.checks import check

JSON = dict[str, Any]


def processing(name: str = "prepare", **members: Any) -> JSON:
    """A Processing step with one input, one output and a property file."""
    return {
        "Name": name,
        "Type": "Processing",
        "Arguments": {
            "AppSpecification": {
                "ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1",
                "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/run.py"],
                "ContainerArguments": [
                    "--rows",
                    {"Std:Join": {"On": "", "Values": [{"Get": "Parameters.Rows"}]}},
                ],
            },
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30}
            },
            "RoleArn": "arn:aws:iam::123456789012:role/processing",
            "ProcessingInputs": [processing_input("code")],
            "ProcessingOutputConfig": {"Outputs": [processing_output("metrics")]},
            "Environment": {"LEVEL": "info"},
        },
        "PropertyFiles": [
            {"PropertyFileName": "metrics", "OutputName": "metrics", "FilePath": "metrics.json"}
        ],
        **members,
    }


def processing_input(name: str) -> JSON:
    """One input."""
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": "s3://bucket/code",
            "LocalPath": f"/opt/ml/processing/input/{name}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
        },
    }


def processing_output(name: str) -> JSON:
    """One output, at a URI with the execution's id."""
    uri = {"Std:Join": {"On": "/", "Values": ["s3://bucket", {"Get": "Execution.PipelineExecutionId"}, name]}}
    return {
        "OutputName": name,
        "S3Output": {
            "S3Uri": uri,
            "LocalPath": f"/opt/ml/processing/output/{name}",
            "S3UploadMode": "EndOfJob",
        },
    }


METRICS_URI = "Steps.prepare.ProcessingOutputConfig.Outputs['metrics'].S3Output.S3Uri"


def function(name: str = "start", **members: Any) -> JSON:
    """A Lambda step that takes the metrics' URI."""
    return {
        "Name": name,
        "Type": "Lambda",
        "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:start:live",
        "Arguments": {"data": {"Get": METRICS_URI}, "rows": {"Get": "Parameters.Rows"}, "flag": True},
        "OutputParameters": [{"OutputName": "job_name", "OutputType": "String"}],
        **members,
    }


def callback(name: str = "wait", **members: Any) -> JSON:
    """A Callback step that waits for the Lambda step's job."""
    return {
        "Name": name,
        "Type": "Callback",
        "SqsQueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/wait",
        "Arguments": {"name": {"Get": "Steps.start.OutputParameters['job_name']"}},
        "OutputParameters": [{"OutputName": "status", "OutputType": "String"}],
        **members,
    }


def figure(path: str = "metrics.f1.mean") -> JSON:
    """A figure of the property file."""
    return {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.prepare.PropertyFiles.metrics"}, "Path": path}}


def registration(name: str = "register", **arguments: Any) -> JSON:
    """A RegisterModel step."""
    container = {"Image": {"Get": "Parameters.Image"}, "ModelDataUrl": "s3://bucket/model.tar.gz"}
    return {
        "Name": name,
        "Type": "RegisterModel",
        "Arguments": {
            "ModelPackageGroupName": "group",
            "ModelApprovalStatus": "PendingManualApproval",
            "InferenceSpecification": {
                "Containers": [container],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            "CustomerMetadataProperties": {"commit": "0123abc"},
            **arguments,
        },
    }


def failing(name: str = "missed", message: Any = "Gate missed") -> JSON:
    """A Fail step."""
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}}


def condition(name: str = "gate", **arguments: Any) -> JSON:
    """A Condition step: register, or fail."""
    comparison = {"Type": "GreaterThanOrEqualTo", "LeftValue": figure(), "RightValue": 0.5}
    return {
        "Name": name,
        "Type": "Condition",
        "Arguments": {
            "Conditions": [comparison],
            "IfSteps": [registration()],
            "ElseSteps": [failing()],
            **arguments,
        },
    }


def good() -> JSON:
    """A definition without a problem, with every type of step that the platform uses."""
    return {
        "Version": "2020-12-01",
        "Metadata": {},
        "Parameters": [
            {"Name": "Rows", "Type": "Integer", "DefaultValue": 10},
            {
                "Name": "Image",
                "Type": "String",
                "DefaultValue": "image:1",
                "EnumValues": ["image:1", "image:2"],
            },
            {"Name": "Endpoint", "Type": "String"},
        ],
        "PipelineExperimentConfig": None,
        "MlflowConfig": None,
        "Steps": copy.deepcopy([processing(), function(), callback(), condition()]),
    }


def with_steps(*steps: JSON) -> JSON:
    """The good definition with other steps."""
    return {**good(), "Steps": list(steps)}


def facts(definition: Any, **options: Any) -> list[str]:
    """The problems of a definition, each as its one line."""
    return [problem.fact for problem in check(definition, **options)]
