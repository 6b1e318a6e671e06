"""Values that an execution is started with: typed, bounded, and in the order of precedence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from config.errors import ConfigurationError, ParameterError
from config.load import load_project
from config.models import InferenceConfig, PipelineConfig
from config.models.pipeline import ParameterValue
from config.parameter_values import parameter_text
from config.parameters import (
    Layer,
    platform_parameters,
    read_parameter_file,
    resolve,
    split_override,
)
from config.platform_parameters import CANDIDATE
from tests.unit.config.project_folder import (
    ENVIRONMENT,
    ENVIRONMENT_FILE,
    INFERENCE,
    INFERENCE_FILE,
    TRAINING,
    TRAINING_FILE,
    write_project,
)

FILLED = {parameter.name: "x" for parameter in CANDIDATE}


@pytest.fixture
def training(tmp_path: Path) -> PipelineConfig:
    """The training pipeline of the small project, with a parameter of every type."""
    text = TRAINING.replace(
        "  BaseModel:",
        "  Instance: {type: String, default: ml.g5.12xlarge, pattern: 'ml[.]g5[.].*'}\n  BaseModel:",
    ).replace("instance_type: ml.g5.12xlarge", "instance_type: {parameter: Instance}")
    return load_project("local", write_project(tmp_path, {TRAINING_FILE: text})).pipelines["facts-training"]


@pytest.fixture
def inference(tmp_path: Path) -> PipelineConfig:
    """The inference pipeline of the small project, with a Boolean parameter."""
    text = INFERENCE.replace(
        "parameters:\n", "parameters:\n  Sample: {type: Boolean, default: false}\n"
    ).replace("do_sample: false", "do_sample: {parameter: Sample}")
    return load_project("local", write_project(tmp_path, {INFERENCE_FILE: text})).pipelines["facts-inference"]


def _values(
    config: PipelineConfig, given: Mapping[str, str] = {}, *, filled: Mapping[str, str] = {}, **how: Any
) -> Mapping[str, ParameterValue]:
    """What an execution starts with; ``filled`` is what the platform knows."""
    return resolve(config, given, layers=[Layer("", filled)], **how).values


def _error(config: PipelineConfig, **given: str) -> ParameterError:
    with pytest.raises(ParameterError, match=r".") as caught:
        _values(config, given, filled=FILLED if "MinimumF1" in config.parameters else {})
    return caught.value


def test_defaults_and_provenance(training: PipelineConfig) -> None:
    """Without overrides every parameter has its default, the platform's own included."""
    assert dict(_values(training)) == {
        "TrainingRows": 1200,
        "LearningRate": 0.001,
        "Instance": "ml.g5.12xlarge",
        "BaseModel": "Llama2-7B",
        "Commit": "unknown",
        "DirtyTree": "unknown",
        "SampleRows": 0,
    }


def test_overrides_are_typed(training: PipelineConfig, inference: PipelineConfig) -> None:
    """Texts of the command line become values of the declared type."""
    values = _values(training, {"TrainingRows": "20", "LearningRate": "1e-4", "BaseModel": "Mistral7B"})
    assert (values["TrainingRows"], values["LearningRate"], values["BaseModel"]) == (20, 0.0001, "Mistral7B")
    assert _values(training, {"LearningRate": "1"})["LearningRate"] == 1.0
    assert _values(inference, {"Sample": "True"}, filled=FILLED)["Sample"] is True


def test_values_become_texts() -> None:
    """SageMaker takes texts: booleans in lower case, numbers as they are."""
    assert [parameter_text(value) for value in (True, 8, 1e-05, "x")] == ["true", "8", "1e-05", "x"]


def test_precedence(tmp_path: Path) -> None:
    """-p wins over the --params file, that over the environment file, that over the pipeline file."""
    environment = ENVIRONMENT.replace("parameters: {}", "parameters: {facts-training: {TrainingRows: 30}}")
    root = write_project(tmp_path, {ENVIRONMENT_FILE: environment, "run.yaml": "TrainingRows: 40\n"})
    config = load_project("local", root).pipelines["facts-training"]
    file = read_parameter_file(root / "run.yaml")
    assert _values(config)["TrainingRows"] == 30
    assert _values(config, file=file)["TrainingRows"] == 40
    assert _values(config, {"TrainingRows": "50"}, file=file)["TrainingRows"] == 50
    pipeline_file_alone = load_project("local", write_project(tmp_path, {ENVIRONMENT_FILE: ENVIRONMENT}))
    assert _values(pipeline_file_alone.pipelines["facts-training"])["TrainingRows"] == 1200


