"""Bad input on the command line: one clear error each, the right exit code, no traceback."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.shapes import SHAPES, misfits
from tests.functional.repository import ROOT, Repository, clone

pytestmark = pytest.mark.functional

MEANT = 'hint: did you mean "facts-training"?\n'
PIPELINES = ", ".join(f'"{file.stem}"' for file in sorted((ROOT / "config" / "pipelines").glob("*.yaml")))

NO_CREDENTIALS = {"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}
KEYS = {**NO_CREDENTIALS, "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A clone whose stand-in is never started."""
    return clone(tmp_path_factory.mktemp("errors"))


@pytest.fixture
def broken(tmp_path: Path) -> Repository:
    """A clone of the test's own, to break."""
    return clone(tmp_path)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("upsrt",), 'there is no verb "upsrt"\nhint: run_pipeline.py upsert\n'),
        (
            ("list", "--env", "locl"),
            'no environment named "locl"; there are: "dev", "local", "prod"\nhint: did you mean "local"?\n',
        ),
        (
            ("definition", "facts-trainin"),
            f'no pipeline named "facts-trainin"; there are: {PIPELINES}\n{MEANT}',
        ),
        (
            ("start", "facts-training", "-p", "EpochCont=3"),
            (
                '-p EpochCont=3: "facts-training" has no parameter "EpochCont"; it has: TrainingRows, '
                "EpochCount, LearningRate, BaseModel, Commit, DirtyTree, SampleRows\n"
                'hint: did you mean "EpochCount"?\n'
            ),
        ),
        (
            ("start", "facts-training", "-p", "EpochCount=many"),
            '-p EpochCount=many: "many" is not an Integer\nhint: write a whole number such as 8\n',
        ),
        (
            ("run", "facts-training", "facts-inference", "-p", "MinimumF1=2"),
            "-p MinimumF1=2: found 2.0; allowed: at least 0 and at most 1\n",
        ),
        (
            ("start", "facts-training", "-p", "EpochCount"),
            "-p EpochCount: is not Name=Value\nhint: write -p EpochCount=3, for example\n",
        ),
        (
            ("registry", "approve", "local-facts/1"),
            "the following arguments are required: --reason\nhint: run_pipeline.py registry approve --help\n",
        ),
        (
            ("local", "up", "--env", "dev"),
            (
                "environment 'dev' is an AWS account, not the stand-in\n"
                "hint: choose --env local, or add a stand_in section to the environment's file\n"
            ),
        ),
    ],
)
def test_wrong_words_are_exit_code_2(repository: Repository, words: tuple[str, ...], error: str) -> None:
    """The whole text on stderr, nothing on stdout."""
    done = repository.run(*words, code=2)
    assert (done.out, done.err) == ("", error)


def test_every_error_of_a_file_is_told_at_its_place(broken: Repository) -> None:
    """Two mistakes in one file: both, as file:line:column, and as JSON for editors."""
    file = "config/pipelines/facts-training.yaml"
    broken.change(file, "^  batch_size: .*|^    batch_size: .*", "    batch_sise: 8")
    broken.change(file, "after_evaluation: delete", "after_evaluation: perhaps")
    done = broken.run("validate", code=2)
    assert done.out == ""
    places = [line.split(": ")[0] for line in done.err.splitlines() if line.startswith("config/")]
    assert len(places) == 2
    assert all(place.startswith(f"{file}:") for place in places)
    document = broken.run("validate", "--output", "json", code=2).json
    assert misfits(document, SHAPES["validate"]) == []
    assert document["valid"] is False
    assert [f"{each['file']}:{each['line']}:{each['column']}" for each in document["problems"]] == places
    assert {each["key"] for each in document["problems"]} >= {"endpoint.after_evaluation"}


def test_a_broken_file_does_not_stand_in_the_way_of_another(broken: Repository) -> None:
    """validate NAME judges that pipeline and those it refers to."""
    broken.change("config/pipelines/sciq-training.yaml", "^kind: training", "kind: trainign")
    assert broken.run("validate", "facts-inference").code == 0
    assert broken.run("validate", "sciq-training").code == 2


