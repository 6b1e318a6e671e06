"""moto's control plane as one WSGI application, without its dashboard, reset and metadata endpoints."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import moto.core.common_models
import moto.core.responses
import moto.core.serialize
from flask import Flask
from moto import backends
from moto.moto_server.werkzeug_app import create_backend_app

# Set by whoever routes the request: boto3's name of the client.
SERVICE_KEY = "stand_in.service"


class MotoApplication:
    """Hands a routed request to moto's backend of that service; NotImplementedError where there is none.

    moto's own dispatcher guesses the service from host names and serves /moto-api beside it; here the
    service is known and only modelled operations get this far.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._applications: dict[str, Flask] = {}
        _remember_method_names()
        _forget_instances()
        _read_dates_quickly()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        application = self._application(backend_name(environ[SERVICE_KEY]))
        response: Iterable[bytes] = application(environ, start_response)
        return response

    def _application(self, name: str) -> Flask:
        with self._lock:
            if name not in self._applications:
                if name not in _backend_names():
                    raise NotImplementedError(name)
                self._applications[name] = create_backend_app(name)
            return self._applications[name]


def backend_name(service: str) -> str:
    """moto's package of a client: "lambda" -> "awslambda", "sagemaker-runtime" -> "sagemakerruntime"."""
    return {"lambda": "awslambda"}.get(service, service.replace("-", ""))


@functools.cache
def _backend_names() -> frozenset[str]:
    return frozenset(backends.list_of_moto_modules())


def _remember_method_names() -> None:
    """moto inspects the response class at every request; the classes do not change after start."""
    moto.core.responses.method_names_from_class = functools.cache(moto.core.responses.method_names_from_class)


def _forget_instances() -> None:
    """moto keeps every model object it ever made, for its dashboard; here deleted ones are to go."""

    def new(cls: type, *_args: Any, **_kwargs: Any) -> Any:
        return object.__new__(cls)

    moto.core.common_models.BaseModel.__new__ = new


def _read_dates_quickly() -> None:
    """moto hands dates to its serialiser as text, which guesses their format: half the time of a listing."""

    def parse(value: Any) -> datetime:
        if isinstance(value, str):
            with contextlib.suppress(ValueError):
                read = datetime.fromisoformat(value)
                return read if read.tzinfo else read.replace(tzinfo=UTC)
        parsed: datetime = original(value)
        return parsed

    original = moto.core.serialize.parse_to_aware_datetime
    moto.core.serialize.parse_to_aware_datetime = parse
