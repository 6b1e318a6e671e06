"""Whether the endpoint serves the very model that would be registered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from steps.runtime.errors import StepError


def check(client: Any, endpoint: str, model_data_url: str) -> None:
    """Refuses unless every variant of the endpoint, in service, serves `model_data_url`."""
    try:
        description = client.describe_endpoint(EndpointName=endpoint)
        status = description["EndpointStatus"]
        if status != "InService":
            reason = f": {description['FailureReason']}" if description.get("FailureReason") else ""
            raise StepError(f'the endpoint "{endpoint}" is {status}, not InService{reason}')
        served = set(_served(client, description["EndpointConfigName"]))
    except ClientError as error:
        raise StepError(
            f'the endpoint "{endpoint}" cannot be looked up: {error.response["Error"].get("Message", error)}',
            hint="is it deleted already? Start the training pipeline again, or deploy the model",
        ) from error
    except BotoCoreError as error:
        raise StepError(f'the endpoint "{endpoint}" cannot be looked up: {error}') from error
    if {_plain(url) for url in served} != {_plain(model_data_url)}:
        found = ", ".join(sorted(served)) or "no model data"
        raise StepError(
            f'the endpoint "{endpoint}" does not serve the model that would be registered:'
            f" it serves {found}, the candidate is {model_data_url}",
            hint="start the inference pipeline with --from-training of the execution that made the endpoint",
        )


def _served(client: Any, config_name: str) -> Iterator[str]:
    config = client.describe_endpoint_config(EndpointConfigName=config_name)
    for variant in config["ProductionVariants"]:
        if not variant.get("ModelName"):
            yield f"inference components of the variant {variant.get('VariantName')}"
            continue
        model = client.describe_model(ModelName=variant["ModelName"])
        containers = (
            [model["PrimaryContainer"]] if model.get("PrimaryContainer") else model.get("Containers", [])
        )
        yield from filter(None, map(_model_data, containers))


def _model_data(container: Mapping[str, Any]) -> str | None:
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    url = container.get("ModelDataUrl") or source.get("S3Uri")
    return str(url) if url else None


def _plain(url: str) -> str:
    return url.rstrip("/")
