"""Models, endpoint configurations and endpoints, and their invocation: local/hosting/."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.api import Call, Handler, Operations
from local.engine.constraints import check
from local.engine.ports import Document
from local.hosting import configurations, endpoints, models
from local.hosting.assembly import Hosting, hosting_of
from local.resources import listed
from local.stand_in import StandIn

Answer = Callable[[Hosting, dict[str, Any]], dict[str, Any] | None]


def operations(stand_in: StandIn) -> Operations:
    hosting = hosting_of(stand_in)

    def handler(answer: Answer) -> Handler:
        def handle(call: Call) -> dict[str, Any] | None:
            check(call)
            return answer(hosting, call.parameters)

        return handle

    return {
        ("sagemaker", "CreateModel"): handler(_create_model),
        ("sagemaker", "DescribeModel"): handler(_describe_model),
        ("sagemaker", "ListModels"): handler(_list_models),
        ("sagemaker", "DeleteModel"): handler(_delete_model),
        ("sagemaker", "CreateEndpointConfig"): handler(_create_configuration),
        ("sagemaker", "DescribeEndpointConfig"): handler(_describe_configuration),
        ("sagemaker", "ListEndpointConfigs"): handler(_list_configurations),
        ("sagemaker", "DeleteEndpointConfig"): handler(_delete_configuration),
        ("sagemaker", "CreateEndpoint"): handler(_create),
        ("sagemaker", "UpdateEndpoint"): handler(_update),
        ("sagemaker", "UpdateEndpointWeightsAndCapacities"): handler(_set_weights),
        ("sagemaker", "DescribeEndpoint"): handler(_describe),
        ("sagemaker", "ListEndpoints"): handler(_list),
        ("sagemaker", "DeleteEndpoint"): handler(_delete),
        ("sagemaker-runtime", "InvokeEndpoint"): lambda call: hosting.invoker.invoke(call.parameters),
    }


def resume(stand_in: StandIn) -> None:
    """Takes up endpoints that were coming up."""
    hosting_of(stand_in).endpoints.resume()


def stop(stand_in: StandIn) -> None:
    """Servers end with the machine; their endpoints stay as they are."""
    hosting_of(stand_in).endpoints.close()


def _create_model(hosting: Hosting, asked: dict[str, Any]) -> dict[str, Any]:
    return {"ModelArn": hosting.models.create(asked)}


def _describe_model(hosting: Hosting, asked: dict[str, Any]) -> dict[str, Any]:
    return models.description(hosting.models.resources.get(asked["ModelName"]))


def _list_models(hosting: Hosting, asked: dict[str, Any]) -> dict[str, Any]:
    found = hosting.models.resources.all()
    return listed(found, asked, member="Models", name=_named("ModelName"), shown=models.summary)


def _delete_model(hosting: Hosting, asked: dict[str, Any]) -> None:
    hosting.models.resources.delete(asked["ModelName"])


def _create_configuration(hosting: Hosting, asked: dict[str, Any]) -> dict[str, Any]:
    return {"EndpointConfigArn": hosting.configurations.create(asked)}


def _describe_configuration(hosting: Hosting, asked: dict[str, Any]) -> dict[str, Any]:
    return configurations.description(hosting.configurations.resources.get(asked["EndpointConfigName"]))


def _list_configurations(hosting: Hosting, asked: dict[str, Any]) -> dict[str, Any]:
    found, name = hosting.configurations.resources.all(), _named("EndpointConfigName")
    return listed(found, asked, member="EndpointConfigs", name=name, shown=configurations.summary)


def _delete_configuration(hosting: Hosting, asked: dict[str, Any]) -> None:
    hosting.configurations.resources.delete(asked["EndpointConfigName"])


def _create(hosting: Hosting, asked: dict[str, Any]) -> dict[str, Any]:
    return {"EndpointArn": hosting.endpoints.create(asked)}


def _update(hosting: Hosting, asked: dict[str, Any]) -> dict[str, Any]:
    return {"EndpointArn": hosting.endpoints.update(asked)}


def _set_weights(hosting: Hosting, asked: dict[str, Any]) -> dict[str, Any]:
    return {"EndpointArn": hosting.endpoints.set_weights(asked)}


def _describe(hosting: Hosting, asked: dict[str, Any]) -> dict[str, Any]:
    return endpoints.description(hosting.endpoints.resources.get(asked["EndpointName"]))


def _list(hosting: Hosting, asked: dict[str, Any]) -> dict[str, Any]:
    status = asked.get("StatusEquals")
    found = [each for each in hosting.endpoints.resources.all() if status in (None, each["status"])]
    return listed(found, asked, member="Endpoints", name=_named("EndpointName"), shown=endpoints.summary)


def _delete(hosting: Hosting, asked: dict[str, Any]) -> None:
    hosting.endpoints.delete(asked["EndpointName"])


def _named(member: str) -> Callable[[Document], str]:
    return lambda document: str(document["request"][member])
