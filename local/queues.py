"""SQS: moto's queues made safe for many threads, and sending from inside the stand-in.

moto rebuilds a queue's list on every delete and reads it without a lock: a message sent at that moment was
lost, and two consumers could get the same one. Here every change of a queue happens under its lock; waiting
for messages happens outside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.sqs import models

_REMEMBERED_HANDLES = 1000


class Queues:
    """Sends messages from inside the stand-in."""

    def __init__(self, *, account: str, region: str, save: Callable[[], None]) -> None:
        self._account = account
        self._region = region
        self._save = save

    def send(
        self,
        queue: str,
        body: str,
        attributes: Mapping[str, Any] | None = None,
        *,
        delay_seconds: int | None = None,
        group_id: str | None = None,
    ) -> str:
        """Sends to a queue given by URL or ARN; returns the message id. Attributes as in SendMessage."""
        name = queue.rstrip("/").replace(":", "/").rpartition("/")[2]
        region = queue.split(":")[3] if queue.startswith("arn:") else self._region
        backend = models.sqs_backends[self._account][region]
        message = backend.send_message(
            name,
            body,
            message_attributes=dict(attributes or {}),
            delay_seconds=delay_seconds,
            group_id=group_id,
        )
        self._save()
        return str(message.id)


class RecentHandles:
    """The receipt handles deleted last: moto keeps all for ever to answer a second delete politely."""

    def __init__(self) -> None:
        self._handles: dict[Any, None] = {}

    def __contains__(self, handle: object) -> bool:
        return handle in self._handles

    def update(self, handles: Iterable[Any]) -> None:
        self._handles.update(dict.fromkeys(handles))
        while len(self._handles) > _REMEMBERED_HANDLES:
            del self._handles[next(iter(self._handles))]


def install() -> None:
    """Replaces moto's methods for this process."""
    queue_class: Any = models.Queue
    original_init = queue_class.__init__

    def init(queue: Any, *args: Any, **kwargs: Any) -> None:
        original_init(queue, *args, **kwargs)
        queue.deleted_messages = RecentHandles()

    queue_class.__init__ = init
    queue_class.delete_message = _under_the_lock(queue_class.delete_message)
    backend_class: Any = models.SQSBackend
    original_receive = backend_class.receive_message
    backend_class.change_message_visibility = _under_the_queues_lock(backend_class.change_message_visibility)
    backend_class.purge_queue = _under_the_queues_lock(backend_class.purge_queue)

    def receive_message(
        backend: Any,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        *names: Any,
        **named: Any,
    ) -> list[Any]:
        end = time.monotonic() + wait_seconds_timeout
        while True:
            queue = backend.get_queue(queue_name)
            with queue._messages_lock:
                _drop_expired(queue)
                received: list[Any] = original_receive(
                    backend, queue_name, count, 0, visibility_timeout, *names, **named
                )
                left = end - time.monotonic()
                if received or left <= 0:
                    return received
                queue._messages_lock.wait(min(left, seconds_until_due(queue)))

    backend_class.receive_message = receive_message


def seconds_until_due(queue: Any) -> float:
    """How long until a message that is delayed or in flight can be received; 20 when none is."""
    now = time.time() * 1000
    due = [max(message.visible_at, message.delayed_until) for message in queue._messages]
    return min(20.0, max(0.0, (min(due) - now) / 1000 + 0.001)) if due else 20.0


def _drop_expired(queue: Any) -> None:
    oldest = time.time() * 1000 - queue.message_retention_period * 1000
    if any(message.sent_timestamp <= oldest for message in queue._messages):
        queue._messages = [message for message in queue._messages if message.sent_timestamp > oldest]


def _under_the_lock(method: Callable[..., Any]) -> Callable[..., Any]:
    def locked(queue: Any, *args: Any, **kwargs: Any) -> Any:
        with queue._messages_lock:
            result = method(queue, *args, **kwargs)
            queue._messages_lock.notify_all()
            return result

    return locked


def _under_the_queues_lock(method: Callable[..., Any]) -> Callable[..., Any]:
    def locked(backend: Any, queue_name: str, *args: Any, **kwargs: Any) -> Any:
        queue = backend.get_queue(queue_name)
        with queue._messages_lock:
            result = method(backend, queue_name, *args, **kwargs)
            queue._messages_lock.notify_all()
            return result

    return locked
