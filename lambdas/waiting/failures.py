"""What an error of AWS means to us: passing, missing, in use, already answered.

The services declare few of their errors. SageMaker answers a missing endpoint, model or endpoint
configuration with a ValidationException whose message starts with "Could not find", and a missing AutoML job
with ResourceNotFound.
"""

from __future__ import annotations

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

PASSING_CODES = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "ResourceLimitExceeded",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
MISSING_CODES = frozenset(
    {"ResourceNotFound", "ResourceNotFoundException", "NoSuchKey", "NoSuchBucket", "404", "NotFound"}
)
ANSWERED_CODES = frozenset({"ConflictException", "ResourceNotFound", "ResourceNotFoundException"})
BROKEN_CONNECTION = (HTTPClientError, NoConnectionError)
AWS_ERRORS = (ClientError, *BROKEN_CONNECTION)


def code(error: Exception) -> str:
    """The service's error code, or the name of the exception when no service answered."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__


def message(error: Exception) -> str:
    """The service's words without botocore's frame around them."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Message", error))
    return str(error)


def is_passing(error: Exception) -> bool:
    """Throttling, a fault of the service, or a broken connection: the same call may succeed later."""
    if isinstance(error, BROKEN_CONNECTION):
        return True
    if not isinstance(error, ClientError):
        return False
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code(error) in PASSING_CODES or status == 429 or status >= 500


def is_missing(error: Exception) -> bool:
    """The thing asked for does not exist."""
    return code(error) in MISSING_CODES or (
        code(error) == "ValidationException" and "could not find" in message(error).lower()
    )


def is_answered(error: Exception) -> bool:
    """The token was answered before, or is no longer known: harmless, somebody else was first."""
    return code(error) in ANSWERED_CODES


def is_refused(error: Exception) -> bool:
    """The service does not do this now, or with this request. SageMaker declares no error for "not yet"."""
    return code(error) == "ValidationException"


def is_in_use(error: Exception) -> bool:
    """A thing of that name exists already."""
    return code(error) in {"ResourceInUse", "ResourceInUseException"} or (
        code(error) == "ValidationException" and "already exist" in message(error).lower()
    )
