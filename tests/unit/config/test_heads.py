"""The heads of files, read without models."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from config.errors import ConfigurationError, UnknownNameError
from config.heads import Head, heads
from config.load import load_project
from config.places import repository_root


def written(root: Path, **files: str) -> Path:
    """A project with these pipeline files and an environment that nobody reads."""
    for folder in ("environments", "pipelines"):
        (root / "config" / folder).mkdir(parents=True)
    (root / "config" / "environments" / "local.yaml").touch()
    for name, text in files.items():
        (root / "config" / "pipelines" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return root


def test_heads_say_what_the_checked_files_say() -> None:
    """Of all shipped pipelines: name, kind, description, in the same order."""
    project = load_project("local")
    whole = [(name, config.kind, config.description) for name, config in project.pipelines.items()]  # type: ignore[attr-defined]
    assert [(head.name, head.kind, head.description) for head in heads("local")] == whole


def test_a_file_that_somebody_is_in_the_middle_of_is_listed(tmp_path: Path) -> None:
    """By its file's name until it has one; whatever is not a text is empty."""
    root = written(tmp_path, draft="kind: [training]\n", ready="name: a\nkind: training\ndescription: d\n")
    assert heads("local", root) == (Head("a", "training", "d"), Head("draft", "", ""))


def test_what_is_no_yaml_is_an_error_of_all_such_files(tmp_path: Path) -> None:
    """With their places."""
    root = written(tmp_path, one="a: [\n", other="name: a\n", two="b: {\n")
    with pytest.raises(ConfigurationError, match=r"(?s)one\.yaml:.*two\.yaml:"):
        heads("local", root)


def test_an_unknown_environment_is_told(tmp_path: Path) -> None:
    """Though nothing of it would be read."""
    with pytest.raises(UnknownNameError, match='no environment named "locl"'):
        heads("locl", written(tmp_path))


def test_no_model_is_built() -> None:
    """That is what heads are for."""
    program = 'import sys; from config.heads import heads; heads("local"); print("pydantic" in sys.modules)'
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=repository_root(), capture_output=True, text=True, check=True
    )
    assert ran.stdout == "False\n"
