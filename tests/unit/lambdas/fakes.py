"""SageMaker, SQS and S3 by hand, as far as the functions use them.

They keep what was made, answer like the services (a missing endpoint is a ValidationException, a missing
AutoML job ResourceNotFound), hold every call against the service model, record its name, and fail where a
test wants them to.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from waiting.log import Log
from waiting.messages import Wait
from waiting.tools import Tools

from tests.unit.lambdas.botocore_check import check

ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"
EXECUTION_ID = "abcdefgh1234"
EXECUTION_ARN = f"{ACCOUNT}:pipeline/test-facts-training/execution/{EXECUTION_ID}"
QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/test-wait"
TOKEN = "Token00001"
START = 1_700_000_000.0


def error(operation: str, code: str, message: str = "", status: int = 400) -> ClientError:
    """An error as botocore raises it."""
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, operation)


def throttled(operation: str) -> ClientError:
    return error(operation, "ThrottlingException", "Rate exceeded")


def denied(operation: str) -> ClientError:
    return error(operation, "AccessDeniedException", f"not authorized to perform {operation}")


class Clock:
    """Seconds since 1970 that pass when a test says so, or somebody sleeps."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def date(self) -> datetime:
        return datetime.fromtimestamp(self.time, UTC)


class Client:
    """What the fakes share: every call is checked, recorded, and may fail before or after it took effect."""

    service = ""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.before: Callable[[str, dict[str, Any]], None] = lambda operation, parameters: None
        self.after: Callable[[str, dict[str, Any]], None] = lambda operation, parameters: None

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        act = getattr(self, f"_{name}")
        operation = OPERATIONS.get(name) or "".join(part.capitalize() for part in name.split("_"))

        def call(**parameters: Any) -> Any:
            check(self.service, operation, parameters)
            self.calls.append(operation)
            self.before(operation, parameters)
            answer = act(**parameters)
            self.after(operation, parameters)
            return answer

        return call

    def fail(self, operation: str, *errors: Exception) -> None:
        """The next calls of the operation raise these, one each."""
        left = list(errors)

        def before(called: str, _parameters: dict[str, Any]) -> None:
            if called == operation and left:
                raise left.pop(0)

        self.before = before

    def fail_always(self, operation: str, failure: Exception) -> None:
        """Every call of the operation raises this."""

        def before(called: str, _parameters: dict[str, Any]) -> None:
            if called == operation:
                raise failure

        self.before = before


OPERATIONS = {
    "create_auto_ml_job_v2": "CreateAutoMLJobV2",
    "describe_auto_ml_job_v2": "DescribeAutoMLJobV2",
    "stop_auto_ml_job": "StopAutoMLJob",
    "list_objects_v2": "ListObjectsV2",
}


@dataclass
class Execution:
    """An execution with one Callback step, as far as the service shows it."""

    arn: str
    status: str = "Executing"
    description: str = ""
    steps: list[dict[str, Any]] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    definition: dict[str, Any] = field(default_factory=lambda: {"Steps": []})

    @property
    def pipeline(self) -> str:
        return self.arn.split("/")[1]


