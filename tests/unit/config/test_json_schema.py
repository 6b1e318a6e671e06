"""JSON Schema for editors: complete, current, and of one mind with the loader."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from config.base_models import BASE_MODELS
from config.json_schema import schema_files, schemas, write_schemas
from config.places import repository_root
from tests.unit.config.project_folder import ENVIRONMENT, INFERENCE, TRAINING

ROOT = repository_root()
SHIPPED = sorted(
    [*(ROOT / "config/pipelines").glob("*.yaml"), *(ROOT / "config/environments").glob("*.yaml")]
)
SOUND = {"training": TRAINING, "inference": INFERENCE, "environment": ENVIRONMENT}


def _validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schemas()[name])


def test_committed_schemas_are_current() -> None:
    """The files under config/schema are what the models say today: run_pipeline.py schema --write."""
    committed = {path: (ROOT / path).read_text(encoding="utf-8") for path in schema_files()}
    assert committed == schema_files()
    assert {path.name for path in (ROOT / "config/schema").iterdir()} == {path.name for path in committed}


def test_schemas_are_written(tmp_path: Path) -> None:
    """Writing makes the folder and every file."""
    assert [path.name for path in write_schemas(tmp_path)] == [
        "training.schema.json",
        "inference.schema.json",
        "labeling.schema.json",
        "guardrails.schema.json",
        "environment.schema.json",
        "labeling-job.schema.json",
    ]
    assert json.loads((tmp_path / "config/schema/training.schema.json").read_text()) == schemas()["training"]


@pytest.mark.parametrize("name", list(SOUND))
def test_schemas_are_valid(name: str) -> None:
    """Each schema is a schema of its own dialect."""
    jsonschema.Draft202012Validator.check_schema(schemas()[name])


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: str(file.name))
def test_shipped_files_name_their_schema_and_fit_it(file: Path) -> None:
    """The first line of a shipped file leads an editor to the schema that the file fits."""
    text = file.read_text(encoding="utf-8")
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert named is not None
    schema = json.loads((file.parent / named[1]).read_text(encoding="utf-8"))
    assert [
        error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(yaml.safe_load(text))
    ] == []


def _fields(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        for name, field in node.get("properties", {}).items():
            yield f"{path}.{name}", field
        for key, inner in node.items():
            yield from _fields(inner, f"{path}.{key}")


@pytest.mark.parametrize("name", list(SOUND))
def test_every_key_is_described(name: str) -> None:
    """An editor has something to show for every key."""
    fields = dict(_fields(schemas()[name]))
    # a field that only says what its model says has the model's description
    bare = [path for path, field in fields.items() if "description" not in field and "$ref" not in field]
    assert bare == []
    assert all(model.get("description") for model in schemas()[name]["$defs"].values())


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("training", "seed: 42", "sed: 42"),
        ("training", "epoch_count: 8", "epoch_count: 11"),
        ("training", "epoch_count: 8", "epoch_count: {param: X}"),
        ("training", "accept_eula: true", "accept_eula: 'yes'"),
        ("training", "after_evaluation: delete", "after_evaluation: later"),
        ("training", "ml.m5.xlarge", "m5.xlarge"),
        ("training", "{HF_MODEL_ID:", "{1X:"),
        ("training", "default: Llama2-7B", "default: [1]"),
        ("inference", "gates:", "gate:"),
        ("inference", "[f1, exact_match]", "[f1, exactness]"),
        ("environment", '"123456789012"', "123456789012"),
        ("environment", "us-east-1", "us-east-9"),
        ("environment", "prefix: local", "prefix: Local"),
    ],
)
def test_editors_see_the_same_mistakes(name: str, old: str, new: str) -> None:
    """What the loader refuses for its form, the schema refuses as well."""
    assert old in SOUND[name]
    assert _validator(name).is_valid(yaml.safe_load(SOUND[name]))
    assert not _validator(name).is_valid(yaml.safe_load(SOUND[name].replace(old, new, 1)))


def test_names_are_completed() -> None:
    """Editors know the base models, and that a parameter may stand in their place."""
    choices = schemas()["training"]["$defs"]["TrainedModel"]["properties"]["base_model"]["oneOf"]
    assert choices[0] == {"$ref": "#/$defs/ParameterRef"}
    assert choices[1]["enum"] == list(BASE_MODELS)
