"""The sample labels: generated as committed, and what is planted in them is what a conversion finds."""

from __future__ import annotations

import argparse
import json
import runpy
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from steps.convert.instance import Instance
from steps.convert.share import Share
from steps.runtime.settings import load
from steps.segments import settings
from tests.golden.update import FOLDER as GOLDEN
from tests.unit.labeling.jobs import rows

FOLDER = Path(__file__).resolve().parents[3] / "data" / "calls-labels"


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, converted with the settings of the shipped pipeline."""
    folder = tmp_path_factory.mktemp("calls")
    told = json.loads((GOLDEN / "calls-labeling.settings.json").read_text(encoding="utf-8"))["convert"]
    (folder / "settings.json").write_text(json.dumps(told), encoding="utf-8")
    wanted = settings.read(load(folder / "settings.json", "convert", ["Quorum=0.5", "SampleRows=0"]))
    places = argparse.Namespace(
        manifest=FOLDER / "job" / "manifests" / "output",
        data=FOLDER / "job" / "annotations" / "worker-response",
        media=folder / "media",
        output=folder,
    )
    share = Share(wanted, places, Instance("part", 0, 1))
    share.write_books(share.convert())
    return folder


def key() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "answer_key.json").read_text(encoding="utf-8"))
    return found


def test_the_committed_files_are_what_the_generator_gives(tmp_path: Path) -> None:
    """Whoever changes the generator and forgets to run it is told here."""
    shutil.copy(FOLDER / "generate.py", tmp_path)
    runpy.run_path(str(tmp_path / "generate.py"), run_name="__main__")
    for made in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert made.read_bytes() == (FOLDER / made.relative_to(tmp_path)).read_bytes(), made.name
    assert len(list(tmp_path.rglob("*.json"))) == len(list(FOLDER.rglob("*.json")))


def test_exactly_what_is_planted_is_set_aside(converted: Path) -> None:
    """Objects, answers and segments by line and reason, no more and no less."""
    planted = Counter({(e["what"], e["reason"], e["line"]): e["count"] for e in key()["set_aside"]})
    aside = rows(converted / "books", "set_aside-*.jsonl")
    found = Counter((e["what"], e["reason"], e["line"]) for e in aside if e["what"] != "whole")
    assert found == planted


def test_what_is_agreed_is_what_was_said(converted: Path) -> None:
    """Every turn of every converted call but the tied one: its speaker, its text, its times within 0.1 s."""
    agreed = {row["id"]: row for row in rows(converted / "targets" / "segments")}
    turns = key()["turns"]
    assert set(agreed) == set(turns)
    for name, truth in turns.items():
        said = [each for each in agreed[name]["segments"] if each["track"] == "speaker"]
        expected = truth[1:] if name == "call-045" else truth
        assert [each["label"] for each in said] == [turn[0] for turn in expected]
        for each, turn in zip(said, expected, strict=True):
            assert (each["start"], each["end"]) == pytest.approx((turn[1], turn[2]), abs=0.1)
            assert each["text"] in {turn[3], "Größe über 30 °C? 🙂", "电话很好，谢谢。"}
