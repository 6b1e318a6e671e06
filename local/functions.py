"""Lambda functions that run: every way of invoking one ends here, in a process with the uploaded code."""

from __future__ import annotations

import base64
import io
import json
import logging
import re
import threading
import time
import uuid
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.awslambda import models
from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.responses import LambdaResponse
from moto.s3.models import FakeKey, s3_backends

from local.api import ApiError
from local.function_workers import FunctionVersion, Invocation, Workers
from local.logs import Logs
from local.store import Store

_LOG = logging.getLogger("local.functions")
_PENDING = "asynchronous-invocation"
_RETRY_AFTER_SECONDS = (
    60.0,
    120.0,
)  # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html


@dataclass(frozen=True)
class InvokeResult:
    """`payload` is JSON text; `error` is None or "Unhandled"; `log` has the last 4 KiB of what was logged."""

    payload: str
    error: str | None
    log: str
    version: str

    def document(self) -> Any:
        return json.loads(self.payload)


class Functions:
    """Invokes functions by name, ARN, version or alias."""

    def __init__(self, *, account: str, region: str, workers: Workers, logs: Logs, store: Store) -> None:
        self._account = account
        self._region = region
        self._workers = workers
        self._logs = logs
        self._store = store
        self._stopping = threading.Event()
        _install(self)

    def invoke(self, arn: str, payload: object) -> InvokeResult:
        """Runs the function and waits for it. ApiError where there is no such function."""
        function = self._find(arn)
        return self.run(function, payload, invoked_arn=_invoked_arn(function, arn, None))

    def invoke_later(self, arn: str, payload: object) -> None:
        """As InvocationType Event: returns at once; failures are tried again after one and two minutes."""
        self._find(arn)
        key = uuid.uuid4().hex
        self._store.put(_PENDING, key, {"arn": arn, "payload": payload, "attempt": 0, "due": time.time()})
        self._run_pending(key)

    def resume(self) -> None:
        """After a start: what was accepted and not yet done."""
        for key, _ in self._store.list(_PENDING):
            self._run_pending(key)

    def stop(self) -> None:
        self._stopping.set()
        self._workers.stop()

    def run(self, function: Any, payload: object, *, invoked_arn: str | None = None) -> InvokeResult:
        version = _version(function, invoked_arn)
        request_id = str(uuid.uuid4())
        made = self._workers.invoke(version, payload, request_id)
        log = _framed(made, version, request_id)
        self._logs.append(version.log_group, made.log_stream, log)
        text = made.payload if made.failure is None else json.dumps(made.failure, ensure_ascii=False)
        error = None if made.failure is None else "Unhandled"
        return InvokeResult(text or "null", error, "\n".join(log)[-4096:], version.version)

    def retire_idle(self) -> float | None:
        return self._workers.retire()

    def _find(self, arn: str) -> Any:
        region = arn.split(":")[3] if arn.startswith("arn:") else self._region
        backend = models.lambda_backends[self._account][region]
        try:
            return backend.get_function(arn)
        except LambdaClientError as error:
            raise ApiError(error.error_type, error.message, error.code) from error

    def _run_pending(self, key: str) -> None:
        threading.Thread(target=self._work_off, args=(key,), name=f"invoke-{key[:8]}", daemon=True).start()

    def _work_off(self, key: str) -> None:
        while (pending := self._store.get(_PENDING, key)) is not None:
            if self._stopping.wait(max(0.0, pending["due"] - time.time())):
                return
            failed = self._failed(pending["arn"], pending["payload"])
            attempt = pending["attempt"]
            if not failed or attempt >= len(_RETRY_AFTER_SECONDS):
                self._store.delete(_PENDING, key)
                return
            due = time.time() + _RETRY_AFTER_SECONDS[attempt]
            self._store.put(_PENDING, key, {**pending, "attempt": attempt + 1, "due": due})

    def _failed(self, arn: str, payload: object) -> bool:
        try:
            return self.invoke(arn, payload).error is not None
        except ApiError as error:
            _LOG.warning("asynchronous invocation of %s: %s", arn, error)
            return False  # the function is gone: nothing to try again


def _version(function: Any, invoked_arn: str | None) -> FunctionVersion:
    if not str(function.run_time or "").startswith("python") or function.package_type != "Zip":
        what = function.run_time or function.package_type
        raise ApiError(
            "InvalidParameterValueException",
            f"the stand-in runs Python functions from zip bundles, not {what}",
        )
    return FunctionVersion(
        name=function.function_name,
        arn=invoked_arn or function.function_arn,
        version=str(function.version),
        handler=function.handler,
        code=function.code_bytes,
        code_digest=re.sub(r"[^0-9a-zA-Z]", "", function.code_digest),
        role_arn=function.role,
        environment=function.environment_vars or {},
        timeout_seconds=float(function.timeout or 3),
        memory_mb=int(function.memory_size or 128),
        log_group=function.logs_group_name,
    )


