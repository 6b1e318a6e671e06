"""One training execution from start to cleanup by the verbs that observe and steer it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from commands.shapes import SHAPES, misfits
from tests.functional.repository import Repository, clone, interrupt

pytestmark = pytest.mark.functional

SMALL = ("-p", "TrainingRows=60", "-p", "EpochCount=1")
ARN = re.compile(
    r"arn:aws:sagemaker:us-east-1:123456789012:pipeline/local-facts-training/execution/[a-z0-9]{12}"
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A clone whose stand-in has the training pipeline."""
    made = clone(tmp_path_factory.mktemp("executions"))
    made.run("bootstrap", code=0)
    made.run("upsert", "facts-training", code=0)
    yield made
    made.run("local", "down", code=0)


@pytest.fixture(scope="module")
def stopped(repository: Repository) -> str:
    """The id of an execution that was stopped while it waited for the fine-tuning."""
    done = repository.run("start", "facts-training", *SMALL, code=0)
    arn = done.out.splitlines()[0]
    assert ARN.fullmatch(arn)
    assert done.out == f"{arn}\n"
    assert "  EpochCount=1         -p\n" in done.err
    assert "  LearningRate=0.001   default\n" in done.err
    assert "  endpoint: ml.g5.12xlarge, 7.09 USD an hour on AWS, deleted after its evaluation\n" in done.err
    execution = arn.rpartition("/")[2]
    assert f"watch it: run_pipeline.py watch {execution}\n" in done.err
    until(repository, execution, "wait-automl")
    waiting = repository.run("why", execution, "--output", "json", code=0).json
    assert misfits(waiting, SHAPES["why"]) == []
    assert waiting["verdict"] == "waiting"
    (wait,) = waiting["waits"]
    assert (wait["step"], wait["waits_for"], wait["name"]) == ("wait-automl", "automl", f"{execution}-1")
    assert wait["deadline"] > wait["since"]
    assert waiting["next"][0] == f"run_pipeline.py watch {execution}"
    halted = repository.run("stop", execution, "--wait", code=0)
    assert halted.out == f"stopping execution {execution}\nexecution {execution} is Stopped\n"
    told = repository.run("why", execution, code=0).out
    assert "it was stopped" in told
    assert told.endswith(f"next\n  run_pipeline.py retry {execution} --wait\n")
    return execution


@pytest.fixture(scope="module")
def succeeded(repository: Repository, stopped: str) -> str:
    """The same execution, retried and followed by a command that is interrupted and one that is killed."""
    repository.run("retry", stopped, code=0)
    left = repository.start("watch", stopped)
    begun(left)
    code, out, err = interrupt(left)
    assert (code, out) == (130, ""), err
    assert "detached; the execution goes on\n" in err
    assert f"  watch it: run_pipeline.py watch {stopped}\n" in err
    assert f"  stop it:  run_pipeline.py stop {stopped}\n" in err
    killed = repository.start("watch", stopped)
    begun(killed)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    done = repository.run("watch", "facts-training", code=0)
    assert f"facts-training  {stopped}  Succeeded" in done.out
    assert re.search(r"wait-endpoint Executing \(deadline in \d+h \d\dm\)", done.err), done.err
    return stopped


def begun(process: subprocess.Popen[str]) -> None:
    """Waits for the first line of progress."""
    assert process.stderr is not None
    assert "Succeeded" in process.stderr.readline()


def until(repository: Repository, execution: str, step: str) -> None:
    """Waits until a step of the execution is at work."""
    for _ in range(60):
        document = repository.run("status", execution, "--output", "json", code=0).json
        if any(each["name"] == step and each["status"] == "Executing" for each in document["steps"]):
            return
        time.sleep(0.3)
    raise AssertionError(f"{step} never began: {document}")


def test_a_stopped_execution_is_exit_code_1_for_who_watches(repository: Repository, stopped: str) -> None:
    """status says Stopped with 0, watch ends at once with 1 and how to go on."""
    document = repository.run("status", stopped, "--output", "json", code=0).json
    assert document["status"] == "Stopped"
    assert {step["name"]: step["status"] for step in document["steps"]}["wait-automl"] == "Stopped"
    done = repository.run("watch", stopped, code=1)
    assert '\n"facts-training" was stopped' in done.err
    assert done.err.endswith(f"\nhint: run_pipeline.py retry {stopped} --wait\n")


