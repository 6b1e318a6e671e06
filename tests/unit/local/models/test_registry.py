"""The Model Registry: versions, merging updates, events, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.validate import ParamValidator

from local.api import ApiError
from local.protocol import operation_model
from local.registry import groups, packages
from local.registry.groups import Groups
from local.registry.packages import Packages, description
from tests.unit.local.engine.fakes import FakeDocuments, FakeEvents
from tests.unit.local.models.fakes import Clock, resources

GROUP_ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package-group/facts"
PACKAGE_ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/facts"


class Registry:
    def __init__(self) -> None:
        documents, clock, self.events = FakeDocuments(), Clock(), FakeEvents()
        of_groups = resources(groups.KIND, groups, documents, clock)
        of_packages = resources(packages.KIND, packages, documents, clock)
        self.groups = Groups(of_groups, lambda group: len(self.packages.of_group(group)))
        self.packages = Packages(of_packages, self.groups, documents, self.events)
        self.groups.create({"ModelPackageGroupName": "facts"})

    def register(self, **members: Any) -> str:
        return self.packages.create({"ModelPackageGroupName": "facts", **members})

    def described(self, arn: str) -> dict[str, Any]:
        return description(self.packages.resources.get(arn))


@pytest.fixture
def registry() -> Registry:
    return Registry()


def test_versions_count_up_and_a_number_is_never_given_twice(registry: Registry) -> None:
    """A group is named by its name or its ARN."""
    assert registry.register() == f"{PACKAGE_ARN}/1"
    assert registry.packages.create({"ModelPackageGroupName": GROUP_ARN}) == f"{PACKAGE_ARN}/2"
    registry.packages.delete(f"{PACKAGE_ARN}/2")
    assert registry.register() == f"{PACKAGE_ARN}/3"
    with pytest.raises(ApiError, match=f"ValidationException: ModelPackage {PACKAGE_ARN}/2 does not exist"):
        registry.described(f"{PACKAGE_ARN}/2")


def test_a_group_is_described_as_the_api_model_says(registry: Registry) -> None:
    """Every required member is there: clients with types fail where one is not."""
    found = groups.description(registry.groups.resources.get("facts"))
    shape = operation_model("sagemaker", "DescribeModelPackageGroup").output_shape
    assert ParamValidator().validate(found, shape).generate_report() == ""


def test_a_new_version_waits_for_approval_and_keeps_all_it_was_given(registry: Registry) -> None:
    """Model card, life cycle and source are kept, which moto drops."""
    members = {
        "ModelCard": {"ModelCardContent": "{}", "ModelCardStatus": "Draft"},
        "ModelLifeCycle": {"Stage": "Dev", "StageStatus": "Open"},
        "SourceUri": "s3://bucket/source",
        "CustomerMetadataProperties": {"base_model": "Llama2-7B"},
        "Task": "TEXT_GENERATION",
    }
    found = registry.described(registry.register(**members))
    assert {name: found[name] for name in members} == members
    assert (found["ModelApprovalStatus"], found["ModelPackageStatus"]) == (
        "PendingManualApproval",
        "Completed",
    )
    assert (found["ModelPackageVersion"], found["ModelPackageGroupName"]) == (1, "facts")
    assert "ModelPackageName" not in found
    assert "LastModifiedTime" not in found


def test_an_update_changes_what_it_names_and_nothing_else(registry: Registry) -> None:
    """Approving keeps the metadata; metadata are merged key by key."""
    arn = registry.register(CustomerMetadataProperties={"a": "1", "b": "2"}, SourceUri="s3://bucket/s")
    registry.packages.update(
        {"ModelPackageArn": arn, "ModelApprovalStatus": "Approved", "ApprovalDescription": "ok"}
    )
    registry.packages.update(
        {
            "ModelPackageArn": arn,
            "CustomerMetadataProperties": {"c": "3"},
            "CustomerMetadataPropertiesToRemove": ["a"],
        }
    )
    found = registry.described(arn)
    assert found["CustomerMetadataProperties"] == {"b": "2", "c": "3"}
    assert (found["ModelApprovalStatus"], found["ApprovalDescription"]) == ("Approved", "ok")
    assert found["SourceUri"] == "s3://bucket/s"
    assert found["LastModifiedTime"] > found["CreationTime"]


def test_every_change_is_an_event_that_names_what_changed(registry: Registry) -> None:
    """A rule on ModelApprovalStatus must not fire when only a note was added."""
    arn = registry.register()
    registry.packages.update({"ModelPackageArn": arn, "ModelApprovalStatus": "Approved"})
    registry.packages.update(
        {"ModelPackageArn": arn, "ModelApprovalStatus": "Approved", "SourceUri": "s3://b/s"}
    )
    registry.packages.update({"ModelPackageArn": arn, "CustomerMetadataProperties": {"a": "1"}})
    details = [detail for _, _, detail, _ in registry.events.sent]
    assert [event[:2] for event in registry.events.sent] == [("aws.sagemaker", packages.EVENT)] * 4
    assert [detail.get("UpdatedModelPackageFields") for detail in details] == [
        None,
        ["ModelApprovalStatus"],
        ["sourceUri"],
        ["CustomerMetadataProperties"],
    ]
    assert details[1]["ModelApprovalStatus"] == "Approved"
    assert details[1]["ModelPackageArn"] == arn
    assert details[0]["CreationTime"].endswith("Z")


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"Tags": [{"Key": "a", "Value": "b"}]}, "Tags are not allowed with ModelPackageGroupName"),
        ({"ModelPackageName": "own"}, "ModelPackageName and ModelPackageGroupName cannot be given together"),
        ({"ModelPackageGroupName": "none"}, "ModelPackageGroup .*/none does not exist"),
        ({"ModelPackageGroupName": None}, "Either ModelPackageGroupName or ModelPackageName must be given"),
    ],
)
def test_what_the_registry_refuses(registry: Registry, members: dict[str, Any], reason: str) -> None:
    """With the service's ValidationException."""
    with pytest.raises(ApiError, match=f"ValidationException: {reason}"):
        registry.register(**members)


