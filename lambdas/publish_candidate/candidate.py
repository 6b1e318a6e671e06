"""candidate.json: what a training execution hands to the inference pipeline.

What is served is read from the endpoint, not from the inputs: a candidate that names other model data than
its endpoint serves is refused here, before anybody evaluates it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from waiting import attempts, endpoint
from waiting.failures import AWS_ERRORS, is_missing
from waiting.inputs import Inputs
from waiting.tools import Tools

# Autopilot's names for the figures of a language model (they come as StandardMetricName only), and ours.
METRICS = {
    "ValidationLoss": "validation_loss",
    "TrainingLoss": "training_loss",
    "Perplexity": "perplexity",
    "Rouge1": "rouge1",
    "Rouge2": "rouge2",
    "RougeL": "rouge_l",
    "RougeLSum": "rouge_l_sum",
}


class PublishError(Exception):
    """There is no candidate to publish."""


def publish(inputs: Inputs, tools: Tools) -> dict[str, str]:
    """Writes the file, and puts out where."""
    uri = inputs.text("output_uri")
    document = candidate(inputs, tools)
    bucket, key = split(uri)
    body = json.dumps(document, indent=2, ensure_ascii=False).encode()
    tools.s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
    tools.log("candidate published", uri=uri, job=document["automl_job_name"], metrics=document["metrics"])
    return {"candidate_uri": uri}


def candidate(inputs: Inputs, tools: Tools) -> dict[str, Any]:
    """The content of candidate.json, version 1."""
    folder = inputs.text("report_data").rstrip("/")
    report = f"{folder}/data_report.json"
    data = data_report(tools, report)
    served = served_by(tools, inputs.text("endpoint_name"))
    if served["model_data_url"] != inputs.text("model_data_url"):
        raise PublishError(
            f"endpoint '{inputs.text('endpoint_name')}' serves '{served['model_data_url']}',"
            f" not '{inputs.text('model_data_url')}'"
        )
    return {
        "version": 1,
        "pipeline_execution_arn": inputs.text("pipeline_execution_arn"),
        "pipeline_name": inputs.text("pipeline_name"),
        "created_at": datetime.fromtimestamp(tools.now(), UTC).isoformat(timespec="seconds"),
        "automl_job_name": inputs.text("job_name"),
        "base_model": inputs.text("base_model"),
        "image": served["image"],
        "model_data_url": served["model_data_url"],
        "environment": served["environment"],
        "endpoint_name": inputs.text("endpoint_name"),
        "endpoint_instance_type": served["instance_type"],
        "after_evaluation": inputs.text("after_evaluation"),
        "metrics": metrics(tools, inputs.text("job_name")),
        "training_data": inputs.text("training_data"),
        "training_questions": f"{folder}/training_questions.csv",
        "evaluation_data": inputs.text("evaluation_data"),
        "data_report": report,
        "data_hash": str(data["data_hash"]),
        # 0: all rows. A candidate of a sample is evaluated and registered as one.
        "sample_rows": int(data.get("sample_rows") or 0),
        "commit": inputs.optional("commit") or "unknown",
    }


def served_by(tools: Tools, endpoint_name: str) -> dict[str, Any]:
    """Image, model data, environment and instance type behind the endpoint."""
    found = endpoint.describe(tools.sagemaker, endpoint_name)
    if found is None:
        raise PublishError(
            f"endpoint '{endpoint_name}' is gone: an execution that fails loses its endpoint; start a new one"
        )
    name = found["EndpointConfigName"]
    variant = tools.sagemaker.describe_endpoint_config(EndpointConfigName=name)["ProductionVariants"][0]
    container = tools.sagemaker.describe_model(ModelName=variant["ModelName"])["PrimaryContainer"]
    return {
        "image": container["Image"],
        "model_data_url": container["ModelDataUrl"],
        "environment": container.get("Environment", {}),
        "instance_type": variant["InstanceType"],
    }


def metrics(tools: Tools, job_name: str) -> dict[str, float]:
    """The best candidate's figures; of several data sets the validation set's, then the test set's."""
    job = attempts.describe(tools.sagemaker, job_name)
    if job is None:
        raise PublishError(f"AutoML job '{job_name}' does not exist")
    properties = job.get("BestCandidate", {}).get("CandidateProperties", {})
    order = {"Validation": 0, "Test": 1, "Train": 2}
    found: dict[str, float] = {}
    for metric in sorted(
        properties.get("CandidateMetrics", []), key=lambda each: order.get(each.get("Set", ""), 3)
    ):
        name = METRICS.get(metric.get("StandardMetricName", ""))
        if name is not None and name not in found:
            found[name] = float(metric["Value"])
    return found


def data_report(tools: Tools, report: str) -> dict[str, Any]:
    """What the prepare step says of its data; `data_hash` is the hash that it computed over them."""
    bucket, key = split(report)
    try:
        body = tools.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except AWS_ERRORS as error:
        if is_missing(error):
            raise PublishError(f"the data report '{report}' does not exist") from error
        raise
    content: dict[str, Any] = json.loads(body)
    if not content.get("data_hash"):
        raise PublishError(f"the data report '{report}' has no `data_hash`")
    return content


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an S3 URI."""
    parts = urlsplit(uri)
    if parts.scheme != "s3" or not parts.netloc or not parts.path.strip("/"):
        raise PublishError(f"'{uri}' is not the S3 URI of an object")
    return parts.netloc, parts.path.lstrip("/")
