"""HTTP in, parameters out; answers in, HTTP out: botocore's service models through moto's parsers.

Requests are routed to an operation by the signing name of their credential scope and by the service's
model; answers and errors are serialised by the same model, so a client sees what AWS would send.
"""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.validate import ParamValidator
from moto.core.exceptions import ServiceException
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import NotFound, get_service_router
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model

from local.api import ApiError

# Clients whose requests are signed with another name than boto3's name of the client, or share one.
CLIENTS_OF_SIGNING_NAME: Mapping[str, tuple[str, ...]] = {
    "sagemaker": ("sagemaker", "sagemaker-runtime", "sagemaker-metrics", "sagemaker-featurestore-runtime"),
    "bedrock": ("bedrock-runtime", "bedrock", "bedrock-agent-runtime", "bedrock-agent"),
    "monitoring": ("cloudwatch",),
    "states": ("stepfunctions",),
    "tagging": ("resourcegroupstaggingapi",),
    "elasticloadbalancing": ("elbv2", "elb"),
    "email": ("sesv2", "ses"),
    "elasticfilesystem": ("efs",),
    "servicequotas": ("service-quotas",),
    "cloudcontrolapi": ("cloudcontrol",),
    "airflow": ("mwaa",),
}


@dataclass(frozen=True)
class Route:
    """The operation a request means; `model` is None where botocore knows none."""

    service: str
    model: OperationModel | None
    uri_parameters: Mapping[str, Any]

    @property
    def operation(self) -> str:
        return "" if self.model is None else str(self.model.name)


@dataclass(frozen=True)
class Answer:
    """An HTTP response before it is sent; `body` may be produced chunk by chunk."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: Iterable[bytes]


class _Failure(ServiceException):  # type: ignore[misc]
    """moto looks errors up in the model of the service whose module defined them: not for ours."""


def route(request: Request, signing_name: str) -> Route:
    """Finds the operation among the clients that sign with this name; the first that knows it has it."""
    candidates = CLIENTS_OF_SIGNING_NAME.get(signing_name, (signing_name,))
    for service in candidates:
        try:
            model, uri_parameters = get_service_router(service).match(request)
        except (NotFound, NotImplementedError, UnknownServiceError):
            continue
        return Route(service, model, uri_parameters)
    return Route(candidates[0], None, {})


def operation_model(service: str, operation: str) -> OperationModel:
    return get_service_model(service).operation_model(operation)


def parse(request: Request, found: Route) -> dict[str, Any]:
    """The parameters as the client's caller gave them; ApiError where the request cannot be read."""
    if found.model is None:
        return {}
    service_model = get_service_model(found.service)
    protocol = determine_request_protocol(service_model, request.content_type)
    parser = PROTOCOL_PARSERS[protocol](found.model)
    try:
        if protocol == "json":
            _check_json(request.data)
        parsed = parser.parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.data,
                "url_path": request.path,
                "url_params": found.uri_parameters,
            }
        )
    except (ValueError, TypeError, AttributeError, KeyError, RuntimeError, OverflowError) as error:
        raise ApiError("SerializationException", f"the request cannot be read: {error}") from error
    parameters = {name: value for name, value in parsed.items() if value is not None}
    validate(found.model, parameters)
    return parameters


def _check_json(body: bytes) -> None:
    """moto takes what is no JSON for an empty request."""
    document = json.loads(body) if body else {}
    if not isinstance(document, dict):
        raise ValueError(f"the body is a JSON {type(document).__name__}, not an object")


def validate(model: OperationModel, parameters: Mapping[str, Any]) -> None:
    """Required members, types and lengths, as botocore checks them before it sends a request."""
    if model.input_shape is None:
        return
    report = ParamValidator().validate(parameters, model.input_shape)
    if report.has_errors():
        raise ApiError("ValidationException", report.generate_report())


def answer(request: Request, model: OperationModel, result: Mapping[str, Any] | None) -> Answer:
    return _serialised(request, model, result or {})


def error_answer(request: Request, found: Route, error: ApiError) -> Answer:
    """The error in the protocol of the service; plain JSON where the service is unknown."""
    try:
        service_model = get_service_model(found.service)
    except UnknownServiceError:
        service_model = get_service_model("sagemaker")
    model = found.model or OperationModel({}, service_model)
    failure = _Failure(error.code, error.message)
    failure.__dict__.update(error.fields)  # where the serialiser looks for an error's further members
    made = _serialised(request, model, failure)
    if _is_modelled(service_model, error.code):
        return made
    return Answer(error.status, made.headers, made.body)


def _serialised(request: Request, model: OperationModel, result: Any) -> Answer:
    service_model = model.service_model
    protocol = _protocol(request, service_model)
    request_id = str(uuid.uuid4())
    context = SerializationContext(request_id)
    serializer = get_serializer_class(service_model.service_name, protocol)(model, context=context)
    response = serializer.serialize(result)
    body = response["body"]
    encoded = body.encode() if isinstance(body, str) else bytes(body or b"")
    headers = [(str(name), str(value)) for name, value in response["headers"].items()]
    headers += [("x-amzn-RequestId", request_id), ("Content-Length", str(len(encoded)))]
    return Answer(int(response["status_code"]), tuple(headers), (encoded,))


def _protocol(request: Request, service_model: ServiceModel) -> str:
    try:
        return str(determine_request_protocol(service_model, request.content_type))
    except NotImplementedError:
        return str(service_model.protocol)


@functools.cache
def _modelled_codes(service: str) -> frozenset[str]:
    shapes = get_service_model(service).error_shapes
    return frozenset(code for shape in shapes for code in (shape.name, shape.error_code))


def _is_modelled(service_model: ServiceModel, code: str) -> bool:
    return code in _modelled_codes(service_model.service_name)
