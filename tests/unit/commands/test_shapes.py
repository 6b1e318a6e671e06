"""The documented JSON: every verb that prints it has a shape, and the page that shows it is current."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from commands.catalog import VERBS
from commands.shapes import SHAPES, misfits

ROOT = Path(__file__).resolve().parents[3]


def test_every_verb_with_json_has_a_shape() -> None:
    """And no shape is left of a verb that is gone."""
    assert set(SHAPES) == {verb.words for verb in VERBS if verb.json}


def test_the_command_reference_is_current() -> None:
    """docs/commands.md is what the help texts say."""
    command = [sys.executable, "docs/command_reference.py", "--check"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("words", [("list",), ("validate",)])
def test_verbs_without_aws_keep_to_their_shape(words: tuple[str, ...]) -> None:
    """What they print fits what is documented."""
    command = [sys.executable, "run_pipeline.py", *words, "--output", "json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert misfits(json.loads(ran.stdout), SHAPES[" ".join(words)]) == []


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        ({"environment": "x", "valid": True, "problems": []}, []),
        ({"environment": "x", "valid": True}, [".problems: missing"]),
        ({"environment": "x", "valid": 1, "problems": []}, [".valid: int instead of bool"]),
        (
            {"environment": "x", "valid": True, "problems": [], "more": 1},
            [".more: not in the shape"],
        ),
        (
            {"environment": "x", "valid": True, "problems": [{"file": "f"}]},
            [f".problems[0].{key}: missing" for key in ("line", "column", "key", "message", "hint")],
        ),
    ],
)
def test_a_misfit_is_found_at_its_place(document: Any, wrong: list[str]) -> None:
    """What lacks, what is too much, what is of another type."""
    assert misfits(document, SHAPES["validate"]) == wrong
