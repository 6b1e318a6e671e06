"""Model, endpoint configuration and endpoint of the best candidate: made once, however often asked for.

Everything is named after the execution, so that two runs never serve each other's model; the configuration
adds a hash of its content, because a configuration can not be changed. The endpoint is only begun here; a
Callback step waits for it.
https://docs.aws.amazon.com/sagemaker/latest/dg/autopilot-llms-finetuning-deploy-models.html
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from waiting import attempts, endpoint, tags
from waiting.failures import AWS_ERRORS, is_missing
from waiting.inputs import Inputs
from waiting.tools import Tools

LONGEST_NAME = 63
VARIANT = "AllTraffic"
# A Failed endpoint has to be gone before one of its name can be created; that takes seconds.
DELETION_LOOKS, SECONDS_BETWEEN = 30, 2.0
# Their volumes are local disks that the hardware encrypts; the service refuses a key for them.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html (KmsKeyId)
LOCAL_DISK_FAMILY = re.compile(r"[cmr]\d[a-z]*d[a-z]*|g4dn|g5|g6e?|gr6|p3dn|p4de?|p5e?n?|trn1n?")


class DeployError(Exception):
    """The best candidate can not be deployed."""


@dataclass(frozen=True)
class Container:
    image: str
    model_data_url: str
    environment: dict[str, str]


def deploy(inputs: Inputs, tools: Tools) -> dict[str, str]:
    """What the step puts out."""
    container = best_container(tools, inputs.text("job_name"))
    name = fit(inputs.text("name"))
    environment = {**container.environment, **inputs.mapping("environment")}
    own = {
        tags.EXECUTION: inputs.text("pipeline_execution_arn"),
        tags.PREFIX: tools.prefix,
        tags.AFTER_EVALUATION: inputs.text("after_evaluation"),
    }
    tagged = tags.form(inputs.mapping("tags"), own)
    primary = {
        "Image": container.image,
        "ModelDataUrl": container.model_data_url,
        "Environment": environment,
    }
    ensure_model(tools, {**model_request(inputs, name, primary), "Tags": tagged})
    configuration = configuration_request(inputs, name, primary)
    ensure_configuration(tools, {**configuration, "Tags": tagged})
    ensure_endpoint(tools, name, configuration["EndpointConfigName"], tagged)
    return {
        "endpoint_name": name,
        "model_name": name,
        "model_data_url": container.model_data_url,
        "image": container.image,
    }


def best_container(tools: Tools, job_name: str) -> Container:
    """The best candidate's container. AWS's pages disagree on which member holds it for text generation."""
    job = attempts.describe(tools.sagemaker, job_name)
    if job is None:
        raise DeployError(f"AutoML job '{job_name}' does not exist")
    candidate = job.get("BestCandidate") or {}
    definitions = candidate.get("InferenceContainerDefinitions", {})
    found = candidate.get("InferenceContainers") or definitions.get("GPU") or definitions.get("CPU")
    if not found:
        raise DeployError(
            f"AutoML job '{job_name}' ({job['AutoMLJobStatus']}) has no container to deploy: its best"
            " candidate has neither InferenceContainers nor InferenceContainerDefinitions for GPU or CPU"
        )
    if len(found) > 1:
        raise DeployError(
            f"the best candidate of AutoML job '{job_name}' has {len(found)} containers; one can be served"
        )
    return Container(found[0]["Image"], found[0]["ModelDataUrl"], dict(found[0].get("Environment", {})))


def fit(name: str) -> str:
    """The name, or its beginning and a hash where it is longer than models and endpoints may be called."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9].rstrip('-')}-{_hash(name)}"


def model_request(inputs: Inputs, name: str, primary: dict[str, Any]) -> dict[str, Any]:
    """CreateModel without tags."""
    request = {"ModelName": name, "PrimaryContainer": primary, "ExecutionRoleArn": inputs.text("role_arn")}
    if subnets := inputs.names("subnets"):
        network = {"Subnets": subnets, "SecurityGroupIds": inputs.names("security_groups")}
        return {**request, "VpcConfig": network}
    return request


