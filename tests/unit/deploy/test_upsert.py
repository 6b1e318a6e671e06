"""Upsert: what differs is written, and nothing else."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from definition.compile import CompiledPipeline
from definition.origin import Origin
from deploy.actions import Action
from deploy.errors import MovedOnError, ProtectedError
from deploy.planning.upsert import Plan, carry_out, plan
from pipelines.assets import Asset
from tests.unit.deploy.fakes import FakeAws, pipeline_arn, project, refusal

BOTH = ("facts-training", "facts-inference")
ARN = pipeline_arn("local-facts-training")
ORIGIN = Origin("file", "content", "platform", "3.27.0")
CHANGED = {"Version": "2020-12-01", "Parameters": [], "Steps": [], "Metadata": {"a": "b"}}


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
        origin=ORIGIN,
    )
    changed = dataclasses.replace(made, **changes)
    return dataclasses.replace(changed, text=json.dumps(changed.definition))


def bring(
    fake: FakeAws, *names: str, force: bool = False, alias: str | None = None, **changes: Any
) -> tuple[Plan, list[str]]:
    """Upserts these pipelines; the plan, and what was reported."""
    done: list[str] = []
    compiled = [compile_small(name, **changes) for name in names]

    def report(action: Action) -> None:
        done.append(action.text)

    made = plan(project(), fake.aws, compiled, alias=alias)
    carry_out(project(), fake.aws, made, compiled, report=report, force=force, alias=alias)
    return made, done


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
    tags = {tag["Key"]: tag["Value"] for tag in created["Tags"]}
    assert tags == {
        "team": "facts",
        "pipelines:prefix": "local",
        "pipelines:applied": tags["pipelines:applying"],
        "pipelines:applying": tags["pipelines:applying"],
        "pipelines:sources": "file.content.platform",
        "pipelines:sdk": "3.27.0",
    }
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
        ({"definition": CHANGED}, "definition"),
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
    assert fake.sagemaker.writes() == ["add_tags", "update_pipeline", "add_tags"]
    assert plan.pipelines[0].differs == (differs,)
    assert done == [f"update pipeline local-facts-training: {differs}"]


def test_tags_are_added_and_those_of_others_stay() -> None:
    """A changed tag is written; a tag that somebody else put there is left alone."""
    fake = FakeAws()
    bring(fake, "facts-training")
    fake.sagemaker.tags[ARN] |= {"team": "other", "billing": "42"}
    fake.sagemaker.calls.clear()
    plan, _ = bring(fake, "facts-training")
    assert fake.sagemaker.writes() == ["add_tags"]
    assert plan.pipelines[0].differs == ("tags",)
    assert fake.sagemaker.tags[ARN]["team"] == "facts"
    assert fake.sagemaker.tags[ARN]["billing"] == "42"


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


def test_another_commit_or_sdk_alone_changes_no_tag() -> None:
    """Tags are written with a definition: what it was compiled from does not matter while it is the same."""
    fake = FakeAws()
    bring(fake, "facts-training")
    fake.sagemaker.calls.clear()
    bring(fake, "facts-training", origin=Origin("other", "other", "other", "3.99.0"))
    assert fake.sagemaker.writes() == []


def test_a_strangers_pipeline_is_refused_before_anything_is_written() -> None:
    """One stranger among the pipelines: no upload, no group, no pipeline; the text names it."""
    fake = FakeAws()
    strangers = {"PipelineDefinition": "{}", "RoleArn": "arn:aws:iam::123456789012:role/theirs"}
    fake.sagemaker.pipelines["local-facts-inference"] = dict(strangers)
    with pytest.raises(ProtectedError) as caught:
        bring(fake, *BOTH)
    assert str(caught.value) == (
        'pipeline "local-facts-inference" was not made by this project: '
        "it has no tag pipelines:prefix=local\n"
        "hint: run_pipeline.py plan facts-inference shows it; "
        "run_pipeline.py upsert facts-inference --force overwrites it"
    )
    assert (fake.sagemaker.writes(), fake.s3.written) == ([], [])
    assert fake.sagemaker.pipelines["local-facts-inference"] == strangers


def test_force_makes_a_strangers_pipeline_ours() -> None:
    """Written over once; from then on it is like any other."""
    fake = FakeAws()
    fake.sagemaker.pipelines["local-facts-training"] = {"PipelineDefinition": "{}", "RoleArn": "theirs"}
    bring(fake, "facts-training", force=True)
    assert fake.sagemaker.tags[ARN]["pipelines:prefix"] == "local"
    fake.sagemaker.calls.clear()
    bring(fake, "facts-training")
    assert fake.sagemaker.writes() == []


def test_another_environments_pipeline_is_a_strangers() -> None:
    """The prefix in the tag is the environment's, not just any."""
    fake = FakeAws()
    bring(fake, "facts-training")
    fake.sagemaker.tags[ARN]["pipelines:prefix"] = "prod"
    with pytest.raises(ProtectedError, match="was not made by this project"):
        bring(fake, "facts-training", definition=CHANGED)


