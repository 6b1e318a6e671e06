"""What the quick verbs load: a fresh interpreter says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HEAVY = ("sagemaker", "boto3", "botocore", "moto", "pandas", "rich", "pipelines", "deploy", "local")
PROGRAM = """
import json, sys
sys.argv = ["run_pipeline.py", *{words!r}]
import run_pipeline
code = run_pipeline.main()
print("LOADED" + json.dumps([code, sorted({{name.partition(".")[0] for name in sys.modules}})]))
"""


def loaded(*words: str) -> tuple[int, list[str]]:
    """The exit code of a command in a new process, and the packages that it imported."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(words=list(words))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = json.loads(ran.stdout.rpartition("LOADED")[2])
    return code, modules


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--help",),
        ("start", "--help"),
        ("registry", "approve", "--help"),
        ("list",),
        ("list", "--output", "json"),
        ("validate",),
        ("schema", "training"),
    ],
)
def test_quick_verbs_load_nothing_heavy(words: tuple[str, ...]) -> None:
    """No SDK, no boto3, no moto, no pandas, and not even rich."""
    code, modules = loaded(*words)
    assert code == 0
    assert [name for name in HEAVY if name in modules] == []


def test_help_loads_no_model() -> None:
    """Help is the standard library alone, beside our own texts."""
    _, modules = loaded("upsert", "--help")
    assert [name for name in ("pydantic", "yaml") if name in modules] == []


def test_a_definition_loads_the_sdk_but_no_aws_session() -> None:
    """Compiling is the only reading verb that pays for the SDK."""
    code, modules = loaded("definition", "facts-training")
    assert code == 0
    assert "sagemaker" in modules
    assert "moto" not in modules
