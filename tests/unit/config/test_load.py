"""Loading a project: files together, every problem at once, drafts that do not stand in the way."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from config.errors import ConfigurationError, UnknownNameError
from config.load import load_project
from config.models import InferenceConfig, ParameterRef, TrainingConfig
from config.places import environment_names, pipeline_files, repository_root
from tests.unit.config.project_folder import (
    ENVIRONMENT,
    ENVIRONMENT_FILE,
    INFERENCE,
    INFERENCE_FILE,
    TRAINING,
    TRAINING_FILE,
    write_project,
)

BROKEN_YAML = Path(__file__).parents[2] / "broken_yaml"


def _error(root: Path, **options: Any) -> ConfigurationError:
    with pytest.raises(ConfigurationError, match="config/") as caught:
        load_project("local", root, **options)
    return caught.value


def test_a_project_is_typed_and_frozen(tmp_path: Path) -> None:
    """What leaves the loader is typed, keeps references as references, and cannot be changed."""
    project = load_project("local", write_project(tmp_path))
    training = project.pipelines["facts-training"]
    assert isinstance(training, TrainingConfig)
    assert training.data.rows.training == ParameterRef(parameter="TrainingRows")
    assert training.data.rows.evaluation == 300
    assert training.wait.deadline_seconds == 3 * 86_400
    assert training.data.prompt == "{context}\n{question}\n"
    assert project.files["facts-training"] == TRAINING_FILE
    with pytest.raises(ValidationError, match="frozen"):
        training.data.seed = 1
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign"):
        project.root = tmp_path  # type: ignore[misc]


def test_shipped_projects_load() -> None:
    """Every file loads in every environment, placeholders included; files that a user added count too."""
    files = {file.stem for file in pipeline_files(repository_root())}
    assert {"dev", "local", "prod"} <= set(environment_names())
    assert {"calls-guardrails", "calls-labeling", "facts-inference", "facts-training"} <= files
    for environment in environment_names():
        assert set(load_project(environment).pipelines) == files


def test_the_shipped_case_is_the_missions() -> None:
    """SciQ on Llama 2 7B: the recipe's hyperparameters, 10,000 rows in both channels, evaluation on top."""
    training = load_project("prod").pipelines["sciq-training"]
    assert isinstance(training, TrainingConfig)
    defaults = {name: parameter.default for name, parameter in training.parameters.items()}
    rows = training.data.rows
    assert (defaults["TrainingRows"], rows.validation, rows.evaluation) == (9000, 1000, 250)
    assert (defaults["EpochCount"], defaults["LearningRate"], defaults["BatchSize"]) == (3, 0.00001, 1)
    assert training.model.hyperparameters.learning_rate_warmup_steps == 1
    assert (training.endpoint.instance_type, training.data.source) == ("ml.g5.12xlarge", "hf://allenai/sciq")


def test_every_problem_of_every_file_at_once(tmp_path: Path) -> None:
    """Mistakes of all kinds in three files are one error: in order, each with its place and hint."""
    changed = {
        ENVIRONMENT_FILE: ENVIRONMENT.replace("us-east-1", "us-east1").replace("kms_key", "kms"),
        INFERENCE_FILE: INFERENCE.replace("metric: f1", "metric: f2").replace("candidate", "candidat"),
        TRAINING_FILE: TRAINING.replace("seed: 42", "seed: 42\n  seed: 43")
        .replace("  output_format: csv", "  outputformat: csv")
        .replace("batch_size: 8", "batch_size: 80")
        .replace("validation: 150", "validation: 9000")
        .replace("accept_eula: true", "accept_eula: yes"),
    }
    error = _error(write_project(tmp_path, changed))
    expected = (BROKEN_YAML / "all_at_once.expected").read_text(encoding="utf-8")
    assert f"{error}\n" == expected


def test_one_problem_is_one_fact_and_a_hint(tmp_path: Path) -> None:
    """A single problem is one line with its place, and a hint line of its own."""
    error = _error(
        write_project(tmp_path, {TRAINING_FILE: TRAINING.replace("jsonl\n  col", "jsonlines\n  col")})
    )
    assert error.fact == (
        "config/pipelines/facts-training.yaml:11:11: data.format: "
        'found "jsonlines"; allowed: csv, jsonl, parquet'
    )
    assert error.hint == 'did you mean "jsonl"?'


def test_lists_are_no_configuration(tmp_path: Path) -> None:
    """A file with a list or a text at its top says what it found."""
    error = _error(write_project(tmp_path, {TRAINING_FILE: "- version: 1\n", ENVIRONMENT_FILE: "local\n"}))
    assert [problem.fact for problem in error.problems] == [
        'config/environments/local.yaml:1:1: found "local", a mapping is needed',
        "config/pipelines/facts-training.yaml:1:1: found a list, a mapping is needed",
    ]


