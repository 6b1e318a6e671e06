"""Whatever a file holds: it loads, or ConfigurationError says why; nothing else comes out."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.errors import ConfigurationError, Problem
from config.load import load_project
from config.places import repository_root
from config.reading import read_bytes, read_text
from tests.unit.config.project_folder import (
    ENVIRONMENT_FILE,
    FILES,
    INFERENCE_FILE,
    TRAINING_FILE,
    write_project,
)

SLOW_IS_FINE = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100
)

SHIPPED = [
    "config/pipelines/calls-guardrails.yaml",
    "config/pipelines/calls-labeling.yaml",
    "config/pipelines/facts-training.yaml",
    "config/pipelines/facts-inference.yaml",
    "config/environments/prod.yaml",
]

TEXTS = st.recursive(
    st.text(max_size=20),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
PIECES = st.sampled_from(
    [
        "a",
        "b: ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        ": ",
        "\n",
        "  ",
        "\t",
        "&a ",
        "*a",
        "<<: ",
        '"',
        "'",
        "|\n ",
        "> ",
        "!",
        "!!str ",
        "? ",
        "# ",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "null",
        "1e5",
        "0o7",
        "\\",
        "\\x00",
        "é",
        "\ufeff",
        "@",
        "`",
    ]
)
YAML_LIKE = st.lists(PIECES, max_size=40).map("".join)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 20_000),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        [
            "candidate",
            "a" * 300,
            "~nobody-at-all",
            "hf://a/b",
            "s3://bucket/key",
            "{answer}",
            "{{",
            "Falcon7B",
            "f1",
            "3d",
            "fraction",
            "delete",
        ]
    ),
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=6), inner, max_size=3),
        st.sampled_from([{"parameter": "TrainingRows"}, {"parameter": "BaseModel"}, {"parameter": "No"}]),
    ),
    max_leaves=6,
)


@given(st.one_of(st.text(), YAML_LIKE))
@SLOW_IS_FINE
def test_any_text_is_read_or_refused(text: str) -> None:
    """Reading any text gives a document, or problems in lines that exist, and never an exception."""
    document, problems = read_text(text, "file.yaml")
    assert document is not None or problems
    lines = len(text.splitlines()) + 2
    assert all(0 <= problem.line <= lines and problem.message for problem in problems)


@given(st.binary(max_size=200))
@SLOW_IS_FINE
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """Reading any bytes gives a document or problems, and never an exception."""
    document, problems = read_bytes(raw, "file.yaml")
    assert document is not None or problems


@given(TEXTS)
@SLOW_IS_FINE
def test_quoted_texts_are_read_back(data: Any) -> None:
    """Texts in quotes come back as they were, whatever they look like."""
    document, problems = read_text(yaml.safe_dump({"k": data}, default_style='"'), "file.yaml")
    if not problems:
        assert document is not None
        assert document.data == {"k": data}
    assert all("makes the character" in each.message or "an empty key" in each.message for each in problems)


@given(st.one_of(st.integers(-(10**20), 10**20), st.booleans(), st.none(), st.floats(allow_nan=False)))
def test_plain_scalars_are_read_back(value: Any) -> None:
    """Numbers, booleans and null that Python writes come back as they were."""
    written = json.dumps(value).replace("Infinity", ".inf")
    document, problems = read_text(f"k: {written}", "file.yaml")
    assert problems == []
    assert document is not None
    assert document.data == {"k": value}
    assert type(document.data["k"]) is type(value)


def _places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(place for key, value in inner for place in _places(value, (*path, key)))]


@pytest.mark.parametrize("file", [TRAINING_FILE, INFERENCE_FILE, ENVIRONMENT_FILE])
@given(choice=st.data())
@settings(SLOW_IS_FINE, max_examples=60)
def test_any_value_anywhere_is_taken_or_explained(file: str, choice: st.DataObject, tmp_path: Path) -> None:
    """With one to three values of a sound file replaced or removed, loading succeeds or explains itself."""
    data = _altered(yaml.safe_load(FILES[file]), choice)
    root = write_project(tmp_path, {file: yaml.safe_dump(data, allow_unicode=True)})
    assert all(problem.message and "\n" not in problem.message for problem in _problems(root))


@pytest.mark.parametrize("name", SHIPPED)
@given(choice=st.data())
@settings(SLOW_IS_FINE, max_examples=12)
def test_shipped_files_of_every_kind_explain_themselves(
    name: str, choice: st.DataObject, tmp_path: Path
) -> None:
    """The same with the files that the repository ships, those of guardrails and labeling among them."""
    root, shipped = tmp_path / "copy", repository_root()
    if not root.is_dir():  # one folder for all examples
        shutil.copytree(shipped / "config", root / "config")
        for folder in ("data", "local", "steps"):
            (root / folder).symlink_to(shipped / folder)
    file = root / name
    data = _altered(yaml.safe_load((shipped / name).read_text(encoding="utf-8")), choice)
    file.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    problems = _problems(root, file.stem if "environments" in name else "local")
    assert all(problem.message and "\n" not in problem.message for problem in problems)


def _altered(sound: Any, choice: st.DataObject) -> Any:
    """With one to three values replaced or removed."""
    data = copy.deepcopy(sound)
    for _ in range(choice.draw(st.integers(1, 3))):
        path = choice.draw(st.sampled_from(_places(data)[1:]))
        parent = data
        for part in path[:-1]:
            parent = parent[part]
        if choice.draw(st.booleans()):
            parent[path[-1]] = copy.deepcopy(choice.draw(DATA))
        else:
            del parent[path[-1]]
        if len(_places(data)) < 2:
            break
    return data


def _problems(root: Path, environment: str = "local") -> tuple[Problem, ...]:
    try:
        load_project(environment, root)
    except ConfigurationError as error:
        return error.problems
    return ()
