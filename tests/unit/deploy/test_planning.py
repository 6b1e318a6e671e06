"""A plan: nothing is written, everything that differs is told by what people wrote, and kept plans hold."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from definition.comparison import Detail
from definition.origin import Origin
from deploy.errors import MovedOnError, StalePlanError
from deploy.infrastructure.bootstrap import update_services
from deploy.planning import saved_plan
from deploy.planning.explanation import SdkChange
from deploy.planning.whole_plan import plan_all
from tests.unit.deploy.fakes import FakeAws, pipeline_arn, project
from tests.unit.deploy.planned import (
    NEW,
    ORIGIN,
    WAITING,
    bring,
    compiled,
    deployed_account,
    explained,
    forget,
    with_origin,
    writes,
)

NAME = "local-facts-inference"
HALF = (
    '{"format": 1, "alias": null, "environment": "local", "account": "1", "region": "x", '
    '"pipelines": [], "things": [3], "actions": []}'
)


def test_planning_writes_nothing() -> None:
    """Neither for what is new nor for what differs."""
    fake = deployed_account()
    forget(fake)
    made, _ = explained(fake, compiled(NEW))
    assert made.has_changes
    assert writes(fake) == []


def test_after_upsert_there_is_nothing_left_to_plan() -> None:
    """No action, no change, of any kind."""
    fake = deployed_account()
    made, explanation = explained(fake, compiled())
    assert (made.has_changes, made.actions) == (False, ())
    assert [each.change for each in explanation.pipelines] == ["unchanged"]


def test_other_code_is_told_by_step_and_file() -> None:
    """Which step, which file, how many lines; settings by their path."""
    _, explanation = explained(deployed_account(), compiled(NEW))
    [pipeline] = explanation.pipelines
    told = {(each.step, each.kind): each.details for each in pipeline.changes}
    assert told == {
        ("preprocess", "code"): (Detail("steps/preprocess/rows.py", "+1 -1 lines"),),
        ("preprocess", "settings"): (Detail("rows", f"{'a' * 8} -> {'b' * 8}"),),
        ("evaluate", "code"): (Detail("steps/evaluate/rows.py", "+1 -1 lines"),),
        ("evaluate", "settings"): (Detail("rows", f"{'a' * 8} -> {'b' * 8}"),),
    }
    assert all("re-runs" in each.marks for each in pipeline.changes)


@pytest.mark.parametrize(
    ("origin", "sdk", "marked"),
    [
        (Origin("file", "content", "platform", "3.27.0"), (True, False), True),
        (Origin("file", "content", "other", "3.27.0"), (False, True), False),
        (Origin("other", "content", "platform", "3.27.0"), (False, False), False),
        (Origin("file", "other", "platform", "3.27.0"), (False, False), False),
        (ORIGIN, None, False),
    ],
)
def test_a_newer_sdk_alone_is_told_from_a_changed_file(
    origin: Origin, sdk: tuple[bool, bool] | None, marked: bool
) -> None:
    """By what was kept at the last upsert: the same file, steps and platform, another SDK."""
    wanted = compiled(threshold=0.6)
    _, explanation = explained(deployed_account(), with_origin(wanted, origin))
    [pipeline] = explanation.pipelines
    assert pipeline.sdk == (SdkChange("3.26.0", "3.27.0", *sdk) if sdk else None)
    assert ["sdk" in each.marks for each in pipeline.changes] == [marked]


def test_what_somebody_changed_is_told_beside_what_the_files_change() -> None:
    """The one against the version that was applied, the other against what is there."""
    fake = deployed_account()
    deployed = fake.sagemaker.pipelines[NAME]
    edited = json.loads(deployed["PipelineDefinition"])
    edited["Steps"][0]["Arguments"]["StoppingCondition"]["MaxRuntimeInSeconds"] = 60
    fake.sagemaker.update_pipeline(PipelineName=NAME, PipelineDefinition=json.dumps(edited))
    _, explanation = explained(fake, compiled(threshold=0.6))
    [pipeline] = explanation.pipelines
    assert pipeline.protected == "changed outside"
    assert pipeline.outside is not None
    runtime = "Arguments.StoppingCondition.MaxRuntimeInSeconds"
    assert [(each.what, each.before, each.after) for each in pipeline.outside] == [(runtime, "3600", "60")]
    assert [each.what for each in pipeline.changes] == ["MinimumF1.DefaultValue", runtime]


def test_a_stranger_is_shown_and_not_explained_away() -> None:
    """Everything of theirs would go: it is in the list, under a warning."""
    fake = deployed_account()
    del fake.sagemaker.tags[pipeline_arn(NAME)]["pipelines:prefix"]
    fake.sagemaker.pipelines[NAME]["PipelineDefinition"] = "no JSON"
    _, explanation = explained(fake, compiled())
    [pipeline] = explanation.pipelines
    assert (pipeline.protected, pipeline.change, set(pipeline.differs)) == (
        "stranger",
        "changed",
        {"definition", "tags"},
    )


def test_functions_and_stacks_are_told_by_file_and_resource() -> None:
    """A function's old archive, a resource's setting, a tag; the base stack is bootstrap's."""
    fake = deployed_account()
    services = fake.cloudformation.stacks["local-services"]
    for each in services["Parameters"]:
        if each["ParameterKey"] == "WaitCode":
            each["ParameterValue"] = "local/functions/wait/gone.zip"
    services["template"] = services["template"].replace("MemorySize: 1024", "MemorySize: 512")
    fake.cloudformation.stacks["local-base"]["Tags"] = []
    made, explanation = explained(fake, compiled())
    [function] = explanation.functions
    assert (function.name, function.change) == ("wait", "changed")
    assert [(each.name, each.by, each.details) for each in explanation.stacks] == [
        ("local-services", "upsert", (Detail("Resources.Wait.Properties.MemorySize", "512 -> 1024"),)),
        ("local-base", "bootstrap", (Detail("tag pipelines:prefix", "added: local"),)),
    ]
    assert made.has_changes
    assert [action.text for action in made.actions] == ["update stack local-services: template, WaitCode"]