def test_unknown_environment(tmp_path: Path) -> None:
    """An environment without a file names those there are, and the nearest."""
    with pytest.raises(UnknownNameError, match=r'^no environment named "locl"; there are: "local"') as caught:
        load_project("locl", write_project(tmp_path))
    assert caught.value.hint == 'did you mean "local"?'
    assert caught.value.exit_code == 2


def test_a_copy_that_kept_its_name(tmp_path: Path) -> None:
    """The file is there, the pipeline in it is called as the one that it was copied from."""
    root = write_project(tmp_path, {"config/pipelines/mine.yaml": TRAINING})
    with pytest.raises(UnknownNameError, match=r'^no pipeline named "mine"') as caught:
        load_project("local", root, names=["mine"])
    assert caught.value.hint == (
        "config/pipelines/mine.yaml says name: facts-training; write name: mine there"
    )


def test_unknown_pipeline(tmp_path: Path) -> None:
    """A pipeline that is not there is told from the project and before loading it."""
    root = write_project(tmp_path)
    known = 'no pipeline named "facts"; there are: "facts-inference", "facts-training"'
    with pytest.raises(UnknownNameError, match=re.escape(known)):
        load_project("local", root, names=["facts"])
    with pytest.raises(UnknownNameError, match="fact-training") as caught:
        load_project("local", root).pipeline("fact-training")
    assert caught.value.hint == 'did you mean "facts-training"?'


def test_names_of_two_files(tmp_path: Path) -> None:
    """One name in two files is told at the second, with the first one's file."""
    error = _error(write_project(tmp_path, {"config/pipelines/other.yaml": TRAINING}))
    assert error.fact == (
        'config/pipelines/other.yaml:3:7: name: "facts-training" is the name of '
        "config/pipelines/facts-training.yaml already"
    )


def test_names_that_differ_in_case(tmp_path: Path) -> None:
    """SageMaker's ARNs are in lower case, so names that differ in case only are refused."""
    other = TRAINING.replace("name: facts-training", "name: Facts-Training")
    error = _error(write_project(tmp_path, {"config/pipelines/other.yaml": other}))
    assert error.fact == (
        'config/pipelines/other.yaml:3:7: name: "Facts-Training" differs from "facts-training" in upper and '
        "lower case only"
    )


def test_drafts_do_not_stand_in_the_way(tmp_path: Path) -> None:
    """With names, only these pipelines and those they refer to must be sound."""
    draft = TRAINING.replace("name: facts-training", "name: draft").replace("seed: 42", "sed: 42")
    root = write_project(
        tmp_path, {"config/pipelines/draft.yaml": draft, "config/pipelines/torn.yaml": "a: ["}
    )
    assert _error(root).problems[0].file == "config/pipelines/draft.yaml"
    assert list(load_project("local", root, names=["facts-inference"]).pipelines) == [
        "facts-inference",
        "facts-training",
    ]
    assert len(_error(root, names=["torn"]).problems) == 1
    broken = {TRAINING_FILE: TRAINING.replace("seed: 42", "sed: 42")}
    error = _error(write_project(root, broken), names=["facts-inference"])
    assert [problem.key for problem in error.problems] == ["data.sed"]


def test_yml_files_count(tmp_path: Path) -> None:
    """A pipeline file may be called .yml as well."""
    root = write_project(tmp_path)
    (root / TRAINING_FILE).rename(root / "config/pipelines/training.yml")
    assert "facts-training" in load_project("local", root).pipelines


def test_the_environments_defaults_win(tmp_path: Path) -> None:
    """Values under the environment's parameters are the defaults that pipelines then carry."""
    text = ENVIRONMENT.replace("parameters: {}", "parameters: {facts-training: {LearningRate: 1}}")
    project = load_project("local", write_project(tmp_path, {ENVIRONMENT_FILE: text}))
    parameters = project.pipelines["facts-training"].parameters
    assert parameters["LearningRate"].default == 1.0
    assert isinstance(parameters["LearningRate"].default, float)
    assert parameters["TrainingRows"].default == 1200