@pytest.mark.parametrize(
    ("name", "text", "fact", "hint"),
    [
        ("TrainingRow", "5", "has no parameter", 'did you mean "TrainingRows"?'),
        ("TrainingRows", "many", '"many" is not an Integer', "write a whole number such as 8"),
        ("TrainingRows", "1.5", '"1.5" is not an Integer', "write a whole number such as 8"),
        ("TrainingRows", "", '"" is not an Integer', "write a whole number such as 8"),
        ("TrainingRows", "9", "found 9; allowed: at least 10 and at most 10000", None),
        ("LearningRate", "nan", '"nan" is not a Float', "write a number such as 0.001 or 1e-5"),
        ("LearningRate", "1e400", "found inf, a finite number is needed", None),
        ("LearningRate", "2", "found 2.0; allowed: at least 0 and at most 1", None),
        (
            "BaseModel",
            "Mistral",
            'found "Mistral"; allowed: Llama2-7B, Mistral7B',
            'did you mean "Mistral7B"?',
        ),
        (
            "Instance",
            "ml.p4d.24xlarge",
            'found "ml.p4d.24xlarge"; it must fit the pattern ml[.]g5[.].*',
            None,
        ),
        ("Instance", "ml.g5.12", 'found "ml.g5.12"; allowed: an instance type such as ml.m5.xlarge', None),
        ("Commit", "x" * 1025, "has 1025 characters; at most 1024 are allowed", None),
        (
            "TrainingRows",
            "9900",
            "9900 training and 150 validation rows are more than the 10000",
            "at most 9850",
        ),
        (
            "LearningRate",
            "0.12345678901234567",
            "has 19 characters; a hyperparameter has at most 16",
            "round it",
        ),
    ],
)
def test_wrong_overrides(training: PipelineConfig, name: str, text: str, fact: str, hint: str | None) -> None:
    """A wrong override is told with what was typed, what is allowed, and what was probably meant."""
    error = _error(training, **{name: text})
    assert error.fact.startswith(f"-p {name}={text[:50]}")
    assert fact in error.fact
    assert (error.hint or "").startswith(hint or "")
    assert error.exit_code == 2


def test_wrong_booleans(inference: PipelineConfig) -> None:
    """A Boolean is true or false, and nothing that looks like it."""
    error = _error(inference, Sample="yes")
    assert str(error) == '-p Sample=yes: "yes" is not a Boolean\nhint: write true or false'


def test_all_wrong_overrides_at_once(training: PipelineConfig) -> None:
    """Several wrong overrides are one error with a line each."""
    error = _error(training, TrainingRows="0", Epochs="3", LearningRate="x")
    assert str(error) == (
        "-p TrainingRows=0: found 0; allowed: at least 10 and at most 10000\n"
        '-p Epochs=3: "facts-training" has no parameter "Epochs"; it has: TrainingRows, LearningRate, '
        "Instance, BaseModel, Commit, DirtyTree, SampleRows\n"
        '-p LearningRate=x: "x" is not a Float\n'
        "  hint: write a number such as 0.001 or 1e-5"
    )


