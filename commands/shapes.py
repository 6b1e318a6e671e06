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
            "reused_from": "",
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
            "detail": "of a comparison with the approved package: what the evaluation found, else empty",
        }
    ],
    "metrics": {"<member of evaluation_metrics.json>": "as the evaluation wrote it"},
    "candidate": {"<figure of the fine-tuning>": 0.86},
    "model_package": "arn:aws:sagemaker:us-east-1:123456789012:model-package/local-facts/3",
    "endpoint": {"name": "local-4f0b6mz1kq2x", "status": "gone"},
    "usage": [
        {
            "step": "evaluate",
            "what": "job or endpoint",
            "instance_type": "ml.m5.xlarge, or empty where the service chose",
            "instances": 1,
            "seconds": 312.0,
            "usd": 0.02,
        }
    ],
}
_PACKAGE: dict[str, Any] = {
    "package": "local-facts/3",
    "arn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/local-facts/3",
    "group": "local-facts",
    "version": 3,
    "approval": "PendingManualApproval",
    "by_the_log": {
        "approval": "PendingManualApproval",
        "decisions": 1,
        "approvals": 1,
        "approvers_needed": 2,
        "disagreement": "how the registry's status differs from the log, or empty",
    },
    "created": _AT,
    "description": "",
    "reason": "",
    "metadata": {"<name>": "text; empty in a listing"},
    "metrics_uri": "s3://bucket/key",
    "image": "uri",
    "model_data_url": "s3://bucket/key",
}
_CALLER = {
    "arn": "arn:aws:iam::123456789012:user/alice",
    "user_id": "AIDAEXAMPLE",
    "account": "123456789012",
    "source_identity": "",
    "session_name": "",
}

_EXECUTED: dict[str, Any] = {
    "arn": _ARN,
    "status": "Succeeded, or unknown when the service knows it no more",
    "started": _AT,
    "seconds": 41.0,
    "parameters": {"<parameter>": "value, always a text"},
}
_SHOWN_ROW: dict[str, Any] = {
    "id": "7b1c",
    "score": 0.0,
    "approved_score": 1.0,
    "input": "at most 4,000 characters of each text",
    "target": "",
    "output": "null without an answer",
    "approved_output": "",
}
_REVIEW: dict[str, Any] = {
    "package": "local-facts/3",
    "arn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/local-facts/3",
    "approval": "PendingManualApproval",
    "created": _AT,
    "gaps": [{"what": "why it cannot be decided on", "hint": "what to do"}],
    "normalization": "none or unicode: which scores the gates read",
    "rows": 300,
    "failed": 0,
    "metrics": {"<metric>": {"mean": 0.71, "low": 0.66, "high": 0.76}},
    "gates": [{"metric": "f1", "bound": "at least 0.5", "mean": 0.71, "holds": True}],
    "comparisons": {"<metric of a gate with better_than>": "as the evaluation wrote it"},
    "overlap": {"rows": 0, "training_rows": 1200},
    "against": {
        "package": "local-facts/2",
        "comparable": True,
        "reason": "why it is not comparable, or empty",
        "primary": "f1",
        "won": 31,
        "lost": 12,
        "same": 257,
        "metrics": {
            "<metric>": {
                "mean": 0.71,
                "approved_mean": 0.65,
                "difference": 0.06,
                "low": 0.02,
                "high": 0.1,
                "verdict": "better, worse, or not enough evidence",
            }
        },
    },
    "regressions": [_SHOWN_ROW],
    "worst": [_SHOWN_ROW],
    "lineage": {
        "base_model": "Llama2-7B",
        "commit": "0123456789ab",
        "dirty_tree": "false",
        "data_hash": "hash",
        "data_report": "s3://bucket/key",
        "automl_job": "4f0b6mz1kq2x-1",
        "job_seconds": 3600.0,
        "hyperparameters": {"<hyperparameter>": "text"},
        "training": _EXECUTED,
        "inference": _EXECUTED,
        "jobs_usd": 0.3,
        "endpoint_usd": 1.5,
    },
    "page": "path of the page",
    "stored": "URI of the page beside the package; empty with --no-store",
}

