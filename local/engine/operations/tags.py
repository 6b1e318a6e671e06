"""AddTags, ListTags and DeleteTags for what the stand-in keeps itself; everything else's tags are moto's."""

from __future__ import annotations

from typing import Any

from local.api import ApiError, Call
from local.engine.operations.desk import Desk
from local.engine.operations.pages import page
from local.engine.ports import Document
from local.engine.records import PIPELINES

# Resource type of an ARN -> kind of its document (local/jobs/jobs.py, local/resources.py).
_KINDS = {
    "pipeline": PIPELINES,
    "processing-job": "processing-job",
    "automl-job": "automl-job",
    "model": "model",
    "endpoint-config": "endpoint-config",
    "endpoint": "endpoint",
    "model-package-group": "model-package-group",
    "model-package": "model-package",
    "labeling-job": "labeling-job",
    "workteam": "workteam",
}
_MAX_TAGS = 50
Tags = list[dict[str, str]]


def add(desk: Desk, call: Call) -> dict[str, Any]:
    new = {tag["Key"]: tag for tag in call.parameters["Tags"]}

    def added(tags: Tags) -> Tags:
        kept = [tag for tag in tags if tag["Key"] not in new]
        if len(kept) + len(new) > _MAX_TAGS:
            raise ApiError("ValidationException", f"A resource may have {_MAX_TAGS} tags at most.")
        return [*kept, *new.values()]

    if (place := _place(desk, call.parameters["ResourceArn"])) is None:
        return call.moto()
    return {"Tags": _changed(desk, place, added)}


def list_all(desk: Desk, call: Call) -> dict[str, Any]:
    if (place := _place(desk, call.parameters["ResourceArn"])) is None:
        return call.moto()
    return page(_changed(desk, place, lambda tags: tags), call.parameters, "Tags", lambda tag: tag)


def delete(desk: Desk, call: Call) -> dict[str, Any]:
    gone = call.parameters["TagKeys"]
    if (place := _place(desk, call.parameters["ResourceArn"])) is None:
        return call.moto()
    _changed(desk, place, lambda tags: [tag for tag in tags if tag["Key"] not in gone])
    return {}


def _place(desk: Desk, arn: str) -> tuple[str, str] | None:
    """Where the resource's document lies: its kind and key; None for what is not kept here."""
    resource, _, name = arn.rpartition(":")[2].partition("/")
    kind = _KINDS.get(resource)
    if kind is None:
        return None
    if (document := desk.machine.documents.get(kind, name)) is None or document["arn"] != arn:
        raise ApiError("ResourceNotFound", f"The resource '{arn}' does not exist.")
    return kind, name


def _changed(desk: Desk, place: tuple[str, str], change: Any) -> Tags:
    kind, key = place

    def changed(document: Document | None) -> Document:
        found = document or {}
        if kind == PIPELINES:
            return {**found, "tags": change(found["tags"])}
        request = found["request"]
        return {**found, "request": {**request, "Tags": change(request.get("Tags") or [])}}

    document = desk.machine.documents.update(kind, key, changed)
    tags: Tags = document["tags"] if kind == PIPELINES else document["request"]["Tags"]
    return tags
