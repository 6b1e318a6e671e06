"""Any operation that moto has, called in-process: botocore serialises the request and parses the answer."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode

import botocore.parsers
import botocore.serialize
from botocore.response import StreamingBody

from local.api import ApiError, Call
from local.moto_application import SERVICE_KEY
from local.protocol import operation_model

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# The same name that clients sign with, so that moto finds the backend.
_HOST = "127.0.0.1"


def call_application(application: WsgiApplication, call: Call) -> dict[str, Any]:
    """Runs the call through a WSGI application and returns what boto3 would return; raises ApiError."""
    environ = _environ(call)
    status, headers, body = run(application, environ)
    model = operation_model(call.service, call.operation)
    protocol = model.service_model.resolved_protocol
    response: dict[str, Any] = {
        "status_code": status,
        "headers": headers,
        "context": {"operation_name": call.operation},
    }
    streaming = model.has_streaming_output and status < 300
    response["body"] = StreamingBody(io.BytesIO(body), len(body)) if streaming else body
    parsed: dict[str, Any] = botocore.parsers.create_parser(protocol).parse(response, model.output_shape)
    if status >= 300:
        error = parsed.get("Error", {})
        raise ApiError(error.get("Code") or str(status), error.get("Message") or "", status)
    return parsed


def run(application: WsgiApplication, environ: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    captured: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
        captured[:] = [int(status.split(" ", 1)[0]), headers]

    chunks = application(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    return captured[0], {name.lower(): value for name, value in captured[1]}, body


def _environ(call: Call) -> dict[str, Any]:
    model = operation_model(call.service, call.operation)
    serializer = botocore.serialize.create_serializer(model.service_model.resolved_protocol)
    request = serializer.serialize_to_request(call.parameters, model)
    body = _body_bytes(request["body"])
    query = request["query_string"]
    query_text = query if isinstance(query, str) else urlencode(query, doseq=True)
    path = request["url_path"]
    path, _, own_query = path.partition("?")
    query_text = "&".join(part for part in (own_query, query_text) if part)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": _decoded(path),
        "RAW_URI": f"{path}?{query_text}" if query_text else path,
        "QUERY_STRING": query_text,
        "SERVER_NAME": _HOST,
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": _HOST,
        "HTTP_AUTHORIZATION": _authorization(call, model.service_model.signing_name),
        "CONTENT_LENGTH": str(len(body)),
        SERVICE_KEY: call.service,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request["headers"].items():
        key = name.upper().replace("-", "_")
        environ["CONTENT_TYPE" if key == "CONTENT_TYPE" else f"HTTP_{key}"] = str(value)
    return environ


def _authorization(call: Call, signing_name: str) -> str:
    """The credential scope is what moto reads; nobody checks this signature."""
    scope = f"{call.access_key}/20000101/{call.region}/{signing_name}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"


def _body_bytes(body: Any) -> bytes:
    if isinstance(body, dict):
        return urlencode(body, doseq=True).encode()
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        return bytes(body.read())
    return bytes(body or b"")


def _decoded(path: str) -> str:
    return unquote_to_bytes(path).decode("latin-1")
