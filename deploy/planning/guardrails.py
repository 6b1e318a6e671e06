"""Guardrails of Bedrock, as pipelines describe them: planned, made, versioned, pruned, found again.

    configuration -> its digest -> the version whose description carries that digest, made where there is none

A published version never changes, so the digest in its description says for good what it holds. Executions
name id and version, which are looked up when they start; nothing is remembered on the side.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from config import names
from config.models import GuardrailConfig, GuardrailsConfig, Project
from config.models.guardrails import ExistingGuardrail
from deploy.actions import Action, CreateGuardrail, DeleteGuardrail, GuardrailSpec, UpdateGuardrail, pairs
from deploy.errors import NotDeployedError, is_missing
from deploy.hints import typed
from deploy.paging import entries
from deploy.session import Aws

DRAFT = "DRAFT"
DIGEST = re.compile(r"\[configuration ([0-9a-f]{16})\]$")
LONGEST_DESCRIPTION = 200
# Versions that stay beside the newest, to go back to; the service keeps 20 of a guardrail.
KEPT = 5
ACTIONS = {"mask": "ANONYMIZE", "block": "BLOCK"}
RUNNING = frozenset({"Executing", "Stopping"})


@dataclass(frozen=True)
class Deployed:
    """A guardrail that is there; `versions`: number -> digest, "" where the description has none."""

    id: str
    arn: str
    versions: Mapping[int, str]


def plan(project: Project, aws: Aws, chosen: Sequence[str]) -> tuple[Action, ...]:
    """What upsert would write for the guardrails of these pipelines; nothing is written."""
    actions: dict[str, tuple[Action, ...]] = {}
    for name in chosen:
        config = project.pipelines[name]
        if not isinstance(config, GuardrailsConfig):
            continue
        if config.guardrail.existing:
            _check_existing(project, aws, config, config.guardrail.existing)
        else:
            wanted = spec(project, config)
            actions[f"{wanted.name} {wanted.digest}"] = _plan_one(project, aws, wanted)
    return tuple(action for each in actions.values() for action in each)


def parameters(project: Project, aws: Aws, name: str) -> dict[str, str]:
    """GuardrailId and GuardrailVersion of a pipeline, none of another kind; NotDeployedError where the
    guardrail that its file describes was not made yet."""
    config = project.pipelines[name]
    if not isinstance(config, GuardrailsConfig):
        return {}
    existing = config.guardrail.existing
    if existing:
        return {"GuardrailId": existing.id, "GuardrailVersion": existing.version}
    wanted = spec(project, config)
    found = look_up(aws, wanted.name)
    version = _version(found, wanted.digest) if found else None
    if found is None or version is None:
        environment = project.environment.name
        raise NotDeployedError(
            f'guardrail "{wanted.name}" is not deployed to environment "{environment}" as the file of '
            f'"{name}" describes it',
            hint=typed(f"upsert {name}", environment),
        )
    return {"GuardrailId": found.id, "GuardrailVersion": str(version)}


def spec(project: Project, config: GuardrailsConfig) -> GuardrailSpec:
    """The guardrail as it should be."""
    environment, guardrail = project.environment, config.guardrail
    settings = request(guardrail)
    if environment.kms_key:
        settings["kmsKeyId"] = environment.kms_key
    text = json.dumps(settings, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return GuardrailSpec(
        name=f"{environment.prefix}-{guardrail.name}",
        digest=digest,
        description=_description(config.description, digest),
        settings=text,
        tags=pairs({**environment.tags, **config.tags, **names.ownership(environment)}),
    )


def request(guardrail: GuardrailConfig) -> dict[str, Any]:
    """The members of CreateGuardrail that say what it does."""
    policies: dict[str, dict[str, list[dict[str, Any]]]] = {
        "sensitiveInformationPolicyConfig": {
            "piiEntitiesConfig": [
                {"type": each.type, "action": ACTIONS[each.action]} for each in guardrail.pii
            ],
            "regexesConfig": [
                {
                    "name": each.name,
                    "pattern": each.pattern,
                    "action": ACTIONS[each.action],
                    **({"description": each.description} if each.description else {}),
                }
                for each in guardrail.regexes
            ],
        },
        "wordPolicyConfig": {
            "wordsConfig": [{"text": word} for word in guardrail.words],
            "managedWordListsConfig": [{"type": "PROFANITY"}] if guardrail.profanity else [],
        },
        "topicPolicyConfig": {
            "topicsConfig": [
                {
                    "name": each.name,
                    "definition": each.definition,
                    "examples": list(each.examples),
                    "type": "DENY",
                }
                for each in guardrail.topics
            ]
        },
        "contentPolicyConfig": {
            "filtersConfig": [
                {
                    "type": each.type,
                    "inputStrength": each.input_strength,
                    "outputStrength": each.output_strength,
                }
                for each in guardrail.content_filters
            ]
        },
    }
    filled = {name: {key: items for key, items in each.items() if items} for name, each in policies.items()}
    return {
        "blockedInputMessaging": guardrail.messages.blocked_input,
        "blockedOutputsMessaging": guardrail.messages.blocked_output,
        **{name: each for name, each in filled.items() if each},
    }


def look_up(aws: Aws, name: str) -> Deployed | None:
    """The guardrail of that name with its versions."""
    for summary in listed(aws):
        if summary["name"] == name:
            versions = {
                int(each["version"]): _digest(each.get("description", ""))
                for each in listed(aws, guardrailIdentifier=summary["id"])
                if each["version"] != DRAFT
            }
            return Deployed(summary["id"], summary["arn"], versions)
    return None


def _plan_one(project: Project, aws: Aws, wanted: GuardrailSpec) -> tuple[Action, ...]:
    found = look_up(aws, wanted.name)
    if found is None:
        return (CreateGuardrail(wanted),)
    version = _version(found, wanted.digest)
    gone = tuple(
        DeleteGuardrail(wanted.name, found.id, str(number))
        for number in _unreferenced(project, aws, found, keep=version)
    )
    # The service refuses a version beyond the twentieth: room is made first.
    return gone if version is not None else (*gone, UpdateGuardrail(wanted, found.id))


def _unreferenced(project: Project, aws: Aws, found: Deployed, *, keep: int | None) -> list[int]:
    """Versions that nothing needs: not the wanted one, not among the newest, in no execution that runs."""
    newest = sorted(found.versions)[-KEPT:]
    old = [number for number in sorted(found.versions) if number not in newest and number != keep]
    used = set(_in_use(project, aws, found)) if old else set()
    return [number for number in old if str(number) not in used]


def _in_use(project: Project, aws: Aws, found: Deployed) -> Iterator[str]:
    """The versions that executions still apply."""
    sagemaker = aws.client("sagemaker")
    for name, config in project.pipelines.items():
        if isinstance(config, GuardrailsConfig):
            for arn in _running(sagemaker, names.pipeline_name(project.environment, name)):
                answer = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)
                values = {each["Name"]: each["Value"] for each in answer["PipelineParameters"]}
                if values.get("GuardrailId") in (found.id, found.arn):
                    yield values.get("GuardrailVersion", "")


def _running(sagemaker: Any, pipeline: str) -> Iterator[str]:
    ask = sagemaker.list_pipeline_executions
    try:
        for summary in entries(ask, "PipelineExecutionSummaries", PipelineName=pipeline):
            if summary["PipelineExecutionStatus"] in RUNNING:
                yield summary["PipelineExecutionArn"]
    except ClientError as error:
        if not is_missing(error):
            raise


def _check_existing(
    project: Project, aws: Aws, config: GuardrailsConfig, existing: ExistingGuardrail
) -> None:
    try:
        aws.client("bedrock").get_guardrail(
            guardrailIdentifier=existing.id, guardrailVersion=existing.version
        )
    except ClientError as error:
        if not is_missing(error):
            raise
        raise NotDeployedError(
            f'"{config.name}" names guardrail "{existing.id}" version "{existing.version}", which '
            f'environment "{project.environment.name}" does not have',
            hint="aws bedrock list-guardrails",
        ) from error


def _version(found: Deployed, digest: str) -> int | None:
    """The newest version of that configuration."""
    return max((number for number, each in found.versions.items() if each == digest), default=None)


def _digest(description: str) -> str:
    match = DIGEST.search(description)
    return match[1] if match else ""


def _description(text: str, digest: str) -> str:
    mark = f"[configuration {digest}]"
    return f"{' '.join(text.split())[: LONGEST_DESCRIPTION - len(mark) - 1]} {mark}"


def listed(aws: Aws, **request: str) -> Iterator[Mapping[str, Any]]:
    """Every guardrail, by its summary; with `guardrailIdentifier` every version of one."""
    return entries(aws.client("bedrock").list_guardrails, "guardrails", sent="nextToken", **request)