def test_comments_of_a_template_are_no_change() -> None:
    """CloudFormation refuses an update of comments alone; there is nothing to update."""
    fake = deployed_account()
    services = fake.cloudformation.stacks["local-services"]
    services["template"] = "# a comment\n" + services["template"].replace("Description:", "Description: ", 1)
    made, _ = explained(fake, compiled())
    assert not made.has_changes


def kept(fake: FakeAws, *pipelines: Any) -> saved_plan.SavedPlan:
    """A plan as a file has it."""
    return saved_plan.saved(project(), fake.aws, plan_all(project(), fake.aws, pipelines))


def test_a_plan_survives_its_file(tmp_path: Path) -> None:
    """Written and read, it is the same; nothing else is left in the folder."""
    plan = kept(deployed_account(), compiled(NEW))
    saved_plan.write(tmp_path / "plan.json", plan)
    assert saved_plan.read(tmp_path / "plan.json") == plan
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]
    assert "update pipeline local-facts-inference: definition" in plan.actions


def test_a_plan_holds_while_nothing_moves() -> None:
    """Also when the code was uploaded meanwhile, and when a billing tag came."""
    fake = deployed_account()
    plan = kept(fake, compiled(NEW))
    for asset in compiled(NEW).assets:
        fake.s3.put_object(
            Bucket="local-pipelines-123456789012-us-east-1",
            Key=asset.key,
            Body=asset.read(),
            ExpectedBucketOwner="",
        )
    fake.sagemaker.tags[pipeline_arn(NAME)]["billing"] = "42"
    saved_plan.require_same(plan, kept(fake, compiled(NEW)))


