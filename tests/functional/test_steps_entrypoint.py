"""What a container starts: the bundle that the platform uploads, run from a folder it cannot write."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.bundles import bundle
from tests.fakes.steps import ROOT, Ran, clean_environment, ended, step_python

pytestmark = pytest.mark.functional


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with pip and nothing else."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return folder / "bin" / "python"


def job(folder: Path) -> Path:
    """A job's folders as SageMaker mounts them, with code, settings and data of the preprocess step."""
    places = folder / "processing" / "input"
    for asset in bundle(ROOT, "preprocess").assets("p"):
        path = places / "code" / asset.key.rpartition("/")[2]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(asset.read())
    (places / "code").chmod(0o555)
    settings: dict[str, Any] = {"step": "preprocess", "version": 1}
    settings["parameters"] = {"EvaluationRows": "Integer"}
    settings["data"] = {"source": "candidate", "rows": {"parameter": "EvaluationRows"}, "seed": 1}
    (places / "settings").mkdir()
    (places / "settings" / "settings.json").write_text(json.dumps(settings))
    (places / "data").mkdir()
    row = {"id": "1", "input": "q", "output": "a", "group": ""}
    (places / "data" / "evaluation.jsonl").write_text(json.dumps(row) + "\n")
    return folder


def start(folder: Path, python: Path, *arguments: str, **environment: str) -> Ran:
    entry = folder / "processing" / "input" / "code" / "entrypoint.py"
    temporary = folder / "tmp"
    temporary.mkdir()
    finished = subprocess.run(
        [str(python), str(entry), *arguments],
        cwd="/",
        env={**clean_environment(folder), "TMPDIR": str(temporary), **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return ended(finished, folder, folder / "processing" / "output")


def test_a_bundle_runs_where_sagemaker_puts_it(tmp_path: Path) -> None:
    """No argument but the step and its parameters: folders are SageMaker's, nothing stays unpacked."""
    folder = job(tmp_path)
    ran = start(folder, step_python("preprocess"), "preprocess", "--parameter", "EvaluationRows=1")
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines("evaluation/evaluation_dataset.jsonl")[0]["model_input"] == "q"
    assert list((folder / "tmp").iterdir()) == []


def test_a_steps_reason_is_reported(tmp_path: Path) -> None:
    """A wrong parameter ends with exit code 2 and the reason where SageMaker looks for it."""
    ran = start(job(tmp_path), step_python("preprocess"), "preprocess", "--parameter", "EvaluationRows=x")
    assert ran.code == 2
    assert ran.message == 'the parameter "EvaluationRows" is "x", which is not of the type Integer'


def test_missing_packages_are_named(tmp_path: Path, bare: Path) -> None:
    """A Python without the requirements, and no index to reach: the first missing one, and pip's reason."""
    nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": "/dev/null"}
    ran = start(job(tmp_path / "job"), bare, "preprocess", **nowhere)
    assert ran.code == 1
    assert "required packages are missing, first aiohappyeyeballs==" in ran.message
    assert (
        "pip could not install them (no wheelhouse is given): ERROR: No matching distribution" in ran.message
    )


def test_a_wheelhouse_is_the_only_origin(tmp_path: Path, bare: Path) -> None:
    """Where the job was given wheels, pip looks there and nowhere else."""
    folder = job(tmp_path / "job")
    (folder / "processing" / "input" / "wheelhouse").mkdir()
    ran = start(folder, bare, "preprocess", PIP_CONFIG_FILE="/dev/null", PIP_FIND_LINKS="")
    assert ran.code == 1
    assert f"from the wheelhouse {folder}" in ran.message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((), "the first argument must be the name of a step"), (("evaluate",), 'holds no step "evaluate"')],
)
def test_a_start_without_a_step_is_refused(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    """No step, and a step that the bundle has not, are said."""
    ran = start(job(tmp_path), Path(sys.executable), *arguments)
    assert ran.code == 1
    assert message in ran.message
