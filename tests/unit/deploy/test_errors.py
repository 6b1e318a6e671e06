"""Errors of AWS, as a person reads them."""

from __future__ import annotations

import botocore.exceptions
import pytest
from botocore.parsers import ResponseParserError

from deploy.errors import RENEW, explain, is_conflict, is_missing, passing
from tests.unit.deploy.fakes import refusal


def test_a_refusal_names_the_operation_and_says_who_can_help() -> None:
    """AccessDenied: exit code 3, AWS's own words, the permission to ask for."""
    told = explain(refusal("UpdatePipeline", "AccessDeniedException", "user x may not", 403))
    assert told is not None
    assert told.exit_code == 3
    assert told.fact == "AWS refused UpdatePipeline (AccessDeniedException): user x may not"
    assert told.hint == "ask for the permission UpdatePipeline, or use a role that has it"


def test_a_full_disk_of_the_stand_in_is_no_matter_of_permissions() -> None:
    """The stand-in's own words, with what a person can do about it."""
    error = explain(refusal("StartPipelineExecution", "InternalFailure", "No space left on device", 500))
    assert error is not None
    assert (error.exit_code, str(error.hint).partition(" (")[0]) == (3, "free some space")


@pytest.mark.parametrize(
    ("error", "fact"),
    [
        (
            refusal("GetCallerIdentity", "ExpiredToken", "The security token is expired", 403),
            "the AWS credentials have expired: The security token is expired",
        ),
        (
            refusal("GetCallerIdentity", "InvalidClientTokenId", "The token is invalid.", 403),
            "AWS does not accept the credentials (InvalidClientTokenId): The token is invalid.",
        ),
        (
            botocore.exceptions.TokenRetrievalError(provider="sso", error_msg="expired"),
            "the AWS login is not valid any more: Error when retrieving token from sso: expired",
        ),
    ],
)
def test_bad_credentials_are_the_callers_to_renew(error: Exception, fact: str) -> None:
    """Expired, rejected, logged out: exit code 2 and how to renew them."""
    told = explain(error)
    assert told is not None
    assert (told.exit_code, told.fact, told.hint) == (2, fact, RENEW)


def test_no_credentials_is_said_with_what_to_set() -> None:
    """No credentials: exit code 2, and the stand-in as the way that needs none."""
    told = explain(botocore.exceptions.NoCredentialsError())
    assert told is not None
    assert told.exit_code == 2
    assert told.fact == "no AWS credentials: Unable to locate credentials"
    assert told.hint is not None
    assert told.hint.endswith("--env local needs none")


def test_silence_is_not_a_refusal() -> None:
    """A connection that fails says so, with exit code 3 and what to check."""
    told = explain(botocore.exceptions.EndpointConnectionError(endpoint_url="https://sts.nowhere"))
    assert told is not None
    assert told.exit_code == 3
    assert told.fact == 'AWS did not answer: Could not connect to the endpoint URL: "https://sts.nowhere"'


def test_an_answer_of_something_else_is_no_fault_of_ours() -> None:
    """An HTML page from a proxy is told as an answer that is not AWS's."""
    told = explain(ResponseParserError("Unable to parse response: b'<html>'"))
    assert told is not None
    assert told.exit_code == 3
    assert told.fact == "the answer was not AWS's: Unable to parse response: b'<html>'"


def test_other_errors_stay_what_they_are() -> None:
    """What is not botocore's is not explained away."""
    assert explain(ValueError("x")) is None


@pytest.mark.parametrize(
    ("code", "message", "missing"),
    [
        ("ResourceNotFound", "Pipeline x does not exist", True),
        ("ValidationException", 'Could not find endpoint "x".', True),
        ("ValidationError", "Stack with id x does not exist", True),
        ("404", "Not Found", True),
        ("ValidationException", "1 validation error detected", False),
        ("AccessDenied", "x does not exist or you may not see it", False),
    ],
)
def test_absence_is_told_from_refusal(code: str, message: str, missing: bool) -> None:
    """The services' ways of saying "there is none" are known; a denial is never one of them."""
    assert is_missing(refusal("Describe", code, message)) is missing


def test_a_race_is_seen_as_one() -> None:
    """That something exists already, or is being changed, can be planned again; a denial cannot."""
    assert is_conflict(
        refusal("CreatePipeline", "ValidationException", "Pipeline names must be unique: already exists")
    )
    assert is_conflict(refusal("UpdateStack", "ValidationError", "is in UPDATE_IN_PROGRESS state"))
    assert not is_conflict(refusal("CreatePipeline", "AccessDeniedException", "no"))


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (refusal("Describe", "ThrottlingException", "Rate exceeded"), "AWS throttles the questions"),
        (refusal("Describe", "InternalFailure", "oops", 500), "AWS answers with an error of its own (500)"),
        (
            refusal("Describe", "ExpiredTokenException", "expired"),
            "the credentials have expired: renew them in another terminal (`aws sso login`)",
        ),
        (botocore.exceptions.ReadTimeoutError(endpoint_url="https://x"), "no answer from AWS"),
        (refusal("Describe", "AccessDeniedException", "no"), None),
        (ValueError("x"), None),
    ],
)
def test_what_passes_is_waited_out(error: Exception, why: str | None) -> None:
    """Throttling, expired credentials and silence pass; a denial does not."""
    assert passing(error) == why
