"""The one WSGI application: who asks, what is asked, who answers, and what is written down before the answer.

    source and signature -> route -> handler of ours | moto -> state saved -> answer

Whatever goes wrong on the way is answered as an error of the service's own protocol: never HTML, never a
status that makes clients try again for nothing.
"""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.request import Request
from werkzeug.exceptions import HTTPException

from local import protocol, security
from local.api import ApiError, Call, Handler, Operations
from local.bucket_policies import BucketPolicies
from local.moto_application import SERVICE_KEY
from local.moto_calls import WsgiApplication, call_application
from local.protocol import Answer, Route
from local.refusals import refusal
from local.s3_requests import BRINGS_A_BODY, S3Requests

_LOG = logging.getLogger("local.gateway")
HEALTH_PATH = "/_stand_in/health"

StartResponse = Callable[..., Any]


class Gateway:
    """Answers HTTP requests, and the same calls made in-process (`call`)."""

    def __init__(
        self,
        moto: WsgiApplication,
        *,
        account: str,
        region: str,
        secret_of: security.SecretOf,
        save: Callable[[str, str], None],
        health: Callable[[], Mapping[str, Any]],
        access_key: str,
        s3: S3Requests,
        policies: BucketPolicies,
        prepare: Mapping[str, Callable[[], None]],
    ) -> None:
        self._moto = moto
        self._account = account
        self._region = region
        self._secret_of = secret_of
        self._save = save
        self._health = health
        self._access_key = access_key
        self._s3 = s3
        self._policies = policies
        self._unprepared = dict(prepare)  # by service: called once, before its first request
        self._preparing = threading.RLock()
        self._handlers: dict[tuple[str, str], Handler] = {}

    def register(self, operations: Operations) -> None:
        for key, handler in operations.items():
            protocol.operation_model(*key)  # a row that botocore does not know is a mistake of ours
            self._handlers[key] = handler

    def call(
        self, service: str, operation: str, parameters: dict[str, Any], *, region: str | None = None
    ) -> dict[str, Any]:
        """An operation in-process, in the stand-in's own name; validated as boto3 would. Raises ApiError."""
        call = Call(
            service,
            operation,
            parameters,
            self._account,
            region or self._region,
            self._access_key,
            self._through_moto,
        )
        protocol.validate(protocol.operation_model(service, operation), parameters)
        handler = self._handlers.get((service, operation))
        try:
            if handler is not None:
                return handler(call) or {}
            _refuse_pretended(service, operation)
            return self._through_moto(call)
        finally:
            self._save(service, operation)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        found = Route("sagemaker", None, {})
        try:
            security.check_source(environ)
            if environ.get("PATH_INFO") == HEALTH_PATH:
                return _send(_plain(self._health()), start_response)
            signature = security.read_signature(environ)
            body = _buffered(environ) if signature.signing_name != "s3" else None
            found = protocol.route(request, signature.signing_name)
            security.verify(environ, signature, body, self._secret_of)
            if body is not None:
                environ["wsgi.input"] = io.BytesIO(body)  # routing by form has read it
            elif found.operation not in BRINGS_A_BODY:
                _buffered(environ)
            self._policies.check(request, found, signature.access_key)
            answer = self._answer(request, found, signature)
        except ApiError as error:
            answer = protocol.error_answer(request, found, error)
        except Exception as error:  # noqa: BLE001  (the outermost edge: clients get an answer of their protocol)
            _LOG.exception("%s %s failed", found.service, found.operation or environ.get("PATH_INFO"))
            answer = protocol.error_answer(request, found, _internal_failure(found, error))
        return _send(answer, start_response)

    def _answer(self, request: Request, found: Route, signature: security.Signature) -> Answer:
        if found.model is None:
            raise ApiError(
                "UnknownOperationException", f"no operation of {found.service} looks like this request"
            )
        handler = self._handlers.get((found.service, found.operation))
        try:
            if handler is None:
                _refuse_pretended(found.service, found.operation)
                return self._moto_answer(request, found)
            parameters = protocol.parse(request, found)
            protocol.validate(found.model, parameters)
            call = Call(
                found.service,
                found.operation,
                parameters,
                self._account,
                signature.region,
                signature.access_key,
                self._through_moto,
            )
            return protocol.answer(request, found.model, handler(call))
        finally:
            self._save(found.service, found.operation)

    def _through_moto(self, call: Call) -> dict[str, Any]:
        found = Route(call.service, protocol.operation_model(call.service, call.operation), {})

        def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
            return _send(self._moto_answer(Request(environ), found), start_response)

        return call_application(application, call)

    def _moto_answer(self, request: Request, found: Route) -> Answer:
        if found.service == "s3":
            return self._s3.answer(request, found, lambda: self._plain_moto_answer(request, found))
        return self._plain_moto_answer(request, found)

    def _plain_moto_answer(self, request: Request, found: Route) -> Answer:
        self._prepare(found.service)
        request.environ[SERVICE_KEY] = found.service
        captured: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            captured[:] = [int(status.split(" ", 1)[0]), tuple(headers)]

        try:
            body = self._moto(request.environ, start)
        except NotImplementedError as error:
            raise _unsupported(found.service, found.operation) from error
        except ServiceException as error:
            raise ApiError(error.code, error.message) from error
        except HTTPException as error:
            raise ApiError(type(error).__name__, str(error.description), error.code or 400) from error
        return Answer(captured[0], captured[1], body)

    def _prepare(self, service: str) -> None:
        if service in self._unprepared:
            with self._preparing:
                prepare = self._unprepared.get(service)
                if prepare is not None:
                    prepare()
                    del self._unprepared[service]


def _refuse_pretended(service: str, operation: str) -> None:
    refused = refusal(service, operation)
    if refused is not None:
        raise refused


def _unsupported(service: str, operation: str) -> ApiError:
    return ApiError("UnsupportedOperation", f"the stand-in does not have {operation} of {service}")


def _internal_failure(found: Route, error: Exception) -> ApiError:
    """400, not 500: a client would only ask again four times."""
    name = found.operation or "the request"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ApiError("InternalFailure", f"{name} could not be written down: {os.strerror(error.errno)}")
    return ApiError("InternalFailure", f"{name} failed in the stand-in: {type(error).__name__}: {error}")


def _buffered(environ: dict[str, Any]) -> bytes:
    """Reads the body and puts it back, for the signature and whoever answers."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body = stream.read()
    else:
        body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return bytes(body)


def _plain(document: Mapping[str, Any]) -> Answer:
    body = json.dumps(document).encode()
    return Answer(200, (("Content-Type", "application/json"), ("Content-Length", str(len(body)))), (body,))


def _send(answer: Answer, start_response: StartResponse) -> Iterable[bytes]:
    start_response(f"{answer.status} ", list(answer.headers))
    return answer.body
