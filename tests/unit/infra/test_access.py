"""The policies of people: what their verbs call, and nothing more."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase

import pytest

from tests.unit.infra.providers import needed_for
from tests.unit.infra.template import Statement, granted_to, text
from tests.unit.infra.verbs import calls_of, known

LONGEST_POLICY = 6144  # characters of a managed policy, white space aside
# Whose a verb is. Verbs that work without AWS, or on the stand-in alone, are nobody's.
VERBS = {
    "Deployer": ("upsert", "plan", "rollback"),
    "Planner": ("plan",),
    "Bootstrapper": ("bootstrap",),
    "Launcher": (
        *("start", "run", "status", "watch", "executions", "outputs", "logs", "stop", "retry"),
        *("why", "compare"),
    ),
    "Labeler": (
        *("labeling manifest", "labeling create", "labeling team"),
        *("labeling status", "labeling stop", "labeling wait"),
    ),
    "Reviewer": (
        *("registry list", "registry show", "registry approve", "registry reject"),
        *("registry review", "registry log"),
    ),
}
# An administrator's: they delete, or look at everything.
ADMINISTRATION = {"cleanup", "teardown", "doctor"}
WITHOUT_AWS = {"list", "validate", "schema", "definition", "graph"}

# Granted though no verb calls it under that name, and why.
BESIDE = {
    "Deployer": {
        "iam:PassRole",  # CreatePipeline and CreateFunction hand roles on
        "bedrock:TagResource",  # CreateGuardrail with tags
        "s3:GetObject",  # HeadObject; and Lambda fetches its code as the caller
        "s3:AbortMultipartUpload",  # an upload in parts that breaks off
    },
    "Planner": set[str](),
    "Bootstrapper": set[str](),
    "Launcher": {
        "sagemaker:DescribePipeline",
    },
    "Labeler": {
        "iam:PassRole",  # a labeling job runs as its role
        "sagemaker:AddTags",  # jobs and teams are created with tags
    },
    "Reviewer": {
        "s3:PutObject",  # decisions, and pages of evidence
        "s3:PutObjectTagging",  # PutObject with tags: who decides
        "s3:GetObject",
        "s3:ListBucket",
        "sagemaker:DescribeEndpoint",
        "sagemaker:DescribeModelPackageGroup",
        "sagemaker:DescribePipeline",
        "sagemaker:DescribePipelineDefinitionForExecution",
        "sagemaker:DescribePipelineExecution",
        "sagemaker:DescribeProcessingJob",
        "sagemaker:ListPipelineExecutionSteps",
        "sagemaker:ListPipelineExecutions",
        "sagemaker:ListPipelineParametersForExecution",
    },
}
# IAM's names of calls; the identity of the caller needs no permission.
RENAMED = {
    "s3:HeadObject": "s3:GetObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:GetBucketCors": "s3:GetBucketCORS",
}
# Who has another policy beside: a labeler follows the conversion as a launcher.
ALSO = {"Bootstrapper": "Deployer", "Labeler": "Launcher"}
FREE = {"sts:GetCallerIdentity"}
# What a bootstrapper does through the deployer's policy, which stands beside.
INFRASTRUCTURE = {"Deployer": "services", "Bootstrapper": "base"}


def needed(person: str) -> set[str]:
    """The actions behind the calls of a person's verbs."""
    calls = {
        f"{service}:{operation}"
        for verb in VERBS[person]
        if verb in known()
        for service, operation in calls_of(verb)
    }
    actions = {RENAMED.get(call, call) for call in calls - FREE}
    if {"s3:GetObject"} & actions:
        actions.add("s3:ListBucket")  # without it a missing object would be AccessDenied
    return actions | (needed_for(INFRASTRUCTURE[person]) if person in INFRASTRUCTURE else set())


def granted(person: str) -> set[str]:
    """The actions that the policy allows."""
    return {action for each in granted_to(person) for action in each.actions}


@pytest.mark.parametrize("person", VERBS)
def test_a_person_may_do_what_the_verbs_call_and_nothing_else(person: str) -> None:
    """Both ways, over every function that the verbs lead to, and over what CloudFormation does for them."""
    beside = BESIDE[person] | (granted(ALSO[person]) if person in ALSO else set())
    assert granted(person) - needed(person) - BESIDE[person] == set()
    assert needed(person) - granted(person) - beside == set()


def test_every_verb_is_somebodys() -> None:
    """A new verb is granted to a person, or said to be the administrator's."""
    whose = {verb for verbs in VERBS.values() for verb in verbs} | ADMINISTRATION | WITHOUT_AWS
    left = {verb for verb in known() if not verb.startswith("local ")} - whose
    assert left == set()


@pytest.mark.parametrize("verb", sorted(WITHOUT_AWS & known()))
def test_the_reading_of_the_code_finds_no_calls_where_there_are_none(verb: str) -> None:
    """The comparison is worth something: it tells verbs with AWS from those without."""
    assert calls_of(verb) == set()


def test_the_reading_of_the_code_follows_an_action_to_its_executor() -> None:
    """`upsert` never deletes an endpoint, though it shares the executor that does."""
    assert ("sagemaker", "UpdatePipeline") in calls_of("upsert")
    assert ("sagemaker", "DeleteEndpoint") not in calls_of("upsert")
    assert ("sagemaker", "DeleteEndpoint") in calls_of("cleanup")


@pytest.mark.parametrize("person", VERBS)
def test_no_action_has_a_wildcard(person: str) -> None:
    """Each is written out."""
    assert [action for action in granted(person) if "*" in action] == []


