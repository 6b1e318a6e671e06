"""The request that the endpoint gets, and what its errors mean for a row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    HTTPClientError,
    ReadTimeoutError,
)
from botocore.exceptions import (
    ConnectionError as NoConnectionError,
)

from steps.evaluate.asking import AskError

_THROTTLED = {
    "RequestLimitExceeded",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_LONGEST_DETAIL = 300


def content_template(request: str, parameters: Mapping[str, Any]) -> str:
    """The request body for fmeval's composer, which fills `$prompt` in as JSON, so it stands unquoted."""
    rest = json.dumps({"parameters": dict(parameters)}).replace("$", "$$")
    return f'{{"{request}": $prompt, {rest[1:]}'


def as_ask_error(error: Exception) -> AskError:
    """What an error means for the row: its kind, its text, and whether it may pass."""
    if isinstance(error, ClientError):
        return _service_error(error)
    if isinstance(error, ReadTimeoutError | ConnectTimeoutError):
        return AskError("timeout", "the endpoint did not answer in time", passing=True)
    if isinstance(error, HTTPClientError | NoConnectionError):
        return AskError("unavailable", _short(str(error)), passing=True)
    if isinstance(error, BotoCoreError):
        return AskError("refused", _short(str(error)), passing=False)
    not_json = isinstance(error, json.JSONDecodeError | UnicodeDecodeError)
    kind = "the answer is not JSON" if not_json else "the answer has another shape"
    return AskError("bad_answer", f"{kind}: {_short(str(error))}", passing=False)


def _service_error(error: ClientError) -> AskError:
    code = error.response["Error"].get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    detail = _short(f"{code}: {error.response['Error'].get('Message', '')}")
    if code in _THROTTLED or status == 429:
        return AskError("throttled", detail, passing=True)
    if code == "ModelError":
        status = int(error.response.get("OriginalStatusCode") or 0)
        return AskError("model_error", detail, passing=status >= 500)
    if status >= 500 or code in {"ModelNotReadyException", "ServiceUnavailable", "InternalFailure"}:
        return AskError("unavailable", detail, passing=True)
    return AskError("refused", detail, passing=False)


def well_formed(text: str) -> str:
    """The text with U+FFFD for half a surrogate pair, as of an answer that ends within an emoji."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _short(text: str) -> str:
    line = " ".join(well_formed(text).split())
    return line if len(line) <= _LONGEST_DETAIL else f"{line[:_LONGEST_DETAIL]}..."