def configuration_request(inputs: Inputs, name: str, primary: dict[str, Any]) -> dict[str, Any]:
    """CreateEndpointConfig without tags; the name carries a hash of what it serves and how."""
    instance_type = inputs.text("instance_type")
    request: dict[str, Any] = {
        "ProductionVariants": [
            {
                "VariantName": VARIANT,
                "ModelName": name,
                "InstanceType": instance_type,
                "InitialInstanceCount": inputs.integer("instance_count"),
                "InitialVariantWeight": 1.0,
                "ModelDataDownloadTimeoutInSeconds": inputs.integer("model_data_download_timeout_seconds"),
                "ContainerStartupHealthCheckTimeoutInSeconds": inputs.integer(
                    "startup_health_check_timeout_seconds"
                ),
            }
        ]
    }
    key = inputs.optional("kms_key")
    if key and not LOCAL_DISK_FAMILY.fullmatch(instance_type.split(".")[1]):
        request["KmsKeyId"] = key
    content = json.dumps([request, primary], sort_keys=True)
    return {"EndpointConfigName": f"{name[: LONGEST_NAME - 9]}-{_hash(content)}", **request}


def ensure_model(tools: Tools, request: dict[str, Any]) -> None:
    """A model can not be changed: one of the same name and other content makes way."""
    name, wanted = request["ModelName"], request["PrimaryContainer"]
    try:
        found = tools.sagemaker.describe_model(ModelName=name)["PrimaryContainer"]
    except AWS_ERRORS as error:
        if not is_missing(error):
            raise
    else:
        if {key: found.get(key) for key in wanted} == wanted:
            return
        tools.log("the model serves other data: replaced", name=name)
        tools.sagemaker.delete_model(ModelName=name)
    tools.sagemaker.create_model(**request)


def ensure_configuration(tools: Tools, request: dict[str, Any]) -> None:
    """The name says the content: one that is there is the right one."""
    try:
        tools.sagemaker.describe_endpoint_config(EndpointConfigName=request["EndpointConfigName"])
    except AWS_ERRORS as error:
        if not is_missing(error):
            raise
        tools.sagemaker.create_endpoint_config(**request)


def ensure_endpoint(tools: Tools, name: str, configuration: str, tagged: list[dict[str, str]]) -> None:
    """Creates the endpoint or updates it to the configuration; one that failed is replaced."""
    found = endpoint.describe(tools.sagemaker, name)
    if found is not None and found["EndpointStatus"] in endpoint.FAILED | {"Deleting"}:
        tools.log("endpoint replaced", name=name, was=found["EndpointStatus"])
        delete(tools, name)
        found = None
    if found is None:
        request = {"EndpointName": name, "EndpointConfigName": configuration, "Tags": tagged}
        tools.sagemaker.create_endpoint(**request)
    elif found["EndpointConfigName"] == configuration:
        tools.log("endpoint found", name=name, status=found["EndpointStatus"])
    elif found["EndpointStatus"] in endpoint.CHANGING:
        raise DeployError(
            f"endpoint '{name}' is {found['EndpointStatus']} to another configuration"
            f" ('{found['EndpointConfigName']}'); retry when that is done"
        )
    else:
        tools.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=configuration)


def delete(tools: Tools, name: str) -> None:
    """Deletes the endpoint and waits until it is gone."""
    endpoint.stop(tools.sagemaker, name, everything=False)
    for _ in range(DELETION_LOOKS):
        if endpoint.describe(tools.sagemaker, name) is None:
            return
        tools.sleep(SECONDS_BETWEEN)
    raise DeployError(f"endpoint '{name}' had failed and is still being deleted; retry when it is gone")


def _hash(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:8]