def test_a_wildcard_resource_stands_only_with_its_reason() -> None:
    """The comment above the statement begins with "*": and says why."""
    lines = text("access").splitlines()
    found = [number for number, line in enumerate(lines) if re.search(r'Resource: "\*"', line)]
    wild = [s for person in VERBS for s in granted_to(person) if "*" in s.resources]
    in_comments = sum("#" in lines[number] for number in found)
    assert len(found) - in_comments == len(wild)
    for number in (each for each in found if "#" not in lines[each]):
        begin = max(n for n in range(number) if lines[n].strip().startswith("- Sid:"))
        assert re.match(r'\s*# "\*": .{20,}', lines[begin - 1]), lines[begin]


@pytest.mark.parametrize("person", VERBS)
def test_resources_are_of_this_environment(person: str) -> None:
    """The prefix stands in them, or the service names them itself: by type alone, or by our tag."""
    unnamed = re.compile(
        r"arn:aws:(bedrock:.*:guardrail/\*|lambda:.*:event-source-mapping:\*|logs:.*:log-group:(/aws/sagemaker/)?\*"
        r"|sagemaker:.*:(automl-job/\*|training-job/\*|processing-job/pipelines-\*"
        r"|workforce/\*|workteam/private-crowd/\*))"
    )
    for statement in granted_to(person):
        for resource in statement.resources:
            if resource != "*" and not unnamed.fullmatch(resource):
                assert ":test" in resource or "/test" in resource, (statement.actions, resource)


@pytest.mark.parametrize("person", VERBS)
def test_a_policy_is_within_the_services_limit(person: str) -> None:
    """With the longest prefix and region, a key and a boundary."""
    long = {
        "Prefix": "x" * 20,
        "BucketName": "b" * 63,
        "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/" + "p" * 60,
        "KmsKeyArn": "arn:aws:kms:ap-southeast-2:123456789012:alias/key",
        "KmsAlias": "alias/" + "k" * 30,
    }
    document = [
        {
            "Effect": "Allow",
            "Sid": "x" * 16,
            "Action": s.actions,
            "Resource": s.resources,
            "Condition": s.condition,
        }
        for s in granted_to(person, **long)
    ]
    size = len(json.dumps(document, separators=(",", ":")).replace("us-east-1", "ap-southeast-2"))
    assert size + 100 < LONGEST_POLICY


def of(person: str, action: str) -> list[Statement]:
    """The statements that allow an action."""
    return [each for each in granted_to(person) if action in each.actions]


def test_a_decision_can_be_written_once_and_by_reviewers_alone() -> None:
    """A put without If-None-Match is denied, and a launcher writes nothing at all."""
    decisions = [s for s in of("Reviewer", "s3:PutObject") if any("/decisions/" in r for r in s.resources)]
    own = {"StringEquals": {"s3:RequestObjectTag/decided-by": "${aws:userid}"}}
    assert [s.condition for s in decisions] == [{"Null": {"s3:if-none-match": "false"}, **own}]
    assert [s.condition for s in of("Reviewer", "s3:PutObjectTagging")] == [own]
    assert of("Launcher", "s3:PutObject") == []
    assert of("Launcher", "sagemaker:UpdateModelPackage") == []
    written = {r for s in of("Deployer", "s3:PutObject") for r in s.resources}
    assert {r.rsplit("/", 2)[1] for r in written} == {"code", "data", "functions", "settings"}


def test_what_is_asked_for_on_all_log_groups_is_granted_on_all() -> None:
    """DescribeLogGroups is judged on no group of a name, but on `log-group::log-stream:`.

    https://github.com/hashicorp/terraform-provider-aws/issues/8804
    """
    [statement] = of("Deployer", "logs:DescribeLogGroups")
    assert statement.actions == ["logs:DescribeLogGroups"]
    [resource] = statement.resources
    assert fnmatchcase("arn:aws:logs:us-east-1:123456789012:log-group::log-stream:", resource)


def test_a_reviewer_reads_evidence_and_no_unmasked_output() -> None:
    """What models answered before a guardrail saw it lies below raw/."""
    read = {r for s in of("Reviewer", "s3:GetObject") for r in s.resources}
    assert {r.rsplit("/", 2)[1] for r in read} == {"decisions", "executions", "reviews"}


def test_an_existing_role_of_labeling_jobs_is_handed_on_in_place_of_ours() -> None:
    """It is the one that the environment file names, and CreateLabelingJob is called with."""
    arn, ours = (f"arn:aws:iam::123456789012:role/{name}" for name in ("team/labels", "test-labeling"))
    for given, wanted in (({"LabelingRoleArn": arn}, arn), ({}, ours)):
        [handed] = [s for s in granted_to("Labeler", **given) if "iam:PassRole" in s.actions]
        assert handed.resources == [wanted]


def test_roles_are_made_within_the_boundary_and_handed_on_to_one_service_each() -> None:
    """A boundary in the environment file is asked for; a role goes to SageMaker or to Lambda."""
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    [made] = [
        s
        for s in granted_to("Bootstrapper", PermissionsBoundaryArn=boundary)
        if "iam:CreateRole" in s.actions
    ]
    assert made.condition == {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    assert {"iam:PutRolePolicy", "iam:DeleteRolePolicy"} <= set(made.actions)
    handed = {
        (s.resources[0].partition(":role/")[2], s.condition["StringEquals"]["iam:PassedToService"])
        for s in of("Deployer", "iam:PassRole")
    }
    assert handed == {
        ("test-pipeline", "sagemaker.amazonaws.com"),
        ("test-function-*", "lambda.amazonaws.com"),
    }
