"""Starting: values from everywhere, checked before anything starts; candidates found and refused."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from config.errors import ParameterError
from deploy.errors import NotDeployedError
from deploy.launching.candidate import PARAMETERS, CandidateError, candidate
from deploy.launching.launch import Wishes, check_wishes, launch
from deploy.launching.provenance import Provenance
from deploy.planning.versions import VersionChoice, VersionError
from tests.unit.deploy.fakes import (
    AT,
    FakeAws,
    FakeRun,
    FakeVersion,
    execution_arn,
    pipeline_arn,
    project,
)
from tests.unit.deploy.runs import FOLDER, TRAINING, TRAINING_ID, training_run
from tests.unit.deploy.runs import candidate as candidate_content

ORIGIN = Provenance(commit="c" * 40, dirty="false", person="alice")


def deployed(fake: FakeAws, name: str, *, without: str = "") -> None:
    """Deploys a definition that has the parameters of the pipeline's file, one left out if it is named."""
    config = project().pipelines[name]
    entries: list[dict[str, Any]] = [
        {"Name": each, "Type": declared.type, "DefaultValue": declared.default}
        for each, declared in config.parameters.items()
    ]
    entries += [
        {"Name": each, "Type": "String", "DefaultValue": "unknown"} for each in ("Commit", "DirtyTree")
    ]
    entries.append({"Name": "SampleRows", "Type": "Integer", "DefaultValue": 0})
    if name.endswith("inference"):
        entries += [{"Name": each, "Type": "String"} for each in (*PARAMETERS, "CandidateUri")]
    definition = {
        "Version": "2020-12-01",
        "Parameters": [e for e in entries if e["Name"] != without],
        "Steps": [],
    }
    fake.sagemaker.pipelines[f"local-{name}"] = {"PipelineDefinition": json.dumps(definition)}


def trained(fake: FakeAws, *, endpoint: str = "InService") -> None:
    """A training execution that succeeded and left its candidate."""
    fake.sagemaker.add_run(training_run())
    fake.s3.put_json(f"{FOLDER}/candidate.json", candidate_content())
    if endpoint:
        fake.sagemaker.endpoints[f"local-{TRAINING_ID}"] = endpoint


def started(fake: FakeAws) -> dict[str, str]:
    """The values that the execution was started with."""
    (request,) = [request for name, request in fake.sagemaker.calls if name == "start_pipeline_execution"]
    return {entry["Name"]: entry["Value"] for entry in request["PipelineParameters"]}


def test_every_value_is_sent_as_a_text() -> None:
    """Given values win, the file's defaults fill up, provenance is added."""
    fake = FakeAws()
    deployed(fake, "facts-training")
    launched = launch(
        project(),
        fake.aws,
        "facts-training",
        wishes=Wishes({"EpochCount": "3"}),
        candidate=None,
        origin=ORIGIN,
    )
    assert launched.arn == execution_arn("local-facts-training", "abcdefghijkl")
    assert started(fake) == {
        "TrainingRows": "1200",
        "EpochCount": "3",
        "LearningRate": "0.001",
        "BaseModel": "Llama2-7B",
        "Commit": "c" * 40,
        "DirtyTree": "false",
        "SampleRows": "0",
    }
    assert fake.sagemaker.calls[0][1]["PipelineExecutionDescription"] == (
        "started by alice at commit cccccccccccc; "
        "caller arn:aws:iam::123456789012:user/somebody (id AIDASOMEBODY)"
    )


def test_a_candidate_fills_the_inference_parameters() -> None:
    """All nine, from candidate.json and its place."""
    fake = FakeAws()
    deployed(fake, "facts-inference")
    trained(fake)
    found = candidate(project(), fake.aws, training="facts-training")
    launch(project(), fake.aws, "facts-inference", wishes=Wishes(), candidate=found, origin=ORIGIN)
    values = started(fake)
    assert values["EndpointName"] == f"local-{TRAINING_ID}"
    assert values["ModelDataUrl"] == f"{FOLDER}/automl/model.tar.gz"
    assert values["CandidateUri"] == f"{FOLDER}/candidate.json"
    assert values["TrainingExecution"] == TRAINING