def test_more_than_fifty_properties_are_refused_also_by_merging(registry: Registry) -> None:
    """Thirty and thirty others."""
    arn = registry.register(CustomerMetadataProperties={f"a{n}": "" for n in range(30)})
    more = {f"b{n}": "" for n in range(30)}
    with pytest.raises(ApiError, match="CustomerMetadataProperties would have 60 keys; 50 are allowed"):
        registry.packages.update({"ModelPackageArn": arn, "CustomerMetadataProperties": more})


def test_the_same_token_registers_once(registry: Registry) -> None:
    """A retried step makes no second version; the token with another request is a mistake."""
    first = registry.register(ClientToken="t1")
    assert registry.register(ClientToken="t1") == first
    assert registry.register() != first
    with pytest.raises(ApiError, match="ConflictException: ClientToken 't1' was used with another request"):
        registry.register(ClientToken="t1", SourceUri="s3://bucket/s")
    registry.packages.delete(first)
    again = registry.register(ClientToken="t1")
    assert registry.described(again)["ModelPackageVersion"] == 3


def test_a_group_goes_only_when_it_is_empty(registry: Registry) -> None:
    """And its name is free then."""
    arn = registry.register()
    with pytest.raises(ApiError, match="ConflictException: Model Package Group cannot be deleted"):
        registry.groups.delete("facts")
    registry.packages.delete(arn)
    registry.groups.delete(GROUP_ARN)
    with pytest.raises(ApiError, match=f"ValidationException: ModelPackageGroup {GROUP_ARN} does not exist"):
        registry.groups.name("facts")
    registry.groups.create({"ModelPackageGroupName": "facts"})


def test_a_group_is_made_once(registry: Registry) -> None:
    """The same name, in any case, is taken."""
    with pytest.raises(ApiError, match="ValidationException: Model Package Group already exists"):
        registry.groups.create({"ModelPackageGroupName": "Facts"})


def test_a_package_without_a_group_has_a_name_and_no_approval(registry: Registry) -> None:
    """The unversioned kind."""
    found = registry.described(registry.packages.create({"ModelPackageName": "own"}))
    assert found["ModelPackageName"] == "own"
    assert "ModelPackageVersion" not in found
    assert "ModelApprovalStatus" not in found
