"""What can be wrong in a labeling job's file is said with its place."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from config.errors import ConfigurationError, UnknownNameError
from config.labeling_jobs import load_labeling_job, load_labeling_jobs
from config.load import load_project
from config.models import Project

ROOT = Path(__file__).resolve().parents[3]
FILE = "config/labeling/calls-segments.yaml"
BROKEN = {
    "workers: 3": ("workers: 10", "workers: found 10; allowed: at least 1 and at most 9"),
    "attribute: labels": ("attribute: labels-metadata", '"labels-metadata" ends with -metadata'),
    "attribute: labels ": ("attribute: other ", 'found other, but "calls-segments-labeling" reads labels'),
    "task: 1h": ("task: 9h", "limits.task: found 9h; allowed: 30s to 8h"),
    "availability: 10d": ("availability: 31d", "limits.availability: found 31d; allowed: 1m to 30d"),
    "availability: 10d,": ("availability: 30m,", "found 30m, which ends before one task of 1h does"),
    "concurrency: 1000": ("concurrency: 5001", "found 5001; allowed: at least 1 and at most 5000"),
    "title: Mark who speaks when": (f"title: {'x' * 129}", "title: has 129 characters, at most 128"),
    "keywords: [audio, speech, calls]": ("keywords: [a-b]", "words of letters and digits"),
    "  name: call-listeners": ("  name: null", "team: has neither arn nor name"),
    "  arn: null": (
        "  arn: arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default",
        "the ARN of a private or vendor work team (Amazon Mechanical Turk is closed)",
    ),
    "manifest: data/calls-labels/calls.manifest": ("manifest: nowhere", 'there is no file "nowhere"'),
    "template: config/labeling/audio-video.liquid.html": (
        "template: data/calls-labels/README.md",
        '"data/calls-labels/README.md" has no @page@ where it would be shown',
    ),
    "pipeline: calls-segments-labeling": (
        "pipeline: calls-labeling",
        '"calls-labeling" does not take the output of this job',
    ),
    "pipeline: calls-segments-labeling ": ("pipeline: calls-trainin ", "is not a labeling pipeline"),
    "labels: [Customer, Representative]": ("labels: [Customer, Dog]", "would set aside: Dog"),
    "text: required": ("text: optional", "sets segments without text aside"),
    "overlaps: forbid": ("overlaps: allow", "sets overlapping segments aside"),
    "    event:": ("    weather:", "would set the category aside"),
    "kind: rating": ("kind: text", 'found text, but "calls-segments-labeling" reads it as rating'),
    "options: [a, b]": ("options: [a]", "a choice has two options at least"),
    "emotions: [Neutral, Happy, Angry, Sad, Worried]": ("emotions: []", "but a track asks for an emotion"),
    "pre_annotation: none": ("pre_annotation: mine", "none, ours (the platform's function), or the ARN"),
    "post_annotation: none": (
        "post_annotation: arn:aws:lambda:us-east-1:123456789012:function:mine",
        "post_annotation: the role that bootstrap makes calls the platform's functions only",
    ),
    "output: null": ("output: s3://elsewhere/labels", "the role that bootstrap makes writes to"),
    "page:\n": ("pag:\n", 'did you mean "page"?'),
    "name: calls-segments\n": ("name: calls\n", 'found "calls"; the file is called "calls-segments.yaml"'),
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The shipped project with files of its own."""
    shutil.copytree(ROOT / "config" / "labeling", tmp_path / "config" / "labeling")
    (tmp_path / "data" / "calls-labels").mkdir(parents=True)
    for name in ("calls.manifest", "README.md"):
        shutil.copy(ROOT / "data" / "calls-labels" / name, tmp_path / "data" / "calls-labels" / name)
    return dataclasses.replace(load_project("local", ROOT), root=tmp_path)


def test_shipped_jobs_are_in_order() -> None:
    """In every environment."""
    for environment in ("local", "dev", "prod"):
        assert list(load_labeling_jobs(load_project(environment))) == ["calls-segments"]


@pytest.mark.parametrize("sound", BROKEN)
def test_a_mistake_is_told_at_its_place(sound: str, project: Project) -> None:
    """One change, one problem more, with the file and the line."""
    change, says = BROKEN[sound]
    path = project.root / FILE
    text = path.read_text(encoding="utf-8")
    assert sound in text
    path.write_text(text.replace(sound, change, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r".") as caught:
        load_labeling_job(project, "calls-segments")
    assert says in str(caught.value)
    assert all(each.file == FILE and each.line > 0 for each in caught.value.problems)


def test_all_mistakes_are_told_at_once(project: Project) -> None:
    """In the order of their lines."""
    path = project.root / FILE
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("workers: 3", "workers: 0").replace("task: 1h", "task: 9h"), encoding="utf-8"
    )
    with pytest.raises(ConfigurationError, match=r"workers: found 0[\s\S]*limits.task: found 9h"):
        load_labeling_job(project, "calls-segments")


def test_an_unknown_job_is_told_with_those_there_are(project: Project) -> None:
    """And the nearest one."""
    with pytest.raises(
        UnknownNameError, match=r'no labeling job named "calls-segmnts"; there are: "calls-segments"'
    ):
        load_labeling_job(project, "calls-segmnts")


def test_a_name_leaves_room_for_prefix_and_time(project: Project) -> None:
    """63 characters at most, of which `local-` and the time take 20."""
    name = "c" * 44
    (project.root / FILE).rename(project.root / f"config/labeling/{name}.yaml")
    path = project.root / f"config/labeling/{name}.yaml"
    text = path.read_text(encoding="utf-8").replace("name: calls-segments\n", f"name: {name}\n")
    path.write_text(text.replace("pipeline: calls-segments-labeling", "pipeline: null"), encoding="utf-8")
    with pytest.raises(
        ConfigurationError, match=r"has 44 characters; with prefix and time there is room for 43"
    ):
        load_labeling_job(project, name)


def test_our_function_reads_answers_in_one_place(project: Project) -> None:
    """A labeling role of one's own writes anywhere; the function's role would be denied what lies there."""
    path = project.root / FILE
    text = path.read_text(encoding="utf-8").replace("output: null", "output: s3://elsewhere/labels")
    path.write_text(text.replace("post_annotation: none", "post_annotation: ours"), encoding="utf-8")
    roles = project.environment.roles.model_copy(update={"labeling": "arn:aws:iam::123456789012:role/own"})
    for functions, says in ((None, r"post_annotation: .* reads answers below s3://"), ("arn:role", None)):
        both = roles.model_copy(update={"functions": functions})
        environment = project.environment.model_copy(update={"roles": both})
        moved = dataclasses.replace(project, environment=environment)
        if says is None:
            assert load_labeling_job(moved, "calls-segments").post_annotation == "ours"
        else:
            with pytest.raises(ConfigurationError, match=says):
                load_labeling_job(moved, "calls-segments")
