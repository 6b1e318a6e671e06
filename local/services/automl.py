"""AutoML jobs for text generation: CreateAutoMLJobV2 and its kin, run by local/automl/."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.api import Call, Handler, Operations
from local.automl.describe import best_candidate, description, summary
from local.automl.jobs import CONCURRENT_JOBS, KIND, AutoMLJobs, missing, taken
from local.automl.run import Workshop
from local.engine.constraints import check
from local.engine.operations.pages import page
from local.engine.per_machine import PerMachine
from local.jobs.roles import check_trust
from local.resources import Place, Resources, listed
from local.stand_in import StandIn

Answer = Callable[[AutoMLJobs, dict[str, Any]], dict[str, Any] | None]


def _make(stand_in: StandIn) -> AutoMLJobs:
    root, settings = Path(stand_in.settings.root), stand_in.settings.automl
    workshop = Workshop(
        objects=stand_in.objects,
        logs=stand_in.logs,
        children=stand_in.children,
        environments=stand_in.environments,
        requirements=root / settings.requirements,
        base_models={name: root / Path(folder).expanduser() for name, folder in settings.base_models.items()},
    )
    place = Place(stand_in.account, stand_in.region)
    return AutoMLJobs(
        Resources(KIND, stand_in.store, place, missing=missing, taken=taken),
        workshop,
        folder=stand_in.folder / "automl",
        concurrent=settings.concurrent_jobs or CONCURRENT_JOBS.get(stand_in.region, 1),
        check_role=lambda role: check_trust(role, stand_in.call),
    )


jobs_of = PerMachine(_make)


def operations(stand_in: StandIn) -> Operations:
    jobs = jobs_of(stand_in)

    def handler(answer: Answer) -> Handler:
        def handle(call: Call) -> dict[str, Any] | None:
            check(call)
            return answer(jobs, call.parameters)

        return handle

    return {
        ("sagemaker", "CreateAutoMLJobV2"): handler(_create),
        ("sagemaker", "DescribeAutoMLJobV2"): handler(_describe),
        ("sagemaker", "ListAutoMLJobs"): handler(_list),
        ("sagemaker", "ListCandidatesForAutoMLJob"): handler(_candidates),
        ("sagemaker", "StopAutoMLJob"): handler(_stop),
    }


def resume(stand_in: StandIn) -> None:
    """Trains again what was training."""
    jobs_of(stand_in).resume()


def stop(stand_in: StandIn) -> None:
    """Leaves running jobs as they are, for `resume`."""
    jobs_of(stand_in).close()


def _create(jobs: AutoMLJobs, asked: dict[str, Any]) -> dict[str, Any]:
    return {"AutoMLJobArn": jobs.create(asked)}


def _describe(jobs: AutoMLJobs, asked: dict[str, Any]) -> dict[str, Any]:
    return description(jobs.resources.get(asked["AutoMLJobName"]), jobs.resources.place)


def _list(jobs: AutoMLJobs, asked: dict[str, Any]) -> dict[str, Any]:
    status = asked.get("StatusEquals")
    found = [job for job in jobs.resources.all() if status in (None, job["status"])]
    return listed(
        found,
        asked,
        member="AutoMLJobSummaries",
        name=lambda job: str(job["request"]["AutoMLJobName"]),
        shown=summary,
    )


def _candidates(jobs: AutoMLJobs, asked: dict[str, Any]) -> dict[str, Any]:
    best = best_candidate(jobs.resources.get(asked["AutoMLJobName"]), jobs.resources.place)
    wanted = (
        best is not None
        and asked.get("StatusEquals") in (None, best["CandidateStatus"])
        and asked.get("CandidateNameEquals") in (None, best["CandidateName"])
    )
    return page([best] if wanted else [], asked, "Candidates", lambda each: each)


def _stop(jobs: AutoMLJobs, asked: dict[str, Any]) -> None:
    jobs.stop(asked["AutoMLJobName"])
