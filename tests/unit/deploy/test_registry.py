"""Model packages and the decision on one."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.reviewing import registry
from deploy.reviewing.registry import PackageError
from tests.unit.deploy.fakes import ACCOUNT, AT, REGION, FakeAws, project


def package(version: int, approval: str = "PendingManualApproval") -> dict[str, Any]:
    """A package as SageMaker describes it."""
    return {
        "ModelPackageArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/local-facts/{version}",
        "ModelPackageGroupName": "local-facts",
        "ModelPackageVersion": version,
        "ModelApprovalStatus": approval,
        "CreationTime": AT,
        "CustomerMetadataProperties": {"BaseModel": "Llama2-7B"},
        "InferenceSpecification": {
            "Containers": [{"Image": "image:1", "ModelDataUrl": "s3://b/model.tar.gz"}]
        },
    }


def account(*packages: dict[str, Any]) -> FakeAws:
    """An account with these packages; listings have two a page."""
    fake = FakeAws()
    fake.sagemaker.packages = {each["ModelPackageArn"]: each for each in packages}
    fake.sagemaker.page = 2
    return fake


def test_all_pages_are_listed_newest_first() -> None:
    """Five packages, two a page."""
    fake = account(*(package(version) for version in range(1, 6)))
    assert [each.version for each in registry.packages(fake.aws, "local-facts")] == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("name", ["facts/2", "local-facts/2", package(2)["ModelPackageArn"]])
def test_a_package_goes_by_three_names(name: str) -> None:
    """The group's name in the file, its full name, the ARN."""
    fake = account(package(1), package(2), package(3))
    assert registry.find(project(), fake.aws, name).version == 2


def test_a_group_means_its_newest_package() -> None:
    """For looking; a decision asks for more."""
    fake = account(package(1), package(2))
    assert registry.find(project(), fake.aws, "facts").version == 2
    with pytest.raises(PackageError, match="a decision names one version of it"):
        registry.find(project(), fake.aws, "facts", exact=True)


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("facts/9", "there is no model package local-facts/9"),
        ("facts/two", '"facts/two" should be GROUP/VERSION with a number'),
        ("strangers/1", 'no pipeline of environment "local" registers in group "strangers"'),
        (
            "arn:aws:sagemaker:eu-west-1:123456789012:model-package/local-facts/1",
            "is not the ARN of a model package",
        ),
    ],
)
def test_what_names_no_package_is_said_so(name: str, fact: str) -> None:
    """Unknown version, malformed, another group's, another region's: one clear error each."""
    with pytest.raises(PackageError, match=fact):
        registry.find(project(), account(package(1)).aws, name)
