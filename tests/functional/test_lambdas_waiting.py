"""The functions at work: a pipeline of Lambda and Callback steps, the queues, the rules, on the stand-in."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from config import names
from config.models import Environment
from deploy.infrastructure.bootstrap import bootstrap, update_services
from deploy.infrastructure.stacks import Waiting
from deploy.session import connect
from tests.functional.conftest import ROOT, RunningStandIn
from tests.functional.engine_pipelines import Client, until

pytestmark = pytest.mark.functional
ARN, ID = {"Get": "Execution.PipelineExecutionArn"}, {"Get": "Execution.PipelineExecutionId"}


@pytest.fixture
def client(stand_in: RunningStandIn) -> Client:
    """Clients of a stand-in with our infrastructure, and its bucket."""
    project = stand_in.project
    waiting = Waiting(time.monotonic, time.sleep, print)
    bootstrap(project, connect(project), report=print, waiting=waiting)
    return Client(stand_in, names.bucket(project.environment))


@pytest.fixture
def env(stand_in: RunningStandIn) -> Environment:
    return stand_in.project.environment


def out(step: str, name: str) -> dict[str, str]:
    return {"Get": f"Steps.{step}.OutputParameters['{name}']"}


def outputs(*wanted: str) -> list[dict[str, str]]:
    return [{"OutputName": name, "OutputType": "String"} for name in wanted]


def function_step(env: Environment, name: str, inputs: dict[str, Any], *wanted: str) -> dict[str, Any]:
    """A Lambda step of one of our functions."""
    return {
        "Name": name,
        "Type": "Lambda",
        "FunctionArn": names.function_arn(env, name.replace("-", "_")),
        "Arguments": {"pipeline_execution_id": ID, "pipeline_execution_arn": ARN, **inputs},
        "OutputParameters": outputs(*wanted),
    }


def wait_step(env: Environment, waits_for: str, name: Any, *wanted: str, **changes: Any) -> dict[str, Any]:
    """A Callback step on our queue."""
    arguments = {
        "version": 1,
        "waits_for": waits_for,
        "name": name,
        "deadline_seconds": 600,
        "first_poll_seconds": 1,
        "max_poll_seconds": 2,
        **changes,
    }
    return {
        "Name": f"wait-{waits_for}",
        "Type": "Callback",
        "SqsQueueUrl": names.queue_url(env, "wait"),
        "Arguments": arguments,
        "OutputParameters": outputs(*wanted),
    }


def training_data(client: Client, name: str, rows: int) -> str:
    """A channel of question and answer; returns its prefix."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["input", "output"])
    for number in range(rows):
        writer.writerow([f"What is the colour of stone {number}? Stone {number} is red.", "red"])
    return client.put(f"{name}/training/training.csv", text.getvalue()).rpartition("/")[0]


def start_step(env: Environment, client: Client, name: str, data: str) -> dict[str, Any]:
    """The step that starts the fine-tuning of a small model."""
    inputs = {
        "training_data": data,
        "validation_data": "",
        "validation_fraction": 0.1,
        "content_type": "text/csv;header=present",
        "output_path": f"s3://{client.bucket}/{name}/out",
        "base_model": "Llama2-7B",
        "accept_eula": True,
        "epoch_count": 1,
        "learning_rate": 0.001,
        "batch_size": 8,
        "learning_rate_warmup_steps": 1,
        "max_runtime_seconds": 600,
        "max_training_job_seconds": 600,
        "role_arn": names.role_arn(env, "automl"),
        **SURROUNDINGS,
    }
    return function_step(env, "start-automl", inputs, "job_name", "job_arn", "attempt")


SURROUNDINGS = {"kms_key": "", "subnets": "", "security_groups": "", "tags": "{}"}


def reason(client: Client, execution: str, step: str) -> str:
    return str(client.steps(execution)[step]["FailureReason"])


