"""Requests signed by botocore open the door; everything else does not."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local import security
from local.api import ApiError

KEYS = Credentials("LOCALAAAAAAAAAAAAAAA", "a-secret/with+signs")


def secret_of(access_key: str) -> str | None:
    return KEYS.secret_key if access_key == KEYS.access_key else None


def environ(method: str, url: str, headers: dict[str, str], body: bytes = b"") -> dict[str, Any]:
    parts = urlsplit(url)
    made: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "RAW_URI": f"{parts.path}?{parts.query}" if parts.query else parts.path,
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "HTTP_HOST": parts.netloc,
        "wsgi.input": io.BytesIO(body),
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        made[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return made


def signed(
    method: str,
    url: str,
    *,
    body: bytes = b"",
    service: str = "sagemaker",
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    request = AWSRequest(method=method, url=url, data=body, headers=headers or {})
    auth = S3SigV4Auth if service == "s3" else SigV4Auth
    auth(KEYS, service, "eu-west-1").add_auth(request)
    return environ(method, request.url, dict(request.headers.items()), body)


def check(made: dict[str, Any], body: bytes | None) -> None:
    security.verify(made, security.read_signature(made), body, secret_of)


@pytest.mark.parametrize(
    ("method", "url", "service", "body"),
    [
        ("POST", "http://127.0.0.1:4566/", "sagemaker", b'{"a": "\xc3\xbc"}'),
        (
            "GET",
            "http://127.0.0.1:1/2015-03-31/functions/arn%3Aaws%3Alambda%3Ax/versions?A=1&b=%20",
            "lambda",
            b"",
        ),
        ("GET", "http://127.0.0.1:1/bucket/a%20b/%C3%BC%2Bc//d?list-type=2&prefix=a%2Fb&empty=", "s3", b""),
        ("PUT", "http://localhost:1/bucket/key", "s3", b"content"),
    ],
)
def test_what_botocore_signs_is_accepted(method: str, url: str, service: str, body: bytes) -> None:
    """Odd paths, queries and bodies included."""
    made = signed(
        method, url, service=service, body=body, headers={"X-Amz-Target": "A.B", "Content-Type": "x/y"}
    )
    security.check_source(made)
    check(made, None if service == "s3" else body)


@pytest.mark.parametrize(
    "change",
    [
        {"REQUEST_METHOD": "PUT"},
        {"QUERY_STRING": "a=2"},
        {"RAW_URI": "/other"},
        {"HTTP_X_AMZ_TARGET": "Other.Operation"},
        {"HTTP_X_AMZ_DATE": "20200101T000000Z"},
    ],
)
def test_a_changed_request_is_refused(change: dict[str, str]) -> None:
    """Whatever was signed cannot be changed on the way."""
    made = signed("POST", "http://127.0.0.1:1/", headers={"X-Amz-Target": "A.B"}) | change
    with pytest.raises(ApiError, match="SignatureDoesNotMatch"):
        check(made, b"")


def test_a_changed_body_is_refused() -> None:
    """The body belongs to the signature."""
    made = signed("POST", "http://127.0.0.1:1/", body=b"one")
    with pytest.raises(ApiError, match="SignatureDoesNotMatch"):
        check(made, b"two")


@pytest.mark.parametrize(
    ("service", "code"),
    [("s3", "InvalidAccessKeyId"), ("sts", "InvalidClientTokenId"), ("sqs", "UnrecognizedClientException")],
)
def test_an_unknown_key_gets_the_error_of_its_service(service: str, code: str) -> None:
    """And says where the right keys are to be had."""
    made = signed("GET", "http://127.0.0.1:1/", service=service)
    with pytest.raises(ApiError, match="local env") as caught:
        security.verify(made, security.read_signature(made), b"", lambda _key: None)
    assert (caught.value.code, caught.value.status) == (code, 403)


def test_a_presigned_url_expires() -> None:
    """Valid until then, refused after."""
    request = AWSRequest(method="GET", url="http://127.0.0.1:1/bucket/key")
    S3SigV4QueryAuth(KEYS, "s3", "eu-west-1", expires=60).add_auth(request)
    made = environ("GET", request.url, {})
    check(made, None)
    then = (datetime.now(UTC) - timedelta(minutes=2)).strftime("%Y%m%dT%H%M%SZ")
    parts = [
        f"X-Amz-Date={then}" if p.startswith("X-Amz-Date=") else p for p in made["QUERY_STRING"].split("&")
    ]
    with pytest.raises(ApiError, match="Request has expired"):
        security.read_signature(made | {"QUERY_STRING": "&".join(parts)})


@pytest.mark.parametrize("authorization", ["", "AWS key:signature", "Basic abc"])
def test_other_ways_to_sign_are_refused(authorization: str) -> None:
    """Unsigned, Signature Version 2, a password."""
    with pytest.raises(ApiError, match="MissingAuthenticationToken"):
        security.read_signature(environ("GET", "http://127.0.0.1:1/", {"Authorization": authorization}))


def test_half_a_signature_is_refused() -> None:
    """With the code of AWS, not with a crash."""
    header = {"Authorization": "AWS4-HMAC-SHA256 Credential=only/three/parts, Signature=0"}
    with pytest.raises(ApiError, match="IncompleteSignature"):
        security.read_signature(environ("GET", "http://127.0.0.1:1/", header))


@pytest.mark.parametrize("host", ["evil.example.com", "bucket.s3.amazonaws.com", "127.0.0.1.evil.com:80", ""])
def test_other_hosts_are_refused(host: str) -> None:
    """A name that was rebound to this machine is not this machine."""
    with pytest.raises(ApiError, match=r"answers to 127\.0\.0\.1 and localhost"):
        security.check_source({"HTTP_HOST": host})


def test_browsers_are_refused() -> None:
    """Whatever their Origin says."""
    with pytest.raises(ApiError, match="does not answer web pages"):
        security.check_source({"HTTP_HOST": "127.0.0.1:1", "HTTP_ORIGIN": "null"})
