"""SQS -> Lambda: one consumer per event source mapping, waiting on its queue, never polling an idle one.

Batches, ReportBatchItemFailures, the queue's visibility timeout, its redrive policy and delays work as in
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html : what the function did not
report as done stays in flight and comes back when its visibility timeout has passed.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from moto.awslambda import models
from moto.events.models import EventPattern
from moto.sqs.exceptions import QueueDoesNotExist, ReceiptHandleIsInvalid
from moto.sqs.models import sqs_backends

from local.api import ApiError
from local.functions import Functions, InvokeResult
from local.queues import seconds_until_due

_LOG = logging.getLogger("local.mappings")
_BATCHES_AT_ONCE = 5  # what the service starts with


class Mappings:
    """Keeps one consumer running per enabled mapping."""

    def __init__(self, *, account: str, functions: Functions, save: Callable[[], None]) -> None:
        self._account = account
        self._functions = functions
        self._save = save
        self._lock = threading.Lock()
        self._consumers: dict[str, Consumer] = {}
        _install()

    def reconcile(self) -> None:
        """Starts and stops consumers so that they are those of the mappings there are."""
        with self._lock:
            wanted = {mapping.uuid: mapping for mapping in self._enabled()}
            for uuid in [uuid for uuid in self._consumers if uuid not in wanted]:
                self._consumers.pop(uuid).stop()
            for uuid, mapping in wanted.items():
                if uuid not in self._consumers:
                    self._consumers[uuid] = Consumer(mapping, functions=self._functions, save=self._save)
                    self._consumers[uuid].start()

    def stop(self) -> None:
        with self._lock:
            consumers = list(self._consumers.values())
            self._consumers.clear()
        for consumer in consumers:
            consumer.stop()
        for consumer in consumers:
            consumer.join(2)

    def _enabled(self) -> list[Any]:
        return [
            mapping
            for backend in list(models.lambda_backends[self._account].values())
            for mapping in list(backend._event_source_mappings.values())
            if mapping.enabled and ":sqs:" in mapping.event_source_arn
        ]


class Consumer(threading.Thread):
    """Receives batches for one mapping and hands them to its function."""

    def __init__(self, mapping: Any, *, functions: Functions, save: Callable[[], None]) -> None:
        super().__init__(name=f"mapping-{mapping.uuid[:8]}", daemon=True)
        self._mapping = mapping
        self._functions = functions
        self._save = save
        self._stopped = threading.Event()
        most = (mapping.scaling_config or {}).get("MaximumConcurrency") or _BATCHES_AT_ONCE
        self._slots = threading.BoundedSemaphore(min(int(most), _BATCHES_AT_ONCE))
        self._queue_name = mapping.event_source_arn.rpartition(":")[2]
        self._backend = sqs_backends[mapping.account_id][mapping.region]

    def stop(self) -> None:
        self._stopped.set()
        with contextlib.suppress(QueueDoesNotExist):
            queue = self._backend.get_queue(self._queue_name)
            with queue._messages_lock:
                queue._messages_lock.notify_all()

    def run(self) -> None:
        while not self._stopped.is_set():
            self._slots.acquire()
            try:
                messages = self._receive()
            except QueueDoesNotExist:
                self._slots.release()
                self._stopped.wait(5)  # as the service: the mapping stays and waits for its queue
                continue
            if not messages:
                self._slots.release()
                continue
            threading.Thread(
                target=self._work, args=(messages,), name=f"{self.name}-batch", daemon=True
            ).start()

    def _receive(self) -> list[Any]:
        """Waits until there is something to receive, or a while; then takes at most a batch."""
        queue = self._backend.get_queue(self._queue_name)
        with queue._messages_lock:
            if not queue.messages and not self._stopped.is_set():
                queue._messages_lock.wait(seconds_until_due(queue))
            if self._stopped.is_set():
                return []
            messages = self._take(queue, self._mapping.batch_size)
            window = float(self._mapping.max_batch_window or 0)
            end = time.monotonic() + window
            while messages and window and len(messages) < self._mapping.batch_size:
                left = end - time.monotonic()
                if left <= 0 or self._stopped.is_set():
                    break
                queue._messages_lock.wait(min(left, seconds_until_due(queue)))
                messages += self._take(queue, self._mapping.batch_size - len(messages))
        return messages

    def _take(self, queue: Any, count: int) -> list[Any]:
        received: list[Any] = self._backend.receive_message(
            queue.name, min(count, 10_000), 0, queue.visibility_timeout, ["All"]
        )
        return received

    def _work(self, messages: Sequence[Any]) -> None:
        try:
            self._save()
            wanted = [message for message in messages if self._passes(message)]
            failed = self._failed(wanted) if wanted else set()
            for message in messages:
                if message.id not in failed:
                    with contextlib.suppress(ReceiptHandleIsInvalid, QueueDoesNotExist):
                        self._backend.delete_message(self._queue_name, message.receipt_handle)
            self._save()
        except Exception:  # noqa: BLE001  (a batch that cannot be worked comes back by its visibility timeout)
            _LOG.exception("mapping of %s", self._mapping.function_name)
        finally:
            self._slots.release()

    def _passes(self, message: Any) -> bool:
        """FilterCriteria: a message that no filter wants is dropped, as by the service."""
        filters = (self._mapping.filter_criteria or {}).get("Filters", [])
        record = _record(message, self._mapping)
        with contextlib.suppress(ValueError):
            record["body"] = json.loads(message.body)
        return not filters or any(EventPattern.load(f.get("Pattern")).matches_event(record) for f in filters)

    def _failed(self, messages: Sequence[Any]) -> set[str]:
        """Ids of the messages that must stay."""
        everything = {message.id for message in messages}
        event = {"Records": [_record(message, self._mapping) for message in messages]}
        try:
            result = self._functions.invoke(function_of(self._mapping), event)
        except ApiError as error:
            _LOG.warning("mapping of %s: %s", self._mapping.function_name, error)
            return everything
        if result.error is not None:
            return everything
        if "ReportBatchItemFailures" not in (self._mapping.function_response_types or ()):
            return set()
        return _reported(result, everything)


def _reported(result: InvokeResult, everything: set[str]) -> set[str]:
    """A malformed report, or one that names an unknown message, fails the whole batch."""
    report = result.document()
    if report is None:
        return set()
    if not isinstance(report, dict) or not isinstance(report.get("batchItemFailures") or [], list):
        return everything
    named = [entry.get("itemIdentifier") for entry in report.get("batchItemFailures") or []]
    return set(named) if all(name in everything for name in named) else everything


def function_of(mapping: Any) -> str:
    """The function as the mapping names it, alias and all; moto keeps only the version it meant then."""
    return str(mapping.function_name)


def _record(message: Any, mapping: Any) -> dict[str, Any]:
    attributes = {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "SentTimestamp": str(message.sent_timestamp),
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
    }
    if message.group_id:
        attributes["MessageGroupId"] = message.group_id
        attributes["MessageDeduplicationId"] = message.deduplication_id
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": {n: _attribute(value) for n, value in message.message_attributes.items()},
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": mapping.event_source_arn,
        "awsRegion": mapping.region,
    }


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    known = {"DataType": "dataType", "StringValue": "stringValue", "BinaryValue": "binaryValue"}
    made = {known[name]: content for name, content in value.items() if name in known}
    return {**made, "stringListValues": [], "binaryListValues": []}


def _install() -> None:
    """moto calls mapped functions inside SendMessage and forgets aliases: neither here."""
    backend_class: Any = models.LambdaBackend
    original_create = backend_class.create_event_source_mapping
    original_update = backend_class.update_event_source_mapping

    def create(backend: Any, spec: dict[str, Any]) -> Any:
        _refuse_short_visibility(backend, spec)
        mapping = original_create(backend, spec)
        _detach(backend)
        mapping.function_arn = _qualified(backend, spec["FunctionName"])
        return mapping

    def update(backend: Any, uuid: str, spec: dict[str, Any]) -> Any:
        mapping = original_update(backend, uuid, spec)
        if mapping is not None and "FunctionName" in spec:
            mapping.function_name = spec["FunctionName"]
            mapping.function_arn = _qualified(backend, spec["FunctionName"])
        return mapping

    backend_class.create_event_source_mapping = create
    backend_class.update_event_source_mapping = update


def _detach(backend: Any) -> None:
    for queue in list(sqs_backends[backend.account_id][backend.region_name].queues.values()):
        queue.lambda_event_source_mappings.clear()


def _qualified(backend: Any, name: str) -> str:
    if name.startswith("arn:"):
        return name
    prefix = f"arn:{backend.partition}:lambda:{backend.region_name}:{backend.account_id}:function:"
    return prefix + name


def _refuse_short_visibility(backend: Any, spec: dict[str, Any]) -> None:
    """The service refuses a queue whose messages come back before the function may have finished."""
    queues = sqs_backends[backend.account_id][backend.region_name].queues
    queue = queues.get(str(spec.get("EventSourceArn", "")).rpartition(":")[2])
    if queue is None or not spec.get("FunctionName"):
        return
    function = backend.get_function(spec["FunctionName"])
    if queue.visibility_timeout < function.timeout:
        raise ApiError(
            "InvalidParameterValueException",
            f"Queue visibility timeout: {queue.visibility_timeout} seconds is less than "
            f"Function timeout: {function.timeout} seconds",
        )
