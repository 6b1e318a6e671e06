"""Bedrock: batch inference jobs and guardrails, kept and run by local/bedrock/."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.api import Call, Handler, Operations
from local.bedrock.assembly import Bedrock, bedrock_of
from local.bedrock.batch_jobs import description
from local.bedrock.place import in_pages
from local.bedrock.tags import read, tag, untag
from local.engine.constraints import check
from local.engine.operations.pages import ordered, within
from local.engine.ports import Document
from local.stand_in import StandIn

Answer = Callable[[Bedrock, dict[str, Any]], dict[str, Any] | None]


def operations(stand_in: StandIn) -> Operations:
    bedrock = bedrock_of(stand_in)

    def handler(answer: Answer) -> Handler:
        def handle(call: Call) -> dict[str, Any] | None:
            check(call)
            return answer(bedrock, call.parameters)

        return handle

    return {
        ("bedrock", "CreateModelInvocationJob"): handler(_create_job),
        ("bedrock", "GetModelInvocationJob"): handler(_get_job),
        ("bedrock", "ListModelInvocationJobs"): handler(_list_jobs),
        ("bedrock", "StopModelInvocationJob"): handler(_stop_job),
        ("bedrock", "CreateGuardrail"): handler(lambda own, asked: own.guardrails.create(asked)),
        ("bedrock", "UpdateGuardrail"): handler(lambda own, asked: own.guardrails.update(asked)),
        ("bedrock", "CreateGuardrailVersion"): handler(lambda own, asked: own.guardrails.publish(asked)),
        ("bedrock", "GetGuardrail"): handler(lambda own, asked: own.guardrails.described(asked)),
        ("bedrock", "ListGuardrails"): handler(lambda own, asked: own.guardrails.listed(asked)),
        ("bedrock", "DeleteGuardrail"): handler(lambda own, asked: own.guardrails.delete(asked)),
        ("bedrock", "ListTagsForResource"): lambda call: read(stand_in.store, call),
        ("bedrock", "TagResource"): lambda call: tag(stand_in.store, call),
        ("bedrock", "UntagResource"): lambda call: untag(stand_in.store, call),
    }


def resume(stand_in: StandIn) -> None:
    """Runs again what was running."""
    bedrock_of(stand_in).jobs.resume()


def stop(stand_in: StandIn) -> None:
    """Leaves running jobs as they are, for `resume`."""
    bedrock_of(stand_in).jobs.close()
    bedrock_of(stand_in).detector.close()


def _create_job(bedrock: Bedrock, asked: dict[str, Any]) -> dict[str, Any]:
    return {"jobArn": bedrock.jobs.create(asked)}


def _get_job(bedrock: Bedrock, asked: dict[str, Any]) -> dict[str, Any]:
    return description(bedrock.jobs.resources.get(asked["jobIdentifier"]))


def _list_jobs(bedrock: Bedrock, asked: dict[str, Any]) -> dict[str, Any]:
    def wanted(job: Document) -> bool:
        return (
            (asked.get("nameContains") or "") in job["request"]["jobName"]
            and asked.get("statusEquals") in (None, job["status"])
            and within(job["created"], asked, "submitTimeAfter", "submitTimeBefore")
        )

    found = [job for job in bedrock.jobs.resources.all() if wanted(job)]
    order = {"SortOrder": asked.get("sortOrder")}
    return in_pages(
        ordered(found, order, lambda job: job["created"]), asked, "invocationJobSummaries", description
    )


def _stop_job(bedrock: Bedrock, asked: dict[str, Any]) -> None:
    bedrock.jobs.stop(asked["jobIdentifier"])
