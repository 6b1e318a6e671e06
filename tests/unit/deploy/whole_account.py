"""An account in memory with all that cleanup and teardown look at, and that remembers what was deleted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.session import Aws
from tests.unit.deploy.fakes import (
    ACCOUNT,
    AT,
    BUCKET,
    REGION,
    FakeAws,
    FakeCloudFormation,
    FakeS3,
    FakeSageMaker,
    pipeline_arn,
    refusal,
)

NOW = datetime(2026, 12, 31, 12, 0, tzinfo=UTC)
OURS = {"pipelines:prefix": "local"}


@dataclass
class WholeSageMaker(FakeSageMaker):
    """Listings of pipelines and groups, versions, models behind endpoints; deletions."""

    numbered: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    served: dict[str, Any] = field(default_factory=dict)  # endpoint or configuration: what it names
    containers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def describe_pipeline(
        self, *, PipelineName: str, PipelineVersionId: int = 0, PipelineVersionAlias: str = ""
    ) -> dict[str, Any]:
        found = {
            "PipelineArn": pipeline_arn(PipelineName),
            **super().describe_pipeline(PipelineName=PipelineName),
        }
        return {**found, **(self.numbered[PipelineName][PipelineVersionId] if PipelineVersionId else {})}

    def list_pipelines(self, *, PipelineNamePrefix: str, NextToken: str = "0") -> dict[str, Any]:
        named = [{"PipelineName": name} for name in self.pipelines if name.startswith(PipelineNamePrefix)]
        return self._paged("PipelineSummaries", named, NextToken)

    def list_pipeline_versions(
        self, *, PipelineName: str, SortOrder: str, NextToken: str = "0"
    ) -> dict[str, Any]:
        versions = sorted(self.numbered.get(PipelineName, {}).items(), reverse=True)
        listed = [{"PipelineVersionId": number, **each} for number, each in versions]
        return self._paged("PipelineVersionSummaries", listed, NextToken)

    def list_model_package_groups(self, *, NameContains: str, NextToken: str = "0") -> dict[str, Any]:
        named = [{"ModelPackageGroupName": name} for name in self.groups if NameContains in name]
        return self._paged("ModelPackageGroupSummaryList", named, NextToken)

    def describe_endpoint(self, *, EndpointName: str) -> dict[str, Any]:
        found = super().describe_endpoint(EndpointName=EndpointName)
        return {**found, "EndpointConfigName": self.served.get(EndpointName, "none")}

    def describe_endpoint_config(self, *, EndpointConfigName: str) -> dict[str, Any]:
        if EndpointConfigName not in self.configs:
            raise refusal("DescribeEndpointConfig", "ValidationException", "Could not find the configuration")
        return {"ProductionVariants": [{"ModelName": self.served.get(EndpointConfigName, "none")}]}

    def describe_model(self, *, ModelName: str) -> dict[str, Any]:
        if ModelName not in self.models:
            raise refusal("DescribeModel", "ValidationException", "Could not find model")
        return {"ModelName": ModelName, "PrimaryContainer": self.containers.get(ModelName, {})}

    def delete_endpoint(self, *, EndpointName: str) -> None:
        super().delete_endpoint(EndpointName=EndpointName)
        del self.endpoints[EndpointName]

    def delete_pipeline(self, *, PipelineName: str) -> None:
        self.calls.append(("delete_pipeline", {"PipelineName": PipelineName}))
        self.describe_pipeline(PipelineName=PipelineName)
        del self.pipelines[PipelineName]

    def delete_model_package(self, *, ModelPackageName: str) -> None:
        self.calls.append(("delete_model_package", {"ModelPackageName": ModelPackageName}))
        del self.packages[ModelPackageName]

    def delete_model_package_group(self, *, ModelPackageGroupName: str) -> None:
        self.calls.append(("delete_model_package_group", {"ModelPackageGroupName": ModelPackageGroupName}))
        del self.groups[ModelPackageGroupName]

    def add_package(self, version: int, approval: str, *, group: str = "local-facts", **more: Any) -> str:
        """A model package with its group; returns its ARN."""
        arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/{group}/{version}"
        group_arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package-group/{group}"
        self.groups.setdefault(group, {"ModelPackageGroupArn": group_arn})
        self.tags.setdefault(group_arn, dict(OURS))
        self.packages[arn] = {
            "ModelPackageArn": arn,
            "ModelPackageGroupName": group,
            "ModelPackageVersion": version,
            "ModelApprovalStatus": approval,
            "CreationTime": AT,
            **more,
        }
        return arn

    def add_pipeline(self, name: str, tags: Mapping[str, str], *texts: str) -> None:
        """A pipeline whose definition holds these texts."""
        self.pipelines[name] = {"PipelineDefinition": json.dumps({"Steps": [], "texts": texts})}
        self.tags[pipeline_arn(name)] = dict(tags)


@dataclass
class WholeS3(FakeS3):
    """When objects were written, tags of buckets, deletions."""

    changed: dict[str, datetime] = field(default_factory=dict)
    bucket_tags: dict[str, dict[str, str]] = field(default_factory=lambda: {BUCKET: dict(OURS)})
    deleted: list[str] = field(default_factory=list)
    refuses: str = ""

    def put(self, key: str, body: bytes = b"x", *, age: timedelta = timedelta(days=60)) -> None:
        """An object of the environment's bucket."""
        self.objects[BUCKET, key] = body
        self.changed[key] = NOW - age

    def list_objects_v2(self, **request: Any) -> dict[str, Any]:
        page = super().list_objects_v2(**request)
        for each in page["Contents"]:
            each["LastModified"] = self.changed.get(each["Key"], AT)
        return page

    def delete_objects(
        self, *, Bucket: str, Delete: dict[str, Any], ExpectedBucketOwner: str
    ) -> dict[str, Any]:
        assert ExpectedBucketOwner == ACCOUNT
        assert len(Delete["Objects"]) <= 1000
        for each in Delete["Objects"]:
            if each["Key"] == self.refuses:
                return {"Errors": [{"Key": each["Key"], "Code": "AccessDenied", "Message": "no"}]}
            self.deleted.append(each["Key"])
            self.objects.pop((Bucket, each["Key"]), None)
        return {}

    def get_bucket_tagging(self, *, Bucket: str, ExpectedBucketOwner: str) -> dict[str, Any]:
        if Bucket not in self.buckets:
            raise refusal("GetBucketTagging", "NoSuchBucket", "The specified bucket does not exist", 404)
        if Bucket not in self.bucket_tags:
            raise refusal("GetBucketTagging", "NoSuchTagSet", "The TagSet does not exist", 404)
        return {"TagSet": [{"Key": k, "Value": v} for k, v in self.bucket_tags[Bucket].items()]}

    def list_object_versions(self, *, Bucket: str, MaxKeys: int, ExpectedBucketOwner: str) -> dict[str, Any]:
        keys = sorted(key for bucket, key in self.objects if bucket == Bucket)[:MaxKeys]
        return {"Versions": [{"Key": key, "VersionId": "null"} for key in keys]}

    def delete_bucket_policy(self, *, Bucket: str, ExpectedBucketOwner: str) -> None:
        self.deleted.append(f"policy of {Bucket}")

    def delete_bucket(self, *, Bucket: str, ExpectedBucketOwner: str) -> None:
        assert not [key for bucket, key in self.objects if bucket == Bucket]
        self.deleted.append(f"bucket {Bucket}")
        self.buckets.discard(Bucket)