def test_a_broken_file_of_another_pipeline_does_not_stand_in_the_way(
    repository: Repository, stopped: str
) -> None:
    """Who is in the middle of writing a file can still look at executions and stop them."""
    file = "config/pipelines/facts-inference.yaml"
    repository.change(file, "^kind: inference", "kind: inferense")
    try:
        assert repository.run("status", stopped, code=0).out.startswith(f"facts-training  {stopped}  Stopped")
    finally:
        repository.change(file, "^kind: inferense", "kind: inference")


def test_stopping_what_is_over_does_nothing(repository: Repository, stopped: str) -> None:
    """Twice is not an error."""
    assert repository.run("stop", stopped, code=0).out == f"execution {stopped} is already Stopped\n"


def test_a_retry_keeps_what_succeeded(repository: Repository, succeeded: str) -> None:
    """Prepare ran once, the fine-tuning a second time; the execution is the same."""
    document = repository.run("status", succeeded, "--output", "json", code=0).json
    assert document["status"] == "Succeeded"
    assert document["exit_code"] == 0
    assert [step["name"] for step in document["steps"]] == [
        "prepare",
        "start-automl",
        "wait-automl",
        "deploy-model",
        "wait-endpoint",
        "publish-candidate",
    ]
    assert document["steps"][0]["attempts"] in {0, 1}


def test_the_json_of_an_execution_has_its_documented_shape(repository: Repository, succeeded: str) -> None:
    """docs/commands.md names these members."""
    document = repository.run("status", succeeded, "--output", "json", code=0).json
    assert misfits(document, SHAPES["status"]) == []
    assert document["pipeline"] == "facts-training"
    assert document["parameters"]["EpochCount"] == "1"
    assert document["parameters"]["DirtyTree"] == "false"
    assert re.fullmatch("[0-9a-f]{40}", document["parameters"]["Commit"])
    assert document["description"] == f"started by alice at commit {document['parameters']['Commit'][:12]}"
    assert document["candidate"]["validation_loss"] > 0
    assert document["endpoint"] == {"name": f"local-{succeeded}", "status": "InService"}


def test_a_retry_of_what_succeeded_is_refused(repository: Repository, succeeded: str) -> None:
    """Exit code 2, and why."""
    done = repository.run("retry", succeeded, code=2)
    assert done.err.startswith(
        f"execution {succeeded} is Succeeded; only a failed or stopped one can be retried\n"
    )


def test_executions_are_listed(repository: Repository, succeeded: str) -> None:
    """For people with status and time, for programs with ARN and moments."""
    line = repository.run("executions", "facts-training", code=0).out.splitlines()[1]
    assert line.split()[:3] == [succeeded, "facts-training", "Succeeded"]
    document = repository.run("executions", "--limit", "1", "--output", "json", code=0).json
    assert misfits(document, SHAPES["executions"]) == []
    (newest,) = document["executions"]
    assert newest["ended"] > newest["started"]


def test_outputs_are_files_that_can_be_opened(repository: Repository, succeeded: str) -> None:
    """Each place is a path from here, and holds as many bytes as it says."""
    document = repository.run("outputs", succeeded, "--output", "json", code=0).json
    assert misfits(document, SHAPES["outputs"]) == []
    files: list[dict[str, Any]] = document["files"]
    assert {file["uri"].rpartition("/")[2] for file in files} >= {
        "candidate.json",
        "training.csv",
        "data_report.html",
        "model.tar.gz",
    }
    for file in files:
        assert (repository.folder / file["place"]).stat().st_size == file["bytes"]
    text = repository.run("outputs", "facts-training", code=0).out
    assert all(file["place"] in text for file in files)