def test_a_missing_job_fails_the_step(client: Client, env: Environment, name: str) -> None:
    """Service, queue, mapping, function and answer: the whole way round."""
    client.create(f"{env.prefix}-{name}", wait_step(env, "automl", f"{name}-1"))
    execution = client.start(f"{env.prefix}-{name}")
    assert client.ended(execution) == "Failed"
    assert f"AutoML job '{name}-1' does not exist" in reason(client, execution, "wait-automl")


def test_a_failed_job_fails_the_step_and_a_retry_begins_the_next_attempt(
    client: Client, env: Environment, name: str
) -> None:
    """Each with Autopilot's reason; jobs are named after execution and attempt."""
    data = f"s3://{client.bucket}/{name}/nothing-here"
    start = start_step(env, client, name, data)
    client.create(
        f"{env.prefix}-{name}", start, wait_step(env, "automl", out("start-automl", "job_name"), "job_name")
    )
    execution = client.start(f"{env.prefix}-{name}")
    assert client.ended(execution) == "Failed"
    job = execution.rpartition("/")[2] + "-1"
    described = client.sagemaker.describe_auto_ml_job_v2(AutoMLJobName=job)
    expected = f"AutoML job '{job}' failed: {described['FailureReason']}"
    assert expected[:200] in reason(client, execution, "wait-automl")

    client.sagemaker.retry_pipeline_execution(PipelineExecutionArn=execution)
    assert client.ended(execution) == "Failed"
    second = execution.rpartition("/")[2] + "-2"
    assert f"AutoML job '{second}' failed: " in reason(client, execution, "wait-automl")
    tags = client.sagemaker.list_tags(ResourceArn=described["AutoMLJobArn"])["Tags"]
    assert {"Key": "pipelines:execution", "Value": execution} in tags


def test_stopping_an_execution_stops_its_job_and_deletes_its_endpoint(
    client: Client, env: Environment, name: str
) -> None:
    """The step answers, the execution stops, the rule finds what is left."""
    start = start_step(env, client, name, training_data(client, name, 1_000))
    client.create(
        f"{env.prefix}-{name}", start, wait_step(env, "automl", out("start-automl", "job_name"), "job_name")
    )
    execution = client.start(f"{env.prefix}-{name}")
    until(lambda: client.statuses(execution).get("wait-automl") == "Executing", 60)
    job = execution.rpartition("/")[2] + "-1"
    endpoint = f"{env.prefix}-{execution.rpartition('/')[2]}"
    make_endpoint(client, env, endpoint, execution)
    client.sagemaker.stop_pipeline_execution(PipelineExecutionArn=execution)
    assert client.ended(execution) == "Stopped"
    until(lambda: automl_status(client, job) == "Stopped", 60)
    until(lambda: endpoint not in endpoints(client), 90)


def test_a_deadline_stops_the_job_and_fails_the_step(client: Client, env: Environment, name: str) -> None:
    """Not a second too late by more than a look takes."""
    start = start_step(env, client, name, training_data(client, name, 1_000))
    wait = wait_step(env, "automl", out("start-automl", "job_name"), "job_name", deadline_seconds=3)
    client.create(f"{env.prefix}-{name}", start, wait)
    execution = client.start(f"{env.prefix}-{name}")
    assert client.ended(execution) == "Failed"
    assert "was not ready within 3s and was stopped" in reason(client, execution, "wait-automl")
    until(lambda: automl_status(client, execution.rpartition("/")[2] + "-1") == "Stopped", 60)


