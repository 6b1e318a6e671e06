"""What each role may do is what its holder does, and nothing more."""

from __future__ import annotations

import re

import pytest

from tests.unit.infra.calls import DRIVERS, made_by, written_in
from tests.unit.infra.template import ROOT, statements, text
from tests.unit.lambdas.fakes import OPERATIONS

# Actions that IAM asks for under another name than the call, or beside it.
RENAMED = {
    "s3:ListObjectsV2": {"s3:ListBucket"},
    "s3:HeadObject": {"s3:GetObject"},
    "bedrock-runtime:Converse": {"bedrock:InvokeModel"},
    "bedrock-runtime:InvokeModel": {"bedrock:InvokeModel"},
}
BESIDE = {
    # A request that carries tags or hands a role on.
    "sagemaker:CreateAutoMLJobV2": {"sagemaker:AddTags", "iam:PassRole"},
    "sagemaker:CreateModel": {"sagemaker:AddTags", "iam:PassRole"},
    "sagemaker:CreateEndpoint": {"sagemaker:AddTags"},
    "sagemaker:CreateEndpointConfig": {"sagemaker:AddTags"},
    "bedrock:CreateModelInvocationJob": {"bedrock:TagResource", "iam:PassRole"},
    # Without it S3 says AccessDenied of an object that is not there.
    "s3:GetObject": {"s3:ListBucket"},
}
QUEUE = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
KEY = {"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:CreateGrant"}
ROLES = sorted({statement.role for statement in statements()})


def granted(role: str) -> set[str]:
    return {action for each in statements() if each.role == role for action in each.actions}


def role_of(function: str) -> str:
    return "".join(part.capitalize() for part in function.split("_")) + "Role"


@pytest.mark.parametrize("function", DRIVERS)
def test_a_function_may_do_what_it_does_and_nothing_else(function: str) -> None:
    """Both ways: no call that its role forbids, no permission that it has no use for."""
    needed = set(LOGS)
    for service, operation in made_by(function):
        action = f"{service}:{operation}"
        needed |= RENAMED.get(action, {action}) | BESIDE.get(action, set())
    if function in ("wait", "dead_letter"):
        needed |= QUEUE
    assert granted(role_of(function)) - KEY == needed


def test_every_call_in_the_code_is_one_that_was_made() -> None:
    """No branch with a call of its own escapes the comparison above."""
    written = {OPERATIONS.get(name) or _camel(name) for name in written_in(ROOT / "lambdas")}
    assert written == {operation for function in DRIVERS for _, operation in made_by(function)}


def test_every_function_is_compared() -> None:
    """A new function needs a driver and a role."""
    assert sorted(DRIVERS) == sorted(path.parent.name for path in (ROOT / "lambdas").glob("*/handler.py"))


def test_evaluation_may_look_up_the_approved_package() -> None:
    """Both ways: what steps/evaluate asks of packages is what its role may, on this environment's groups."""
    called = {f"sagemaker:{_camel(name)}" for name in written_in(ROOT / "steps" / "evaluate")}
    may = {
        action: statement.resources
        for statement in statements()
        for action in statement.actions
        if statement.role == "ProcessingRole" and "ModelPackage" in action
    }
    assert set(may) == {action for action in called if "ModelPackage" in action}
    assert may["sagemaker:DescribeModelPackage"] == [
        "arn:aws:sagemaker:us-east-1:123456789012:model-package/test-*"
    ]


@pytest.mark.parametrize("role", ["ProcessingRole", "AutomlRole"])
def test_jobs_write_where_executions_do_and_nowhere_else(role: str) -> None:
    """Not code: a bundle that stands under its hash already is not uploaded, but run."""
    written = {
        resource.removeprefix("arn:aws:s3:::test-bucket/")
        for statement in statements()
        if statement.role == role and "s3:PutObject" in statement.actions
        for resource in statement.resources
        if "jumpstart-cache-prod" not in resource
    }
    assert written <= {"test/executions/*", "test/raw/*"}


@pytest.mark.parametrize("role", ROLES)
def test_no_action_has_a_wildcard(role: str) -> None:
    """Each is written out."""
    assert [action for action in sorted(granted(role)) if "*" in action] == []


def test_a_wildcard_resource_stands_only_with_its_reason() -> None:
    """The comment above the statement begins with "*": and says why."""
    lines = text("base").splitlines()
    found = [number for number, line in enumerate(lines) if line.strip().startswith('Resource: "*"')]
    assert len(found) == sum(line.count('"*"') for line in lines if "Resource" in line and "#" not in line)
    for number in found:
        begin = max(n for n in range(number) if lines[n].strip().startswith("- Sid:"))
        assert re.match(r'\s*# "\*": .{20,}', lines[begin - 1]), lines[begin]


def test_resources_are_named_or_of_one_type() -> None:
    """Where no name of ours is part of the ARN, the type is, or the statement asks for a tag of ours."""
    for statement in statements():
        for resource in statement.resources:
            if resource == "*" or "test" in resource or not resource.startswith("arn:"):
                continue
            if resource in ("KmsKeyArn", "DataSourceArns"):
                continue
            ours = "jumpstart-cache-prod-us-east-1" in resource or ":123456789012:" in resource
            # Models are AWS's, in no account.
            ours = ours or resource == "arn:aws:bedrock:*::foundation-model/*"
            assert ours or statement.actions[0].startswith("ecr:"), (statement.role, resource)


@pytest.mark.parametrize(
    "action",
    [
        "sagemaker:StopAutoMLJob",
        "sagemaker:CreateAutoMLJobV2",
        "bedrock:StopModelInvocationJob",
        "bedrock:CreateModelInvocationJob",
    ],
)
def test_jobs_without_our_name_ask_for_our_tag(action: str) -> None:
    """AutoML jobs are named after executions; another environment's are out of reach."""
    for statement in statements():
        if action in statement.actions:
            [(key, value)] = statement.condition["StringEquals"].items()
            assert key.endswith("/pipelines:prefix")
            assert value == "test"


def test_roles_are_handed_on_to_the_one_service_that_is_meant() -> None:
    """Each role to one service, by those who start its jobs."""
    handed = set()
    for statement in statements():
        if "iam:PassRole" in statement.actions:
            assert statement.actions == ["iam:PassRole"]
            [(key, service)] = statement.condition["StringEquals"].items()
            assert key == "iam:PassedToService"
            [resource] = statement.resources
            handed.add((statement.role, resource, service.removesuffix(".amazonaws.com")))
    assert handed == {
        ("PipelineRole", "ProcessingRole.Arn", "sagemaker"),
        ("AutomlRole", "arn:aws:iam::123456789012:role/test-automl", "sagemaker"),
        ("StartAutomlRole", "AutomlRole.Arn", "sagemaker"),
        ("StartBatchRole", "BatchRole.Arn", "bedrock"),
        ("WaitRole", "AutomlRole.Arn", "sagemaker"),
        ("WaitRole", "BatchRole.Arn", "bedrock"),
        ("DeployModelRole", "EndpointRole.Arn", "sagemaker"),
        ("ServeApprovedRole", "EndpointRole.Arn", "sagemaker"),
    }


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
