"""plan and upsert against the stand-in's own services: what they call, and whom they leave alone."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Sequence
from typing import Any

import pytest

from config.load import load_project
from config.models import Project
from definition.compile import CompiledPipeline, compile_pipeline
from deploy.errors import ProtectedError
from deploy.infrastructure.bootstrap import bootstrap, update_services
from deploy.infrastructure.stacks import Waiting
from deploy.planning.explanation import Explanation, explain
from deploy.planning.upsert import carry_out
from deploy.planning.whole_plan import WholePlan, plan_all
from deploy.session import Aws, connect
from tests.functional.conftest import ROOT, RunningStandIn
from tests.functional.engine_pipelines import ROLE

pytestmark = pytest.mark.functional
WAITING = Waiting(time.monotonic, time.sleep, print)
# Both kinds of things beside pipelines: a model package group and a guardrail.
CHOSEN = ("facts-inference", "calls-guardrails")
READS = ("Describe", "Get", "Head", "List")


@dataclasses.dataclass(frozen=True)
class Account:
    """An environment of its own in the stand-in, by its prefix, and every call that is made to it."""

    project: Project
    aws: Aws
    calls: list[str]

    def compiled(self) -> list[CompiledPipeline]:
        return [compile_pipeline(self.project, name) for name in CHOSEN]

    def plan(self, compiled: Sequence[CompiledPipeline]) -> WholePlan:
        return plan_all(self.project, self.aws, compiled)

    def explained(self, compiled: Sequence[CompiledPipeline]) -> Explanation:
        return explain(self.project, self.aws, self.plan(compiled), compiled)

    def upsert(self, compiled: Sequence[CompiledPipeline], **how: Any) -> None:
        """As the command does it."""
        made = self.plan(compiled)
        update_services(self.project, self.aws, report=print, waiting=WAITING)
        carry_out(self.project, self.aws, made.pipelines, compiled, report=print, **how)

    def written(self) -> list[str]:
        """The calls since the last time that were no reads."""
        made = [call for call in self.calls if not call.partition(".")[2].startswith(READS)]
        self.calls.clear()
        return made


@pytest.fixture(scope="module")
def account(stand_in: RunningStandIn) -> Account:
    project = load_project("local", ROOT)
    environment = project.environment.model_copy(
        update={"prefix": "planned", "stand_in": stand_in.project.environment.stand_in}
    )
    project = dataclasses.replace(project, environment=environment)
    calls: list[str] = []
    plain = connect(project)

    def make(service: str) -> Any:
        client = plain.make(service)

        def note(model: Any, **_: Any) -> None:
            calls.append(f"{service}.{model.name}")

        client.meta.events.register("before-call", note)
        return client

    account = Account(project, dataclasses.replace(plain, make=make, _clients={}), calls)
    bootstrap(project, account.aws, report=print, waiting=WAITING)
    return account


@pytest.fixture(scope="module")
def compiled(account: Account) -> list[CompiledPipeline]:
    return account.compiled()


def test_a_second_upsert_makes_no_write_call(account: Account, compiled: list[CompiledPipeline]) -> None:
    """To any service: pipelines, tags, code, functions, stacks, groups and guardrails included."""
    account.upsert(compiled)
    assert {"sagemaker.CreatePipeline", "bedrock.CreateGuardrail", "s3.PutObject"} <= set(account.written())
    assert not account.plan(compiled).has_changes
    account.upsert(account.compiled())
    assert account.calls
    assert account.written() == []


def test_a_plan_makes_no_write_call(account: Account, compiled: list[CompiledPipeline]) -> None:
    """Nor does it when everything differs, and is explained."""
    changed = [with_threshold(compiled[0]), compiled[1]]
    [inference, guardrails] = account.explained(changed).pipelines
    assert (inference.change, guardrails.change) == ("changed", "unchanged")
    assert [(each.what, each.marks) for each in inference.changes] == [
        ("MinimumF1.DefaultValue", ("re-runs", "gate"))
    ]
    assert account.calls
    assert account.written() == []


def test_a_strangers_pipeline_of_the_same_name_stays_as_it_is(
    account: Account, compiled: list[CompiledPipeline]
) -> None:
    """Refused before anything is written to anything; shown by plan."""
    sagemaker, name = account.aws.client("sagemaker"), compiled[0].name
    sagemaker.delete_pipeline(PipelineName=name)
    fail = {"Name": "theirs", "Type": "Fail", "Arguments": {"ErrorMessage": "theirs"}}
    text = json.dumps({"Version": "2020-12-01", "Metadata": {}, "Parameters": [], "Steps": [fail]})
    sagemaker.create_pipeline(PipelineName=name, PipelineDefinition=text, RoleArn=ROLE)
    before = sagemaker.describe_pipeline(PipelineName=name)
    account.written()
    assert [each.protected for each in account.explained(compiled).pipelines] == ["stranger", ""]
    with pytest.raises(ProtectedError, match=f'pipeline "{name}" was not made by this project'):
        account.upsert(compiled)
    assert account.written() == []
    after = sagemaker.describe_pipeline(PipelineName=name)
    assert {key: after[key] for key in before if key != "ResponseMetadata"} == {
        key: before[key] for key in before if key != "ResponseMetadata"
    }
    account.upsert(compiled, force=True)
    assert not account.plan(compiled).has_changes


def with_threshold(pipeline: CompiledPipeline) -> CompiledPipeline:
    """With another default of the gate's threshold."""
    definition = json.loads(pipeline.text)
    for parameter in definition["Parameters"]:
        if parameter["Name"] == "MinimumF1":
            parameter["DefaultValue"] = 0.9
    return dataclasses.replace(pipeline, definition=definition, text=json.dumps(definition))
