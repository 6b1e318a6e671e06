"""The engine of a stand-in, put together once with the operations' desk in front of it."""

from __future__ import annotations

from typing import Any

from moto.core.exceptions import ServiceException

from local.api import ApiError
from local.engine.book import Book
from local.engine.engine import Engine
from local.engine.operations.desk import Desk
from local.engine.per_machine import PerMachine
from local.engine.ports import Machine
from local.jobs.assembly import jobs_of
from local.jobs.roles import check_trust
from local.queues import Queues
from local.stand_in import StandIn


class _Mailer:
    """Sends to queues; a queue that is not there is an error of the call, as for any other operation."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues

    def send(self, queue_url: str, body: str) -> Any:
        try:
            return self._queues.send(queue_url, body)
        except ServiceException as error:
            raise ApiError(
                error.code, f"the queue '{queue_url}' takes no message: {error.message}"
            ) from error


def _make(stand_in: StandIn) -> Desk:
    machine = Machine(
        account=stand_in.account,
        region=stand_in.region,
        documents=stand_in.store,
        events=stand_in.events,
        functions=stand_in.functions,
        queues=_Mailer(stand_in.queues),
        jobs=jobs_of(stand_in),
        call=stand_in.call,
        read=stand_in.objects.read,
        check_role=lambda role: check_trust(role, stand_in.call),
    )
    return Desk(machine, Engine(machine), Book(machine.documents))


desk_of = PerMachine(_make)