def test_files_of_values(training: PipelineConfig, tmp_path: Path) -> None:
    """A --params file is read like every other: with places, types and suggestions."""
    file = tmp_path / "run.yaml"
    file.write_text("TrainingRow: 5\nLearningRate: '1'\nTrainingRows: 5\nBaseModel: Mistral7B\n")
    with pytest.raises(ParameterError, match=r"run\.yaml") as caught:
        _values(training, file=read_parameter_file(file))
    assert [(each.line, each.column, each.message.split(";")[0]) for each in caught.value.problems] == [
        (1, 14, '"facts-training" has no parameter "TrainingRow"'),
        (2, 15, 'found "1", a Float is needed'),
        (3, 15, "found 5"),
    ]


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("- a\n", "a mapping of parameter names to values is needed"),
        ("a: 1\na: 2\n", 'the key "a" stands in line 1 already'),
        ("", "the file is empty"),
    ],
)
def test_files_that_hold_no_values(tmp_path: Path, text: str, fact: str) -> None:
    """A --params file that is no mapping of names to values is refused as a whole."""
    (tmp_path / "run.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=re.escape(fact)):
        read_parameter_file(tmp_path / "run.yaml")
    with pytest.raises(ConfigurationError, match="there is no such file"):
        read_parameter_file(tmp_path / "none.yaml")


def test_names_of_pipelines_started_together(training: PipelineConfig, inference: PipelineConfig) -> None:
    """With several pipelines in one command, a name that only the other has is no mistake here."""
    values = _values(training, {"MinimumF1": "0.9", "TrainingRows": "20"}, beside=[inference])
    assert "MinimumF1" not in values
    assert values["TrainingRows"] == 20
    with pytest.raises(ParameterError, match='has no parameter "MinimumF2"'):
        _values(training, {"MinimumF2": "0.9"}, beside=[inference])


def test_candidates_are_needed(inference: PipelineConfig, tmp_path: Path) -> None:
    """An inference pipeline does not start without a candidate, and says where to take one from."""
    with pytest.raises(ParameterError, match="EndpointName, ModelDataUrl, ") as caught:
        _values(inference)
    assert caught.value.hint == "take them from a training execution: --from-training latest"
    values = _values(inference, {"EndpointName": "mine"}, filled={**FILLED, "Commit": "abc"})
    assert (values["EndpointName"], values["ModelDataUrl"], values["Commit"]) == ("mine", "x", "abc")


def test_own_data_needs_no_evaluation_set(inference: PipelineConfig) -> None:
    """EvaluationData is only demanded where the candidate's set is evaluated."""
    needed = {each.name for each in platform_parameters(inference) if each.default is None}
    assert "EvaluationData" in needed
    assert isinstance(inference, InferenceConfig)
    data = inference.data.model_copy(update={"source": "s3://bucket/key.csv"})
    own = inference.model_copy(update={"data": data})
    assert needed - {each.name for each in platform_parameters(own) if each.default is None} == {
        "EvaluationData"
    }


def test_eula_is_checked_again(tmp_path: Path) -> None:
    """A base model chosen at start needs its licence accepted in the file."""
    text = TRAINING.replace("default: Llama2-7B", "default: Mistral7B").replace("eula: true", "eula: false")
    config = load_project("local", write_project(tmp_path, {TRAINING_FILE: text})).pipelines["facts-training"]
    with pytest.raises(ParameterError, match=r"Llama2-7B comes with a licence \(EULA\)") as caught:
        _values(config, {"BaseModel": "Llama2-7B"})
    assert caught.value.problems[0].key == "model.accept_eula"


@pytest.mark.parametrize("text", ["EpochCount", "=3", "  =3", ""])
def test_overrides_are_name_and_value(text: str) -> None:
    """-p wants Name=Value."""
    with pytest.raises(ConfigurationError, match="is not Name=Value"):
        split_override(text)


def test_values_may_hold_equals_signs() -> None:
    """Only the first = separates, and the value keeps its spaces."""
    assert split_override("Name = a=b ") == ("Name", " a=b ")


def test_each_value_knows_where_it_comes_from(training: PipelineConfig, tmp_path: Path) -> None:
    """-p over the file over the layers, of which the last wins; "" is the pipeline's default."""
    file = tmp_path / "run.yaml"
    file.write_text("TrainingRows: 50\nBaseModel: Mistral7B\n")
    found = resolve(
        training,
        {"TrainingRows": "60"},
        file=read_parameter_file(file),
        layers=[
            Layer("execution x", {"TrainingRows": "40", "LearningRate": "0.01", "Commit": "old"}),
            Layer("this checkout", {"Commit": "new"}),
        ],
    )
    assert {name: (found.values[name], found.sources[name]) for name in found.values} == {
        "TrainingRows": (60, "-p"),
        "LearningRate": (0.01, "execution x"),
        "Instance": ("ml.g5.12xlarge", ""),
        "BaseModel": ("Mistral7B", str(file)),
        "Commit": ("new", "this checkout"),
        "DirtyTree": ("unknown", ""),
        "SampleRows": (0, ""),
    }


def test_a_layers_value_that_does_not_fit_any_more_names_the_layer(training: PipelineConfig) -> None:
    """The pipeline's file may have changed since the execution that it comes from."""
    with pytest.raises(ParameterError, match=r"execution x: TrainingRows=1: found 1; allowed: at least 10"):
        resolve(training, layers=[Layer("execution x", {"TrainingRows": "1"})])


def test_a_sample_is_a_number_of_rows(training: PipelineConfig) -> None:
    """The platform's own parameter is checked as every other."""
    assert _values(training, {"SampleRows": "20"})["SampleRows"] == 20
    for wrong in ("-1", "x", "1.5"):
        with pytest.raises(ParameterError, match=f"-p SampleRows={wrong}: "):
            _values(training, {"SampleRows": wrong})