def test_an_open_wait_survives_new_code(client: Client, env: Environment, name: str, tmp_path: Path) -> None:
    """Begun with one version of the function, looked after by the next, and answered by it."""
    project = client.stand_in.project
    start = start_step(env, client, name, training_data(client, name, 2_000))
    wait = wait_step(env, "automl", out("start-automl", "job_name"), "job_name", max_poll_seconds=1)
    client.create(f"{env.prefix}-{name}", start, wait)
    execution = client.start(f"{env.prefix}-{name}")
    until(lambda: client.statuses(execution).get("wait-automl") == "Executing", 60)
    for folder in ("lambdas", "infra"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    handler = tmp_path / "lambdas" / "wait" / "handler.py"
    marked = 'own.s3.put_object(Bucket=own.bucket, Key="KEY", Body=b"")'.replace("KEY", f"{name}/new-code")
    handler.write_text(handler.read_text().replace("    failed = []", f"    {marked}\n    failed = []"))
    waiting = Waiting(time.monotonic, time.sleep, print)
    new = dataclasses.replace(project, root=tmp_path)
    try:
        update_services(new, connect(project), report=print, waiting=waiting)
        until(lambda: client.keys(f"{name}/new-code"))
        assert client.statuses(execution)["wait-automl"] == "Executing"
        client.sagemaker.stop_pipeline_execution(PipelineExecutionArn=execution)
        assert client.ended(execution) == "Stopped"
    finally:
        update_services(project, connect(project), report=print, waiting=waiting)


def test_a_message_that_is_not_understood_fails_its_step(client: Client, env: Environment, name: str) -> None:
    """What ends on the dead-letter queue is answered by its consumer."""
    other = client.queue(name)
    step = {**wait_step(env, "automl", "x-1"), "SqsQueueUrl": other}
    client.create(f"{env.prefix}-{name}", step)
    execution = client.start(f"{env.prefix}-{name}")
    [message] = client.messages(other, 1)
    body = json.dumps({"kind": "poll", "version": 99, "token": message["token"]})
    queue = names.queue_url(env, "wait-dead-letter")
    client.stand_in.client("sqs").send_message(QueueUrl=queue, MessageBody=body)
    assert client.ended(execution) == "Failed"
    assert "message version 99 is not known" in reason(client, execution, "wait-automl")


def test_the_reconciler_sees_what_waits(client: Client, env: Environment, name: str) -> None:
    """An open wait that is looked after is counted and left alone; a queue of somebody else's is not ours."""
    start = start_step(env, client, name, training_data(client, name, 1_000))
    wait = wait_step(env, "automl", out("start-automl", "job_name"), "job_name")
    client.create(f"{env.prefix}-{name}", start, wait)
    execution = client.start(f"{env.prefix}-{name}")
    until(lambda: client.statuses(execution).get("wait-automl") == "Executing", 60)
    found = invoke(client, env, "reconcile", {})
    assert (found["open"] >= 1, found["put_back"], found["failed"]) == (True, 0, 0)
    client.sagemaker.stop_pipeline_execution(PipelineExecutionArn=execution)
    assert client.ended(execution) == "Stopped"


def test_from_the_data_to_a_candidate_and_away_again(client: Client, env: Environment, name: str) -> None:
    """Start, wait, deploy, wait, publish; an evaluation's end deletes endpoint, configuration and model."""
    pipeline = f"{env.prefix}-{name}"
    client.put(f"{name}/report/data_report.json", '{"data_hash": "hash-of-the-data"}')
    candidate = f"{env.prefix}/executions/{name}/candidate.json"
    client.create(pipeline, *training_steps(client, env, name, candidate))
    execution = client.start(pipeline)
    assert client.ended(execution, 240) == "Succeeded", client.steps(execution)
    written = json.loads(client.get(candidate))
    assert (written["data_hash"], written["automl_job_name"]) == (
        "hash-of-the-data",
        execution.rpartition("/")[2] + "-1",
    )
    assert written["metrics"]["validation_loss"] > 0
    assert written["environment"]["HF_MODEL_ID"] == "/opt/ml/model"
    endpoint = written["endpoint_name"]
    assert endpoints(client)[endpoint] == "InService"

    fail = {"Name": "gate-missed", "Type": "Fail", "Arguments": {"ErrorMessage": "Gate missed"}}
    parameter = {"Name": "EndpointName", "Type": "String"}
    client.create(f"{pipeline}-inference", fail, parameters=(parameter,))
    evaluation = client.start(f"{pipeline}-inference", EndpointName=endpoint)
    assert client.ended(evaluation) == "Failed"
    until(lambda: endpoint not in endpoints(client), 60)
    until(lambda: not left(client, endpoint), 60)


def training_steps(client: Client, env: Environment, name: str, candidate: str) -> list[dict[str, Any]]:
    """The training pipeline behind its preparation."""
    deploy = {
        "job_name": out("wait-automl", "job_name"),
        "name": {"Std:Join": {"On": "-", "Values": [env.prefix, ID]}},
        "instance_type": "ml.g5.12xlarge",
        "instance_count": 1,
        "model_data_download_timeout_seconds": 3600,
        "startup_health_check_timeout_seconds": 3600,
        "environment": '{"HF_MODEL_ID": "/opt/ml/model"}',
        "role_arn": names.role_arn(env, "endpoint"),
        "after_evaluation": "delete",
        **SURROUNDINGS,
    }
    publish = {
        "pipeline_name": f"{env.prefix}-{name}",
        "job_name": out("wait-automl", "job_name"),
        "endpoint_name": out("wait-endpoint", "endpoint_name"),
        "model_data_url": out("deploy-model", "model_data_url"),
        "image": out("deploy-model", "image"),
        "base_model": "Llama2-7B",
        "training_data": f"s3://{client.bucket}/{name}/training",
        "evaluation_data": f"s3://{client.bucket}/{name}/evaluation",
        "report_data": f"s3://{client.bucket}/{name}/report",
        "after_evaluation": "delete",
        "output_uri": f"s3://{client.bucket}/{candidate}",
        "commit": "unknown",
    }
    job, endpoint = out("start-automl", "job_name"), out("deploy-model", "endpoint_name")
    deployed = ("endpoint_name", "model_name", "model_data_url", "image")
    return [
        start_step(env, client, name, training_data(client, name, 60)),
        wait_step(env, "automl", job, "job_name", "job_status", "secondary_status"),
        function_step(env, "deploy-model", deploy, *deployed),
        wait_step(env, "endpoint", endpoint, "endpoint_name", "endpoint_arn", "endpoint_status"),
        function_step(env, "publish-candidate", publish, "candidate_uri"),
    ]


def make_endpoint(client: Client, env: Environment, endpoint: str, execution: str) -> None:
    """An endpoint as deploy_model makes it, of a model that is not there."""
    own = {
        "pipelines:execution": execution,
        "pipelines:prefix": env.prefix,
        "pipelines:after-evaluation": "delete",
    }
    tags = [{"Key": key, "Value": value} for key, value in own.items()]
    data = client.put(f"{endpoint}/model.tar.gz", "not an archive")
    client.sagemaker.create_model(
        ModelName=endpoint,
        ExecutionRoleArn=names.role_arn(env, "endpoint"),
        PrimaryContainer={"Image": "image", "ModelDataUrl": data},
    )
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": endpoint,
        "InstanceType": "ml.g5.12xlarge",
        "InitialInstanceCount": 1,
    }
    configuration = f"{endpoint}-0000"
    client.sagemaker.create_endpoint_config(EndpointConfigName=configuration, ProductionVariants=[variant])
    client.sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=configuration, Tags=tags)


def automl_status(client: Client, job: str) -> str:
    return str(client.sagemaker.describe_auto_ml_job_v2(AutoMLJobName=job)["AutoMLJobStatus"])


def endpoints(client: Client) -> dict[str, str]:
    """Name and status of every endpoint."""
    listed = client.sagemaker.list_endpoints(MaxResults=100)["Endpoints"]
    return {each["EndpointName"]: each["EndpointStatus"] for each in listed}


def left(client: Client, endpoint: str) -> list[str]:
    """Models and configurations made for an endpoint."""
    models = client.sagemaker.list_models(NameContains=endpoint)["Models"]
    configurations = client.sagemaker.list_endpoint_configs(NameContains=endpoint)["EndpointConfigs"]
    return [each["ModelName"] for each in models] + [each["EndpointConfigName"] for each in configurations]


def invoke(client: Client, env: Environment, function: str, event: Any) -> Any:
    answer = client.stand_in.client("lambda").invoke(
        FunctionName=names.function_arn(env, function), Payload=json.dumps(event)
    )
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return payload
