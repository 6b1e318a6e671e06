"""What a service of the stand-in is written against: the call, its errors, its table of operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any


class ApiError(Exception):
    """An error as AWS reports it: code, message and, where the code is not modelled, the HTTP status.

    `fields` are the further members that the model of the error has.
    """

    def __init__(
        self, code: str, message: str, status: int = 400, *, fields: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields or {}


def _no_moto(call: Call) -> dict[str, Any]:
    raise ApiError("UnsupportedOperation", f"nothing stands behind {call.service} {call.operation}")


@dataclass(frozen=True)
class Call:
    """One request, parsed by botocore's model of the operation.

    `service` is boto3's name of the client ("sagemaker-runtime"), `operation` the modelled name
    ("InvokeEndpoint"), `parameters` what boto3 was given (blobs as bytes, times as naive UTC datetimes).
    """

    service: str
    operation: str
    parameters: dict[str, Any]
    account: str
    region: str
    access_key: str
    through: Callable[[Call], dict[str, Any]] = field(default=_no_moto, repr=False, compare=False)

    def moto(self) -> dict[str, Any]:
        """What moto itself answers to this call, as boto3 would return it; raises ApiError."""
        return self.through(self)

    def changed(self, **parameters: Any) -> Call:
        """The same call with other parameters; one set to None is left out."""
        merged = {**self.parameters, **parameters}
        return replace(self, parameters={name: value for name, value in merged.items() if value is not None})


# A handler's answer is serialised by botocore's model of the operation.
Handler = Callable[[Call], dict[str, Any] | None]
Operations = Mapping[tuple[str, str], Handler]
