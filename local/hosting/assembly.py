"""The hosting of a stand-in, put together once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from local.engine.per_machine import PerMachine
from local.hosting import configurations, endpoints, models
from local.hosting.announcements import announce
from local.hosting.configurations import Configurations
from local.hosting.endpoints import Endpoints
from local.hosting.fleet import Fleet
from local.hosting.invoke import Invoker
from local.hosting.models import Models
from local.hosting.server import ServingKit
from local.jobs.roles import check_trust
from local.registry.assembly import registry_of
from local.resources import Place, Resources
from local.stand_in import StandIn


@dataclass(frozen=True)
class Hosting:
    models: Models
    configurations: Configurations
    endpoints: Endpoints
    invoker: Invoker


def _make(stand_in: StandIn) -> Hosting:
    place, store = Place(stand_in.account, stand_in.region), stand_in.store
    packages = registry_of(stand_in).packages
    made_models = Models(
        Resources(models.KIND, store, place, missing=models.missing, taken=models.taken),
        packages.resources.get,
        check_role=lambda role: check_trust(role, stand_in.call),
    )
    made_configurations = Configurations(
        Resources(
            configurations.KIND, store, place, missing=configurations.missing, taken=configurations.taken
        ),
        made_models.resources.get,
    )
    kit = ServingKit(
        objects=stand_in.objects,
        children=stand_in.children,
        environments=stand_in.environments,
        requirements=Path(stand_in.settings.root) / stand_in.settings.automl.requirements,
    )
    made_endpoints = Endpoints(
        Resources(endpoints.KIND, store, place, missing=endpoints.missing, taken=endpoints.taken),
        made_configurations,
        made_models,
        Fleet(stand_in.folder / "endpoints", kit, stand_in.logs),
        announce=lambda endpoint: announce(stand_in.events, endpoint),
    )
    return Hosting(made_models, made_configurations, made_endpoints, Invoker(made_endpoints))


hosting_of = PerMachine(_make)
