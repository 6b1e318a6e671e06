"""The two ends of a step's settings: what pipelines write is what the step reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from definition.compile import CompiledPipeline
from steps.evaluate import settings as evaluate
from steps.prepare import settings as prepare
from steps.preprocess import settings as preprocess
from steps.runtime.errors import SettingsError
from steps.runtime.settings import Section, load
from tests.golden.update import settings_of
from tests.unit.pipelines.variants import step


def told(compiled: CompiledPipeline, name: str, folder: Path, **values: str) -> Section:
    """The settings as the step loads them, with parameters at their defaults or at ``values``."""
    file = folder / "settings.json"
    file.write_text(json.dumps(settings_of(compiled)[name]), encoding="utf-8")
    defaults = {each["Name"]: each.get("DefaultValue") for each in compiled.definition["Parameters"]}
    arguments = step(compiled, name)["Arguments"]["AppSpecification"]["ContainerArguments"]
    given = [
        each["Std:Join"]["Values"][0] for each in arguments if isinstance(each, dict) and "Std:Join" in each
    ]
    return load(file, name, [f"{each}={values.get(each, defaults[each])}" for each in given])


def test_prepare_understands_what_it_is_told(
    compiled: Mapping[str, CompiledPipeline], tmp_path: Path
) -> None:
    """Rows by parameter, columns, templates, the chosen base model's context length."""
    facts = prepare.read(told(compiled["facts-training"], "prepare", tmp_path, TrainingRows="77"), None)
    shorter = prepare.read(told(compiled["facts-training"], "prepare", tmp_path, BaseModel="Dolly7B"), None)

    assert (facts.budgets.training, facts.budgets.validation, facts.budgets.evaluation) == (77, 150, 300)
    assert facts.rules.columns["answer"] == "correct_answer"
    assert (facts.rules.context_tokens, shorter.rules.context_tokens) == (2048, 1024)
    assert (facts.format, facts.hub) == ("jsonl", None)


def test_prepare_understands_a_data_set_of_the_hub(
    compiled: Mapping[str, CompiledPipeline], tmp_path: Path
) -> None:
    """The mission's own case: SciQ for Llama 2."""
    sciq = prepare.read(told(compiled["sciq-training"], "prepare", tmp_path), None)

    assert sciq.hub is not None
    assert sciq.hub.name == "allenai/sciq"
    assert sciq.rules.context_tokens == 2048


def test_more_rows_than_the_chosen_base_model_takes_are_refused(
    compiled: Mapping[str, CompiledPipeline], tmp_path: Path
) -> None:
    """Training and validation together, also when the number comes with the start."""
    with pytest.raises(SettingsError, match=r"10,?000"):
        prepare.read(told(compiled["facts-training"], "prepare", tmp_path, TrainingRows="9900"), None)


@pytest.mark.parametrize("name", ["facts-inference", "sciq-inference"])
def test_preprocess_and_evaluate_understand_what_they_are_told(
    compiled: Mapping[str, CompiledPipeline], name: str, tmp_path: Path
) -> None:
    """Rows, metrics, generation and gates."""
    rows = preprocess.read(told(compiled[name], "preprocess", tmp_path))
    scored = evaluate.read(told(compiled[name], "evaluate", tmp_path))

    assert rows.source == "candidate"
    assert "f1" in scored.metrics
    assert [(gate.metric, gate.at_least is not None) for gate in scored.gates] == [("f1", True)]
    assert scored.asking.parameters["max_new_tokens"] > 0


def test_a_gate_is_told_with_the_threshold_of_the_execution(
    compiled: Mapping[str, CompiledPipeline], tmp_path: Path
) -> None:
    """The same value that the condition compares with."""
    scored = evaluate.read(told(compiled["facts-inference"], "evaluate", tmp_path, MinimumF1="0.75"))

    assert scored.gates[0].at_least == 0.75
