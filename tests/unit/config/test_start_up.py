"""The configuration is quick to load and imports nothing heavy."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import pytest

from config.kinds import KINDS
from config.load import repository_root
from config.models import PipelineConfig
from config.rules.rule import KindRules

PROGRAM = """
import json, sys
from config.load import load_project
from config.parameters import resolve_parameters
project = load_project("local")
resolve_parameters(project.pipelines["facts-training"], {"EpochCount": "2"})
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
HEAVY = {
    "sagemaker",
    "boto3",
    "botocore",
    "moto",
    "pandas",
    "numpy",
    "torch",
    "rich",
    "jinja2",
    "requests",
    "jsonschema",
}


def _run() -> tuple[set[str], float]:
    """(modules, seconds of processor time: other work on the machine does not count)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=repository_root(), check=True, capture_output=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return set(json.loads(finished.stdout)), seconds


def test_nothing_heavy_is_imported() -> None:
    """Loading and checking everything imports no SDK, no boto3, no moto, no pandas."""
    modules, _ = _run()
    assert modules & HEAVY == set()
    assert {"yaml", "pydantic"} <= modules


def test_loading_is_quick() -> None:
    """A fresh interpreter loads and checks all shipped files in 0.4 s; the best of three counts."""
    assert min(_run()[1] for _ in range(3)) < 0.4


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind_resolves(kind: object) -> None:
    """Each row of the table of kinds leads to a model, its rules, and steps that the model has."""
    row = KINDS[kind.name]  # type: ignore[attr-defined]
    assert issubclass(row.model, PipelineConfig)
    assert isinstance(row.rules, KindRules)
    steps = row.model.model_fields["steps"].annotation
    assert steps is not None
    assert tuple(steps.model_fields) == row.processing_steps
