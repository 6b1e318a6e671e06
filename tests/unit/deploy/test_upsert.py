"""Upsert: what differs is written, and nothing else."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from definition.assets import Asset
from definition.compile import CompiledPipeline
from deploy.actions import Action
from deploy.upsert import Plan, upsert
from tests.unit.deploy.fakes import FakeAws, pipeline_arn, project, refusal

BOTH = ("facts-training", "facts-inference")


def compile_small(name: str, **changes: Any) -> CompiledPipeline:
    """A pipeline as small as can be."""
    definition = {"Version": "2020-12-01", "Parameters": [], "Steps": []}
    made = CompiledPipeline(
        name=f"local-{name}",
        config_name=name,
        kind=name.rpartition("-")[2],
        text=json.dumps(definition),
        definition=definition,
        assets=(Asset(f"local/code/{name}", body=b"code"),),
        description="what it is for",
        parallelism=None,
        tags={"team": "facts"},
    )
    return dataclasses.replace(made, **changes)


def bring(fake: FakeAws, *names: str, **changes: Any) -> tuple[Plan, list[str]]:
    """Upserts these pipelines; the plan, and what was reported."""
    done: list[str] = []
    compiled = [compile_small(name, **changes) for name in names]

    def report(action: Action) -> None:
        done.append(action.text)

    return upsert(project(), fake.aws, compiled, report=report), done


def test_what_is_not_there_is_created() -> None:
    """Code first, then the group, then the pipelines that need both."""
    fake = FakeAws()
    plan, done = bring(fake, *BOTH)
    assert done == [
        "upload local/code/facts-inference (4 B)",
        "upload local/code/facts-training (4 B)",
        "create model package group local-facts",
        "create pipeline local-facts-training",
        "create pipeline local-facts-inference",
    ]
    assert [each.change for each in plan.pipelines] == ["created", "created"]
    created = fake.sagemaker.calls[1][1]
    assert created["RoleArn"] == "arn:aws:iam::123456789012:role/local-pipeline"
    assert created["Tags"] == [{"Key": "team", "Value": "facts"}]
    assert "ParallelismConfiguration" not in created


def test_a_second_time_makes_no_write_call() -> None:
    """Unchanged means unchanged: no call that writes, to any service."""
    fake = FakeAws()
    bring(fake, *BOTH)
    fake.sagemaker.calls.clear()
    fake.s3.written.clear()
    plan, done = bring(fake, *BOTH)
    assert (fake.sagemaker.writes(), fake.s3.written, done) == ([], [], [])
    assert [each.change for each in plan.pipelines] == ["unchanged", "unchanged"]


def test_spelling_of_the_deployed_json_is_no_difference() -> None:
    """Whitespace and order of keys, which a service may change, do not count."""
    fake = FakeAws()
    bring(fake, "facts-training")
    deployed = fake.sagemaker.pipelines["local-facts-training"]
    deployed["PipelineDefinition"] = json.dumps(
        json.loads(deployed["PipelineDefinition"]), indent=4, sort_keys=True
    )
    assert bring(fake, "facts-training")[0].actions == ()


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"text": '{"Version": "2020-12-01", "Steps": [1]}'}, "definition"),
        ({"description": "another"}, "description"),
        ({"parallelism": 3}, "parallelism"),
    ],
)
def test_each_difference_is_one_update_that_names_it(changes: dict[str, Any], differs: str) -> None:
    """One UpdatePipeline, and the word for what differs."""
    fake = FakeAws()
    bring(fake, "facts-training")
    fake.sagemaker.calls.clear()
    plan, done = bring(fake, "facts-training", **changes)
    assert fake.sagemaker.writes() == ["update_pipeline"]
    assert plan.pipelines[0].differs == (differs,)
    assert done == [f"update pipeline local-facts-training: {differs}"]


def test_tags_are_added_and_those_of_others_stay() -> None:
    """A changed tag is written; a tag that somebody else put there is left alone."""
    fake = FakeAws()
    bring(fake, "facts-training")
    fake.sagemaker.tags[pipeline_arn("local-facts-training")] = {"team": "other", "billing": "42"}
    fake.sagemaker.calls.clear()
    plan, _ = bring(fake, "facts-training")
    assert fake.sagemaker.writes() == ["add_tags"]
    assert plan.pipelines[0].differs == ("tags",)
    assert fake.sagemaker.tags[pipeline_arn("local-facts-training")] == {"team": "facts", "billing": "42"}


def test_another_command_that_creates_the_same_does_no_harm() -> None:
    """The loser of the race plans again and finds nothing left to do."""
    fake = FakeAws()
    create = fake.sagemaker.create_pipeline

    def somebody_is_quicker(**request: Any) -> dict[str, Any]:
        create(**request)
        raise refusal(
            "CreatePipeline", "ValidationException", "Pipeline names must be unique: already exists"
        )

    fake.sagemaker.create_pipeline = somebody_is_quicker  # type: ignore[method-assign]
    bring(fake, "facts-training")
    assert fake.sagemaker.writes() == ["create_pipeline"]


def test_a_denied_write_is_not_hidden() -> None:
    """Any other refusal is raised as it is."""
    fake = FakeAws()

    def denied(**_: Any) -> dict[str, Any]:
        raise refusal("CreatePipeline", "AccessDeniedException", "no", 403)

    fake.sagemaker.create_pipeline = denied  # type: ignore[method-assign]
    with pytest.raises(type(refusal("x", "y", "z")), match="AccessDeniedException"):
        bring(fake, "facts-training")
