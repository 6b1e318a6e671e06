"""What `--output json` prints, by verb: examples that docs/commands.md shows and tests hold commands to.

A key in angle brackets stands for any number of keys; null for a value that may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_AT = "2026-11-22T12:00:00+00:00"
_ARN = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/local-facts-inference/execution/4f0b6mz1kq2x"

_EXECUTION: dict[str, Any] = {
    "arn": _ARN,
    "id": "4f0b6mz1kq2x",
    "pipeline": "facts-inference",
    "status": "Succeeded",
    "started": _AT,
    "ended": _AT,
    "description": "started by alice at commit 0123456789ab",
    "reason": "",
}
_WHOLE_EXECUTION: dict[str, Any] = {
    **_EXECUTION,
    "exit_code": 0,
    "steps": [
        {
            "name": "evaluate",
            "type": "Processing",
            "status": "Succeeded",
            "started": _AT,
            "ended": _AT,
            "attempts": 1,
            "cached_from": "",
            "reason": "",
        }
    ],
    "parameters": {"<parameter>": "value, always a text"},
    "gates": [
        {
            "step": "gate",
            "metric": "f1",
            "comparison": "at least",
            "bound": 0.5,
            "value": 0.68,
            "passed": True,
        }
    ],
    "metrics": {"<member of evaluation_metrics.json>": "as the evaluation wrote it"},
    "candidate": {"<figure of the fine-tuning>": 0.86},
    "model_package": "arn:aws:sagemaker:us-east-1:123456789012:model-package/local-facts/3",
    "endpoint": {"name": "local-4f0b6mz1kq2x", "status": "gone"},
}
_PACKAGE: dict[str, Any] = {
    "package": "local-facts/3",
    "arn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/local-facts/3",
    "group": "local-facts",
    "version": 3,
    "approval": "PendingManualApproval",
    "created": _AT,
    "description": "",
    "reason": "",
    "metadata": {"<name>": "text; empty in a listing"},
    "metrics_uri": "s3://bucket/key",
    "image": "uri",
    "model_data_url": "s3://bucket/key",
}

_LABELING_JOB: dict[str, Any] = {
    "job": "local-calls-segments-261127-120000",
    "arn": "arn:aws:sagemaker:us-east-1:123456789012:labeling-job/local-calls-segments-261127-120000",
    "status": "Completed",
    "created": _AT,
    "ended": _AT,
    "objects": {"total": 66, "labeled": 65, "failed": 0, "unlabeled": 1},
    "workers": 3,
    "team": "call-listeners",
    "attribute": "labels",
    "manifest": "s3://bucket/key",
    "output": "s3://bucket/folder, or empty",
    "reason": "",
}

SHAPES: Mapping[str, Any] = {
    "list": {
        "environment": "local",
        "pipelines": [
            {
                "name": "facts-training",
                "kind": "training",
                "deployed_as": "local-facts-training",
                "description": "",
                "parameters": {"<parameter>": {"<as declared: type, default, ...>": ""}},
            }
        ],
    },
    "validate": {
        "environment": "local",
        "valid": False,
        "problems": [
            {
                "file": "config/pipelines/x.yaml",
                "line": 3,
                "column": 1,
                "key": "endpoint.after_evaluation",
                "message": "what is wrong",
                "hint": None,
            }
        ],
    },
    "upsert": {
        "environment": "local",
        "pipelines": [
            {
                "name": "facts-training",
                "arn": "arn:aws:sagemaker:us-east-1:123456789012:pipeline/local-facts-training",
                "change": "created, updated or unchanged",
                "differs": ["definition, description, role, parallelism, tags"],
            }
        ],
        "writes": 0,
    },
    "run": {"executions": [_WHOLE_EXECUTION]},
    "status": _WHOLE_EXECUTION,
    "watch": _WHOLE_EXECUTION,
    "executions": {"executions": [_EXECUTION]},
    "outputs": {
        "execution": _EXECUTION,
        "files": [{"step": "evaluate", "uri": "s3://bucket/key", "place": "the URI, or a path", "bytes": 1}],
    },
    "logs": {"execution": _EXECUTION, "lines": [{"step": "evaluate", "at": _AT, "text": "a line"}]},
    "cleanup": {
        "leftovers": [
            {
                "kind": "endpoint, endpoint configuration, model, objects of an execution, "
                "raw output of an execution, code bundle, settings bundle, data bundle, functions bundle, "
                "function version",
                "name": "local-4f0b6mz1kq2x",
                "arn": "arn",
                "created": _AT,
                "execution": "arn, or empty",
                "kept_on_purpose": False,
                "usd_per_hour": 7.09,
                "bytes": 1,
                "in_use": "why it stays, or empty",
                "deleted": False,
            }
        ]
    },
    "teardown": {
        "environment": "dev",
        "deleted": False,
        "deletions": [{"text": "delete stack dev-base (18 resources)", "resources": ["type and name"]}],
        "stays": [{"kind": "bucket", "name": "dev-pipelines-111111111111-us-east-1", "why": "why it stays"}],
        "running": ["ARNs of executions that stand in the way"],
    },
    "registry list": {"packages": [_PACKAGE]},
    "registry show": _PACKAGE,
    "labeling manifest": {"manifest": "calls.manifest", "objects": 66, "uploads": 0},
    "labeling create": {
        "job": "local-calls-segments-261127-120000",
        "objects": 66,
        "workers": 3,
        "created": True,
        "notes": ["something to know"],
    },
    "labeling team": {
        "name": "call-listeners",
        "arn": "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/call-listeners",
        "exists": True,
        "description": "",
        "members": ["group call-listeners of user pool us-east-1_Example1"],
        "portal": "host of the workers' portal, or empty",
        "workforce": "default",
    },
    "labeling status": _LABELING_JOB,
    "labeling wait": _LABELING_JOB,
    "local status": {
        "running": True,
        "endpoint": "http://127.0.0.1:40000",
        "pid": 1234,
        "started": _AT,
        "folder": "/path/.local",
    },
    "local env": {"set": {"<variable>": "value"}, "unset": ["AWS_PROFILE"]},
}


def misfits(document: Any, shape: Any, place: str = "") -> list[str]:
    """Where a document has other members than its shape, or another kind of value; empty when it fits."""
    if document is None or shape is None:
        return []
    if isinstance(shape, Mapping) and isinstance(document, Mapping):
        return _misfits_of_members(document, shape, place)
    if isinstance(shape, list) and isinstance(document, list):
        return [
            found
            for number, each in enumerate(document)
            for found in misfits(each, shape[0], f"{place}[{number}]")
        ]
    alike = type(document) is type(shape) or {type(document), type(shape)} == {int, float}
    return [] if alike else [f"{place}: {type(document).__name__} instead of {type(shape).__name__}"]


def _misfits_of_members(document: Mapping[str, Any], shape: Mapping[str, Any], place: str) -> list[str]:
    if any(key.startswith("<") for key in shape):
        return []
    wrong = [f"{place}.{key}: not in the shape" for key in document if key not in shape]
    wrong += [f"{place}.{key}: missing" for key in shape if key not in document]
    return wrong + [
        found
        for key in shape
        if key in document
        for found in misfits(document[key], shape[key], f"{place}.{key}")
    ]