def test_logs_are_told_by_step(repository: Repository, succeeded: str) -> None:
    """A processing job's, a function's, and during the wait the fine-tuning's."""
    document = repository.run("logs", succeeded, "--output", "json", code=0).json
    assert misfits(document, SHAPES["logs"]) == []
    texts = {step: [line["text"] for line in document["lines"] if line["step"] == step] for step in
             ("prepare", "start-automl", "wait-automl")}  # fmt: skip
    assert all(texts.values())
    assert any("epoch 1 of 1" in text for text in texts["wait-automl"])
    tail = repository.run("logs", succeeded, "--step", "prepare", "--tail", "1", code=0).out.splitlines()
    assert tail[0] == "prepare"
    assert len(tail) == 2
    followed = repository.run("logs", succeeded, "--follow", code=0).out.splitlines()
    assert len(followed) == sum(map(len, texts.values())) + len(
        [each for each in document["lines"] if each["step"] not in texts]
    )
    unknown = repository.run("logs", succeeded, "--step", "prepar", code=2)
    assert unknown.err.endswith('hint: did you mean "prepare"?\n')


@pytest.mark.parametrize(
    ("reference", "fact"),
    [
        ("zzzzzzzzzzzz", 'environment "local" has no execution "zzzzzzzzzzzz"\n'),
        ("facts-inference", 'pipeline "facts-inference" is not deployed to environment "local"\n'),
        ("facts-trainin", '"facts-trainin" names no execution; '),
        (
            "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/x/execution/zzzzzzzzzzzz",
            'this execution is in region "eu-west-1", environment "local" is in region "us-east-1"\n',
        ),
    ],
)
def test_what_names_no_execution_is_exit_code_2(repository: Repository, reference: str, fact: str) -> None:
    """One clear error each, for every verb alike."""
    done = repository.run("status", reference, code=2)
    assert done.err.startswith(fact)


def test_a_failed_step_is_exit_code_1_with_its_reason(repository: Repository) -> None:
    """Data without answers: the step's own words reach stderr and the execution's record."""
    data = repository.folder / "data" / "facts" / "facts.jsonl"
    whole = data.read_bytes()
    rows = [json.loads(line) for line in whole.splitlines()]
    data.write_text(
        "".join(json.dumps({**row, "correct_answer": ""}) + "\n" for row in rows), encoding="utf-8"
    )
    try:
        repository.run("upsert", "facts-training", code=0)
        done = repository.run("start", "facts-training", *SMALL, "--wait", code=1)
    finally:
        data.write_bytes(whole)
    fact, *hints = done.err.splitlines()[-4:]
    execution = done.out.splitlines()[0].rpartition("/")[2]
    assert fact.startswith('"facts-training" failed in step "prepare": AlgorithmError: ')
    assert hints == [
        "hint: rejected.jsonl names every row with its reason",
        f"hint: run_pipeline.py logs {execution} --step prepare",
        f"hint: run_pipeline.py retry {execution} --wait",
    ]
    assert repository.run("watch", execution, code=1).err.splitlines()[-4:] == [fact, *hints]
    told = repository.run("why", execution, code=0).out
    assert 'it failed in step "prepare"\n' in told
    assert "hint of the step: rejected.jsonl names every row with its reason\n" in told
    assert re.search(r"^  \d\d:\d\d:\d\d  error: \d+ of \d+ rows .* are unusable", told, re.MULTILINE)
    assert "likely cause  unusable data\n" in told
    listed = repository.run("executions", "--status", "Failed", "--since", "1h", "--output", "json", code=0)
    assert misfits(listed.json, SHAPES["executions"]) == []
    assert [each["id"] for each in listed.json["executions"]] == [execution]
    assert listed.json["executions"][0]["parameters"]["TrainingRows"] == "60"


def test_cleanup_lists_and_deletes_what_is_ours(repository: Repository, succeeded: str) -> None:
    """Listed with the price, deleted with --yes, and then there is nothing left."""
    document = repository.run("cleanup", "--output", "json", code=0).json
    assert misfits(document, SHAPES["cleanup"]) == []
    listed = document["leftovers"]
    assert {(each["kind"], each["usd_per_hour"], each["deleted"]) for each in listed} == {
        ("endpoint", 7.09, False),
        ("endpoint configuration", None, False),
        ("model", None, False),
    }
    assert {each["execution"].rpartition("/")[2] for each in listed} == {succeeded}
    text = repository.run("cleanup", code=0).out
    assert "7.09 USD an hour" in text
    assert text.endswith("delete these 3: run_pipeline.py cleanup --yes\n")
    done = repository.run("cleanup", "--yes", code=0)
    assert f"  delete endpoint local-{succeeded}\n" in done.err
    assert repository.run("cleanup", code=0).out == 'nothing is left behind in environment "local"\n'
