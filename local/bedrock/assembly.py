"""Bedrock of one machine: batch jobs, guardrails and models behind both of its clients."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from local.bedrock import place
from local.bedrock.batch_jobs import BatchJobs, event
from local.bedrock.detector import Detector
from local.bedrock.guardrails import Guardrails
from local.bedrock.quotas import Throttle
from local.engine.per_machine import PerMachine
from local.engine.ports import Document
from local.jobs.roles import BEDROCK, check_trust
from local.resources import Resources
from local.stand_in import StandIn


@dataclass(frozen=True)
class Bedrock:
    jobs: BatchJobs
    guardrails: Guardrails
    detector: Detector
    throttle: Throttle


def _make(stand_in: StandIn) -> Bedrock:
    settings = stand_in.settings.bedrock
    where = place.BedrockPlace(stand_in.account, stand_in.region)

    def announce(job: Document) -> None:
        detail = event(job, stand_in.account)
        stand_in.events.emit("aws.bedrock", "Batch Inference Job State Change", detail, [job["arn"]])

    def resources(kind: str) -> Resources:
        return Resources(kind, stand_in.store, where, missing=place.missing, taken=place.taken)

    jobs = BatchJobs(
        resources(place.JOB),
        objects=stand_in.objects,
        quotas=settings.quotas,
        settings=settings.batch,
        folder=stand_in.folder / "bedrock",
        check_role=lambda role: check_trust(role, stand_in.call, principal=BEDROCK),
        announce=announce,
    )
    root, model = Path(stand_in.settings.root), settings.language_model
    detector = Detector(
        children=stand_in.children,
        environments=stand_in.environments,
        requirements=root / settings.requirements,
        language_model=root / Path(model).expanduser() if model else None,
        folder=stand_in.folder / "bedrock",
    )
    guardrails = Guardrails(resources(place.GUARDRAIL), settings.quotas, has_language_model=model is not None)
    return Bedrock(jobs, guardrails, detector, Throttle(settings.quotas))


bedrock_of = PerMachine(_make)