def test_rules_see_falcon(tmp_path: Path) -> None:
    """Limits follow the base model: Falcon takes 1,000 rows and is asked in another way."""
    text = TRAINING.replace("{parameter: BaseModel}", "Falcon7B").replace("  BaseModel: {", "  Unused: {")
    text = text.replace("  accept_eula: true", "  accept_eula: false").replace("  Unused: {", "  #")
    error = _error(write_project(tmp_path, {TRAINING_FILE: text}))
    assert [problem.message for problem in error.problems] == [
        (
            "1200 training and 150 validation rows are more than the 1000 that Falcon7B takes in both "
            "channels together"
        )
    ]
    text = text.replace("default: 1200", "default: 850")
    error = _error(write_project(tmp_path, {TRAINING_FILE: text}))
    assert error.fact == (
        "config/pipelines/facts-inference.yaml:14:12: evaluation.request: found text_inputs; Falcon7B of "
        '"facts-training" takes inputs'
    )


def test_a_data_set_of_its_own(tmp_path: Path) -> None:
    """An inference pipeline may read data of its own, with templates as in training."""
    own = (
        "  source: hf://allenai/sciq\n  huggingface: {split: test}\n"
        '  columns: {q: question, a: correct_answer}\n  prompt: "{q}"\n  output: "{a}"\n'
    )
    text = INFERENCE.replace("  source: candidate\n", own).replace("rows: 100", "rows: null")
    config = load_project("local", write_project(tmp_path, {INFERENCE_FILE: text})).pipelines[
        "facts-inference"
    ]
    assert isinstance(config, InferenceConfig)
    assert config.data.columns == {"q": "question", "a": "correct_answer"}


def test_isolation_with_a_wheelhouse(tmp_path: Path) -> None:
    """A step may be isolated when its packages come from a wheelhouse or an image."""
    isolated = TRAINING.replace("network_isolation: false", "network_isolation: true")
    wheels = ENVIRONMENT.replace("wheelhouse: null", "wheelhouse: s3://wheels/linux")
    load_project("local", write_project(tmp_path, {TRAINING_FILE: isolated, ENVIRONMENT_FILE: wheels}))
    image = ENVIRONMENT.replace("steps: {}", "steps: {prepare: 'registry/prepare:1'}")
    load_project("local", write_project(tmp_path, {TRAINING_FILE: isolated, ENVIRONMENT_FILE: image}))


def test_a_fraction_instead_of_a_channel(tmp_path: Path) -> None:
    """Validation by fraction has no rows of its own, and leaves rows on both sides."""
    text = TRAINING.replace(", validation: 150", "").replace(
        "validation: channel", "validation: fraction\n  validation_fraction: 0.1"
    )
    load_project("local", write_project(tmp_path, {TRAINING_FILE: text}))
    tiny = text.replace("validation_fraction: 0.1", "validation_fraction: 0.0001")
    error = _error(write_project(tmp_path, {TRAINING_FILE: tiny}))
    assert error.fact.endswith("0.0001 of 1200 rows leaves no row on one of the two sides")


def test_tags_leave_room_for_the_platforms_own(tmp_path: Path) -> None:
    """A pipeline takes 50: those of its file, of the environment, and six that upsert and rollback write."""

    def project(in_the_file: int) -> Path:
        own, shared = (
            f"tags: {{{', '.join(f'{letter}{number}: x' for number in range(count))}}}"
            for letter, count in (("a", in_the_file), ("b", 5))
        )
        environment, pipeline = ENVIRONMENT.replace("tags: {}", shared), TRAINING.replace("tags: {}", own)
        return write_project(tmp_path, {ENVIRONMENT_FILE: environment, TRAINING_FILE: pipeline})

    load_project("local", project(39))
    error = _error(project(40))
    assert error.fact.endswith("tags: with those of the environment and the platform 51 tags; at most 50")


def test_regions_without_autopilot(tmp_path: Path) -> None:
    """A region of SageMaker where Autopilot does not fine-tune is refused for training pipelines."""
    text = ENVIRONMENT.replace("us-east-1", "eu-south-1")
    error = _error(write_project(tmp_path, {ENVIRONMENT_FILE: text}))
    assert error.fact == (
        "config/pipelines/facts-training.yaml:2:7: kind: a training pipeline needs Autopilot, which "
        'fine-tunes no models in "eu-south-1"'
    )


def test_answers_are_told_apart_in_both_pipelines(tmp_path: Path) -> None:
    """What stands between right answers in training is what the evaluation looks for."""
    text = TRAINING.replace('  output: "{answer}"\n', '  output: "{answer}"\n  answer_delimiter: "|"\n')
    error = _error(write_project(tmp_path, {TRAINING_FILE: text}))
    assert error.fact.endswith(
        'evaluation.target_delimiter: found "<OR>"; "facts-training" has "|" between its answers'
    )
    asked = INFERENCE.replace("  concurrency: 8", '  concurrency: 8\n  target_delimiter: "|"')
    load_project("local", write_project(tmp_path, {TRAINING_FILE: text, INFERENCE_FILE: asked}))
