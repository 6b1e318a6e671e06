"""bootstrap, upsert and the stand-in's verbs, as a person uses them: alone, twice, at once, and killed."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from commands.shapes import SHAPES, misfits
from tests.functional.repository import Repository, clone

pytestmark = pytest.mark.functional


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A clone with a stand-in of its own, which the first test that needs it starts."""
    made = clone(tmp_path_factory.mktemp("deploy"))
    yield made
    made.run("local", "down", code=0)


def test_the_stand_in_is_found_again(repository: Repository) -> None:
    """up starts it, up again finds it, status says where, env lets any client in, down ends it."""
    started = repository.run("local", "up", code=0).out
    assert started.startswith("the stand-in runs at http://127.0.0.1:")
    assert repository.run("local", "up", code=0).out.startswith("the stand-in runs already at ")
    status = repository.run("local", "status", "--output", "json", code=0).json
    assert misfits(status, SHAPES["local status"]) == []
    assert (status["running"], status["folder"]) == (True, str(repository.folder / ".local"))
    exports = repository.run("local", "env", "--output", "json", code=0).json
    assert exports["set"]["AWS_ENDPOINT_URL"] == status["endpoint"]
    assert misfits(exports, SHAPES["local env"]) == []
    assert "AWS_PROFILE" in exports["unset"]


