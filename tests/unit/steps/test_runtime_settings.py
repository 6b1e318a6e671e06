"""A step's settings: parameters filled in, types held, errors that name the place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from steps.runtime.errors import SettingsError
from steps.runtime.settings import Section, load, typed_parameters


def written(folder: Path, **changes: Any) -> Path:
    document = {
        "step": "prepare",
        "version": 1,
        "parameters": {"TrainingRows": "Integer", "Rate": "Float", "Name": "String", "Strip": "Boolean"},
        "data": {"rows": {"training": {"parameter": "TrainingRows"}}, "list": [{"parameter": "Name"}]},
    }
    path = folder / "settings.json"
    path.write_text(json.dumps({**document, **changes}), encoding="utf-8")
    return path


def test_parameters_take_their_places(tmp_path: Path) -> None:
    """A reference becomes the typed value, in mappings and in lists."""
    settings = load(written(tmp_path), "prepare", ["TrainingRows=12", "Name=a=b"])
    assert settings.section("data").section("rows").integer("training") == 12
    assert settings.section("data").texts("list") == ("a=b",)


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("TrainingRows=many", 'the parameter "TrainingRows" is "many", which is not of the type Integer'),
        ("Rate=nan", 'the parameter "Rate" is "nan", which is not of the type Float'),
        ("Strip=yes", 'the parameter "Strip" is "yes", which is not of the type Boolean'),
        ("Rows=1", r'declare no parameter "Rows" \(declared: Name, Rate, Strip, TrainingRows\)'),
        ("Rows", '"Rows" is not of the form Name=Value'),
    ],
)
def test_a_wrong_parameter_is_named(assignment: str, message: str) -> None:
    """A value of another type, an undeclared name and a missing value each have their own error."""
    types = {"TrainingRows": "Integer", "Rate": "Float", "Name": "String", "Strip": "Boolean"}
    with pytest.raises(SettingsError, match=message):
        typed_parameters(types, [assignment])


def test_a_parameter_without_a_value_is_an_error(tmp_path: Path) -> None:
    """A reference that no argument fills names its parameter."""
    with pytest.raises(SettingsError, match='no value is given for the parameter "TrainingRows"'):
        load(written(tmp_path), "prepare", ["Name=x"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, "has version 2, this step reads version 1"),
        ({"step": "evaluate"}, 'does not hold the settings of the step "prepare"'),
    ],
)
def test_other_settings_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    """Settings of another step or of a later version are not guessed at."""
    with pytest.raises(SettingsError, match=message):
        load(written(tmp_path, **changes), "prepare", ["TrainingRows=1", "Name=x"])


def test_a_missing_or_broken_file_is_said(tmp_path: Path) -> None:
    """No file, and a file that is no JSON, are two errors."""
    with pytest.raises(SettingsError, match="the settings are missing"):
        load(tmp_path / "none.json", "prepare", [])
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(SettingsError, match="is not JSON"):
        load(tmp_path / "broken.json", "prepare", [])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, 'the settings lack "data.rows"'),
        ({"rows": "3"}, "\"data.rows\" is '3', it must be a whole number"),
        ({"rows": True}, '"data.rows" is True, it must be a whole number'),
        ({"rows": -1}, '"data.rows" is -1, it must be at least 0'),
    ],
)
def test_a_value_of_another_type_names_its_place(values: dict[str, Any], message: str) -> None:
    """The dotted path of a wrong value stands in the error."""
    with pytest.raises(SettingsError, match=message):
        Section(values, "data").integer("rows")
