"""Errors of AWS in the project's own terms: whose fault it is decides the exit code and the hint."""

from __future__ import annotations

from typing import Any, ClassVar

from botocore import exceptions as botocore
from botocore.parsers import ResponseParserError

from config.errors import PlatformError


class CredentialsError(PlatformError):
    """No credentials, or none that AWS takes."""

    exit_code: ClassVar[int] = 2


class WrongCallerError(PlatformError):
    """The caller's account or region is not the environment's."""

    exit_code: ClassVar[int] = 2


class NotDeployedError(PlatformError):
    """Something that an earlier command should have created is not there."""

    exit_code: ClassVar[int] = 2


class StandsInTheWayError(PlatformError):
    """Something that has to end, or to go, before what was asked for can be done."""

    exit_code: ClassVar[int] = 2


class UnknownExecutionError(PlatformError):
    """A reference that names no execution, or more than one."""

    exit_code: ClassVar[int] = 2


class RefusedError(PlatformError):
    """AWS answered an operation with an error."""

    exit_code: ClassVar[int] = 3


class UnreachableError(PlatformError):
    """No answer came."""

    exit_code: ClassVar[int] = 3


class ProtectedError(PlatformError):
    """Something that is not overwritten: a stranger's, or changed by somebody since it was last written."""

    exit_code: ClassVar[int] = 2


class StalePlanError(PlatformError):
    """A saved plan that is not what would be done now."""

    exit_code: ClassVar[int] = 2


class MovedOnError(PlatformError):
    """What was about to be written over is not what was looked at."""

    exit_code: ClassVar[int] = 3


class StackError(PlatformError):
    """CloudFormation could not bring a stack about."""

    exit_code: ClassVar[int] = 3


# Codes with which the services say "expired": renewing the same credentials mends it.
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
# Codes with which they say "I do not know this key".
REJECTED = frozenset(
    {
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "AuthFailure",
        "InvalidToken",
    }
)
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})
THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "SlowDown"}
    | {"RequestLimitExceeded", "RequestThrottled", "RequestThrottledException"}
)
EXPIRED_FOR_NOW = "the credentials have expired: renew them in another terminal (`aws sso login`)"
RENEW = (
    "renew them (`aws sso login`, or new AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN), "
    "then run the command again"
)
FREE_SPACE = "free some space (`df -h` shows how much there is), then run the command again"


def explain(error: Exception) -> PlatformError | None:
    """The error of botocore as ours; None for an error that is not botocore's."""
    if isinstance(error, botocore.ClientError):
        return _of_answer(error)
    if isinstance(error, botocore.BotoCoreError):
        return _without_answer(error)
    if isinstance(error, ResponseParserError):
        return UnreachableError(
            f"the answer was not AWS's: {_sentence(error)[:300]}",
            hint="see what stands at the other end: a proxy, AWS_ENDPOINT_URL, or the stand-in's log",
        )
    return None


def _without_answer(error: botocore.BotoCoreError) -> PlatformError:
    """An error that botocore raises before there is an answer, or for want of one."""
    if isinstance(error, NO_CREDENTIALS):
        return CredentialsError(
            f"no AWS credentials: {_sentence(error)}",
            hint="log in (`aws sso login`), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY; --env local needs none",
        )
    if isinstance(error, STALE_LOGIN):
        return CredentialsError(f"the AWS login is not valid any more: {_sentence(error)}", hint=RENEW)
    if isinstance(error, botocore.ParamValidationError):
        return RefusedError(f"AWS would refuse this request: {_sentence(error)}")
    if isinstance(error, NO_ANSWER):
        return UnreachableError(
            f"AWS did not answer: {_sentence(error)}",
            hint="check the network, the proxy settings and the environment's region, then try again",
        )
    return UnreachableError(_sentence(error))


NO_CREDENTIALS = (
    botocore.NoCredentialsError,
    botocore.PartialCredentialsError,
    botocore.ProfileNotFound,
    botocore.CredentialRetrievalError,
)
STALE_LOGIN = (botocore.SSOError, botocore.TokenRetrievalError, botocore.LoginError)
NO_ANSWER = (botocore.HTTPClientError, botocore.ConnectionError)


def code_of(error: botocore.ClientError) -> str:
    """The service's code, such as "ValidationException"; for a HEAD request the HTTP status."""
    return str(error.response.get("Error", {}).get("Code", ""))


def message_of(error: botocore.ClientError) -> str:
    """The service's own words."""
    return str(error.response.get("Error", {}).get("Message", "")) or "no message"


def is_missing(error: botocore.ClientError) -> bool:
    """Whether an answer means "there is no such thing".

    SageMaker says so in three ways: ResourceNotFound (pipelines), ValidationException with "Could not
    find" (endpoints, models), and "does not exist" (CloudFormation's stacks, model packages).
    """
    if code_of(error) in {
        "ResourceNotFound",
        "ResourceNotFoundException",
        "404",
        "NoSuchKey",
        "NoSuchBucket",
    }:
        return True
    said = message_of(error).lower()
    return code_of(error) in {"ValidationException", "ValidationError"} and (
        "could not find" in said or "does not exist" in said or "not found" in said
    )


def is_conflict(error: botocore.ClientError) -> bool:
    """Whether somebody else was quicker: planning again sees what they did."""
    said = message_of(error).lower()
    return (
        code_of(error) in {"AlreadyExistsException", "ConflictException", "ResourceInUse", "OperationAborted"}
        or "already exist" in said
        or "_in_progress" in said
    )


def passing(error: Exception) -> str | None:
    """Why a failed question may be asked again later: one phrase for people; None when it may not."""
    if isinstance(error, botocore.ClientError):
        return _passing_answer(error)
    if isinstance(error, STALE_LOGIN):
        return EXPIRED_FOR_NOW
    if isinstance(error, NO_ANSWER):
        return "no answer from AWS"
    return None


def _passing_answer(error: botocore.ClientError) -> str | None:
    if code_of(error) in THROTTLED:
        return "AWS throttles the questions"
    if code_of(error) in EXPIRED:
        return EXPIRED_FOR_NOW
    return f"AWS answers with an error of its own ({_status(error)})" if _status(error) >= 500 else None


def _of_answer(error: botocore.ClientError) -> PlatformError:
    code, message = code_of(error), message_of(error)
    if code in EXPIRED:
        return CredentialsError(f"the AWS credentials have expired: {message}", hint=RENEW)
    if code in REJECTED:
        return CredentialsError(f"AWS does not accept the credentials ({code}): {message}", hint=RENEW)
    fact = f"AWS refused {error.operation_name} ({code}): {message}"
    if "No space left on device" in message:  # the stand-in's disk is this machine's
        return RefusedError(fact, hint=FREE_SPACE)
    return RefusedError(fact, hint=_advice(code, error.operation_name))


def _advice(code: str, operation: str) -> str | None:
    if code in DENIED:
        return f"ask for the permission {operation}, or use a role that has it"
    if code in THROTTLED:
        return "AWS is busy with this account; try again in a minute"
    if "LimitExceeded" in code:
        return "raise the quota in the Service Quotas console, or free some: run_pipeline.py cleanup"
    return None


def _status(error: botocore.ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _sentence(error: Any) -> str:
    return " ".join(str(error).split())
