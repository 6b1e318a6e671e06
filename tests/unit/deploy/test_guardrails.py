"""Guardrails at upsert and start: made once, versioned when they changed, pruned, found again."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from config.models import GuardrailsConfig, Project
from config.models.guardrails import ExistingGuardrail
from deploy.actions import Action, CreateGuardrail, UpdateGuardrail
from deploy.apply import apply
from deploy.errors import NotDeployedError, RefusedError
from deploy.planning import guardrails
from deploy.session import Aws
from tests.unit.deploy.fakes import ACCOUNT, REGION, project, refusal

NAME = "calls-guardrails"


class FakeBedrock:
    """Guardrails with their versions; `status` is what GetGuardrail says next."""

    def __init__(self) -> None:
        self.drafts: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, dict[str, dict[str, Any]]] = {}
        self.statuses: list[str] = []
        self.page = 2

    def create_guardrail(self, **request: Any) -> dict[str, str]:
        identifier = f"id{len(self.drafts)}"
        self.drafts[identifier], self.versions[identifier] = request, {}
        return {"guardrailId": identifier}

    def update_guardrail(self, *, guardrailIdentifier: str, **request: Any) -> None:
        self.drafts[guardrailIdentifier] = request

    def create_guardrail_version(self, *, guardrailIdentifier: str, description: str) -> None:
        versions = self.versions[guardrailIdentifier]
        assert len(versions) < 20
        number = max(map(int, versions), default=0) + 1
        versions[str(number)] = {**self.drafts[guardrailIdentifier], "description": description}

    def get_guardrail(self, *, guardrailIdentifier: str, guardrailVersion: str = "DRAFT") -> dict[str, Any]:
        if guardrailIdentifier not in self.drafts:
            raise refusal("GetGuardrail", "ResourceNotFoundException", "no such guardrail", 404)
        status = self.statuses.pop(0) if self.statuses else "READY"
        return {"status": status, "statusReasons": ["too odd"] if status == "FAILED" else []}

    def list_guardrails(self, *, guardrailIdentifier: str = "", nextToken: str = "0") -> dict[str, Any]:
        if guardrailIdentifier:
            kept = {"DRAFT": self.drafts[guardrailIdentifier], **self.versions[guardrailIdentifier]}
            found = [(guardrailIdentifier, version, each) for version, each in kept.items()]
        else:
            found = [(identifier, "DRAFT", each) for identifier, each in self.drafts.items()]
        end = int(nextToken) + self.page
        shown = [
            {
                "id": identifier,
                "arn": f"arn:{identifier}",
                "name": each["name"],
                "version": version,
                "description": each["description"],
            }
            for identifier, version, each in found[int(nextToken) : end]
        ]
        return {"guardrails": shown, **({"nextToken": str(end)} if end < len(found) else {})}

    def delete_guardrail(self, *, guardrailIdentifier: str, guardrailVersion: str | None = None) -> None:
        if guardrailVersion:
            del self.versions[guardrailIdentifier][guardrailVersion]
        else:
            del self.drafts[guardrailIdentifier], self.versions[guardrailIdentifier]


class FakeSageMaker:
    """Executions of the pipeline that run, by the version they apply."""

    def __init__(self) -> None:
        self.running: list[str] = []

    def list_pipeline_executions(self, *, PipelineName: str) -> dict[str, Any]:
        if not self.running:
            raise refusal("ListPipelineExecutions", "ResourceNotFound", "no such pipeline")
        return {
            "PipelineExecutionSummaries": [
                {"PipelineExecutionArn": version, "PipelineExecutionStatus": "Executing"}
                for version in self.running
            ]
        }

    def list_pipeline_parameters_for_execution(self, *, PipelineExecutionArn: str) -> dict[str, Any]:
        values = {"GuardrailId": "id0", "GuardrailVersion": PipelineExecutionArn}
        return {"PipelineParameters": [{"Name": name, "Value": value} for name, value in values.items()]}


class World:
    def __init__(self) -> None:
        self.bedrock, self.sagemaker = FakeBedrock(), FakeSageMaker()
        clients: dict[str, Any] = {"bedrock": self.bedrock, "sagemaker": self.sagemaker}
        self.aws = Aws(account=ACCOUNT, region=REGION, make=clients.__getitem__)

    def upsert(self, changed: Project) -> tuple[Action, ...]:
        actions = guardrails.plan(changed, self.aws, [NAME])
        apply(actions, self.aws, report=lambda _: None)
        return actions


def with_guardrail(**changes: Any) -> Project:
    config = project().pipelines[NAME]
    assert isinstance(config, GuardrailsConfig)
    changed = config.model_copy(update={"guardrail": config.guardrail.model_copy(update=changes)})
    return dataclasses.replace(project(), pipelines={**project().pipelines, NAME: changed})


def test_a_guardrail_is_made_once() -> None:
    """With its first version; the second upsert has nothing to do."""
    world = World()
    [made] = world.upsert(project())
    assert isinstance(made, CreateGuardrail)
    assert made.text == "create guardrail local-calls, version 1"
    assert world.upsert(project()) == ()
    assert list(world.bedrock.versions["id0"]) == ["1"]
    assert guardrails.parameters(project(), world.aws, NAME) == {
        "GuardrailId": "id0",
        "GuardrailVersion": "1",
    }


def test_the_request_is_what_the_file_says() -> None:
    """Masking is ANONYMIZE, blocking BLOCK; policies without a part are left out."""
    config = project().pipelines[NAME]
    assert isinstance(config, GuardrailsConfig)
    settings = json.loads(guardrails.spec(project(), config).settings)
    entities = settings["sensitiveInformationPolicyConfig"]["piiEntitiesConfig"]
    assert {"type": "EMAIL", "action": "ANONYMIZE"} in entities
    assert {"type": "PASSWORD", "action": "BLOCK"} in entities
    assert settings["blockedOutputsMessaging"] == "This summary was withheld."
    assert "wordPolicyConfig" not in settings


def test_a_changed_configuration_is_a_new_version_and_an_old_one_is_found_again() -> None:
    """Going back publishes nothing: the version of that configuration is still there."""
    world = World()
    world.upsert(project())
    changed = with_guardrail(words=("acme",))
    with pytest.raises(NotDeployedError, match=r'"local-calls" is not deployed .* as the file of'):
        guardrails.parameters(changed, world.aws, NAME)
    [update] = world.upsert(changed)
    assert isinstance(update, UpdateGuardrail)
    assert guardrails.parameters(changed, world.aws, NAME)["GuardrailVersion"] == "2"
    assert world.upsert(project()) == ()
    assert guardrails.parameters(project(), world.aws, NAME)["GuardrailVersion"] == "1"


def test_versions_that_nothing_needs_are_pruned() -> None:
    """Thirty changes stay under the limit of 20; what an execution still applies is kept."""
    world = World()
    world.upsert(project())
    world.sagemaker.running = ["1", "3"]
    for number in range(30):
        world.upsert(with_guardrail(words=(f"word{number}",)))
    assert sorted(map(int, world.bedrock.versions["id0"])) == [1, 3, 26, 27, 28, 29, 30, 31]


def test_a_guardrail_that_exists_is_used_as_it_is() -> None:
    """And must be there."""
    world = World()
    existing = with_guardrail(existing=ExistingGuardrail(id="id0", version="4"))
    with pytest.raises(
        NotDeployedError, match='names guardrail "id0" version "4", which environment "local"'
    ):
        world.upsert(existing)
    world.upsert(project())
    assert world.upsert(existing) == ()
    assert guardrails.parameters(existing, world.aws, NAME) == {"GuardrailId": "id0", "GuardrailVersion": "4"}


def test_a_guardrail_that_fails_is_told_with_its_reason() -> None:
    """No version is published of it."""
    world = World()
    world.bedrock.statuses = ["FAILED"]
    with pytest.raises(RefusedError, match='guardrail "local-calls" is FAILED: too odd'):
        world.upsert(project())
    assert world.bedrock.versions == {"id0": {}}


def test_other_kinds_have_no_guardrail() -> None:
    """Nothing is asked for them."""
    world = World()
    assert guardrails.plan(project(), world.aws, ["facts-training"]) == ()
    assert guardrails.parameters(project(), world.aws, "facts-training") == {}
