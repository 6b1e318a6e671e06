"""Long ones: answers that mean nothing, a machine without a network, the bodies of tests/aws."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.bodies.spine import *  # noqa: F403 - the bodies are collected here
from tests.bodies.spine import Ran, delete_endpoint, keep_endpoint, ran
from tests.functional.account import Account, posing
from tests.functional.conftest import RunningStandIn
from tests.functional.repository import REAL_LOOKING, clone

pytestmark = [pytest.mark.functional, pytest.mark.soak, pytest.mark.timeout(1500)]

SAMPLE = ("facts-training", "facts-inference")
# More of what a shell may hold: each a way out of the machine, or to somebody's account.
LOADED = {
    **REAL_LOOKING,
    "ALL_PROXY": "http://192.0.2.1:3128",
    "AWS_ENDPOINT_URL": "http://192.0.2.1",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/credentials",
    "AWS_EC2_METADATA_DISABLED": "false",
    "AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/production",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent",
    "HF_ENDPOINT": "http://192.0.2.1",
}
# Brings the loopback interface up, runs the words, and prints what was sent into the void: packets to
# addresses that the machine has no way to. In a namespace of its own there is none but 127.0.0.1 and ::1.
ALONE = """
import fcntl, re, socket, struct, subprocess, sys
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 0x41))
python = sys.executable
first = subprocess.run([python, "run_pipeline.py", *sys.argv[1:]])
subprocess.run([python, "run_pipeline.py", "local", "down"], check=True)
heads, values = re.findall(r"^Ip: (.*)$", open("/proc/net/snmp").read(), re.MULTILINE)
lost = int(dict(zip(heads.split(), values.split()))["OutNoRoutes"])
lost6 = int(re.search(r"Ip6OutNoRoutes\\s+(\\d+)", open("/proc/net/snmp6").read())[1])
print("lost", lost + lost6)
sys.exit(first.returncode)
"""
UNSHARE = ["unshare", "--map-root-user", "--net"]


@pytest.fixture(scope="module")
def account(stand_in: RunningStandIn, tmp_path_factory: pytest.TempPathFactory) -> Account:
    """The stand-in posing as an account, with the sample deployed."""
    found = posing(stand_in, tmp_path_factory.mktemp("soak"))
    found.run("bootstrap", code=0)
    found.run("upsert", *SAMPLE, code=0)
    return found


@pytest.fixture(scope="module")
def passed(account: Account) -> Ran:
    """The sample with a bar that every model reaches."""
    return ran(account, "-p", "MinimumF1=0", code=0)


@pytest.fixture(scope="module")
def missed(passed: Ran) -> Iterator[Ran]:
    """The sample with a bar that no hardly trained model reaches, its endpoint kept."""
    keep_endpoint(passed.account)
    found = ran(passed.account, "-p", "MinimumF1=1", code=5)
    yield found
    delete_endpoint(found.account, f"{found.account.prefix}-{found.training['id']}")


def test_a_model_that_learned_shuffled_answers_misses_the_shipped_gate(
    stand_in: RunningStandIn, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Same questions, same answers, each with another's: the full fine-tuning, then exit code 5."""
    shuffled = posing(stand_in, tmp_path_factory.mktemp("shuffled"))
    path = shuffled.repository.folder / "data" / "facts" / "facts.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    answers = [row["correct_answer"] for row in rows]
    random.Random(1).shuffle(answers)
    for row, answer in zip(rows, answers, strict=True):
        row["correct_answer"] = answer
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    shuffled.run("bootstrap", code=0)
    shuffled.run("upsert", *SAMPLE, code=0)
    done = shuffled.run("run", *SAMPLE, code=5, timeout=1200)
    assert "; nothing was registered\nhint: " in done.err
    (gate,) = shuffled.status("facts-inference")["gates"]
    assert gate["value"] < 0.25 < gate["bound"]


def test_a_model_that_learned_nothing_misses_the_shipped_gate(account: Account) -> None:
    """All rows, a learning rate of 0."""
    words = ("-p", "LearningRate=0", "-p", "EpochCount=1")
    done = account.run("run", *SAMPLE, *words, code=5)
    assert "; nothing was registered\nhint: " in done.err


def has_namespaces() -> bool:
    """Whether the kernel gives this user a network of its own."""
    if sys.platform != "linux":
        return False
    return subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_namespaces(), reason="this machine gives no network namespace")
def test_nothing_tries_to_leave_the_machine(tmp_path_factory: pytest.TempPathFactory) -> None:
    """From the first command to a registered package without a route, in a shell full of somebody's keys."""
    repository = clone(tmp_path_factory.mktemp("alone"))
    words = ["run", *SAMPLE, "-p", "TrainingRows=60", "-p", "EpochCount=1", "-p", "MinimumF1=0"]
    ran_alone = subprocess.run(
        [*UNSHARE, sys.executable, "-c", ALONE, *words],
        cwd=repository.folder,
        env=repository.shell(LOADED),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran_alone.returncode == 0, ran_alone.stderr
    assert "model package  local-facts/1  PendingManualApproval\n" in ran_alone.stdout
    assert ran_alone.stdout.splitlines()[-1] == "lost 0"
