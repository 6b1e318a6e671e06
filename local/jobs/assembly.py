"""The jobs of a stand-in, put together once."""

from __future__ import annotations

import shutil
from pathlib import Path

from local.engine.per_machine import PerMachine
from local.engine.ports import partition
from local.jobs.isolation import isolation_mode
from local.jobs.jobs import Jobs
from local.jobs.kit import Kit
from local.jobs.roles import check_trust
from local.stand_in import StandIn


def _make(stand_in: StandIn) -> Jobs:
    folder = stand_in.folder / "jobs"
    shutil.rmtree(folder, ignore_errors=True)  # what a killed machine left; its jobs begin anew
    place = f"{stand_in.region}:{stand_in.account}"
    kit = Kit(
        objects=stand_in.objects,
        logs=stand_in.logs,
        children=stand_in.children,
        environments=stand_in.environments,
        images=stand_in.settings.images,
        root=Path(stand_in.settings.root),
        mode=isolation_mode(),
    )
    return Jobs(
        stand_in.store,
        kit,
        folder=folder,
        arn=lambda resource: f"arn:{partition(stand_in.region)}:sagemaker:{place}:{resource}",
        check_role=lambda role: check_trust(role, stand_in.call),
    )


jobs_of = PerMachine(_make)
