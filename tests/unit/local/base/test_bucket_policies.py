"""The bucket's own policy, judged: who may write a decision, and that nobody takes one back."""

from __future__ import annotations

from typing import Any

import pytest

from local.bucket_policies import denied
from tests.unit.infra.template import deployed

RECORD = "arn:aws:s3:::test-bucket/test/decisions/test-facts/1/0001.json"
OUTPUT = "arn:aws:s3:::test-bucket/test/executions/a/b.json"
ALICE = {
    "aws:securetransport": "true",
    "aws:userid": "AIDAALICE",
    "aws:principalarn": "arn:aws:iam::123456789012:user/alice",
}
SIGNED = {**ALICE, "s3:if-none-match": "*", "s3:requestobjecttag/decided-by": "AIDAALICE"}
SOURCE = "s3:requestobjecttag/source-identity"


def policy() -> dict[str, Any]:
    """As infra/base.yaml has it; ARNs of roles in place."""
    found = deployed("base")["BucketPolicy"]["Properties"]
    roles = {"ProcessingRole.Arn": "test-processing", "AutomlRole.Arn": "test-automl"}

    def with_roles(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: with_roles(each) for key, each in value.items()}
        if isinstance(value, list):
            return [with_roles(each) for each in value]
        return f"arn:aws:iam::123456789012:role/{roles[value]}" if value in roles else value

    made: dict[str, Any] = with_roles(found["PolicyDocument"])
    return made


@pytest.mark.parametrize(
    ("action", "context", "sid"),
    [
        ("s3:PutObject", SIGNED, None),
        ("s3:GetObject", ALICE, None),
        ("s3:PutObject", {**SIGNED, "s3:if-none-match": None}, "DecisionsAreWrittenOnce"),
        ("s3:PutObject", {**SIGNED, "s3:requestobjecttag/decided-by": "AIDABOB"}, "DecisionsNameTheirWriter"),
        ("s3:PutObject", {**SIGNED, "s3:requestobjecttag/decided-by": None}, "DecisionsNameTheirWriter"),
        ("s3:PutObject", {**SIGNED, SOURCE: "bob"}, "DecisionsNameNoOtherSource"),
        (
            "s3:PutObject",
            {**SIGNED, SOURCE: "bob", "aws:sourceidentity": "alice"},
            "DecisionsNameNoOtherSource",
        ),
        ("s3:PutObject", {**SIGNED, SOURCE: "alice", "aws:sourceidentity": "alice"}, None),
        ("s3:PutObjectTagging", ALICE, "DecisionsNameTheirWriter"),
        ("s3:DeleteObject", ALICE, "DecisionsStay"),
        ("s3:DeleteObjectTagging", ALICE, "DecisionsStay"),
        # A version's tags are written and deleted by actions of their own.
        ("s3:PutObjectVersionTagging", ALICE, "DecisionsNameTheirWriter"),
        ("s3:DeleteObjectVersionTagging", ALICE, "DecisionsStay"),
        ("s3:ReplicateObject", ALICE, "DecisionsStay"),
        ("s3:ReplicateTags", ALICE, "DecisionsStay"),
        (
            "s3:PutObject",
            {**SIGNED, "aws:principalarn": "arn:aws:iam::123456789012:role/test-processing"},
            "JobsDecideNothing",
        ),
        ("s3:GetObject", {**ALICE, "aws:securetransport": "false"}, "OnlyEncryptedConnections"),
    ],
)
def test_the_log_of_decisions_is_appended_to_and_nothing_else(
    action: str, context: dict[str, str | None], sid: str | None
) -> None:
    """Once, under the writer's own name and source identity, by no job of ours."""
    known = {name: value for name, value in context.items() if value is not None}
    assert denied(policy(), action, RECORD, known) == sid


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:DeleteObject", "s3:PutObjectTagging"])
def test_other_objects_are_as_free_as_before(action: str) -> None:
    """What executions write."""
    assert denied(policy(), action, OUTPUT, ALICE) is None


def test_a_condition_that_is_not_known_denies_nothing() -> None:
    """It is logged; a stranger's policy stops none of its objects."""
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    assert denied({"Statement": statement}, "s3:PutObject", OUTPUT, {}) == "no Sid"
    condition = {"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}
    assert denied({"Statement": {**statement, **condition}}, "s3:PutObject", OUTPUT, {}) is None
