"""The registry of a stand-in, put together once."""

from __future__ import annotations

from dataclasses import dataclass

from local.engine.per_machine import PerMachine
from local.registry import groups, packages
from local.registry.groups import Groups
from local.registry.packages import Packages
from local.resources import Place, Resources
from local.stand_in import StandIn


@dataclass(frozen=True)
class Registry:
    groups: Groups
    packages: Packages


def _make(stand_in: StandIn) -> Registry:
    place = Place(stand_in.account, stand_in.region)
    of_groups = Resources(groups.KIND, stand_in.store, place, missing=groups.missing, taken=groups.taken)
    of_packages = Resources(
        packages.KIND, stand_in.store, place, missing=packages.missing, taken=packages.taken
    )
    made = Groups(of_groups, lambda group: len(kept.of_group(group)))
    kept = Packages(of_packages, made, stand_in.store, stand_in.events)
    return Registry(made, kept)


registry_of = PerMachine(_make)
