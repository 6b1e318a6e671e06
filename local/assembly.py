"""Puts the stand-in together: state, moto with its gaps filled, services, and the one application in front.

The order matters: bodies and logs first (state refers to them), then the snapshot, then what runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from moto.utilities.utils import get_partition

from local import catalog, queues, s3_patches, snapshot
from local.bucket_policies import BucketPolicies
from local.children import Children
from local.credentials import FILE_NAME, Identity
from local.credentials import read as read_identities
from local.environments import Environments
from local.events import Events
from local.function_workers import Workers
from local.functions import Functions
from local.gateway import Gateway
from local.identities import Identities
from local.logs import Logs
from local.mappings import Mappings
from local.moto_application import MotoApplication
from local.objects import Objects
from local.queues import Queues
from local.s3_bodies import Bodies
from local.s3_journal import Journal
from local.s3_requests import S3Requests
from local.schedules import Schedules
from local.settings import StandInSettings
from local.stand_in import StandIn
from local.store import Store
from local.topics import Topics

_STACKS = "cloudformation"


@dataclass
class Machine:
    """A stand-in that is put together: what the server serves and what it must end."""

    gateway: Gateway
    stand_in: StandIn
    services: list[ModuleType]
    functions: Functions
    mappings: Mappings
    schedules: Schedules
    children: Children
    snapshot: snapshot.Snapshot
    journal: Journal
    store: Store

    def start(self) -> None:
        """Takes up what was running when the last process ended."""
        self.mappings.reconcile()
        self.schedules.start()
        self.functions.resume()
        for service in self.services:
            resume = getattr(service, "resume", None)
            if resume is not None:
                resume(self.stand_in)

    def stop(self) -> None:
        self.schedules.stop()
        self.mappings.stop()
        for service in self.services:
            stop = getattr(service, "stop", None)
            if stop is not None:
                stop(self.stand_in)
        self.functions.stop()
        self.children.kill_all()
        self.snapshot.save()
        self.journal.close()
        self.store.close()


def assemble(
    settings: StandInSettings, *, folder: Path, endpoint: str, identities: tuple[Identity, ...]
) -> Machine:
    """Reads the state of the folder and builds everything around it; nothing runs yet."""
    state = folder / "state"
    store = Store(state / "documents.sqlite")
    bodies = Bodies(folder=state / "bodies", tree=folder / "s3")
    place: dict[str, Any] = {"account": settings.account, "region": settings.region}
    journal = Journal(path=state / "objects.sqlite", bodies=bodies, **place)
    shot = snapshot.Snapshot(state / "moto.snapshot", lambda service: service != _STACKS)
    stacks = snapshot.Snapshot(state / "stacks.snapshot", lambda service: service == _STACKS)
    s3_patches.install(bodies, journal.bury)
    queues.install()
    logs = Logs(folder=folder / "logs", save=shot.save, **place)
    shot.load()
    journal.restore()
    known = Identities(identities, store=store, reread=lambda: read_identities(folder / FILE_NAME), **place)
    children = Children(
        folder=state / "children", endpoint=endpoint, region=settings.region, identities=known
    )
    workers = Workers(children=children, folder=folder / "functions")
    functions = Functions(workers=workers, logs=logs, store=store, **place)
    outbox = Queues(save=shot.save, **place)
    topics = Topics(save=shot.save, **place)
    events = Events(functions=functions, queues=outbox, topics=topics, **place)
    mappings = Mappings(account=settings.account, functions=functions, save=shot.save)
    schedules = Schedules(events=events, store=store, **place)
    s3 = S3Requests(bodies=bodies, journal=journal)
    gateway = Gateway(
        MotoApplication(),
        secret_of=known.secret_of,
        access_key=known.own.access_key,
        save=_saver(shot, stacks, s3, mappings, schedules),
        health=lambda: {"pid": os.getpid(), "folder": str(folder)},
        s3=s3,
        policies=BucketPolicies(identities=known, **place),
        prepare={_STACKS: lambda: _prepare_stacks(gateway, stacks, place)},
        **place,
    )
    stand_in = StandIn(
        folder=folder,
        endpoint=endpoint,
        settings=settings,
        store=store,
        objects=Objects(bodies=bodies, journal=journal, **place),
        events=events,
        logs=logs,
        functions=functions,
        queues=outbox,
        children=children,
        environments=Environments(Path(settings.root) / settings.environments),
        identities=known,
        call=gateway.call,
        **place,
    )
    services = catalog.modules()
    for service in services:
        gateway.register(service.operations(stand_in))
    return Machine(
        gateway, stand_in, services, functions, mappings, schedules, children, shot, journal, store
    )


def _prepare_stacks(gateway: Gateway, stacks: snapshot.Snapshot, place: Mapping[str, Any]) -> None:
    """Imported only now: the half of moto that CloudFormation pulls in takes a second."""
    from local import cloudformation

    def api_for(account: str, region: str) -> cloudformation.Api:
        return cloudformation.Api(gateway.call, account, region, get_partition(region))

    manager = cloudformation.install(api_for, stacks.save)
    if stacks.load():
        manager.tidy(place["account"])


def _saver(
    shot: snapshot.Snapshot,
    stacks: snapshot.Snapshot,
    s3: S3Requests,
    mappings: Mappings,
    schedules: Schedules,
) -> Callable[[str, str], None]:
    """After each request, before its answer: what it may have changed is written down and takes effect."""

    def save(service: str, operation: str) -> None:
        if snapshot.changes_nothing(operation) or (service == "s3" and s3.writes_rows(operation)):
            return
        if service == _STACKS:
            stacks.save()
        shot.save()
        if service in ("lambda", "sqs", "cloudformation"):
            mappings.reconcile()
        if service in ("events", "cloudformation"):
            schedules.reconcile()

    return save
