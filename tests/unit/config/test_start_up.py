"""Loading the configuration imports nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from config.kinds import KINDS, Kind
from config.models import PipelineConfig
from config.places import repository_root
from config.rules.rule import KindRules

PROGRAM = """
import json, sys
from config.load import load_project
from config.parameters import resolve
project = load_project("local")
resolve(project.pipelines["facts-training"], {"EpochCount": "2"})
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


def _run() -> set[str]:
    """The modules that a fresh interpreter has when all is loaded; bench/startup.py has the time."""
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=repository_root(), check=True, capture_output=True, text=True
    )
    return set(json.loads(finished.stdout))


def test_nothing_heavy_is_imported() -> None:
    """Loading and checking everything imports no SDK, no boto3, no moto, no pandas."""
    modules = _run()
    assert modules & HEAVY == set()
    assert {"yaml", "pydantic"} <= modules


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind_resolves(kind: Kind) -> None:
    """Each row of the table of kinds leads to a model, its rules, and steps that the model has."""
    assert issubclass(kind.model, PipelineConfig)
    assert isinstance(kind.rules, KindRules)
    steps = kind.model.model_fields["steps"].annotation
    assert steps is not None
    assert tuple(steps.model_fields) == kind.processing_steps