def test_what_was_given_wins_over_the_candidate() -> None:
    """-p EndpointName=... evaluates another endpoint."""
    fake = FakeAws()
    deployed(fake, "facts-inference")
    trained(fake)
    found = candidate(project(), fake.aws, training="facts-training")
    wishes = Wishes({"EndpointName": "mine"})
    launch(project(), fake.aws, "facts-inference", wishes=wishes, candidate=found, origin=ORIGIN)
    assert started(fake)["EndpointName"] == "mine"


def test_an_inference_without_a_candidate_names_the_option() -> None:
    """Nothing is asked of AWS, nothing starts."""
    fake = FakeAws()
    with pytest.raises(ParameterError, match="have no value") as caught:
        launch(project(), fake.aws, "facts-inference", wishes=Wishes(), candidate=None, origin=ORIGIN)
    assert caught.value.hint == "take them from a training execution: --from-training latest"
    assert fake.sagemaker.calls == []


def test_wishes_are_checked_before_there_is_a_candidate() -> None:
    """A misspelt name fails at once, not after the training."""
    check_wishes(project(), "facts-inference", Wishes({"MinimumF1": "0.6"}))
    with pytest.raises(ParameterError, match='has no parameter "MinimumF"'):
        check_wishes(project(), "facts-inference", Wishes({"MinimumF": "0.6"}))


def test_a_name_of_another_pipeline_of_the_same_command_is_no_mistake() -> None:
    """`run a b -p X=1` gives X to the one that declares it."""
    both = ("facts-training", "facts-inference")
    check_wishes(project(), "facts-training", Wishes({"MinimumF1": "0.6"}, beside=both))


def test_a_pipeline_that_is_not_deployed_names_upsert() -> None:
    """There is nothing to start."""
    with pytest.raises(NotDeployedError, match='pipeline "facts-training" is not deployed') as caught:
        launch(project(), FakeAws().aws, "facts-training", wishes=Wishes(), candidate=None, origin=ORIGIN)
    assert caught.value.hint == "run_pipeline.py upsert facts-training"


def test_a_definition_older_than_the_file_names_upsert() -> None:
    """A parameter that the deployed pipeline does not have yet would be refused by SageMaker."""
    fake = FakeAws()
    deployed(fake, "facts-training", without="EpochCount")
    with pytest.raises(NotDeployedError, match='has no parameter "EpochCount"; its file has'):
        launch(project(), fake.aws, "facts-training", wishes=Wishes(), candidate=None, origin=ORIGIN)
    assert fake.sagemaker.calls == []


@pytest.mark.parametrize(
    ("version", "member"),
    [
        (VersionChoice(number=1), {"PipelineVersionId": 1}),
        (VersionChoice(alias="prod"), {"PipelineVersionAlias": "prod"}),
    ],
)
def test_an_earlier_version_is_started_with_what_it_declares(
    version: VersionChoice, member: dict[str, Any]
) -> None:
    """By number or alias: a default of a parameter that it does not have yet is left out."""
    fake = FakeAws()
    deployed(fake, "facts-training", without="LearningRate")
    old = fake.sagemaker.pipelines["local-facts-training"]["PipelineDefinition"]
    fake.sagemaker.versions["local-facts-training"] = [FakeVersion(old, {"prod"}), FakeVersion("{}")]
    deployed(fake, "facts-training")
    wishes = Wishes(overrides={"EpochCount": "3"}, version=version)
    launch(project(), fake.aws, "facts-training", wishes=wishes, candidate=None, origin=ORIGIN)
    [(_, request)] = fake.sagemaker.calls
    assert {key: value for key, value in request.items() if "Version" in key} == member
    assert "LearningRate" not in started(fake)
    assert started(fake)["EpochCount"] == "3"


