"""Endpoints: Creating -> InService or Failed; Updating to another configuration and back to InService.

They outlive the machine: what was coming up comes up again, and what was in service starts its servers again
when it is first asked.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from local.api import ApiError
from local.engine.operations.pages import moment, present
from local.engine.patience import patiently
from local.engine.ports import Document
from local.hosting import variants
from local.hosting.configurations import Configurations
from local.hosting.models import Models
from local.hosting.server import ServerError
from local.jobs.reasons import cut
from local.resources import Resources, times

KIND = "endpoint"
CHANGING = ("Creating", "Updating")
_LOG = logging.getLogger(__name__)


def missing(_name: str, arn: str) -> ApiError:
    return ApiError("ValidationException", f'Could not find endpoint "{arn}".')


def taken(_name: str, arn: str) -> ApiError:
    return ApiError("ValidationException", f'Cannot create already existing endpoint "{arn}".')


class ServerProcess(Protocol):
    """local/hosting/server.py"""

    def ensure(self) -> None: ...
    def invoke(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes, str]: ...


class Servers(Protocol):
    """local/hosting/fleet.py"""

    def server(self, endpoint: str, generation: int, variant: Document) -> ServerProcess: ...
    def bring_up(self, endpoint: str, generation: int, variants: Sequence[Document]) -> None: ...
    def take_down(self, endpoint: str, generation: int) -> None: ...
    def forget(self, endpoint: str) -> None: ...


def _unheard(_endpoint: Document) -> None:
    """Where nobody listens."""


class Endpoints:
    """Every method may be called from any thread."""

    def __init__(
        self,
        resources: Resources,
        configurations: Configurations,
        models: Models,
        fleet: Servers,
        *,
        announce: Callable[[Document], None] = _unheard,
    ) -> None:
        self.resources = resources
        self.fleet = fleet
        self._configurations = configurations
        self._models = models
        self._announce = announce
        self._closed = False

    def create(self, asked: Document) -> str:
        fields = {"status": "Creating", "reason": None, "generation": 1, "next": None, "in_service": None}
        resolved = self._resolved(asked["EndpointConfigName"])
        document = self.resources.add(asked["EndpointName"], asked, **fields, **resolved)
        self._announce(document)
        self._follow(asked["EndpointName"], self._come_up)
        return str(document["arn"])

    def update(self, asked: Document) -> str:
        """Takes another configuration; the present servers answer until the new ones do."""
        resolved = self._resolved(asked["EndpointConfigName"])

        def begin(found: Document) -> Document:
            if found["status"] in CHANGING:
                raise ApiError("ValidationException", f'Cannot update in-progress endpoint "{found["arn"]}".')
            return {
                **found,
                "status": "Updating",
                "next": {**resolved, "generation": found["generation"] + 1},
            }

        document = self.resources.change(asked["EndpointName"], begin)
        self._announce(document)
        self._follow(asked["EndpointName"], self._change_over)
        return str(document["arn"])

    def set_weights(self, asked: Document) -> str:
        """UpdateEndpointWeightsAndCapacities: at once, as nothing has to be started for it."""
        wanted = {each["VariantName"]: each for each in asked["DesiredWeightsAndCapacities"]}

        def change(found: Document) -> Document:
            unknown = sorted(set(wanted) - {variant["name"] for variant in found["variants"]})
            if unknown:
                raise ApiError("ValidationException", f"The endpoint has no variant '{unknown[0]}'.")
            if found["status"] in CHANGING:
                raise ApiError("ValidationException", f'Cannot update in-progress endpoint "{found["arn"]}".')
            return {**found, "variants": [_weighted(each, wanted) for each in found["variants"]]}

        return str(self.resources.change(asked["EndpointName"], change)["arn"])

    def delete(self, name: str) -> None:
        def begin(found: Document) -> Document:
            if found["status"] in CHANGING:
                raise ApiError("ValidationException", f'Cannot delete in-progress endpoint "{found["arn"]}".')
            return {**found, "status": "Deleting"}

        self._announce(self.resources.change(name, begin))
        self._delete(name)

    def _delete(self, name: str) -> None:
        """Its name is free when its servers are gone."""
        self.fleet.forget(self.resources.key(name))
        self.resources.delete(name)

    def resume(self) -> None:
        """After a restart: what was coming up, changing over or going does so again."""
        for document in self.resources.all():
            steps = {
                "Creating": self._come_up,
                "Updating": self._change_over,
                "Deleting": self._delete,
            }
            if document["status"] in steps:
                self._follow(document["request"]["EndpointName"], steps[document["status"]])

    def close(self) -> None:
        """The machine goes down: servers that end now have not failed."""
        self._closed = True

    def _resolved(self, configuration_name: str) -> Document:
        configuration = self._configurations.resources.get(configuration_name)
        found = variants.resolve(
            configuration,
            container_of=self._models.container,
            role_of=lambda name: str(self._models.resources.get(name)["request"]["ExecutionRoleArn"]),
        )
        return {"configuration": configuration["request"]["EndpointConfigName"], "variants": found}

    def _follow(self, name: str, step: Callable[[str], None]) -> None:
        thread = threading.Thread(
            target=self._guarded, args=(name, step), name=f"endpoint {name}", daemon=True
        )
        thread.start()

    def _guarded(self, name: str, step: Callable[[str], None]) -> None:
        try:
            step(name)
        except Exception as error:  # noqa: BLE001 - a thread's edge: no endpoint is in progress for ever
            if not self._closed:
                _LOG.error("endpoint %s broke", name, exc_info=error)
                self._write(name, status="Failed", reason=f"InternalServerError: {error}")

    def _come_up(self, name: str) -> None:
        document = self.resources.get(name)
        try:
            self.fleet.bring_up(self.resources.key(name), document["generation"], document["variants"])
        except ServerError as error:
            self._write(name, status="Failed", reason=cut(str(error)))
        else:
            self._write(name, status="InService", in_service=self.resources.clock())

    def _change_over(self, name: str) -> None:
        document, key = self.resources.get(name), self.resources.key(name)
        following = document["next"]
        try:
            self.fleet.bring_up(key, following["generation"], following["variants"])
        except ServerError as error:
            self.fleet.take_down(key, following["generation"])
            back = "Failed" if document["in_service"] is None else "InService"
            self._write(name, status=back, reason=cut(str(error)), next=None)
            return
        now = self.resources.clock()
        self._write(name, status="InService", reason=None, next=None, in_service=now, **following)
        self.fleet.take_down(key, document["generation"])

    def _write(self, name: str, **fields: Any) -> None:
        if not self._closed:
            patiently(lambda: self.resources.write(name, **fields), give_up=self._is_closed)
            patiently(lambda: self._announce(self.resources.get(name)), give_up=self._is_closed)

    def _is_closed(self) -> bool:
        return self._closed


def _weighted(variant: Document, wanted: dict[str, Document]) -> Document:
    given = wanted.get(variant["name"], {})
    weight, count = given.get("DesiredWeight"), given.get("DesiredInstanceCount")
    return {
        **variant,
        "weight": variant["weight"] if weight is None else weight,
        "count": variant["count"] if count is None else count,
    }


def description(endpoint: Document) -> dict[str, Any]:
    """DescribeEndpoint's answer; no variants before the endpoint has been in service."""
    deployed = moment(endpoint["in_service"])
    shown = [variants.description(variant, deployed) for variant in endpoint["variants"]]
    configuration = endpoint["configuration"]
    return present(
        {
            **summary(endpoint),
            "EndpointConfigName": configuration,
            "ProductionVariants": shown if deployed else None,
            "FailureReason": endpoint["reason"],
        }
    )


def summary(endpoint: Document) -> dict[str, Any]:
    """An element of ListEndpoints' answer."""
    return {
        "EndpointName": endpoint["request"]["EndpointName"],
        "EndpointArn": endpoint["arn"],
        "EndpointStatus": endpoint["status"],
        **times(endpoint),
    }
