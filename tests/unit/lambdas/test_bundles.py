"""Every function as it lies in its bundle: its own files at the root, `waiting` beside them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.infrastructure.bundle import shared_folders

LAMBDAS = Path(__file__).resolve().parents[3] / "lambdas"
FUNCTIONS = sorted(path.parent.name for path in LAMBDAS.glob("*/handler.py"))
PROGRAM = """
import os, sys
from pathlib import Path
os.environ.clear()
sys.path.insert(0, sys.argv[1])
for absent in ("orjson", "numpy", "xxhash"):  # which the runtime of Lambda does not have
    sys.modules[absent] = None
import handler
assert callable(handler.handle)
own = {Path(path).stem for path in os.listdir(sys.argv[1])}
loaded = {name.partition(".")[0] for name in sys.modules}
assert "boto3" not in loaded, "a client's library is loaded before it is needed"
print(*sorted(loaded & set(sys.argv[2].split(","))))
"""


def test_there_are_eleven_functions() -> None:
    """A folder with a handler is a function."""
    assert FUNCTIONS == [
        "dead_letter",
        "deploy_model",
        "post_annotation",
        "pre_annotation",
        "publish_candidate",
        "reconcile",
        "release",
        "serve_approved",
        "start_automl",
        "start_batch",
        "wait",
    ]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_bundle_needs_nothing_of_the_platform(function: str, tmp_path: Path) -> None:
    """It imports on its own, without environment, region or credentials, and makes no client."""
    shutil.copytree(LAMBDAS / function, tmp_path / "bundle")
    shutil.copytree(LAMBDAS / "waiting", tmp_path / "bundle" / "waiting")
    shared = shared_folders(LAMBDAS / function)
    for folder in shared:
        shutil.copytree(LAMBDAS.parent / folder, tmp_path / "bundle" / folder)
    platform = "config,deploy,definition,pipelines,commands,local,lambdas,sagemaker,pydantic,yaml"
    platform += "" if shared else ",steps"
    result = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, str(tmp_path / "bundle"), platform],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.split() == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_file_of_a_function_hides_a_module(function: str) -> None:
    """At the root of a bundle a file is a top-level module: it must not be called like another one."""
    own = {path.stem for path in (LAMBDAS / function).glob("*.py")}
    assert own & (set(sys.stdlib_module_names) | {"waiting", "boto3", "botocore"}) == set()