@pytest.mark.parametrize("words", [("upsert",), ("executions",), ("bootstrap",), ("cleanup",)])
def test_no_credentials_is_exit_code_2(repository: Repository, words: tuple[str, ...]) -> None:
    """Before anything is asked or written."""
    done = repository.run(*words, "--env", "dev", shell=NO_CREDENTIALS, code=2)
    assert done.out == ""
    assert done.err == (
        "no AWS credentials: Unable to locate credentials\n"
        "hint: log in (`aws sso login`), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY; --env local needs none\n"
    )


def test_a_profile_that_is_not_there_is_exit_code_2(repository: Repository) -> None:
    """Told by its name."""
    done = repository.run(
        "executions", "--env", "dev", shell={**NO_CREDENTIALS, "AWS_PROFILE": "nobody"}, code=2
    )
    assert done.err.startswith("no AWS credentials: The config profile (nobody) could not be found\nhint: ")


def test_a_shell_of_another_region_is_exit_code_2(repository: Repository) -> None:
    """Whoever works in eu-west-1 does not write to us-east-1 by accident."""
    done = repository.run(
        "upsert",
        "--env",
        "dev",
        shell={**KEYS, "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"},
        code=2,
    )
    assert done.err == (
        'this shell is set to region "eu-west-1", environment "dev" is in "us-east-1"\n'
        "hint: export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1, or choose another --env\n"
    )


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers every request with the error that the server was made for."""

    def do_POST(self) -> None:
        code, message, status = self.server.error  # type: ignore[attr-defined]
        body = (
            f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        )
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def answering() -> Iterator[http.server.ThreadingHTTPServer]:
    """Something at the other end that refuses."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("error", "code", "fact"),
    [
        (
            ("ExpiredToken", "The security token included in the request is expired", 403),
            2,
            "the AWS credentials have expired: ",
        ),
        (
            ("InvalidClientTokenId", "The security token is invalid", 403),
            2,
            "AWS does not accept the credentials (InvalidClientTokenId): ",
        ),
        (
            ("AccessDenied", "not authorized to perform this", 403),
            3,
            "AWS refused GetCallerIdentity (AccessDenied): ",
        ),
    ],
)
def test_what_aws_says_decides_the_exit_code(
    repository: Repository,
    answering: http.server.ThreadingHTTPServer,
    error: tuple[str, str, int],
    code: int,
    fact: str,
) -> None:
    """Bad credentials are the caller's (2), a refusal is AWS's (3), in AWS's own words."""
    answering.error = error  # type: ignore[attr-defined]
    shell = {**KEYS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{answering.server_address[1]}"}
    done = repository.run("executions", "--env", "dev", shell=shell, code=code)
    assert done.err.splitlines()[0] == f"{fact}{error[1]}"
    assert done.err.splitlines()[1].startswith("hint: ")


def test_silence_is_exit_code_3(repository: Repository) -> None:
    """Nobody listens at the other end."""
    shell = {**KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    done = repository.run("executions", "--env", "dev", shell=shell, code=3)
    assert done.err.startswith(
        'AWS did not answer: Could not connect to the endpoint URL: "http://127.0.0.1:9/"\nhint: '
    )


def test_a_traceback_is_shown_only_when_asked_for(repository: Repository) -> None:
    """--debug, before or after the verb."""
    ran = subprocess.run(
        [sys.executable, "run_pipeline.py", "definition", "nothing", "--debug"],
        cwd=repository.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith("Traceback (most recent call last):")
    assert 'no pipeline named "nothing"' in ran.stderr


def test_a_reader_that_has_seen_enough_is_no_error(repository: Repository) -> None:
    """`... | head -c 1`: silent, and the exit code of a broken pipe."""
    command = f"{sys.executable} run_pipeline.py definition facts-training"
    script = f"{command} | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(
        ["bash", "-c", script], cwd=repository.folder, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() in {"141", "0"}  # 0: all was written before head closed the pipe
    assert ran.stderr == ""