def test_a_plan_does_not_hold_when_the_pipeline_moved() -> None:
    """Changed by anybody, upserts of ours included; the text says what and how it is looked at."""
    fake = deployed_account()
    plan = kept(fake, compiled(NEW))
    bring(fake, compiled(threshold=0.7))
    with pytest.raises(StalePlanError) as caught:
        saved_plan.require_same(plan, kept(fake, compiled(NEW)))
    assert str(caught.value) == (
        "the plan does not hold any more, nothing was written: pipeline facts-inference has moved on since "
        "(this is looked at just before writing: SageMaker has no update on a condition, so moments remain)\n"
        "hint: run_pipeline.py plan facts-inference --out FILE makes a new one"
    )


def test_a_plan_does_not_hold_for_other_files() -> None:
    """Another commit is checked out: what would be written is not what was read in the plan."""
    fake = deployed_account()
    plan = kept(fake, compiled(NEW))
    with pytest.raises(StalePlanError, match="facts-inference: the files are not those of the plan"):
        saved_plan.require_same(plan, kept(fake, compiled(NEW, threshold=0.7)))


def test_a_plan_does_not_hold_when_a_stack_moved() -> None:
    """One that was to stay differs now, and one that was to change is another."""
    fake = deployed_account()
    plan = kept(fake, compiled())
    parameters = fake.cloudformation.stacks["local-services"]["Parameters"]
    wait = next(each for each in parameters if each["ParameterKey"] == "WaitCode")
    code = wait["ParameterValue"]
    wait["ParameterValue"] = "old.zip"
    with pytest.raises(StalePlanError, match="stack local-services has moved on: it would be written now"):
        saved_plan.require_same(plan, kept(fake, compiled()))
    plan = kept(fake, compiled())
    wait["ParameterValue"] = "older.zip"
    with pytest.raises(StalePlanError, match="stack local-services has moved on since"):
        saved_plan.require_same(plan, kept(fake, compiled()))
    wait["ParameterValue"] = code
    with pytest.raises(StalePlanError, match="nothing left to do"):
        saved_plan.require_same(plan, kept(fake, compiled()))


def test_a_stack_that_moves_at_the_last_moment_is_not_written() -> None:
    """Between the comparison of a kept plan and the update."""
    fake = deployed_account()
    made = plan_all(project(), fake.aws, [compiled()])
    fake.cloudformation.stacks["local-services"]["Tags"] = []
    forget(fake)
    with pytest.raises(MovedOnError, match='stack "local-services" is not any more what it was'):
        update_services(
            project(), fake.aws, report=lambda _: None, waiting=WAITING, planned=made.infrastructure
        )
    assert writes(fake) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "it is no JSON"),
        ("[]", "its format is not 1"),
        ('{"format": 2}', "its format is not 1"),
        ('{"format": 1, "alias": null}', "something is missing in it"),
        (HALF, "something is missing in it"),
    ],
)
def test_a_file_that_is_no_plan_is_refused(tmp_path: Path, content: str, said: str) -> None:
    """Whatever it holds."""
    (tmp_path / "plan.json").write_text(content)
    with pytest.raises(StalePlanError, match=said):
        saved_plan.read(tmp_path / "plan.json")


def test_a_file_that_is_not_there_names_the_way_to_one(tmp_path: Path) -> None:
    """The command that writes one is the hint."""
    with pytest.raises(StalePlanError, match="cannot be read: No such file") as caught:
        saved_plan.read(tmp_path / "plan.json")
    assert caught.value.hint == f"run_pipeline.py plan --out {tmp_path / 'plan.json'}"


def test_a_plan_of_another_environment_is_refused() -> None:
    """By name, and by account where the name stayed."""
    plan = kept(deployed_account(), compiled())
    for other, said in (
        (dataclasses.replace(plan, environment="prod"), 'environment "prod"'),
        (dataclasses.replace(plan, account="999999999999"), 'account "999999999999"'),
        (dataclasses.replace(plan, region="eu-west-1"), 'region "eu-west-1"'),
    ):
        with pytest.raises(StalePlanError, match=f"the plan is for {said}, this command for"):
            saved_plan.require_environment(other, project())
