"""Getting labels made, as a user does: a job is created, answered, converted, and a model learns from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from commands.shapes import SHAPES, misfits
from tests.functional.repository import Repository, clone, interrupt

pytestmark = [pytest.mark.functional, pytest.mark.timeout(900)]

BUCKET = "local-pipelines-123456789012-us-east-1"
FILE = "config/labeling/calls-segments.yaml"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A clone whose stand-in has the infrastructure and the two pipelines."""
    repository = clone(tmp_path_factory.mktemp("labeling-job"))
    repository.run("bootstrap", code=0)
    repository.run("upsert", "calls-segments-labeling", "calls-training", code=0)
    yield repository
    repository.run("local", "down", code=0)


def converted(repository: Repository, execution: str) -> list[dict[str, Any]]:
    """The objects of an execution's target `segments`, by id."""
    folder = (
        repository.folder / f".local/s3/{BUCKET}/local/executions/local-calls-segments-labeling/{execution}"
    )
    lines = [
        json.loads(line)
        for path in (folder / "convert/targets/segments").rglob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return sorted(lines, key=lambda each: each["id"])


def test_labels_are_made_converted_and_learned(repository: Repository) -> None:
    """manifest, team, create, wait --convert, start --from-labeling: each verb does its part."""
    media = "s3://@bucket@/@prefix@/labeling/media/calls"
    words = ("--source", "file", "--media", media, "--number", "duration", "--to", "made.manifest")
    made = repository.run(
        "labeling", "manifest", "data/calls-labels/calls.csv", *words, "--output", "json", code=0
    )
    assert misfits(made.json, SHAPES["labeling manifest"]) == []
    shipped = repository.folder / "data/calls-labels/calls.manifest"
    assert (repository.folder / "made.manifest").read_bytes() == shipped.read_bytes()

    for to, says in (
        ("data", "Is a directory"),
        ("data/calls-labels/calls.csv", "would be written over itself"),
    ):
        again = ("--source", "file", "--media", media, "--to", to)
        wrong = repository.run("labeling", "manifest", "data/calls-labels/calls.csv", *again, code=2)
        assert says in wrong.err

    refused = repository.run("labeling", "create", "calls-segments", code=2)
    assert 'there is no work team "call-listeners"' in refused.err
    team = repository.run("labeling", "team", "calls-segments", "--create", "--output", "json", code=0)
    assert misfits(team.json, SHAPES["labeling team"]) == []
    assert team.json["exists"] is True

    checked = repository.run(
        "labeling", "create", "calls-segments", "--check", "--preview", "page.html", code=0
    )
    assert checked.out == "calls-segments: in order, 66 objects for 3 workers each\n"
    page = (repository.folder / "page.html").read_text(encoding="utf-8")
    assert f"/{BUCKET}/local/labeling/media/calls/call-000.wav" in page
    assert '"Representative"' in page

    created = repository.run("labeling", "create", "calls-segments", "--output", "json", code=0).json
    assert misfits(created, SHAPES["labeling create"]) == []
    run = repository.run("labeling", "wait", "calls-segments", "--convert", "--output", "json", code=0).json
    assert misfits(run, SHAPES["run"]["executions"][0]) == []
    assert run["parameters"]["LabelsUri"] == f"s3://{BUCKET}/local/labeling/jobs/{created['job']}"
    status = repository.run("labeling", "status", "calls-segments", "--output", "json", code=0).json
    assert misfits(status, SHAPES["labeling status"]) == []
    assert status["objects"] == {"total": 66, "labeled": 65, "failed": 0, "unlabeled": 1}
    assert len(converted(repository, run["id"])) == 65

    quick = ("-p", "TrainingRows=100", "-p", "EpochCount=1")
    training = ("start", "calls-training", "--from-labeling", run["id"], *quick, "--wait")
    assert "Succeeded" in repository.run(*training, timeout=300, code=0).out


def test_functions_of_ours_change_nothing_but_the_way(repository: Repository) -> None:
    """With pre- and post-annotation functions the same answers become the same data."""
    for key in ("pre_annotation", "post_annotation"):
        repository.change(FILE, rf"^{key}: none", f"{key}: ours")
    before = repository.run("executions", "calls-segments-labeling", "--output", "json", code=0).json
    repository.run("labeling", "create", "calls-segments", code=0)
    run = repository.run("labeling", "wait", "calls-segments", "--convert", "--output", "json", code=0).json
    assert converted(repository, run["id"]) == converted(repository, before["executions"][0]["id"])
    jobs = repository.folder / f".local/s3/{BUCKET}/local/labeling/jobs"
    newest = max(jobs.iterdir(), key=lambda path: path.name)
    lines = (newest / "manifests/output/output.manifest").read_text(encoding="utf-8").splitlines()
    contents = [json.loads(line).get("labels") for line in lines]
    assert sum(content is not None and content["workers"] == 3 for content in contents) >= 64
    assert not any("worker-response-ref" in line for line in lines)


def test_a_job_that_nobody_works_on_is_stopped(repository: Repository) -> None:
    """Without answers it waits; stopped, it says so, and there is nothing to convert."""
    repository.run("local", "down", code=0)
    repository.change("config/environments/local.yaml", r"answers: data/calls-labels/job", "answers: null")
    repository.run("labeling", "create", "calls-segments", code=0)
    again = repository.run("labeling", "create", "calls-segments", code=2)
    assert " is InProgress" in again.err
    waiting = repository.start("labeling", "wait", "calls-segments", "--convert")
    assert waiting.stderr is not None
    assert " InProgress, " in waiting.stderr.readline()
    code, _, said = interrupt(waiting)
    assert (code, said.splitlines()[0]) == (130, "detached; the labeling job goes on")
    assert said.endswith("wait again: run_pipeline.py labeling wait calls-segments --convert\n")
    stopped = repository.run("labeling", "stop", "calls-segments", code=0)
    assert stopped.out.startswith("stopping labeling job local-calls-segments-")
    ended = repository.run("labeling", "wait", "calls-segments", "--convert", code=1)
    assert "is Stopped, 0 of 66 objects labeled" in ended.err