def test_local_env_is_shell_for_strangers_clients(repository: Repository) -> None:
    """eval it, and the aws command line speaks to the stand-in, whatever the shell held before."""
    aws = shlex.quote(str(Path(sys.executable).with_name("aws")))
    script = (
        f'eval "$({shlex.quote(sys.executable)} run_pipeline.py local env)" && {aws} sts get-caller-identity'
    )
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=repository.folder,
        env=repository.shell({"AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "token"}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"Account": "123456789012"' in ran.stdout


def test_upsert_without_bootstrap_names_it(repository: Repository) -> None:
    """Exit code 2 and what to type."""
    done = repository.run("upsert", "facts-training", code=2)
    assert done.err == ('environment "local" has no stack "local-base"\nhint: run_pipeline.py bootstrap\n')


def test_two_bootstraps_at_once_make_one_environment(repository: Repository) -> None:
    """Both succeed; who comes second finds what the first made."""
    both = [repository.start("bootstrap") for _ in range(2)]
    ended = [(*process.communicate(timeout=120), process.returncode) for process in both]
    assert [code for _, _, code in ended] == [0, 0], ended
    again = repository.run("bootstrap", code=0)
    assert again.out == 'environment "local" is up to date\n'


def test_two_upserts_at_once_make_one_pipeline_each(repository: Repository) -> None:
    """Both succeed, and then there is nothing left to write."""
    both = [repository.start("upsert", "facts-training", "facts-inference") for _ in range(2)]
    ended = [(*process.communicate(timeout=120), process.returncode) for process in both]
    assert [code for _, _, code in ended] == [0, 0], ended
    document = repository.run("upsert", "facts-training", "facts-inference", "--output", "json", code=0).json
    assert misfits(document, SHAPES["upsert"]) == []
    assert document == {
        "environment": "local",
        "pipelines": [
            {
                "name": name,
                "arn": f"arn:aws:sagemaker:us-east-1:123456789012:pipeline/local-{name}",
                "change": "unchanged",
                "differs": [],
            }
            for name in ("facts-training", "facts-inference")
        ],
        "writes": 0,
    }


def test_a_changed_step_shows_in_plan_as_exactly_that(repository: Repository) -> None:
    """A new line in a step's source: one change of one pipeline, kept, carried out once, and rolled back."""
    with (repository.folder / "steps" / "preprocess" / "rows.py").open("a") as file:
        file.write("\n# changed\n")
    chosen = ("facts-training", "facts-inference")
    plan = repository.run(
        "plan", *chosen, "--out", "plan.json", "--output", "json", "--exit-code", code=4
    ).json
    assert misfits(plan, SHAPES["plan"]) == []
    [training, inference] = plan["pipelines"]
    assert (training["change"], training["changes"]) == ("unchanged", [])
    [change] = inference["changes"]
    assert (change["kind"], change["step"], change["marks"]) == ("code", "preprocess", ["re-runs"])
    assert change["details"] == [{"what": "steps/preprocess/rows.py", "note": "+2 -0 lines"}]
    beside = {key: plan[key] for key in ("protected", "functions", "stacks", "guardrails")}
    assert beside == {"protected": [], "functions": [], "stacks": [], "guardrails": []}

    done = repository.run("upsert", "--plan", "plan.json", code=0)
    assert done.out == "facts-training: unchanged\nfacts-inference: updated (definition)\n"
    assert "  update pipeline local-facts-inference: definition\n" in done.err
    again = repository.run("upsert", "--plan", "plan.json", code=2).err
    assert "nothing was written: pipeline facts-inference has moved on since (" in again

    back = repository.run("rollback", "facts-inference", "--output", "json", code=0).json
    assert misfits(back, SHAPES["rollback"]) == []
    assert (back["version"], back["newest_version"], len(back["changes"])) == (1, 3, 1)


def test_a_killed_upsert_is_made_good_by_the_next(repository: Repository) -> None:
    """Killed at three moments; afterwards one upsert finishes and the one after it writes nothing."""
    for seconds in (0.5, 2.0, 3.5):
        with (repository.folder / "steps" / "prepare" / "scan.py").open("a") as file:
            file.write(f"\n# killed after {seconds}\n")
        process = repository.start("upsert", "facts-training")
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    repository.run("upsert", "facts-training", code=0)
    document = repository.run("upsert", "facts-training", "--output", "json", code=0).json
    assert document["writes"] == 0


def test_printing_the_templates_asks_nobody(repository: Repository) -> None:
    """For another environment, without credentials: both templates, with the parameters they would get."""
    out = repository.run("bootstrap", "--print", "--env", "prod", shell={}, code=0).out
    assert "# stack: prod-base\n" in out
    assert "# parameter: Prefix=prod\n" in out
    assert out.count('AWSTemplateFormatVersion: "2010-09-09"') == 3
    assert len(out) < 3 * 51_200


def test_the_wrong_account_is_stopped_before_the_first_write(repository: Repository) -> None:
    """An environment that says another account than the credentials': exit code 2, nothing made."""
    exports = repository.run("local", "env", "--output", "json", code=0).json["set"]
    deleting = (("cleanup", "--yes"), ("teardown", "--data", "--package-groups", "--yes"))
    for words in (("bootstrap",), ("upsert",), ("start", "facts-training"), *deleting):
        done = repository.run(*words, "--env", "dev", shell=exports, code=2)
        assert done.err.startswith(
            'these credentials belong to account "123456789012", '
            'environment "dev" is account "111111111111"\n'
        )


def test_what_is_kept_survives_down_and_up(repository: Repository) -> None:
    """Pipelines are there after the stand-in was stopped and started again."""
    assert repository.run("local", "down", code=0).out == "the stand-in is stopped\n"
    assert repository.run("local", "down", code=0).out == "the stand-in was not running\n"
    assert repository.run("local", "status", code=0).out.startswith("the stand-in does not run")
    document = repository.run("upsert", "facts-training", "--output", "json", code=0).json
    assert document["writes"] == 0


def test_doctor_finds_nothing_broken_and_then_what_is(repository: Repository) -> None:
    """Exit code 0 where all is well, 2 with the command that mends it where a queue is gone."""
    document = repository.run("doctor", "--output", "json", code=0).json
    assert misfits(document, SHAPES["doctor"]) == []
    status = {each["check"]: each["status"] for each in document["findings"]}
    assert {check for check, each in status.items() if each == "unknown"} == {"permissions", "instances"}
    assert {status[check] for check in ("stacks", "bucket", "roles", "queues", "functions", "images")} == {
        "fine"
    }
    queue = "https://sqs.us-east-1.amazonaws.com/123456789012/local-wait-dead-letter"
    client(repository, "sqs").delete_queue(QueueUrl=queue)
    broken = repository.run("doctor", code=2).out
    assert 'queue "local-wait-dead-letter" is not there' in broken
    assert "mend: run_pipeline.py bootstrap\n" in broken


def test_doctor_works_without_an_account(repository: Repository) -> None:
    """For an environment that nobody filled in, without credentials: what is wrong offline, exit code 2."""
    document = repository.run("doctor", "--env", "prod", "--output", "json", shell={}, code=2).json
    status = {each["check"]: each["status"] for each in document["findings"]}
    assert (status["account"], status["credentials"], status["the rest"]) == ("broken", "broken", "unknown")
    assert (status["python"], status["configuration"]) == ("fine", "fine")


def test_teardown_removes_the_environment_and_nothing_else(repository: Repository) -> None:
    """First the list, nothing done; then in two goes; a stranger's pipeline and bucket stand."""
    sagemaker, s3 = client(repository, "sagemaker"), client(repository, "s3")
    stranger = {"Version": "2020-12-01", "Parameters": [], "Steps": [FAIL]}
    role = "arn:aws:iam::123456789012:role/local-pipeline"
    sagemaker.create_pipeline(
        PipelineName="local-strangers",
        PipelineDefinition=json.dumps(stranger),
        RoleArn=role,
        ClientRequestToken="0" * 32,
    )
    s3.create_bucket(Bucket="local-strangers")
    listed = repository.run("teardown", "--output", "json", code=0).json
    assert misfits(listed, SHAPES["teardown"]) == []
    assert listed["deleted"] is False
    text = repository.run("teardown", code=0).out
    assert "delete pipeline local-facts-training, and with it the history of 0 executions\n" in text
    assert "  queues: local-wait" in text
    assert text.endswith("delete all this for good: run_pipeline.py teardown --yes\n")
    assert len(sagemaker.list_pipelines()["PipelineSummaries"]) == 3

    kept = repository.run("teardown", "--yes", code=0)
    assert "to use it again: bucket: local-pipelines-123456789012-us-east-1" in kept.out
    assert [e["PipelineName"] for e in sagemaker.list_pipelines()["PipelineSummaries"]] == ["local-strangers"]
    assert client(repository, "cloudformation").describe_stacks()["Stacks"] == []
    assert client(repository, "lambda").list_functions()["Functions"] == []
    refused = repository.run("teardown", "--data", "--yes", code=2)
    assert 'model package group "local-facts" stays' in refused.err

    words = ("teardown", "--data", "--package-groups", "--yes", "--output", "json")
    assert repository.run(*words, code=0).json["deleted"] is True
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["local-strangers"]
    assert repository.run("teardown", code=0).out.startswith("there is nothing of environment")
    assert sagemaker.describe_pipeline(PipelineName="local-strangers")["RoleArn"] == role


def test_an_environment_can_be_made_again_after_a_teardown(repository: Repository) -> None:
    """Nothing is left in the way."""
    repository.run("bootstrap", code=0)


FAIL = {"Name": "fail", "Type": "Fail", "Arguments": {"ErrorMessage": "x"}}


def client(repository: Repository, service: str) -> Any:
    """A client of the repository's stand-in."""
    exports = repository.run("local", "env", "--output", "json", code=0).json["set"]
    return boto3.client(
        service,
        endpoint_url=exports["AWS_ENDPOINT_URL"],
        region_name=exports["AWS_REGION"],
        aws_access_key_id=exports["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=exports["AWS_SECRET_ACCESS_KEY"],
    )