@dataclass
class FakeLambda:
    """Published versions and aliases by function."""

    versions: dict[str, list[str]] = field(default_factory=dict)
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)

    def list_aliases(self, *, FunctionName: str, Marker: str = "") -> dict[str, Any]:
        self._known(FunctionName)
        found = self.aliases.get(FunctionName, {})
        return {"Aliases": [{"Name": name, "FunctionVersion": version} for name, version in found.items()]}

    def list_versions_by_function(self, *, FunctionName: str, Marker: str = "0") -> dict[str, Any]:
        """One a page."""
        self._known(FunctionName)
        listed, at = ["$LATEST", *self.versions[FunctionName]], int(Marker)
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FunctionName}"
        found = {
            "Version": listed[at],
            "FunctionArn": f"{arn}:{listed[at]}",
            "LastModified": "2026-06-01T10:00:00.000+0000",
            "CodeSize": 10,
        }
        return {"Versions": [found], **({"NextMarker": str(at + 1)} if at + 1 < len(listed) else {})}

    def delete_function(self, *, FunctionName: str, Qualifier: str) -> None:
        self.deleted.append(f"{FunctionName}:{Qualifier}")

    def _known(self, name: str) -> None:
        if name not in self.versions:
            raise refusal("ListAliases", "ResourceNotFoundException", "Function not found", 404)


@dataclass
class FakeBedrock:
    """Guardrails with tags."""

    guardrails: dict[str, dict[str, str]] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)

    def list_guardrails(self) -> dict[str, Any]:
        found = [{"id": f"id-{name}", "name": name, "arn": f"arn:{name}"} for name in self.guardrails]
        return {"guardrails": found}

    def list_tags_for_resource(self, *, resourceARN: str) -> dict[str, Any]:
        tags = self.guardrails[resourceARN.removeprefix("arn:")]
        return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}

    def delete_guardrail(self, *, guardrailIdentifier: str) -> None:
        self.deleted.append(guardrailIdentifier)
        del self.guardrails[guardrailIdentifier.removeprefix("id-")]


@dataclass
class WholeCloudFormation(FakeCloudFormation):
    """What stacks hold."""

    def list_stack_resources(self, *, StackName: str, NextToken: str = "0") -> dict[str, Any]:
        """One a page."""
        listed, at = self.stacks[StackName].get("resources", []), int(NextToken)
        more = {"NextToken": str(at + 1)} if at + 1 < len(listed) else {}
        return {"StackResourceSummaries": listed[at : at + 1], **more}

    def add(self, name: str, tags: Mapping[str, str], *resources: tuple[str, str], **parameters: str) -> None:
        """A stack that stands."""
        self.stacks[name] = {
            "StackStatus": "CREATE_COMPLETE",
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
            "resources": [
                {"ResourceType": kind, "PhysicalResourceId": physical, "LogicalResourceId": "X"}
                for kind, physical in resources
            ],
        }


@dataclass
class WholeAws(FakeAws):
    """The account."""

    sagemaker: WholeSageMaker = field(default_factory=WholeSageMaker)
    s3: WholeS3 = field(default_factory=WholeS3)
    cloudformation: WholeCloudFormation = field(default_factory=WholeCloudFormation)
    functions: FakeLambda = field(default_factory=FakeLambda)
    bedrock: FakeBedrock = field(default_factory=FakeBedrock)

    @property
    def aws(self) -> Aws:
        def make(service: str) -> Any:
            return self.functions if service == "lambda" else getattr(self, service)

        return Aws(account=ACCOUNT, region=REGION, make=make)

    def deletions(self) -> list[str]:
        """Everything that was deleted, of every service."""
        calls = [f"{name} {next(iter(request.values()))}" for name, request in self.sagemaker.calls]
        return [
            *calls,
            *self.s3.deleted,
            *self.functions.deleted,
            *self.bedrock.deleted,
            *self.cloudformation.calls,
        ]
