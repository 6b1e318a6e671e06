"""Ground Truth: labeling jobs, work teams and RenderUiTemplate, kept and run by local/labeling/."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.api import ApiError, Call, Handler, Operations
from local.engine.constraints import check
from local.engine.per_machine import PerMachine
from local.engine.ports import Document
from local.jobs.roles import check_trust
from local.labeling import jobs, teams
from local.labeling.jobs import Around, LabelingJobs, description, summary
from local.labeling.render import render
from local.labeling.teams import Teams
from local.resources import Place, Resources, listed
from local.stand_in import StandIn


@dataclass(frozen=True)
class GroundTruth:
    """The labeling of a stand-in."""

    jobs: LabelingJobs
    teams: Teams
    check_role: Callable[[str], None]


def _make(stand_in: StandIn) -> GroundTruth:
    place, settings = Place(stand_in.account, stand_in.region), stand_in.settings.labeling

    def resources(kind: str, module: Any) -> Resources:
        return Resources(kind, stand_in.store, place, missing=module.missing, taken=module.taken)

    def check_role(role: str) -> None:
        check_trust(role, stand_in.call)

    def function_exists(arn: str) -> bool:
        try:
            stand_in.call("lambda", "GetFunction", {"FunctionName": arn})
        except ApiError:
            return False
        return True

    own_teams = Teams(resources(teams.TEAM, teams), resources(teams.WORKFORCE, teams))
    around = Around(
        objects=stand_in.objects,
        invoke=stand_in.functions.invoke,
        answers=Path(stand_in.settings.root) / settings.answers if settings.answers else None,
        seconds_per_object=settings.seconds_per_object,
        check_role=check_role,
        team_exists=own_teams.exists,
        function_exists=function_exists,
    )
    return GroundTruth(LabelingJobs(resources(jobs.KIND, jobs), around), own_teams, check_role)


ground_truth_of = PerMachine(_make)
Answer = Callable[[GroundTruth, dict[str, Any]], dict[str, Any] | None]


def operations(stand_in: StandIn) -> Operations:
    own = ground_truth_of(stand_in)

    def handler(answer: Answer) -> Handler:
        def handle(call: Call) -> dict[str, Any] | None:
            check(call)
            return answer(own, call.parameters)

        return handle

    def address(uri: str) -> str:
        if not uri.startswith("s3://"):
            return uri
        return f"{stand_in.endpoint}/{uri.removeprefix('s3://')}"

    def rendered(truth: GroundTruth, asked: dict[str, Any]) -> dict[str, Any]:
        truth.check_role(asked["RoleArn"])
        if "UiTemplate" not in asked:
            raise ApiError("ResourceNotFound", "the stand-in renders templates that are sent (UiTemplate).")
        return render(asked["UiTemplate"]["Content"], asked["Task"]["Input"], address=address)

    return {
        ("sagemaker", "CreateLabelingJob"): handler(_create),
        ("sagemaker", "DescribeLabelingJob"): handler(_describe),
        ("sagemaker", "ListLabelingJobs"): handler(_list),
        ("sagemaker", "StopLabelingJob"): handler(_stop),
        ("sagemaker", "RenderUiTemplate"): handler(rendered),
        ("sagemaker", "CreateWorkteam"): handler(lambda truth, asked: truth.teams.create(asked)),
        ("sagemaker", "UpdateWorkteam"): handler(lambda truth, asked: truth.teams.update(asked)),
        ("sagemaker", "DescribeWorkteam"): handler(lambda truth, asked: truth.teams.describe(asked)),
        ("sagemaker", "ListWorkteams"): handler(lambda truth, asked: truth.teams.list(asked)),
        ("sagemaker", "DeleteWorkteam"): handler(lambda truth, asked: truth.teams.delete(asked)),
        ("sagemaker", "CreateWorkforce"): handler(lambda truth, asked: truth.teams.create_workforce(asked)),
        ("sagemaker", "DescribeWorkforce"): handler(
            lambda truth, asked: truth.teams.describe_workforce(asked)
        ),
        ("sagemaker", "ListWorkforces"): handler(lambda truth, asked: truth.teams.list_workforces(asked)),
    }


def resume(stand_in: StandIn) -> None:
    """Takes up the jobs that were running."""
    ground_truth_of(stand_in).jobs.resume()


def stop(stand_in: StandIn) -> None:
    """Leaves running jobs as they are, for `resume`."""
    ground_truth_of(stand_in).jobs.close()


def _create(truth: GroundTruth, asked: Document) -> dict[str, Any]:
    return {"LabelingJobArn": truth.jobs.create(asked)}


def _describe(truth: GroundTruth, asked: Document) -> dict[str, Any]:
    return description(truth.jobs.resources.get(asked["LabelingJobName"]))


def _list(truth: GroundTruth, asked: dict[str, Any]) -> dict[str, Any]:
    status = asked.get("StatusEquals")
    return listed(
        [job for job in truth.jobs.resources.all() if status in (None, job["status"])],
        asked,
        member="LabelingJobSummaryList",
        name=lambda job: str(job["request"]["LabelingJobName"]),
        shown=summary,
    )


def _stop(truth: GroundTruth, asked: Document) -> None:
    truth.jobs.stop(asked["LabelingJobName"])
