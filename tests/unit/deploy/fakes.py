"""AWS in memory, as far as deploy/ asks: hand-written clients that remember what was written to them."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from botocore.exceptions import ClientError

from config.load import load_project
from config.models import Project
from deploy.session import Aws

ACCOUNT, REGION = "123456789012", "us-east-1"
BUCKET = f"local-pipelines-{ACCOUNT}-{REGION}"
AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@cache
def project() -> Project:
    """The shipped configuration, for the environment of the stand-in."""
    return load_project("local")


def refusal(operation: str, code: str, message: str, status: int = 400) -> ClientError:
    """What a client raises when AWS says no."""
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)


@dataclass
class FakeSts:
    """Who is calling."""

    account: str = ACCOUNT
    user: str = "somebody"

    def get_caller_identity(self) -> dict[str, str]:
        arn = f"arn:aws:iam::{self.account}:user/{self.user}"
        return {"Account": self.account, "Arn": arn, "UserId": f"AIDA{self.user.upper()}"}


@dataclass
class FakeS3:
    """Buckets with objects; a bucket of another account is named in `foreign`."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    buckets: set[str] = field(default_factory=lambda: {BUCKET})
    foreign: set[str] = field(default_factory=set)
    written: list[str] = field(default_factory=list)
    page: int = 1000
    tags: dict[str, str] = field(default_factory=dict)
    times: dict[str, datetime] = field(default_factory=dict)
    before_put: Callable[[str], None] = lambda key: None

    def head_bucket(self, *, Bucket: str, ExpectedBucketOwner: str) -> dict[str, Any]:
        if Bucket in self.foreign:
            raise refusal("HeadBucket", "403", "Forbidden", 403)
        if Bucket not in self.buckets:
            raise refusal("HeadBucket", "404", "Not Found", 404)
        return {}

    def head_object(self, *, Bucket: str, Key: str, ExpectedBucketOwner: str) -> dict[str, Any]:
        if (Bucket, Key) not in self.objects:
            raise refusal("HeadObject", "404", "Not Found", 404)
        return {"ETag": f'"{hashlib.md5(self.objects[Bucket, Key], usedforsecurity=False).hexdigest()}"'}

    def put_object(
        self,
        *,
        Bucket: str,
        Key: str,
        Body: bytes,
        ExpectedBucketOwner: str,
        IfNoneMatch: str = "",
        Tagging: str = "",
        **_: Any,
    ) -> None:
        self.before_put(Key)
        if IfNoneMatch == "*" and (Bucket, Key) in self.objects:
            raise refusal("PutObject", "PreconditionFailed", "At least one of the pre-conditions failed", 412)
        self.objects[Bucket, Key] = Body
        self.written.append(Key)
        self.tags[Key] = Tagging

    def get_object_tagging(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        assert (Bucket, Key) in self.objects
        return {"TagSet": [{"Key": k, "Value": v} for k, v in parse_qsl(self.tags.get(Key, ""))]}

    def upload_fileobj(self, stream: Any, *, Bucket: str, Key: str, ExtraArgs: Mapping[str, str]) -> None:
        self.put_object(Bucket=Bucket, Key=Key, Body=stream.read(), ExpectedBucketOwner="")

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        if (Bucket, Key) not in self.objects:
            raise refusal("GetObject", "NoSuchKey", "The specified key does not exist.", 404)
        return {"Body": io.BytesIO(self.objects[Bucket, Key])}

    def list_objects_v2(self, *, Bucket: str, Prefix: str, ContinuationToken: str = "0") -> dict[str, Any]:
        keys = sorted(key for bucket, key in self.objects if bucket == Bucket and key.startswith(Prefix))
        begin = int(ContinuationToken)
        found = keys[begin : begin + self.page]
        more = begin + self.page < len(keys)
        contents = [
            {
                "Key": key,
                "Size": len(self.objects[Bucket, key]),
                **({"LastModified": self.times[key]} if key in self.times else {}),
            }
            for key in found
        ]
        return {"Contents": contents} | ({"NextContinuationToken": str(begin + self.page)} if more else {})

    def put_json(self, uri: str, document: Any) -> None:
        """Puts a JSON document at s3://bucket/key."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.objects[bucket, key] = json.dumps(document).encode()


@dataclass
class FakeRun:
    """An execution as FakeSageMaker keeps it."""

    arn: str
    status: str
    steps: list[dict[str, Any]]
    definition: dict[str, Any]
    values: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    started: datetime = AT
    description: str = ""


@dataclass
class FakeVersion:
    """A version of a pipeline; its number is its place."""

    definition: str
    aliases: set[str] = field(default_factory=set)


@dataclass
class FakeSageMaker:
    """Pipelines, executions, packages, endpoints. Listings come in pages of `page`."""

    pipelines: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, list[FakeVersion]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, FakeRun] = field(default_factory=dict)
    ended: dict[str, datetime] = field(default_factory=dict)
    packages: dict[str, dict[str, Any]] = field(default_factory=dict)
    endpoints: dict[str, str] = field(default_factory=dict)
    configs: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    page: int = 100

    def writes(self) -> list[str]:
        """The names of the writing calls, in order."""
        return [name for name, _ in self.calls]

    def create_pipeline(self, **request: Any) -> dict[str, Any]:
        self.calls.append(("create_pipeline", request))
        name = request["PipelineName"]
        if name in self.pipelines:
            raise refusal("CreatePipeline", "ValidationException", f"Pipeline {name} already exists")
        self.pipelines[name] = {key: value for key, value in request.items() if key != "Tags"}
        self.versions[name] = [FakeVersion(request["PipelineDefinition"])]
        self.tags[pipeline_arn(name)] = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        return {"PipelineArn": pipeline_arn(name)}

    def update_pipeline(self, **request: Any) -> dict[str, Any]:
        self.calls.append(("update_pipeline", request))
        name = request["PipelineName"]
        self.pipelines[name] |= request
        kept = self.versions.setdefault(name, [])
        if not kept or kept[-1].definition != request["PipelineDefinition"]:
            kept.append(FakeVersion(request["PipelineDefinition"]))
        return {"PipelineVersionId": len(kept)}

    def describe_pipeline(
        self, *, PipelineName: str, PipelineVersionId: int = 0, PipelineVersionAlias: str = ""
    ) -> dict[str, Any]:
        if PipelineName not in self.pipelines:
            raise refusal("DescribePipeline", "ResourceNotFound", f"Pipeline {PipelineName} not found")
        if not PipelineVersionId and not PipelineVersionAlias:
            return self.pipelines[PipelineName]
        for number, version in enumerate(self.versions[PipelineName], 1):
            if number == PipelineVersionId or PipelineVersionAlias in version.aliases:
                return self.pipelines[PipelineName] | {"PipelineDefinition": version.definition}
        raise refusal("DescribePipeline", "ResourceNotFound", "no such version")

    def list_pipeline_versions(
        self, *, PipelineName: str, SortOrder: str, NextToken: str = "0"
    ) -> dict[str, Any]:
        kept = self.versions[PipelineName]
        entries = [
            {"PipelineVersionId": number, "PipelineVersionAliases": sorted(kept[number - 1].aliases)}
            for number in range(len(kept), 0, -1)
        ]
        return self._paged("PipelineVersionSummaries", entries, NextToken)

    def update_pipeline_version(
        self,
        *,
        PipelineArn: str,
        PipelineVersionId: int,
        PipelineVersionAliasOperations: Mapping[str, list[str]],
    ) -> None:
        self.calls.append(
            ("update_pipeline_version", {"id": PipelineVersionId, **PipelineVersionAliasOperations})
        )
        kept = self.versions[PipelineArn.rpartition("/")[2]]
        version = kept[PipelineVersionId - 1]
        version.aliases -= set(PipelineVersionAliasOperations.get("Remove", []))
        for alias in PipelineVersionAliasOperations.get("Add", []):
            if any(alias in other.aliases for other in kept):
                raise refusal("UpdatePipelineVersion", "ConflictException", f"{alias} is taken")
            version.aliases.add(alias)

    def list_tags(self, *, ResourceArn: str, NextToken: str = "0") -> dict[str, Any]:
        entries = [{"Key": k, "Value": v} for k, v in self.tags.get(ResourceArn, {}).items()]
        return self._paged("Tags", entries, NextToken)

    def add_tags(self, *, ResourceArn: str, Tags: list[dict[str, str]]) -> None:
        self.calls.append(("add_tags", {"ResourceArn": ResourceArn, "Tags": Tags}))
        self.tags.setdefault(ResourceArn, {}).update({tag["Key"]: tag["Value"] for tag in Tags})

    def describe_model_package_group(self, *, ModelPackageGroupName: str) -> dict[str, Any]:
        if ModelPackageGroupName not in self.groups:
            said = f"ModelPackageGroup {ModelPackageGroupName} does not exist."
            raise refusal("DescribeModelPackageGroup", "ValidationException", said)
        return self.groups[ModelPackageGroupName]

    def create_model_package_group(self, **request: Any) -> None:
        self.calls.append(("create_model_package_group", request))
        self.groups[request["ModelPackageGroupName"]] = request

    def start_pipeline_execution(self, **request: Any) -> dict[str, Any]:
        self.calls.append(("start_pipeline_execution", request))
        return {"PipelineExecutionArn": execution_arn(request["PipelineName"], "abcdefghijkl")}

    def describe_pipeline_execution(self, *, PipelineExecutionArn: str) -> dict[str, Any]:
        run = self._run("DescribePipelineExecution", PipelineExecutionArn)
        return {
            "PipelineExecutionArn": run.arn,
            "PipelineExecutionStatus": run.status,
            "CreationTime": run.started,
            "LastModifiedTime": self.ended.get(run.arn, run.started),
            "PipelineExecutionDescription": run.description,
            "FailureReason": run.reason,
        }

    def list_pipeline_execution_steps(
        self, *, PipelineExecutionArn: str, SortOrder: str, NextToken: str = "0"
    ) -> dict[str, Any]:
        run = self._run("ListPipelineExecutionSteps", PipelineExecutionArn)
        return self._paged("PipelineExecutionSteps", run.steps, NextToken)

    def list_pipeline_executions(
        self, *, PipelineName: str, SortBy: str, SortOrder: str, NextToken: str = "0"
    ) -> dict[str, Any]:
        self.describe_pipeline(PipelineName=PipelineName)
        found = [
            {
                "PipelineExecutionArn": run.arn,
                "PipelineExecutionStatus": run.status,
                "StartTime": run.started,
            }
            for run in sorted(self.runs.values(), key=lambda run: run.started, reverse=True)
            if f":pipeline/{PipelineName}/" in run.arn
        ]
        return self._paged("PipelineExecutionSummaries", found, NextToken)

    def list_pipeline_parameters_for_execution(self, *, PipelineExecutionArn: str) -> dict[str, Any]:
        run = self._run("ListPipelineParametersForExecution", PipelineExecutionArn)
        return {"PipelineParameters": [{"Name": k, "Value": v} for k, v in run.values.items()]}

    def describe_pipeline_definition_for_execution(self, *, PipelineExecutionArn: str) -> dict[str, Any]:
        run = self._run("DescribePipelineDefinitionForExecution", PipelineExecutionArn)
        return {"PipelineDefinition": json.dumps(run.definition)}

    def describe_processing_job(self, *, ProcessingJobName: str) -> dict[str, Any]:
        if ProcessingJobName not in self.jobs:
            raise refusal("DescribeProcessingJob", "ValidationException", "Could not find the job")
        return self.jobs[ProcessingJobName]

    def describe_endpoint(self, *, EndpointName: str) -> dict[str, Any]:
        if EndpointName not in self.endpoints:
            raise refusal(
                "DescribeEndpoint", "ValidationException", f'Could not find endpoint "{EndpointName}".'
            )
        return {
            "EndpointStatus": self.endpoints[EndpointName],
            "EndpointConfigName": f"{EndpointName}-config",
            "CreationTime": AT,
        }

    def describe_endpoint_config(self, *, EndpointConfigName: str) -> dict[str, Any]:
        variant = {"InstanceType": "ml.g5.12xlarge", "InitialInstanceCount": 1}
        return {"EndpointConfigName": EndpointConfigName, "ProductionVariants": [variant]}

    def describe_auto_ml_job_v2(self, *, AutoMLJobName: str) -> dict[str, Any]:
        if AutoMLJobName not in self.jobs:
            raise refusal("DescribeAutoMLJobV2", "ResourceNotFound", f"AutoML job {AutoMLJobName} not found")
        return self.jobs[AutoMLJobName]

    def describe_training_job(self, *, TrainingJobName: str) -> dict[str, Any]:
        if TrainingJobName not in self.jobs:
            raise refusal("DescribeTrainingJob", "ValidationException", "Could not find the job")
        return self.jobs[TrainingJobName]

    def list_endpoints(self, *, NameContains: str, NextToken: str = "0") -> dict[str, Any]:
        return self._named("Endpoints", "Endpoint", list(self.endpoints), NameContains, NextToken)

    def list_endpoint_configs(self, *, NameContains: str, NextToken: str = "0") -> dict[str, Any]:
        return self._named("EndpointConfigs", "EndpointConfig", self.configs, NameContains, NextToken)

    def list_models(self, *, NameContains: str, NextToken: str = "0") -> dict[str, Any]:
        return self._named("Models", "Model", self.models, NameContains, NextToken)

    def delete_endpoint(self, *, EndpointName: str) -> None:
        self.calls.append(("delete_endpoint", {"EndpointName": EndpointName}))

    def delete_endpoint_config(self, *, EndpointConfigName: str) -> None:
        self.calls.append(("delete_endpoint_config", {"EndpointConfigName": EndpointConfigName}))

    def delete_model(self, *, ModelName: str) -> None:
        self.calls.append(("delete_model", {"ModelName": ModelName}))

    def list_model_packages(
        self,
        *,
        ModelPackageGroupName: str,
        SortBy: str,
        SortOrder: str,
        ModelApprovalStatus: str = "",
        NextToken: str = "0",
    ) -> dict[str, Any]:
        found = [
            package
            for package in sorted(self.packages.values(), key=lambda p: -p["ModelPackageVersion"])
            if package["ModelPackageGroupName"] == ModelPackageGroupName
            and ModelApprovalStatus in {"", package["ModelApprovalStatus"]}
        ]
        return self._paged("ModelPackageSummaryList", found, NextToken)

    def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:
        if ModelPackageName not in self.packages:
            raise refusal("DescribeModelPackage", "ValidationException", "ModelPackage does not exist.")
        return self.packages[ModelPackageName]

    def update_model_package(self, **request: Any) -> None:
        self.calls.append(("update_model_package", request))
        self.packages[request["ModelPackageArn"]] |= request

    def add_run(self, run: FakeRun) -> FakeRun:
        """An execution, with the pipeline it belongs to."""
        self.runs[run.arn] = run
        self.pipelines.setdefault(run.arn.split(":pipeline/")[1].split("/")[0], {})
        return run

    def _run(self, operation: str, arn: str) -> FakeRun:
        if arn not in self.runs:
            raise refusal(operation, "ResourceNotFound", f"Pipeline execution {arn} does not exist.")
        return self.runs[arn]

    def _paged(self, member: str, entries: list[Any], token: str) -> dict[str, Any]:
        begin = int(token)
        more = {"NextToken": str(begin + self.page)} if begin + self.page < len(entries) else {}
        return {member: entries[begin : begin + self.page]} | more

    def _named(self, members: str, what: str, listed: list[str], part: str, token: str) -> dict[str, Any]:
        entries = [
            {
                f"{what}Name": name,
                f"{what}Arn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{what.lower()}/{name}",
                "CreationTime": AT,
            }
            for name in listed
            if part in name
        ]
        return self._paged(members, entries, token)


@dataclass
class FakeCloudFormation:
    """Stacks that are done at once, unless `fails` says why one is not."""

    stacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    fails: str = ""
    in_progress_looks: int = 0
    on_create: Callable[[], None] | None = None

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:
        if StackName not in self.stacks:
            raise refusal("DescribeStacks", "ValidationError", f"Stack with id {StackName} does not exist")
        stack = dict(self.stacks[StackName])
        if self.in_progress_looks:
            self.in_progress_looks -= 1
            stack["StackStatus"] = "UPDATE_IN_PROGRESS"
        return {"Stacks": [stack]}

    def get_template(self, *, StackName: str, TemplateStage: str) -> dict[str, Any]:
        return {"TemplateBody": self.stacks[StackName]["template"]}

    def create_stack(self, **request: Any) -> None:
        if self.on_create:
            self.on_create()
        if request["StackName"] in self.stacks:
            raise refusal("CreateStack", "AlreadyExistsException", "Stack already exists")
        self._put("create", request)

    def update_stack(self, **request: Any) -> None:
        self._put("update", request)

    def delete_stack(self, *, StackName: str) -> None:
        self.calls.append(f"delete {StackName}")
        del self.stacks[StackName]

    def get_waiter(self, name: str) -> Any:
        return FakeWaiter()

    def describe_stack_events(self, *, StackName: str) -> dict[str, Any]:
        return {
            "StackEvents": [
                event(StackName, "AWS::CloudFormation::Stack", "ROLLBACK_COMPLETE"),
                event("Queue", "AWS::SQS::Queue", "CREATE_FAILED", "Resource creation cancelled"),
                event("Role", "AWS::IAM::Role", "CREATE_FAILED", self.fails),
                event(StackName, "AWS::CloudFormation::Stack", "CREATE_IN_PROGRESS"),
                event("Old", "AWS::IAM::Role", "UPDATE_FAILED", "an earlier attempt's"),
            ]
        }

    def _put(self, done: str, request: dict[str, Any]) -> None:
        self.calls.append(f"{done} {request['StackName']}")
        self.stacks[request["StackName"]] = {
            "StackStatus": "ROLLBACK_COMPLETE" if self.fails else f"{done.upper()}_COMPLETE",
            "template": request["TemplateBody"],
            "Parameters": request["Parameters"],
            "Tags": request["Tags"],
        }


class FakeWaiter:
    """Has nothing to wait for."""

    def wait(self, **_: Any) -> None:
        """At once."""


@dataclass
class FakeLogs:
    """Log events by group and stream."""

    events: dict[str, list[tuple[str, int, str]]] = field(default_factory=dict)
    page: int = 100

    def filter_log_events(
        self,
        *,
        logGroupName: str,
        filterPattern: str = "",
        startTime: int = 0,
        endTime: int = 2**62,
        nextToken: str = "0",
    ) -> dict[str, Any]:
        found = [
            {"timestamp": at, "message": text}
            for _, at, text in self._group(logGroupName)
            if filterPattern.strip('"') in text and startTime <= at <= endTime
        ]
        begin = int(nextToken)
        more = {"nextToken": str(begin + self.page)} if begin + self.page < len(found) else {}
        return {"events": found[begin : begin + self.page]} | more

    def describe_log_streams(
        self, *, logGroupName: str, logStreamNamePrefix: str, nextToken: str = "0"
    ) -> dict[str, Any]:
        streams = sorted({stream for stream, _, _ in self._group(logGroupName)})
        found = [{"logStreamName": name} for name in streams if name.startswith(logStreamNamePrefix)]
        begin = int(nextToken)
        more = {"nextToken": str(begin + 1)} if begin + 1 < len(found) else {}
        return {"logStreams": found[begin : begin + 1]} | more

    def get_log_events(
        self,
        *,
        logGroupName: str,
        logStreamName: str,
        startFromHead: bool,
        limit: int = 100,
        startTime: int = 0,
        nextToken: str = "0",
    ) -> dict[str, Any]:
        lines = [
            {"timestamp": at, "message": text}
            for stream, at, text in self._group(logGroupName)
            if stream == logStreamName and at >= startTime
        ]
        begin = int(nextToken)
        page = lines[begin : begin + limit] if startFromHead else lines[-limit:]
        # CloudWatch gives a token for ever; at the end it is the one that was sent.
        return {"events": page, "nextForwardToken": str(begin + len(page))}

    def _group(self, name: str) -> list[tuple[str, int, str]]:
        if name not in self.events:
            raise refusal(
                "FilterLogEvents", "ResourceNotFoundException", "The specified log group does not exist."
            )
        return self.events[name]


@dataclass
class FakeAws:
    """All fakes of one account, and an `Aws` that hands them out."""

    sagemaker: FakeSageMaker = field(default_factory=FakeSageMaker)
    s3: FakeS3 = field(default_factory=FakeS3)
    cloudformation: FakeCloudFormation = field(default_factory=FakeCloudFormation)
    logs: FakeLogs = field(default_factory=FakeLogs)
    sts: FakeSts = field(default_factory=FakeSts)

    @property
    def aws(self) -> Aws:
        return Aws(account=ACCOUNT, region=REGION, make=lambda service: getattr(self, service))


def event(logical_id: str, kind: str, status: str, reason: str = "") -> dict[str, str]:
    """An event of a stack."""
    said = {"ResourceStatusReason": reason} if reason else {}
    return {"LogicalResourceId": logical_id, "ResourceType": kind, "ResourceStatus": status} | said


def pipeline_arn(name: str) -> str:
    """The ARN of a pipeline."""
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/{name}"


def execution_arn(pipeline: str, execution_id: str) -> str:
    """The ARN of an execution."""
    return f"{pipeline_arn(pipeline)}/execution/{execution_id}"


def step(name: str, status: str, metadata: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A step as ListPipelineExecutionSteps tells of it."""
    ended = {"EndTime": AT} if status in {"Succeeded", "Failed", "Stopped"} else {}
    return {
        "StepName": name,
        "StepStatus": status,
        "StartTime": AT,
        "Metadata": dict(metadata or {}),
        **ended,
        **more,
    }