class FakeSageMaker(Client):
    service = "sagemaker"

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.jobs: dict[str, dict[str, Any]] = {}
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.configurations: dict[str, dict[str, Any]] = {}
        self.models: dict[str, dict[str, Any]] = {}
        self.tags: dict[str, list[dict[str, str]]] = {}
        self.packages: dict[str, dict[str, Any]] = {}
        self.executions: dict[str, Execution] = {}
        self.answers: list[tuple[str, str, Any]] = []
        self.page_size = 100
        self.refuses_deletion_while_changing = True

    # What tests set up.

    def execution(self, arn: str = EXECUTION_ARN, **values: Any) -> Execution:
        self.executions[arn] = Execution(arn, **values)
        return self.executions[arn]

    def open_step(self, arn: str = EXECUTION_ARN, token: str = TOKEN, name: str = "wait-automl") -> None:
        step = {
            "StepName": name,
            "StepStatus": "Executing",
            "StartTime": self.clock.date(),
            "Metadata": {"Callback": {"CallbackToken": token, "SqsQueueUrl": QUEUE_URL}},
        }
        self.executions[arn].steps.append(step)

    def job(self, name: str, status: str = "InProgress", secondary: str = "PreTraining", **more: Any) -> None:
        self.jobs[name] = {
            "AutoMLJobName": name,
            "AutoMLJobArn": f"{ACCOUNT}:automl-job/{name}",
            "AutoMLJobStatus": status,
            "AutoMLJobSecondaryStatus": secondary,
            "CreationTime": self.clock.date(),
            "AutoMLJobInputDataConfig": [
                {
                    "ChannelType": "training",
                    "DataSource": {
                        "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/training"}
                    },
                }
            ],
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
            "AutoMLProblemTypeConfig": {"TextGenerationJobConfig": {"BaseModelName": "Llama2-7B"}},
            "RoleArn": "arn:aws:iam::123456789012:role/test-automl",
            **more,
        }
        self.tags.setdefault(f"{ACCOUNT}:automl-job/{name}", own_tags())

    def endpoint(self, name: str, status: str = "Creating", configuration: str = "", **more: Any) -> None:
        self.endpoints[name] = {
            "EndpointName": name,
            "EndpointArn": f"{ACCOUNT}:endpoint/{name}",
            "EndpointStatus": status,
            "EndpointConfigName": configuration or f"{name}-0000",
            "CreationTime": self.clock.date(),
            **more,
        }
        self.tags.setdefault(f"{ACCOUNT}:endpoint/{name}", own_tags())

    def served(self, name: str, *, model_data_url: str = "s3://bucket/model.tar.gz", **more: Any) -> None:
        """An endpoint in service with its configuration and model."""
        self.models[name] = {
            "ModelName": name,
            "PrimaryContainer": {
                "Image": "image",
                "ModelDataUrl": model_data_url,
                "Environment": {"A": "1"},
            },
        }
        variant = {"VariantName": "AllTraffic", "ModelName": name, "InstanceType": "ml.g5.12xlarge"}
        self.configurations[f"{name}-0000"] = {
            "EndpointConfigName": f"{name}-0000",
            "EndpointConfigArn": f"{ACCOUNT}:endpoint-config/{name}-0000",
            "ProductionVariants": [variant],
            "CreationTime": self.clock.date(),
        }
        self.endpoint(name, "InService", **more)

    # AutoML jobs.

    def _create_auto_ml_job_v2(self, **request: Any) -> Any:
        name = request["AutoMLJobName"]
        if name in self.jobs:
            raise error("CreateAutoMLJobV2", "ResourceInUse", "exists")
        tags = request.pop("Tags", [])
        self.job(name, **request)
        self.tags[f"{ACCOUNT}:automl-job/{name}"] = tags
        return {"AutoMLJobArn": self.jobs[name]["AutoMLJobArn"]}

    def _describe_auto_ml_job_v2(self, AutoMLJobName: str) -> Any:
        if AutoMLJobName not in self.jobs:
            raise error("DescribeAutoMLJobV2", "ResourceNotFound", "no such job")
        return dict(self.jobs[AutoMLJobName])

    def _stop_auto_ml_job(self, AutoMLJobName: str) -> Any:
        job = self.jobs[AutoMLJobName]
        if job["AutoMLJobStatus"] != "InProgress":
            raise error("StopAutoMLJob", "ValidationException", "the job has ended")
        job.update(AutoMLJobStatus="Stopping", AutoMLJobSecondaryStatus="Stopping")
        return {}

    def _add_tags(self, ResourceArn: str, Tags: Any) -> Any:
        new = {tag["Key"] for tag in Tags}
        kept = [tag for tag in self.tags.get(ResourceArn, []) if tag["Key"] not in new]
        self.tags[ResourceArn] = [*kept, *Tags]
        return {}

    # Packages of the registry.

    def _describe_model_package(self, ModelPackageName: str) -> Any:
        return self._found(self.packages, ModelPackageName, "model package")

    def _list_model_packages(
        self, ModelPackageGroupName: str, ModelApprovalStatus: str, SortBy: str, SortOrder: str, **page: Any
    ) -> Any:
        assert (SortBy, SortOrder) == ("CreationTime", "Descending")
        of_group = [p for p in self.packages.values() if p["ModelPackageGroupName"] == ModelPackageGroupName]
        if not of_group:
            said = f"ModelPackageGroup {ModelPackageGroupName} does not exist."
            raise error("ListModelPackages", "ValidationException", said)
        found = [each for each in of_group if each["ModelApprovalStatus"] == ModelApprovalStatus]
        found.sort(key=lambda each: each["ModelPackageVersion"], reverse=True)
        return self._page("ModelPackageSummaryList", found, page)

    def _list_model_package_groups(self, NameContains: str, **page: Any) -> Any:
        names = sorted({each["ModelPackageGroupName"] for each in self.packages.values()})
        found = [{"ModelPackageGroupName": name} for name in names if NameContains in name]
        return self._page("ModelPackageGroupSummaryList", found, page)

    def _list_tags(self, ResourceArn: str) -> Any:
        return {"Tags": self.tags.get(ResourceArn, [])}

    # Models, configurations, endpoints.

    def _create_model(self, **request: Any) -> Any:
        self._refuse_existing(self.models, request["ModelName"], "model")
        self.models[request["ModelName"]] = request
        return {"ModelArn": f"{ACCOUNT}:model/{request['ModelName']}"}

    def _describe_model(self, ModelName: str) -> Any:
        return self._found(self.models, ModelName, "model")

    def _delete_model(self, ModelName: str) -> Any:
        self._found(self.models, ModelName, "model")
        del self.models[ModelName]
        return {}

    def _create_endpoint_config(self, **request: Any) -> Any:
        name = request["EndpointConfigName"]
        self._refuse_existing(self.configurations, name, "endpoint configuration")
        arn = f"{ACCOUNT}:endpoint-config/{name}"
        self.tags[arn] = request.pop("Tags", [])
        stamp = {"EndpointConfigArn": arn, "CreationTime": self.clock.date()}
        self.configurations[name] = {**request, **stamp}
        return {"EndpointConfigArn": arn}

    def _describe_endpoint_config(self, EndpointConfigName: str) -> Any:
        return self._found(self.configurations, EndpointConfigName, "endpoint configuration")

    def _delete_endpoint_config(self, EndpointConfigName: str) -> Any:
        self._found(self.configurations, EndpointConfigName, "endpoint configuration")
        del self.configurations[EndpointConfigName]
        return {}

    def _list_endpoint_configs(self, NameContains: str, SortBy: str, SortOrder: str, **page: Any) -> Any:
        assert (SortBy, SortOrder) == ("CreationTime", "Descending")
        found = [each for name, each in self.configurations.items() if NameContains in name]
        found.sort(key=lambda each: each["CreationTime"], reverse=True)
        return self._page("EndpointConfigs", found, page)

    def _create_endpoint(self, EndpointName: str, EndpointConfigName: str, Tags: Any = ()) -> Any:
        self._refuse_existing(self.endpoints, EndpointName, "endpoint")
        self._found(self.configurations, EndpointConfigName, "endpoint configuration")
        self.endpoint(EndpointName, "Creating", EndpointConfigName)
        self.tags[f"{ACCOUNT}:endpoint/{EndpointName}"] = list(Tags)
        return {"EndpointArn": f"{ACCOUNT}:endpoint/{EndpointName}"}

    def _update_endpoint(self, EndpointName: str, EndpointConfigName: str) -> Any:
        found = self._found(self.endpoints, EndpointName, "endpoint")
        if found["EndpointStatus"] in ("Creating", "Updating"):
            raise error("UpdateEndpoint", "ValidationException", "Cannot update in-progress endpoint")
        found.update(EndpointConfigName=EndpointConfigName, EndpointStatus="Updating")
        return {"EndpointArn": f"{ACCOUNT}:endpoint/{EndpointName}"}

    def _describe_endpoint(self, EndpointName: str) -> Any:
        return dict(self._found(self.endpoints, EndpointName, "endpoint"))

    def _delete_endpoint(self, EndpointName: str) -> Any:
        found = self._found(self.endpoints, EndpointName, "endpoint")
        changing = found["EndpointStatus"] in ("Creating", "Updating")
        if changing and self.refuses_deletion_while_changing:
            raise error("DeleteEndpoint", "ValidationException", "Cannot update in-progress endpoint")
        del self.endpoints[EndpointName]
        return {}

    # Executions.

    def _send_pipeline_execution_step_success(
        self, CallbackToken: str, OutputParameters: Any, ClientRequestToken: str
    ) -> Any:
        outputs = {each["Name"]: each["Value"] for each in OutputParameters}
        return self._answer(CallbackToken, "Succeeded", outputs, ClientRequestToken)

    def _send_pipeline_execution_step_failure(
        self, CallbackToken: str, FailureReason: str, ClientRequestToken: str
    ) -> Any:
        return self._answer(CallbackToken, "Failed", FailureReason, ClientRequestToken)

    def _answer(self, token: str, status: str, content: Any, _request: str) -> Any:
        for execution in self.executions.values():
            for step in execution.steps:
                if step["Metadata"].get("Callback", {}).get("CallbackToken") != token:
                    continue
                if step["StepStatus"] in ("Succeeded", "Failed"):
                    raise error("SendPipelineExecutionStep", "ConflictException", "answered")
                step["StepStatus"] = status
                self.answers.append((token, status, content))
                ended = "Stopped" if execution.status == "Stopping" else status
                execution.status = ended
                return {"PipelineExecutionArn": execution.arn}
        raise error("SendPipelineExecutionStep", "ResourceNotFound", "no such token")

    def _list_pipelines(self, PipelineNamePrefix: str, **page: Any) -> Any:
        names = sorted({each.pipeline for each in self.executions.values()})
        found = [{"PipelineName": name} for name in names if name.startswith(PipelineNamePrefix)]
        return self._page("PipelineSummaries", found, page)

    def _list_pipeline_executions(self, PipelineName: str, CreatedAfter: datetime, **page: Any) -> Any:
        assert CreatedAfter < self.clock.date()
        found = [
            {"PipelineExecutionArn": each.arn, "PipelineExecutionStatus": each.status}
            for each in self.executions.values()
            if each.pipeline == PipelineName
        ]
        return self._page("PipelineExecutionSummaries", found, page)

    def _list_pipeline_execution_steps(self, PipelineExecutionArn: str, **page: Any) -> Any:
        execution = self._execution(PipelineExecutionArn)
        return self._page("PipelineExecutionSteps", [dict(step) for step in execution.steps], page)

    def _describe_pipeline_execution(self, PipelineExecutionArn: str) -> Any:
        execution = self._execution(PipelineExecutionArn)
        return {
            "PipelineExecutionStatus": execution.status,
            "PipelineExecutionDescription": execution.description,
        }

    def _describe_pipeline_definition_for_execution(self, PipelineExecutionArn: str) -> Any:
        return {"PipelineDefinition": json.dumps(self._execution(PipelineExecutionArn).definition)}

    def _list_pipeline_parameters_for_execution(self, PipelineExecutionArn: str, **page: Any) -> Any:
        parameters = self._execution(PipelineExecutionArn).parameters
        found = [{"Name": name, "Value": value} for name, value in parameters.items()]
        return self._page("PipelineParameters", found, page)

    def _execution(self, arn: str) -> Execution:
        if arn not in self.executions:
            raise error("DescribePipelineExecution", "ResourceNotFound", "no such execution")
        return self.executions[arn]

    def _found(self, kept: dict[str, Any], name: str, what: str) -> Any:
        if name not in kept:
            raise error(f"Describe {what}", "ValidationException", f'Could not find {what} "{name}".')
        return kept[name]

    def _refuse_existing(self, kept: dict[str, Any], name: str, what: str) -> None:
        if name in kept:
            raise error("Create", "ValidationException", f"Cannot create already existing {what}")

    def _page(self, member: str, found: list[Any], page: dict[str, Any]) -> Any:
        start = int(page.get("NextToken", "0"))
        end = start + self.page_size
        more = {"NextToken": str(end)} if end < len(found) else {}
        return {member: found[start:end], **more}