def _framed(made: Invocation, version: FunctionVersion, request_id: str) -> list[str]:
    """The log of an invocation between the lines that the service writes around it."""
    milliseconds = made.seconds * 1000
    lines = [f"START RequestId: {request_id} Version: {version.version}", *made.log.splitlines()]
    kind = "" if made.failure is None else str(made.failure.get("errorType", ""))
    if made.failure is not None and kind in ("Sandbox.Timedout", "Runtime.ExitError"):
        lines.append(str(made.failure["errorMessage"]))
    return [
        *lines,
        f"END RequestId: {request_id}",
        "\t".join(
            (
                f"REPORT RequestId: {request_id}",
                f"Duration: {milliseconds:.2f} ms",
                f"Billed Duration: {int(milliseconds) + 1} ms",
                f"Memory Size: {version.memory_mb} MB",
            )
        ),
    ]


def _install(functions: Functions) -> None:
    """moto's functions run nothing without Docker; all its ways of invoking go through these methods."""

    def invoke_function(
        function: Any, body: Any, request_headers: Mapping[str, str], response_headers: Any, arn: str = ""
    ) -> bytes:
        payload = _event(body)
        # Requests have headers; S3, SNS and log subscriptions, which do not wait on AWS either, have none.
        usual = "RequestResponse" if request_headers else "Event"
        kind = _header(request_headers, "x-amz-invocation-type") or usual
        response_headers["x-amz-executed-version"] = str(function.version)
        if kind == "DryRun":
            return b""
        if kind == "Event":
            functions.invoke_later(arn or function.function_arn, payload)
            return b""
        result = functions.run(function, payload, invoked_arn=arn or None)
        if result.error is not None:
            response_headers["x-amz-function-error"] = result.error
        response_headers["x-amz-log-result"] = base64.b64encode(result.log.encode()).decode()
        return result.payload.encode()

    def invoke(
        backend: Any, function_name: str, qualifier: str | None, body: Any, *rest: Any, **named: Any
    ) -> bytes:
        headers, response_headers = rest if rest else (named["headers"], named["response_headers"])
        function = backend.get_function(function_name, qualifier)
        arn = _invoked_arn(function, function_name, qualifier)
        payload = invoke_function(function, body, headers, response_headers, arn)
        response_headers["Content-Length"] = str(len(payload))
        return payload

    def get_parameter(response: Any, name: str, if_none: Any = None) -> Any:
        return original(response, "Qualifier" if name == "qualifier" else name, if_none)

    def set_code(function: Any, code: dict[str, Any]) -> None:
        _refuse_missing_code(function, code)
        original_set_code(function, code)
        if "ZipFile" in code or "S3Key" in code:
            _refuse_broken_code(function)

    original_set_code = models.LambdaFunction._set_function_code
    models.LambdaFunction._set_function_code = set_code
    original = LambdaResponse._get_param
    LambdaResponse._get_param = get_parameter  # moto reads ?qualifier=, clients send ?Qualifier=
    models.LambdaFunction.invoke = invoke_function
    models.LambdaBackend.invoke = invoke


def _refuse_missing_code(function: Any, code: Mapping[str, Any]) -> None:
    """moto takes a bundle that is not there for an empty one."""
    if "S3Bucket" not in code or "ZipFile" in code:
        return
    buckets = s3_backends[function.account_id][function.partition].buckets
    missing = None
    if code["S3Bucket"] not in buckets:
        missing = "NoSuchBucket. S3 Error Message: The specified bucket does not exist"
    elif not isinstance(buckets[code["S3Bucket"]].keys.get(code["S3Key"]), FakeKey):
        missing = "NoSuchKey. S3 Error Message: The specified key does not exist."
    if missing:
        message = f"Error occurred while GetObject. S3 Error Code: {missing} ({code['S3Key']})"
        raise ApiError("InvalidParameterValueException", message)


def _refuse_broken_code(function: Any) -> None:
    if not zipfile.is_zipfile(io.BytesIO(function.code_bytes)):
        message = "Could not unzip uploaded file. Please check your file, then try to upload again."
        raise ApiError("InvalidParameterValueException", message)


def _invoked_arn(function: Any, name: str, qualifier: str | None) -> str:
    """The ARN with the qualifier that the caller used."""
    used = qualifier or (name.rpartition(":")[2] if ":" in name.rpartition("function:")[2] else None)
    unqualified = ":".join(function.function_arn.split(":")[:7])
    return f"{unqualified}:{used}" if used else unqualified


def _event(body: Any) -> object:
    try:
        return json.loads(body) if body else {}
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise ApiError("InvalidRequestContentException", message) from error


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return next((value for key, value in dict(headers).items() if key.lower() == name), None)