def test_a_value_that_the_version_cannot_take_is_refused() -> None:
    """Given by hand, it is not left out: the text names version and parameter."""
    fake = FakeAws()
    deployed(fake, "facts-training", without="LearningRate")
    old = fake.sagemaker.pipelines["local-facts-training"]["PipelineDefinition"]
    fake.sagemaker.versions["local-facts-training"] = [FakeVersion(old)]
    wishes = Wishes(overrides={"LearningRate": "0.001"}, version=VersionChoice(number=1))
    said = 'version 1 of the deployed pipeline "facts-training" has no parameter "LearningRate"'
    with pytest.raises(NotDeployedError, match=said):
        launch(project(), fake.aws, "facts-training", wishes=wishes, candidate=None, origin=ORIGIN)


def test_a_pipeline_that_was_rolled_back_starts_without_what_it_does_not_declare() -> None:
    """Going back must not need an upsert, which would go forward again."""
    fake = FakeAws()
    deployed(fake, "facts-training", without="LearningRate")
    fake.sagemaker.tags[pipeline_arn("local-facts-training")] = {"pipelines:rolled-back": "1"}
    launch(project(), fake.aws, "facts-training", wishes=Wishes(), candidate=None, origin=ORIGIN)
    assert "LearningRate" not in started(fake)


def test_a_version_that_is_not_there_is_said() -> None:
    """An alias that nobody gave, with the command that gives it."""
    fake = FakeAws()
    deployed(fake, "facts-training")
    fake.sagemaker.versions["local-facts-training"] = [FakeVersion("{}")]
    wishes = Wishes(version=VersionChoice(alias="prod"))
    with pytest.raises(VersionError, match='"facts-training" has no alias "prod" in environment "local"'):
        launch(project(), fake.aws, "facts-training", wishes=wishes, candidate=None, origin=ORIGIN)


def test_latest_is_the_newest_that_succeeded() -> None:
    """A later failed one does not count."""
    fake = FakeAws()
    trained(fake)
    later = execution_arn("local-facts-training", "cccccccccccc")
    fake.sagemaker.add_run(FakeRun(later, "Failed", [], {}, started=AT + timedelta(hours=1)))
    assert (
        candidate(project(), fake.aws, training="facts-training").content["pipeline_execution_arn"]
        == TRAINING
    )


@pytest.mark.parametrize("status", ["", "Deleting"])
def test_a_candidate_whose_endpoint_is_gone_is_refused(status: str) -> None:
    """The evaluation would fail after minutes; now it says what to do."""
    fake = FakeAws()
    trained(fake, endpoint=status)
    with pytest.raises(CandidateError, match='after_evaluation is "delete"') as caught:
        candidate(project(), fake.aws, training="facts-training")
    assert caught.value.exit_code == 2
    assert str(caught.value.hint).startswith("train again (run_pipeline.py run facts-training)")


def test_an_endpoint_that_does_not_serve_is_refused() -> None:
    """Failed or still updating: nothing could be evaluated."""
    fake = FakeAws()
    trained(fake, endpoint="Failed")
    with pytest.raises(CandidateError, match=f'endpoint "local-{TRAINING_ID}" of training execution'):
        candidate(project(), fake.aws, training="facts-training")


def test_a_training_that_failed_has_no_candidate() -> None:
    """Named by its id, it is refused with its status."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run("Failed"))
    with pytest.raises(
        CandidateError, match=f"training execution {TRAINING_ID} is Failed and has no candidate"
    ):
        candidate(project(), fake.aws, training="facts-training", wanted=TRAINING_ID)


def test_without_any_training_the_way_to_one_is_named() -> None:
    """No execution, or no pipeline at all."""
    with pytest.raises(CandidateError, match='no execution of "facts-training" has succeeded') as caught:
        candidate(project(), FakeAws().aws, training="facts-training")
    assert caught.value.hint == "run_pipeline.py run facts-training"


def test_a_candidate_file_that_is_not_whole_is_refused() -> None:
    """What lacks is named."""
    fake = FakeAws()
    trained(fake)
    content = candidate_content()
    del content["data_hash"]
    fake.s3.put_json(f"{FOLDER}/candidate.json", content)
    with pytest.raises(CandidateError, match=r"candidate\.json lacks data_hash"):
        candidate(project(), fake.aws, training="facts-training")
