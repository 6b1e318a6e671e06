"""Back to an earlier version: its definition again, nothing of a stranger's, nothing that cannot run."""

from __future__ import annotations

import json

import pytest

from deploy.apply import apply
from deploy.errors import NotDeployedError, ProtectedError
from deploy.planning import rollback
from deploy.planning.rollback import Rollback
from deploy.planning.versions import VersionError, check_alias
from tests.unit.deploy.fakes import BUCKET, FakeAws, pipeline_arn, project
from tests.unit.deploy.planned import NEW, bring, compiled, deployed_account, explained, forget, writes

NAME, FULL = "facts-inference", "local-facts-inference"


def back(fake: FakeAws, *, to: int | None = None, alias: str | None = None, force: bool = False) -> Rollback:
    """Plans it and carries it out."""
    planned = rollback.plan(project(), fake.aws, NAME, to=to, alias=alias, force=force)
    if planned.action is not None:
        apply([planned.action], fake.aws, report=lambda _: None)
    return planned


def three_versions() -> FakeAws:
    """Thresholds 0.5, 0.6, 0.7 as versions 1, 2, 3."""
    fake = deployed_account()
    for threshold in (0.6, 0.7):
        bring(fake, compiled(threshold=threshold))
    return fake


def threshold(fake: FakeAws) -> float:
    """Of what runs now."""
    found = json.loads(fake.sagemaker.pipelines[FULL]["PipelineDefinition"])
    value: float = found["Parameters"][1]["DefaultValue"]
    return value


def test_the_version_before_becomes_the_newest() -> None:
    """Its definition, as version 4; what differs is told from now to then."""
    fake = three_versions()
    planned = back(fake)
    assert (planned.version, threshold(fake), len(fake.sagemaker.versions[FULL])) == (2, 0.6, 4)
    assert [(each.before, each.after) for each in planned.changes] == [("0.7", "0.6")]


def test_a_second_time_it_goes_further_back() -> None:
    """And not forward to what was just left; at the beginning it says so."""
    fake = three_versions()
    back(fake)
    assert (back(fake).version, threshold(fake)) == (1, 0.5)
    with pytest.raises(VersionError, match='"facts-inference" has no version before 1 with another'):
        back(fake)


def test_the_state_that_it_leaves_is_ours() -> None:
    """Plan says that it was rolled back and suspects nobody; upsert goes forward, and then is done."""
    fake = three_versions()
    back(fake, to=1)
    _, explanation = explained(fake, compiled(threshold=0.7))
    [pipeline] = explanation.pipelines
    assert (pipeline.protected, pipeline.rolled_back_to) == ("", "1")
    bring(fake, compiled(threshold=0.7))
    made, explanation = explained(fake, compiled(threshold=0.7))
    assert (made.has_changes, explanation.pipelines[0].rolled_back_to) == (False, "")


def test_the_version_that_runs_is_nothing_to_do() -> None:
    """By number, and by a number with the same definition: no write."""
    fake = three_versions()
    back(fake, to=2)
    forget(fake)
    for version in (2, 4):
        assert back(fake, to=version).action is None
    assert writes(fake) == []


@pytest.mark.parametrize("version", [0, -1, 9])
def test_a_version_that_is_not_there_is_said(version: int) -> None:
    """With the command that lists them."""
    with pytest.raises(VersionError, match=f'pipeline "facts-inference" has no version {version} in'):
        back(three_versions(), to=version)


def test_code_that_is_gone_is_not_gone_back_to() -> None:
    """An old definition that could not run any more is refused with the address, and nothing is written."""
    fake = deployed_account()
    bring(fake, compiled(NEW))
    for bucket, key in list(fake.s3.objects):
        if "/code/evaluate/" in key and "a" * 64 in key:
            del fake.s3.objects[bucket, key]
    forget(fake)
    gone = f"s3://{BUCKET}/local/code/evaluate/{'a' * 64} is not there any more"
    with pytest.raises(NotDeployedError, match=f'version 1 of pipeline "facts-inference" cannot run: {gone}'):
        back(fake)
    assert writes(fake) == []


def test_a_strangers_and_a_changed_pipeline_are_left_alone() -> None:
    """As by upsert; --force goes back all the same."""
    fake = three_versions()
    fake.sagemaker.pipelines[FULL]["PipelineDescription"] = "edited"
    with pytest.raises(ProtectedError, match="was changed outside of this project"):
        back(fake)
    del fake.sagemaker.tags[pipeline_arn(FULL)]["pipelines:prefix"]
    with pytest.raises(ProtectedError, match="it has no tag pipelines:prefix=local"):
        back(fake)
    assert back(fake, force=True).version == 2
    assert fake.sagemaker.pipelines[FULL]["PipelineDescription"] == "edited"


def test_an_alias_moves_alone() -> None:
    """One version back, or to the one that is named; the pipeline stays."""
    fake = three_versions()
    fake.sagemaker.versions[FULL][2].aliases.add("prod")
    forget(fake)
    assert back(fake, alias="prod").version == 2
    assert back(fake, alias="prod", to=1).version == 1
    assert fake.sagemaker.writes() == ["update_pipeline_version"] * 4
    assert [version.aliases for version in fake.sagemaker.versions[FULL]] == [{"prod"}, set(), set()]
    assert threshold(fake) == 0.7
    with pytest.raises(VersionError, match='"prod" of pipeline "facts-inference" is on its first version'):
        back(fake, alias="prod")
    with pytest.raises(VersionError, match='has no alias "staging" in environment "local"'):
        back(fake, alias="staging")


def test_a_pipeline_that_is_not_deployed_names_upsert() -> None:
    """There is nothing to go back from."""
    with pytest.raises(NotDeployedError, match='"facts-inference" is not deployed'):
        back(FakeAws())


def test_a_move_that_was_cut_off_is_finished_with_its_version() -> None:
    """The alias has left one version and is at no other."""
    fake = three_versions()
    assert back(fake, alias="prod", to=2).version == 2
    assert [version.aliases for version in fake.sagemaker.versions[FULL]] == [set(), {"prod"}, set()]


@pytest.mark.parametrize("alias", ["", "1", "a b", "é", "a" * 129, "-\n"])
def test_an_alias_that_the_service_refuses_is_refused_here(alias: str) -> None:
    """Letters, digits, dots, dashes and underscores, not digits alone."""
    with pytest.raises(VersionError, match="cannot be an alias"):
        check_alias(alias)


def test_versions_are_found_on_any_page() -> None:
    """The listing comes in pages."""
    fake = three_versions()
    fake.sagemaker.page = 1
    assert back(fake, to=1).version == 1
