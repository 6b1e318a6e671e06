"""What a request says, by the service's model: read, or refused as the service refuses it."""

from __future__ import annotations

import pytest
from moto.core.request import Request
from werkzeug.test import EnvironBuilder

from local import protocol
from local.api import ApiError


def request(body: bytes) -> Request:
    headers = {"X-Amz-Target": "SageMaker.ListPipelines", "Content-Type": "application/x-amz-json-1.1"}
    return Request(EnvironBuilder(method="POST", path="/", data=body, headers=headers).get_environ())


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"CreatedAfter": "yesterday"}',
        b'{"CreatedAfter": 1e300}',
        b'{"CreatedAfter": -1e12}',
    ],
    ids=lambda body: body[:30].decode("latin-1"),
)
def test_a_body_that_cannot_be_read_is_refused(body: bytes) -> None:
    """SerializationException, as AWS calls it: neither an empty request nor a failure of the stand-in."""
    asked = request(body)
    with pytest.raises(ApiError, match="the request cannot be read") as caught:
        protocol.parse(asked, protocol.route(asked, "sagemaker"))
    assert caught.value.code == "SerializationException"


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_an_empty_body_asks_for_nothing(body: bytes) -> None:
    """Where no member is required."""
    asked = request(body)
    assert protocol.parse(asked, protocol.route(asked, "sagemaker")) == {}