_CHANGE: dict[str, Any] = {
    "kind": "parameter, step, edge, argument, code, settings, data, order or pipeline",
    "step": "preprocess",
    "what": "Arguments.ProcessingInputs.code.S3Input.S3Uri",
    "before": "text, null where there was nothing",
    "after": "text, null where there is nothing",
    "marks": ["cosmetic, re-runs, gate, behaviour, sdk"],
    "effect": "re-runs preprocess, and behind it evaluate",
    "details": [{"what": "steps/preprocess/rows.py", "note": "+3 -1 lines"}],
}
_THING: dict[str, Any] = {
    "name": "local-services",
    "change": "created, changed or removed",
    "by": "upsert or bootstrap",
    "details": [{"what": "Resources.Wait.Properties.MemorySize", "note": "256 -> 1024"}],
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
                "differs": ["definition, description, role, parallelism, tags, alias"],
            }
        ],
        "writes": 0,
    },
    "start": {
        "arn": "of the execution; null with --estimate",
        "pipeline": "facts-training",
        "parameters": {"<parameter>": {"value": "always a text", "source": "-p, a file, an execution ..."}},
        "selection": {"steps": ["evaluate"], "reused": ["preprocess"], "from": _ARN},
        "left_out": {"<parameter of an earlier execution that is no more>": "value"},
        "estimate": {
            "steps": [
                {
                    "step": "prepare",
                    "type": "Processing",
                    "seconds": 312.0,
                    "instance_type": "ml.m5.xlarge",
                    "instances": 1,
                    "usd": 0.02,
                }
            ],
            "seconds": 312.0,
            "usd": 0.02,
            "unknown": ["wait-automl"],
            "past_executions": 5,
            "past_on_as_many_rows": True,
            "prices": {"as_of": "2026-11-22", "source": "a page, a contract"},
        },
    },
    "plan": {
        "environment": "local",
        "account": "123456789012",
        "region": "us-east-1",
        "changes": True,
        "protected": ["pipelines that upsert refuses without --force"],
        "pipelines": [
            {
                "name": "facts-training",
                "arn": "arn:aws:sagemaker:us-east-1:123456789012:pipeline/local-facts-training",
                "change": "created, changed or unchanged",
                "differs": ["definition, description, role, parallelism, tags, alias"],
                "protected": "stranger, changed outside, or empty",
                "changes": [_CHANGE],
                "outside": [_CHANGE],
                "re_running": ["cached steps whose earlier results no longer stand in"],
                "rolled_back_to": "a version, or empty",
                "sdk": {"before": "3.26.0", "after": "3.27.0", "alone": True},
            }
        ],
        "functions": [_THING],
        "stacks": [_THING],
        "guardrails": [_THING],
        "actions": ["update pipeline local-facts-training: definition"],
    },
    "rollback": {
        "pipeline": "facts-training",
        "arn": "arn:aws:sagemaker:us-east-1:123456789012:pipeline/local-facts-training",
        "alias": "the alias that moved, or empty",
        "version": 5,
        "newest_version": 8,
        "changed": True,
        "changes": [_CHANGE],
    },
    "run": {"executions": [_WHOLE_EXECUTION]},
    "status": _WHOLE_EXECUTION,
    "watch": _WHOLE_EXECUTION,
    "why": {
        "execution": _EXECUTION,
        "verdict": "succeeded, failed, gate missed, stopped, stopping, waiting or at work",
        "step": "evaluate",
        "reason": "the whole of it",
        "advice": "what the step itself proposes, or empty",
        "other_failed_steps": ["prepare"],
        "lines": [{"step": "evaluate", "at": _AT, "text": "a line"}],
        "cause": {"name": "out of memory", "text": "what it means"},
        "gates": _WHOLE_EXECUTION["gates"],
        "waits": [
            {
                "step": "wait-automl",
                "waits_for": "automl",
                "name": "4f0b6mz1kq2x-1",
                "since": _AT,
                "deadline": _AT,
                "looked_at": _AT,
                "next_look": _AT,
                "error": "",
            }
        ],
        "next": ["run_pipeline.py retry 4f0b6mz1kq2x --wait"],
    },
    "compare": {
        "a": _EXECUTION,
        "b": _EXECUTION,
        "notes": ["what to beware of"],
        "differences": {
            part: [{"name": "EpochCount", "a": None, "b": None, "change": None}]
            for part in ("parameters", "definition", "code", "data", "metrics", "durations", "cost")
        },
    },
    "executions": {"executions": [{**_EXECUTION, "parameters": {"<parameter>": "value, always a text"}}]},
    "outputs": {
        "execution": _EXECUTION,
        "files": [
            {
                "step": "evaluate",
                "uri": "s3://bucket/key",
                "place": "the URI, or a path",
                "bytes": 1,
                "saved": "path",
            }
        ],
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
    "doctor": {
        "environment": "dev",
        "broken": True,
        "findings": [
            {
                "check": "stacks",
                "status": "fine, note, broken, or unknown: it could not be found out",
                "fact": 'stack "dev-base" is not there',
                "command": "run_pipeline.py bootstrap --env dev",
            }
        ],
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
    "registry log": {
        "decisions": [
            {
                "package": "local-facts/3",
                "arn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/local-facts/3",
                "sequence": 1,
                "decision": "Approved or Rejected",
                "reason": "why",
                "time": _AT,
                "forced": False,
                "gaps": ["what was missing"],
                "by": "alice",
                "caller": _CALLER,
                "launcher": _CALLER,
                "evidence": [{"uri": "s3://bucket/key", "etag": "0123456789abcdef"}],
                "required": {"approvers": 1, "not_launcher": False},
                "genuine": True,
            }
        ],
        "disagreements": [
            {
                "package": "local-facts/4",
                "approval": "Approved",
                "by_the_log": "PendingManualApproval",
                "text": "what is said of it",
            }
        ],
    },
    "registry review": _REVIEW,
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
