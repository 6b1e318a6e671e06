"""Who may speak to the stand-in: this machine's clients that hold its keys, and no web page.

Requests must name the loopback host, must not come from a browser (no Origin), and must carry a
Signature Version 4 made with a key of this folder. Errors have the codes that AWS uses.
https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from botocore.utils import normalize_url_path

from local.api import ApiError

_HOSTS = frozenset({"127.0.0.1", "localhost"})
_ALGORITHM = "AWS4-HMAC-SHA256"
_EMPTY_HASH = hashlib.sha256(b"").hexdigest()

SecretOf = Callable[[str], str | None]


@dataclass(frozen=True)
class Signature:
    """What an Authorization header or a presigned URL says about itself."""

    access_key: str
    date: str
    region: str
    signing_name: str
    signed_headers: tuple[str, ...]
    signature: str
    presigned: bool = False


def check_source(environ: Mapping[str, Any]) -> None:
    """Refuses other hosts' names (a rebound DNS name) and every request that a web page sends."""
    host = str(environ.get("HTTP_HOST", "")).rsplit(":", 1)[0].lower()
    if host not in _HOSTS:
        raise ApiError(
            "AccessDenied", f"the stand-in answers to 127.0.0.1 and localhost, not to {host!r}", 403
        )
    if "HTTP_ORIGIN" in environ:
        raise ApiError("AccessDenied", "the stand-in does not answer web pages", 403)


def read_signature(environ: Mapping[str, Any]) -> Signature:
    """The signature of a request; ApiError where there is none or it is of another kind."""
    authorization = str(environ.get("HTTP_AUTHORIZATION", ""))
    if authorization.startswith(_ALGORITHM):
        pairs = (part.strip().partition("=") for part in authorization[len(_ALGORITHM) :].split(","))
        return _signature({name: value for name, _, value in pairs})
    query = dict(parse_qsl(str(environ.get("QUERY_STRING", "")), keep_blank_values=True))
    if query.get("X-Amz-Algorithm") == _ALGORITHM:
        _refuse_expired(query)
        names = ("Credential", "SignedHeaders", "Signature")
        return _signature({name: query.get(f"X-Amz-{name}", "") for name in names}, presigned=True)
    raise ApiError("MissingAuthenticationToken", "the request is not signed with Signature Version 4", 403)


def verify(environ: Mapping[str, Any], signature: Signature, body: bytes | None, secret_of: SecretOf) -> None:
    """Checks the key and the signature. `body` is None where the request names its body's hash itself."""
    secret = secret_of(signature.access_key)
    if secret is None:
        raise ApiError(
            _unknown_key_code(signature.signing_name),
            "The security token included in the request is invalid. (Not a key of this stand-in: "
            "`run_pipeline.py local env` prints them.)",
            403,
        )
    time = str(environ.get("HTTP_X_AMZ_DATE") or _query(environ).get("X-Amz-Date", ""))
    scope = f"{signature.date}/{signature.region}/{signature.signing_name}/aws4_request"
    canonical = _canonical_request(environ, signature, body)
    text = f"{_ALGORITHM}\n{time}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = _signing_key(secret, signature.date, signature.region, signature.signing_name)
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signature.signature):
        raise ApiError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method.",
            403,
        )


def _signature(fields: Mapping[str, str], *, presigned: bool = False) -> Signature:
    try:
        access_key, date, region, signing_name, _ = fields["Credential"].split("/")
        headers = tuple(fields["SignedHeaders"].split(";"))
        return Signature(
            access_key, date, region, signing_name.lower(), headers, fields["Signature"], presigned
        )
    except (KeyError, ValueError) as error:
        raise ApiError(
            "IncompleteSignature", "the Authorization of the request is incomplete", 400
        ) from error


def _unknown_key_code(signing_name: str) -> str:
    if signing_name == "s3":
        return "InvalidAccessKeyId"
    query_services = {"sts", "iam", "cloudformation", "sns", "monitoring"}
    return "InvalidClientTokenId" if signing_name in query_services else "UnrecognizedClientException"


def _refuse_expired(query: Mapping[str, str]) -> None:
    try:
        made = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        expires = made + timedelta(seconds=int(query["X-Amz-Expires"]))
    except (KeyError, ValueError) as error:
        raise ApiError("AuthorizationQueryParametersError", "the presigned URL is incomplete", 400) from error
    if datetime.now(UTC) > expires:
        raise ApiError("AccessDenied", "Request has expired", 403)


@lru_cache(maxsize=256)
def _signing_key(secret: str, date: str, region: str, signing_name: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, signing_name, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _canonical_request(environ: Mapping[str, Any], signature: Signature, body: bytes | None) -> str:
    raw_path = str(environ.get("RAW_URI") or environ.get("PATH_INFO", "/")).partition("?")[0] or "/"
    path = raw_path if signature.signing_name == "s3" else quote(normalize_url_path(raw_path), safe="/~")
    headers = "".join(f"{name}:{_header(environ, name)}\n" for name in signature.signed_headers)
    names = ";".join(signature.signed_headers)
    parts = (environ["REQUEST_METHOD"], path, _canonical_query(environ), headers, names)
    return "\n".join((*parts, _payload_hash(environ, signature, body)))


def _payload_hash(environ: Mapping[str, Any], signature: Signature, body: bytes | None) -> str:
    stated = environ.get("HTTP_X_AMZ_CONTENT_SHA256")
    if stated:
        return str(stated)
    if signature.presigned and signature.signing_name == "s3":
        return "UNSIGNED-PAYLOAD"
    return hashlib.sha256(body).hexdigest() if body else _EMPTY_HASH


def _header(environ: Mapping[str, Any], name: str) -> str:
    key = name.upper().replace("-", "_")
    if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        key = f"HTTP_{key}"
    return " ".join(str(environ.get(key, "")).split())


def _query(environ: Mapping[str, Any]) -> dict[str, str]:
    return dict(parse_qsl(str(environ.get("QUERY_STRING", "")), keep_blank_values=True))


def _canonical_query(environ: Mapping[str, Any]) -> str:
    pairs = []
    for part in str(environ.get("QUERY_STRING", "")).split("&"):
        name, _, value = part.partition("=")
        if name and name != "X-Amz-Signature":
            pairs.append((quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
