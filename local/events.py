"""EventBridge: events of the stand-in reach the targets of the rules that match them.

moto matches patterns; it does not invoke functions, and it sends every event to scheduled rules too. Rules
deliver through here instead.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import jmespath
from moto.core.exceptions import ServiceException
from moto.events import models
from moto.events.utils import EventTemplateParser
from moto.utilities.arns import parse_arn
from werkzeug.exceptions import HTTPException

from local.api import ApiError
from local.functions import Functions
from local.queues import Queues
from local.topics import Topics

_LOG = logging.getLogger("local.events")


class Events:
    """Emits events and delivers them."""

    def __init__(
        self, *, account: str, region: str, functions: Functions, queues: Queues, topics: Topics
    ) -> None:
        self._account = account
        self._region = region
        self._functions = functions
        self._queues = queues
        self._topics = topics
        _install(self)

    def emit(
        self, source: str, detail_type: str, detail: Mapping[str, Any], resources: Sequence[str] = ()
    ) -> None:
        """Sends an event of a service ("aws.sagemaker") to the default bus, now."""
        event = self.envelope(source, detail_type, detail, resources)
        backend = models.events_backends[self._account][self._region]
        for rule in list(backend.event_buses["default"].rules.values()):
            rule.send_to_targets(event)

    def envelope(
        self, source: str, detail_type: str, detail: Mapping[str, Any], resources: Sequence[str] = ()
    ) -> dict[str, Any]:
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": self._account,
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._region,
            "resources": list(resources),
            "detail": dict(detail),
        }

    def deliver(self, rule: Any, event: dict[str, Any]) -> None:
        """To every target of the rule; one that cannot be reached does not keep the others waiting."""
        for target in list(rule.targets):
            try:
                self._deliver_to(rule, target, event)
            except (ApiError, ServiceException, HTTPException) as error:
                _LOG.warning("rule %s: target %s: %s", rule.name, target["Arn"], error)
                self._to_dead_letters(target, event)

    def _deliver_to(self, rule: Any, target: Mapping[str, Any], event: dict[str, Any]) -> None:
        payload = _input(target, event)
        arn = parse_arn(target["Arn"])
        if arn.service == "lambda":
            self._functions.invoke_later(target["Arn"], payload)
        elif arn.service == "sqs":
            group = target.get("SqsParameters", {}).get("MessageGroupId")
            self._queues.send(target["Arn"], json.dumps(payload, ensure_ascii=False), group_id=group)
        elif arn.service == "sns":
            self._topics.publish(target["Arn"], json.dumps(payload, ensure_ascii=False))
        elif arn.service == "logs":
            rule._send_to_cw_log_group(arn.resource_id, payload)
        elif arn.service == "events" and arn.resource_type == "event-bus":
            self._to_bus(arn.resource_id, event)
        else:
            raise ApiError("UnsupportedOperation", f"the stand-in does not deliver to {target['Arn']}")

    def _to_bus(self, name: str, event: dict[str, Any]) -> None:
        bus = models.events_backends[self._account][self._region].event_buses[name]
        for rule in list(bus.rules.values()):
            rule.send_to_targets(event)

    def _to_dead_letters(self, target: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        queue = target.get("DeadLetterConfig", {}).get("Arn")
        if queue:
            self._queues.send(queue, json.dumps(event, ensure_ascii=False))


def _input(target: Mapping[str, Any], event: dict[str, Any]) -> Any:
    """What a target gets: a constant, a part, a template, or the whole event."""
    if "Input" in target:
        return json.loads(target["Input"])
    if "InputPath" in target:
        return jmespath.search(target["InputPath"].removeprefix("$").lstrip(".") or "@", event)
    if "InputTransformer" in target:
        transformer = target["InputTransformer"]
        return EventTemplateParser.parse(
            input_template=transformer.get("InputTemplate"),
            input_paths_map=transformer.get("InputPathsMap", {}),
            event={**event, "ingestion-time": event["time"]},
        )
    return event


def _as_sent(event: Mapping[str, Any]) -> dict[str, Any]:
    """moto keeps times as numbers and a field of its own beside them."""
    time = event.get("time")
    if isinstance(time, (int, float)):
        time = datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    kept = {name: value for name, value in event.items() if name != "ingestion-time"}
    return {**kept, "time": time}


def _install(events: Events) -> None:
    def send_to_targets(rule: Any, event: dict[str, Any], transform_input: bool = True) -> None:
        pattern = rule.event_pattern
        if rule.state != "ENABLED" or not pattern.get_pattern() or not pattern.matches_event(event):
            return
        if not transform_input:  # moto's archives and replays keep the event as it is
            original(rule, event, transform_input)
            return
        events.deliver(rule, _as_sent(event))

    original = models.Rule.send_to_targets
    models.Rule.send_to_targets = send_to_targets
