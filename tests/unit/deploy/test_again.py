"""Starting again: an earlier execution's values, its sample, its candidate, and what is no more."""

from __future__ import annotations

import json

import pytest

from config.platform_parameters import SAMPLE_ROWS
from deploy.errors import UnknownExecutionError
from deploy.launching.again import again
from deploy.launching.candidate import Candidate, CandidateError
from deploy.launching.launch import Wishes, launch, prepare
from tests.unit.deploy.fakes import FakeAws, FakeRun, project
from tests.unit.deploy.runs import FOLDER, INFERENCE, INFERENCE_ID, TRAINING, TRAINING_ID
from tests.unit.deploy.runs import candidate as candidate_content
from tests.unit.deploy.test_launch import ORIGIN, deployed, started

VALUES = {
    "TrainingRows": "60",
    "EpochCount": "2",
    "LearningRate": "0.0005",
    "BaseModel": "Llama2-7B",
    "Commit": "old",
    "DirtyTree": "true",
    "Gone": "1",
    SAMPLE_ROWS: "30",
}


def trained() -> FakeAws:
    """An earlier training with values of its own, and its pipeline as deployed today."""
    fake = FakeAws()
    deployed(fake, "facts-training")
    fake.sagemaker.runs[TRAINING] = FakeRun(TRAINING, "Succeeded", [], {}, dict(VALUES))
    return fake


def evaluated(*, endpoint: str) -> FakeAws:
    """An earlier evaluation whose endpoint has this status, or is gone."""
    fake = FakeAws()
    deployed(fake, "facts-inference")
    values = {
        "EndpointName": f"local-{TRAINING_ID}",
        "ModelDataUrl": f"{FOLDER}/model.tar.gz",
        "ModelImage": "image",
        "EvaluationData": f"{FOLDER}/prepare/evaluation",
        "TrainingQuestions": f"{FOLDER}/prepare/report/training_questions.csv",
        "BaseModelName": "Llama2-7B",
        "AutoMLJobName": f"{TRAINING_ID}-1",
        "CandidateUri": f"{FOLDER}/candidate.json",
        "DataHash": "d4ta",
        "TrainingExecution": TRAINING,
        "MinimumF1": "0.7",
    }
    fake.sagemaker.runs[INFERENCE] = FakeRun(INFERENCE, "Failed", [], {"Steps": []}, values)
    if endpoint:
        fake.sagemaker.endpoints[f"local-{TRAINING_ID}"] = endpoint
    return fake


def test_the_earlier_values_are_taken_and_changes_win() -> None:
    """All of them but commit and tree, which are today's; each value knows where it is from."""
    fake = trained()
    found = again(project(), fake.aws, "facts-training", TRAINING_ID)
    launched = launch(
        project(),
        fake.aws,
        "facts-training",
        wishes=Wishes({"EpochCount": "5"}),
        candidate=None,
        origin=ORIGIN,
        again=found,
    )
    assert started(fake) == {
        "TrainingRows": "60",
        "EpochCount": "5",
        "LearningRate": "0.0005",
        "BaseModel": "Llama2-7B",
        "Commit": ORIGIN.commit,
        "DirtyTree": "false",
        SAMPLE_ROWS: "30",
    }
    assert dict(found.left_out) == {"Gone": "1"}
    sources = launched.ready.sources
    assert (sources["EpochCount"], sources["TrainingRows"]) == ("-p", f"execution {TRAINING_ID}")
    assert (
        f", again from {TRAINING_ID}; caller arn"
        in fake.sagemaker.calls[0][1]["PipelineExecutionDescription"]
    )


def test_latest_is_the_newest_of_the_pipeline() -> None:
    """Whatever became of it."""
    fake = trained()
    assert again(project(), fake.aws, "facts-training", "latest").execution.arn == TRAINING


def test_an_execution_of_another_pipeline_is_refused() -> None:
    """With the command that would start that one."""
    fake = trained()
    with pytest.raises(
        UnknownExecutionError, match=f'execution {TRAINING_ID} is of pipeline "facts-training"'
    ) as caught:
        again(project(), fake.aws, "facts-inference", TRAINING)
    assert caught.value.hint == f"run_pipeline.py start facts-training --from {TRAINING_ID}"


def test_an_endpoint_that_is_gone_is_found_out_before_the_start() -> None:
    """The step that would ask it names the parameter; nothing is started."""
    fake = evaluated(endpoint="")
    ask = {
        "Name": "ask",
        "Type": "Lambda",
        "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:ask",
        "Arguments": {"endpoint": {"Get": "Parameters.EndpointName"}},
    }
    pipeline = fake.sagemaker.pipelines["local-facts-inference"]
    pipeline["PipelineDefinition"] = json.dumps(
        {**json.loads(pipeline["PipelineDefinition"]), "Steps": [ask]}
    )
    found = again(project(), fake.aws, "facts-inference", INFERENCE_ID)
    with pytest.raises(CandidateError, match=f'endpoint "local-{TRAINING_ID}" of execution') as caught:
        prepare(
            project(),
            fake.aws,
            "facts-inference",
            wishes=Wishes(),
            candidate=None,
            origin=ORIGIN,
            again=found,
        )
    assert caught.value.hint == "take another candidate: --from-training latest"
    fake.sagemaker.endpoints[f"local-{TRAINING_ID}"] = "InService"
    prepare(
        project(), fake.aws, "facts-inference", wishes=Wishes(), candidate=None, origin=ORIGIN, again=found
    )


def test_a_candidate_of_a_sample_makes_its_evaluation_one() -> None:
    """SampleRows comes with the candidate, so that the package is marked."""
    fake = FakeAws()
    deployed(fake, "facts-inference")
    found = Candidate(f"{FOLDER}/candidate.json", {**candidate_content(), "sample_rows": 30})
    launch(project(), fake.aws, "facts-inference", wishes=Wishes(), candidate=found, origin=ORIGIN)
    assert started(fake)[SAMPLE_ROWS] == "30"


def test_a_candidate_of_a_sample_cannot_be_registered_as_a_whole_one() -> None:
    """-p SampleRows=0 would wash it clean."""
    fake = FakeAws()
    deployed(fake, "facts-inference")
    content = {**candidate_content(), "sample_rows": 30}
    fake.s3.put_json(f"{FOLDER}/candidate.json", content)
    wishes = Wishes({SAMPLE_ROWS: "0"})
    with pytest.raises(CandidateError, match="was trained on a sample of 30 rows"):
        launch(
            project(),
            fake.aws,
            "facts-inference",
            wishes=wishes,
            candidate=Candidate(f"{FOLDER}/candidate.json", content),
            origin=ORIGIN,
        )
    assert fake.sagemaker.calls == []