@pytest.mark.parametrize(
    "change",
    [
        {"PipelineDefinition": json.dumps({"Steps": [], "Parameters": [], "Version": "other"})},
        {"PipelineDescription": "edited in the console"},
        {"RoleArn": "arn:aws:iam::123456789012:role/another"},
    ],
)
def test_what_somebody_changed_is_not_written_over(change: dict[str, Any]) -> None:
    """A change in the console stays until it is forced away."""
    fake = FakeAws()
    bring(fake, "facts-training")
    fake.sagemaker.pipelines["local-facts-training"] |= change
    fake.sagemaker.calls.clear()
    with pytest.raises(ProtectedError, match="was changed outside of this project since"):
        bring(fake, "facts-training")
    assert fake.sagemaker.writes() == []
    bring(fake, "facts-training", force=True)
    assert bring(fake, "facts-training")[0].actions == ()


def test_going_back_by_hand_is_a_change_too() -> None:
    """The state before the last upsert, brought back in the console, is not taken for ours."""
    fake = FakeAws()
    bring(fake, "facts-training")
    before = dict(fake.sagemaker.pipelines["local-facts-training"])
    bring(fake, "facts-training", definition=CHANGED)
    fake.sagemaker.pipelines["local-facts-training"] = before
    with pytest.raises(ProtectedError, match="was changed outside"):
        bring(fake, "facts-training", definition=CHANGED)


def test_a_pipeline_of_ours_from_before_these_tags_is_updated() -> None:
    """What was applied then is not known; from the update on it is."""
    fake = FakeAws()
    bring(fake, "facts-training")
    fake.sagemaker.tags[ARN] = {"team": "facts", "pipelines:prefix": "local"}
    bring(fake, "facts-training", definition=CHANGED)
    assert fake.sagemaker.tags[ARN]["pipelines:applied"] == fake.sagemaker.tags[ARN]["pipelines:applying"]


def test_the_same_change_by_hand_and_in_the_files_is_no_quarrel() -> None:
    """Somebody changed it to what the files say: only the tags are brought up to date."""
    fake = FakeAws()
    bring(fake, "facts-training")
    fake.sagemaker.pipelines["local-facts-training"]["PipelineDefinition"] = json.dumps(CHANGED)
    fake.sagemaker.calls.clear()
    bring(fake, "facts-training", definition=CHANGED)
    assert fake.sagemaker.writes() == ["add_tags"]
    assert bring(fake, "facts-training", definition=CHANGED)[0].actions == ()


@pytest.mark.parametrize("written", [0, 1, 2])
def test_an_update_that_was_cut_off_is_made_good(written: int) -> None:
    """After each of its three writes: another change of the files goes through, nobody is suspected."""
    fake = FakeAws()
    bring(fake, "facts-training")
    fake.sagemaker.calls.clear()
    for name in ("update_pipeline", "add_tags"):
        whole = getattr(fake.sagemaker, name)

        def cut(whole: Any = whole, **request: Any) -> Any:
            if len(fake.sagemaker.calls) >= written:
                raise KeyboardInterrupt
            return whole(**request)

        setattr(fake.sagemaker, name, cut)
    with pytest.raises(KeyboardInterrupt):
        bring(fake, "facts-training", definition=CHANGED)
    for name in ("update_pipeline", "add_tags"):
        delattr(fake.sagemaker, name)
    bring(fake, "facts-training", definition={**CHANGED, "Metadata": {"c": "d"}})
    assert bring(fake, "facts-training", definition={**CHANGED, "Metadata": {"c": "d"}})[0].actions == ()


def test_a_limit_that_the_service_adds_by_itself_is_nobodys_change() -> None:
    """Where the file sets no parallelism, what the service answers does not count."""
    fake = FakeAws()
    bring(fake, "facts-training")
    limit = {"ParallelismConfiguration": {"MaxParallelExecutionSteps": 50}}
    fake.sagemaker.pipelines["local-facts-training"] |= limit
    assert bring(fake, "facts-training")[0].actions == ()
    plan, _ = bring(fake, "facts-training", definition=CHANGED)
    assert plan.pipelines[0].differs == ("definition",)


def test_what_moves_between_looking_and_writing_is_not_written_over() -> None:
    """Changed after the plan was made: MovedOnError, and what somebody wrote stands."""
    fake = FakeAws()
    bring(fake, "facts-training")
    compiled = [compile_small("facts-training", definition=CHANGED)]
    made = plan(project(), fake.aws, compiled)
    fake.sagemaker.pipelines["local-facts-training"]["PipelineDescription"] = "meanwhile"
    fake.sagemaker.calls.clear()
    with pytest.raises(MovedOnError, match="somebody changed it"):
        carry_out(project(), fake.aws, made, compiled, report=lambda _: None, again=False)
    with pytest.raises(ProtectedError, match="was changed outside"):
        carry_out(project(), fake.aws, made, compiled, report=lambda _: None)
    assert fake.sagemaker.writes() == []


def test_an_alias_goes_to_the_version_that_is_made_and_leaves_the_old_one() -> None:
    """On creation, on a change, on a version that is there already, and then never again."""
    fake = FakeAws()
    kept = fake.sagemaker.versions
    bring(fake, "facts-training", alias="staging")
    assert [version.aliases for version in kept["local-facts-training"]] == [{"staging"}]
    bring(fake, "facts-training", alias="staging", definition=CHANGED)
    assert [version.aliases for version in kept["local-facts-training"]] == [set(), {"staging"}]
    made, done = bring(fake, "facts-training", alias="prod", definition=CHANGED)
    assert done == ["alias prod of local-facts-training: version 2"]
    assert made.pipelines[0].differs == ("alias",)
    assert bring(fake, "facts-training", alias="prod", definition=CHANGED)[0].actions == ()
