"""Gates that compare with the approved package: what goes with them in a file, and at a start."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import ConfigurationError, ParameterError, Problem
from config.load import load_project
from config.models import PipelineConfig
from config.parameters import Layer, resolve
from tests.unit.config.project_folder import INFERENCE, INFERENCE_FILE, write_project
from tests.unit.config.test_parameters import FILLED

GATES = "- {metric: f1, at_least: {parameter: MinimumF1}}"
COMPARING = f"{GATES}\n  - {{metric: f1, better_than: approved, margin: {{parameter: Margin}}}}"
MARGIN = "parameters:\n  Margin: {type: Float, default: 0.0}"
SOUND = INFERENCE.replace(GATES, COMPARING).replace("parameters:", MARGIN, 1)


def loaded(folder: Path, text: str) -> PipelineConfig:
    return load_project("local", write_project(folder, {INFERENCE_FILE: text})).pipelines["facts-inference"]


def problem(folder: Path, text: str) -> Problem:
    with pytest.raises(ConfigurationError, match=r"^config/") as caught:
        loaded(folder, text)
    (found,) = caught.value.problems
    return found


def test_a_bound_and_a_comparison_may_stand_on_one_metric(tmp_path: Path) -> None:
    """Good enough, and better than what there is."""
    gates = loaded(tmp_path, SOUND).gates  # type: ignore[attr-defined]
    assert [(gate.metric, gate.better_than) for gate in gates] == [("f1", None), ("f1", "approved")]


def test_a_cached_evaluation_cannot_compare(tmp_path: Path) -> None:
    """What was approved then may not be what is approved now."""
    found = problem(
        tmp_path, SOUND.replace("{network_isolation: false}", "{network_isolation: false, cache: 30d}")
    )
    assert found.key == "steps.evaluate.cache"
    assert found.message.startswith("an earlier result was compared with what was approved then")
    assert found.hint == "write cache: null"


def test_a_handful_of_rows_cannot_compare(tmp_path: Path) -> None:
    """Nineteen never prove a difference; without a comparison they may be asked."""
    few = SOUND.replace("rows: 100", "rows: 19")
    assert problem(tmp_path, few).message.startswith("better_than needs at least 20 rows")
    assert loaded(tmp_path, INFERENCE.replace("rows: 100", "rows: 19"))


def test_a_margin_given_at_start_is_held_to_its_range(tmp_path: Path) -> None:
    """As one that the file gives."""
    config = loaded(tmp_path, SOUND)
    assert resolve(config, {"Margin": "-0.02"}, layers=[Layer("", FILLED)]).values["Margin"] == -0.02
    with pytest.raises(ParameterError, match="a margin lies between -1 and 1"):
        resolve(config, {"Margin": "2"}, layers=[Layer("", FILLED)])
