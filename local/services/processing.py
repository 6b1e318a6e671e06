"""Processing jobs: CreateProcessingJob and its kin, run by local/jobs/."""

from __future__ import annotations

from typing import Any

from local.api import Call, Handler, Operations
from local.engine.constraints import check
from local.engine.operations.pages import ordered, page, within
from local.engine.ports import Document
from local.jobs.assembly import jobs_of
from local.jobs.describe import description, summary
from local.jobs.jobs import Jobs
from local.stand_in import StandIn


def operations(stand_in: StandIn) -> Operations:
    jobs = jobs_of(stand_in)

    def handler(answer: Any) -> Handler:
        def handle(call: Call) -> dict[str, Any] | None:
            check(call)
            result: dict[str, Any] | None = answer(jobs, call.parameters)
            return result

        return handle

    return {
        ("sagemaker", "CreateProcessingJob"): handler(_create),
        ("sagemaker", "DescribeProcessingJob"): handler(_describe),
        ("sagemaker", "ListProcessingJobs"): handler(_list),
        ("sagemaker", "StopProcessingJob"): handler(_stop),
    }


def resume(stand_in: StandIn) -> None:
    """Runs again what was running."""
    jobs_of(stand_in).resume()


def stop(stand_in: StandIn) -> None:
    """Leaves running jobs as they are, for `resume`."""
    jobs_of(stand_in).close()


def _create(jobs: Jobs, asked: dict[str, Any]) -> dict[str, Any]:
    return {"ProcessingJobArn": jobs.create(asked)}


def _describe(jobs: Jobs, asked: dict[str, Any]) -> dict[str, Any]:
    return description(jobs.document(asked["ProcessingJobName"]))


def _list(jobs: Jobs, asked: dict[str, Any]) -> dict[str, Any]:
    found = [document for document in jobs.documents() if _wanted(document, asked)]
    key = {"Name": _name, "Status": lambda document: document["status"]}.get(
        asked.get("SortBy") or "", _created
    )
    found = ordered(found, asked, key, default="Ascending")
    return page(found, asked, "ProcessingJobSummaries", summary)


def _wanted(document: Document, asked: dict[str, Any]) -> bool:
    return (
        (asked.get("NameContains") or "") in _name(document)
        and asked.get("StatusEquals") in (None, document["status"])
        and within(document["created"], asked, "CreationTimeAfter", "CreationTimeBefore")
        and within(document["modified"], asked, "LastModifiedTimeAfter", "LastModifiedTimeBefore")
    )


def _name(document: Document) -> str:
    return str(document["request"]["ProcessingJobName"])


def _created(document: Document) -> Any:
    return document["created"]


def _stop(jobs: Jobs, asked: dict[str, Any]) -> None:
    jobs.stop(asked["ProcessingJobName"])
