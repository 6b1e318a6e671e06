"""Tags of batch jobs and guardrails; those of Bedrock's other resources are moto's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.api import Call
from local.bedrock.place import GUARDRAIL, JOB, missing, refused
from local.engine.ports import Document
from local.store import Store

MOST = 50
Tags = list[dict[str, str]]


def read(store: Store, call: Call) -> dict[str, Any]:
    if (place := _place(store, call)) is None:
        return call.moto()
    tags = (store.get(*place) or {})["request"].get("Tags") or []
    return {"tags": [{"key": tag["Key"], "value": tag["Value"]} for tag in tags]}


def tag(store: Store, call: Call) -> dict[str, Any]:
    new = {each["key"]: {"Key": each["key"], "Value": each["value"]} for each in call.parameters["tags"]}

    def tagged(tags: Tags) -> Tags:
        kept = [each for each in tags if each["Key"] not in new]
        if len(kept) + len(new) > MOST:
            raise refused(f"A resource may have {MOST} tags at most.")
        return [*kept, *new.values()]

    return _changed(store, call, tagged)


def untag(store: Store, call: Call) -> dict[str, Any]:
    gone = call.parameters["tagKeys"]
    return _changed(store, call, lambda tags: [each for each in tags if each["Key"] not in gone])


def _changed(store: Store, call: Call, change: Callable[[Tags], Tags]) -> dict[str, Any]:
    if (place := _place(store, call)) is None:
        return call.moto()

    def changed(found: Document | None) -> Document:
        document = found or {}
        request = document["request"]
        return {**document, "request": {**request, "Tags": change(request.get("Tags") or [])}}

    store.update(*place, changed)
    return {}


def _place(store: Store, call: Call) -> tuple[str, str] | None:
    arn = call.parameters["resourceARN"]
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if kind not in (JOB, GUARDRAIL):
        return None
    if store.get(kind, name) is None:
        raise missing(name, arn)
    return kind, name
