"""Broken files: each is refused with one problem, at its line and column, in words that help."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import ConfigurationError
from config.load import load_project
from tests.unit.config.broken_cases import Case, read_cases
from tests.unit.config.project_folder import write_project

CASES = read_cases()


def test_there_are_more_than_one_hundred() -> None:
    """The folder of broken files is as large as it claims to be, and no case is told twice."""
    assert len(CASES) > 150
    assert len({(case.file, case.text) for case in CASES}) == len(CASES)


def test_the_sound_files_are_sound(tmp_path: Path) -> None:
    """What the cases change is accepted as it is, so that only the change can be at fault."""
    project = load_project("local", write_project(tmp_path))
    assert list(project.pipelines) == ["facts-inference", "facts-training"]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_broken_file_is_explained(case: Case, tmp_path: Path) -> None:
    """One mistake gives one problem: place, key path, what is wrong, what to do."""
    root = write_project(tmp_path, {case.file: case.text})
    with pytest.raises(ConfigurationError, match=r"^config/") as caught:
        load_project("local", root)
    (problem,) = caught.value.problems
    assert f"{problem.key}: {problem.message}".removeprefix(": ").startswith(case.says)
    assert problem.file == case.file
    assert f"{problem.line}:{problem.column}" == case.place
    assert case.hint in (problem.hint or "")
    assert "\n" not in problem.message
    assert caught.value.exit_code == 2
