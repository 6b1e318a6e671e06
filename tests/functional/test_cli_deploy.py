"""bootstrap, upsert and the stand-in's verbs, as a person uses them: alone, twice, at once, and killed."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

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
    assert out.count('AWSTemplateFormatVersion: "2010-09-09"') == 2


def test_the_wrong_account_is_stopped_before_the_first_write(repository: Repository) -> None:
    """An environment that says another account than the credentials': exit code 2, nothing made."""
    exports = repository.run("local", "env", "--output", "json", code=0).json["set"]
    for words in (("bootstrap",), ("upsert",), ("start", "facts-training"), ("cleanup", "--yes")):
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
