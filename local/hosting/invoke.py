"""InvokeEndpoint: to a variant's server and back; what goes wrong there is a ModelError."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from local.api import ApiError
from local.engine.ports import Document
from local.hosting.endpoints import Endpoints, ServerProcess
from local.hosting.fleet import LOG_GROUP
from local.hosting.server import INVOCATION_SECONDS, ServerError, UnreachableServerError

LARGEST_BODY = 6 * 1024 * 1024
# Requests an endpoint holds at once; SageMaker's limits are of the account and of the container's queue.
MOST_AT_ONCE = 256


class Invoker:
    def __init__(self, endpoints: Endpoints, *, most_at_once: int = MOST_AT_ONCE) -> None:
        self._endpoints = endpoints
        self._most = most_at_once
        self._lock = threading.Lock()
        self._at_once: dict[str, int] = {}

    def invoke(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """InvokeEndpoint's answer; ApiError (ValidationError, ThrottlingException, ModelError)."""
        name, body = asked["EndpointName"], asked.get("Body") or b""
        if len(body) > LARGEST_BODY:
            raise _invalid(f"The body has {len(body)} bytes; {LARGEST_BODY} are allowed.")
        endpoint = self._serving(name)
        variant = _variant(endpoint, asked.get("TargetVariant"))
        server = self._endpoints.fleet.server(
            self._endpoints.resources.key(name), endpoint["generation"], variant
        )
        headers = {
            "Content-Type": asked.get("ContentType") or "application/json",
            "Accept": asked.get("Accept") or "application/json",
        }
        with self._counted(name):
            status, answer, kind = self._asked(server, endpoint, body, headers)
        if status >= 300:
            raise self._model_error(endpoint, status, answer.decode("utf-8", "replace"))
        return {"Body": answer, "ContentType": kind, "InvokedProductionVariant": variant["name"]}

    def _serving(self, name: str) -> Document:
        resources = self._endpoints.resources
        endpoint = resources.find(name)
        if endpoint is None:
            raise _invalid(f"Endpoint {name} of account {resources.place.account} not found.")
        if endpoint["in_service"] is None:
            raise _invalid(f"Endpoint {name} of account {resources.place.account} is {endpoint['status']}.")
        return endpoint

    def _asked(
        self, server: ServerProcess, endpoint: Document, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, bytes, str]:
        """One that has died is started again, once."""
        try:
            server.ensure()
            try:
                return server.invoke(body, headers)
            except UnreachableServerError:
                server.ensure()
                return server.invoke(body, headers)
        except ServerError as error:
            raise self._model_error(endpoint, 503, str(error)) from error
        except UnreachableServerError as error:
            raise self._model_error(endpoint, 500, f"the container died: {error}") from error
        except TimeoutError as error:
            reason = f"Your invocation timed out after {INVOCATION_SECONDS} seconds"
            raise self._model_error(endpoint, 0, reason) from error

    @contextmanager
    def _counted(self, name: str) -> Iterator[None]:
        with self._lock:
            if self._at_once.get(name, 0) >= self._most:
                raise ApiError("ThrottlingException", "Rate exceeded", 400)
            self._at_once[name] = self._at_once.get(name, 0) + 1
        try:
            yield
        finally:
            with self._lock:
                self._at_once[name] -= 1

    def _model_error(self, endpoint: Document, status: int, text: str) -> ApiError:
        name = endpoint["request"]["EndpointName"]
        place = self._endpoints.resources.place
        group = LOG_GROUP.format(endpoint=name)
        whose = "client error" if 400 <= status < 500 else "server error"
        message = f'Received {whose} ({status}) from primary with message "{text}". See {group} in account'
        return ApiError(
            "ModelError",
            f"{message} {place.account} for more information.",
            424,
            fields={
                "OriginalStatusCode": status,
                "OriginalMessage": text,
                "LogStreamArn": place.arn("").replace(":sagemaker:", ":logs:") + f"log-group:{group}",
            },
        )


def _variant(endpoint: Document, target: str | None) -> Document:
    found: list[Document] = endpoint["variants"]
    if target is None:
        weights = [variant["weight"] for variant in found]
        chosen = random.choices(found, weights if sum(weights) > 0 else None)  # noqa: S311 - traffic, not secrets
        return chosen[0]
    variant = next((variant for variant in found if variant["name"] == target), None)
    if variant is None:
        raise _invalid(f"The endpoint has no variant '{target}'.")
    return variant


def _invalid(reason: str) -> ApiError:
    return ApiError("ValidationError", reason)