def own_tags(execution_arn: str = EXECUTION_ARN, after_evaluation: str = "delete") -> list[dict[str, str]]:
    """The tags that the functions put on what they make."""
    return [
        {"Key": "pipelines:execution", "Value": execution_arn},
        {"Key": "pipelines:prefix", "Value": "test"},
        {"Key": "pipelines:after-evaluation", "Value": after_evaluation},
    ]


class FakeSqs(Client):
    service = "sqs"

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.sent: list[tuple[float, str]] = []

    def _send_message(self, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> Any:
        assert QueueUrl == QUEUE_URL
        assert 0 <= DelaySeconds <= 900
        self.sent.append((self.clock.time + DelaySeconds, MessageBody))
        return {"MessageId": str(len(self.sent))}


class FakeS3(Client):
    service = "s3"

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, bytes] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.times: dict[str, datetime] = {}
        self.page_size = 1000

    def _put_object(self, Bucket: str, Key: str, Body: Any, ContentType: str) -> Any:
        self.objects[f"{Bucket}/{Key}"] = Body if isinstance(Body, bytes) else Body.read()
        return {}

    def _get_object(self, Bucket: str, Key: str) -> Any:
        if f"{Bucket}/{Key}" not in self.objects:
            raise error("GetObject", "NoSuchKey", "The specified key does not exist.", 404)
        return {"Body": io.BytesIO(self.objects[f"{Bucket}/{Key}"])}

    def _head_object(self, Bucket: str, Key: str) -> Any:
        if f"{Bucket}/{Key}" not in self.objects:
            raise error("HeadObject", "404", "Not Found", 404)
        body = self.objects[f"{Bucket}/{Key}"]
        return {"ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'}

    def _get_object_tagging(self, Bucket: str, Key: str) -> Any:
        tags = self.tags.get(f"{Bucket}/{Key}", {})
        return {"TagSet": [{"Key": name, "Value": value} for name, value in tags.items()]}

    def _list_objects_v2(self, Bucket: str, Prefix: str, ContinuationToken: str = "0") -> Any:
        keys = [key.partition("/")[2] for key in self.objects if key.startswith(f"{Bucket}/{Prefix}")]
        start, end = int(ContinuationToken), int(ContinuationToken) + self.page_size
        begun = datetime.fromtimestamp(START, UTC)
        shown = [
            {"Key": key, "LastModified": self.times.get(f"{Bucket}/{key}", begun)} for key in keys[start:end]
        ]
        more = {"NextContinuationToken": str(end)} if end < len(keys) else {}
        return {"Contents": shown, **more} if shown else {}


class FakeBedrock(Client):
    """Batch inference jobs by name; tests end them."""

    service = "bedrock"

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.jobs: dict[str, dict[str, Any]] = {}
        self.tags: dict[str, list[dict[str, str]]] = {}
        self.page_size = 1000
        self.most_running = 100

    def end(self, name: str, status: str, *, errors: int = 0, message: str = "") -> dict[str, Any]:
        """The job ends by itself."""
        job = self.jobs[name]
        job.update(status=status, errorRecordCount=errors, message=message)
        return job

    def _create_model_invocation_job(self, **request: Any) -> Any:
        name = request["jobName"]
        assert request["clientRequestToken"] == name
        if name not in self.jobs:
            running = [job for job in self.jobs.values() if job["status"] == "InProgress"]
            if len(running) >= self.most_running:
                raise error("CreateModelInvocationJob", "ServiceQuotaExceededException", "too many jobs")
            arn = f"arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/{len(self.jobs):012d}"
            self.tags[arn] = request.pop("tags")
            self.jobs[name] = {
                **request,
                "jobArn": arn,
                "status": "InProgress",
                "submitTime": self.clock.date(),
            }
        return {"jobArn": self.jobs[name]["jobArn"]}

    def _list_model_invocation_jobs(self, nameContains: str, maxResults: int, nextToken: str = "0") -> Any:
        found = [job for name, job in self.jobs.items() if nameContains in name]
        start, end = int(nextToken), int(nextToken) + self.page_size
        more = {"nextToken": str(end)} if end < len(found) else {}
        return {"invocationJobSummaries": [dict(job) for job in found[start:end]], **more}

    def _stop_model_invocation_job(self, jobIdentifier: str) -> Any:
        [job] = [job for job in self.jobs.values() if job["jobArn"] == jobIdentifier]
        if job["status"] != "InProgress":
            raise error("StopModelInvocationJob", "ConflictException", "the job has ended")
        job["status"] = "Stopping"
        return {}

    def _list_tags_for_resource(self, resourceARN: str) -> Any:
        return {"tags": self.tags[resourceARN]}


class FakeBedrockRuntime(Client):
    """A model that answers with what it was asked, in capitals."""

    service = "bedrock-runtime"

    def _converse(self, modelId: str, messages: Any, **_more: Any) -> Any:
        text = messages[-1]["content"][0]["text"].upper()
        return {"output": {"message": {"role": "assistant", "content": [{"text": text}]}}}

    def _invoke_model(self, modelId: str, body: bytes, contentType: str) -> Any:
        return {"body": io.BytesIO(json.dumps({"generation": json.loads(body)["prompt"].upper()}).encode())}


class FakeSns(Client):
    """A topic that keeps what was published."""

    service = "sns"

    def __init__(self) -> None:
        super().__init__()
        self.published: list[tuple[str, str]] = []

    def _publish(self, TopicArn: str, Subject: str, Message: str) -> Any:
        self.published.append((TopicArn, f"{Subject}: {Message}"))
        return {"MessageId": str(len(self.published))}


class Recorded(Log):
    """A log that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def __call__(self, event: str, /, **fields: Any) -> None:
        json.dumps(fields, default=str)
        self.lines.append({"event": event, **fields})

    def events(self) -> list[str]:
        return [line["event"] for line in self.lines]


@dataclass
class Aws:
    """The fakes of one test, and the tools that reach them."""

    clock: Clock = field(default_factory=Clock)
    log: Recorded = field(default_factory=Recorded)

    def __post_init__(self) -> None:
        self.sagemaker = FakeSageMaker(self.clock)
        self.sqs = FakeSqs(self.clock)
        self.s3 = FakeS3()
        self.bedrock = FakeBedrock(self.clock)
        self.bedrock_runtime = FakeBedrockRuntime()
        self.sns = FakeSns()
        self._ids = 0

    @property
    def tools(self) -> Tools:
        return Tools(
            sagemaker=self.sagemaker,
            sqs=self.sqs,
            s3=self.s3,
            prefix="test",
            queue_url=QUEUE_URL,
            bucket="test-bucket",
            now=self.clock.now,
            sleep=self.clock.sleep,
            new_id=self._new_id,
            log=self.log,
            bedrock=self.bedrock,
            bedrock_runtime=self.bedrock_runtime,
            sns=self.sns,
        )

    def _new_id(self) -> str:
        self._ids += 1
        # Not in order: the heartbeat must not rely on it.
        return f"{(self._ids * 2_654_435_761) % 2**32:08x}"


def wait(**changes: Any) -> Wait:
    """A wait for the AutoML job of the execution."""
    values: dict[str, Any] = {
        "token": TOKEN,
        "execution_arn": EXECUTION_ARN,
        "waits_for": "automl",
        "name": f"{EXECUTION_ID}-1",
        "deadline_seconds": 259_200,
        "first_poll_seconds": 60,
        "max_poll_seconds": 900,
    }
    return Wait(**{**values, **changes})
