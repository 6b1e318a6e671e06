"""Processing jobs made with plain boto3: instances, limits, reasons, environments, outputs."""

from __future__ import annotations

import json
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from local.environments import Environments
from tests.functional.conftest import RunningStandIn
from tests.functional.engine_pipelines import INSTANCE, ROLE, SCRIPT, Client, s3_input, until

pytestmark = pytest.mark.functional
DEEP_LEARNING = (
    "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.5.1-cpu-py311-ubuntu22.04-sagemaker"
)


@pytest.fixture
def client(stand_in: RunningStandIn, name: str) -> Client:
    made = Client(stand_in, name)
    made.make_bucket()
    return made


def start(client: Client, name: str, script: str, *, image: str = "a-strangers-image", **more: Any) -> str:
    """Starts a job of this script with one output `out` to s3://<bucket>/out; returns its name."""
    code = client.put("code/script.py", script)
    outputs = [output("out", f"s3://{client.bucket}/out", mode=more.pop("upload", "EndOfJob"))]
    client.sagemaker.create_processing_job(
        ProcessingJobName=name,
        RoleArn=more.pop("role", ROLE),
        AppSpecification={
            "ImageUri": image,
            "ContainerEntrypoint": more.pop("entrypoint", ["python3", SCRIPT]),
        },
        ProcessingResources={"ClusterConfig": {**INSTANCE, "InstanceCount": more.pop("instances", 1)}},
        ProcessingInputs=[s3_input("code", code.rpartition("/")[0]), *more.pop("inputs", [])],
        ProcessingOutputConfig={"Outputs": outputs},
        **more,
    )
    return name


def output(name: str, uri: str, *, mode: str = "EndOfJob") -> dict[str, Any]:
    place = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/{name}", "S3UploadMode": mode}
    return {"OutputName": name, "S3Output": place}


def described(client: Client, job: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.sagemaker.describe_processing_job(ProcessingJobName=job)
    return answer


def ended(client: Client, job: str, seconds: float = 60) -> dict[str, Any]:
    until(lambda: described(client, job)["ProcessingJobStatus"] not in ("InProgress", "Stopping"), seconds)
    return described(client, job)


def log(client: Client, job: str, host: str = "algo-1") -> list[str]:
    logs, group = client.stand_in.client("logs"), "/aws/sagemaker/ProcessingJobs"
    streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{job}/{host}-")[
        "logStreams"
    ]
    if not streams:
        return []
    events = logs.get_log_events(logGroupName=group, logStreamName=streams[0]["logStreamName"])["events"]
    return [event["message"] for event in events]


def test_a_job_spreads_over_its_instances(client: Client, name: str) -> None:
    """Every instance is told who it is and gets its share; all write to the same place."""
    for number in range(5):
        client.put(f"data/{number}.txt", str(number))
    script = """
import json
from pathlib import Path
me = json.loads(Path("/opt/ml/config/resourceconfig.json").read_text())
job = json.loads(Path("/opt/ml/config/processingjobconfig.json").read_text())
files = sorted(p.name for p in Path("/opt/ml/processing/input/data").iterdir())
out = Path("/opt/ml/processing/out") / me["current_host"]
out.write_text(json.dumps([files, me["hosts"], job["ProcessingJobName"]]))
"""
    sharded = s3_input("data", f"s3://{name}/data/", S3DataDistributionType="ShardedByS3Key")
    job = start(client, name, script, instances=2, inputs=[sharded])
    assert ended(client, job)["ProcessingJobStatus"] == "Completed"
    hosts = ["algo-1", "algo-2"]
    assert json.loads(client.get("out/algo-1")) == [["0.txt", "2.txt", "4.txt"], hosts, name]
    assert json.loads(client.get("out/algo-2")) == [["1.txt", "3.txt"], hosts, name]


def test_the_first_instance_that_fails_ends_the_others(client: Client, name: str) -> None:
    """The reason names the instance; nothing is uploaded."""
    script = """
import json, sys, time
from pathlib import Path
host = json.loads(Path("/opt/ml/config/resourceconfig.json").read_text())["current_host"]
Path("/opt/ml/processing/out/x").write_text("partial")
if host == "algo-2":
    sys.exit("bad shard")
time.sleep(600)
"""
    job = ended(client, start(client, name, script, instances=2))
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: algo-2: bad shard, exit code: 1"
    assert client.keys("out/") == []


def is_gone(pid: int) -> bool:
    """Whether it runs no more: init may take a moment to bury an orphan."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_job_over_its_limit_is_ended_with_all_it_started(client: Client, name: str) -> None:
    """SIGTERM reaches the program, then it and its children are killed."""
    script = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, lambda *_: print("asked to end", flush=True) or sys.exit(3))
child = subprocess.Popen(["sleep", "600"])
print(child.pid, flush=True)
time.sleep(600)
"""
    began = time.monotonic()
    job = start(client, name, script, StoppingCondition={"MaxRuntimeInSeconds": 1})
    answer = ended(client, job)
    assert answer["ProcessingJobStatus"] == "Failed"
    assert answer["FailureReason"] == (
        "ClientError: MaxRuntimeExceeded: the job ran over its MaxRuntimeInSeconds of 1 seconds"
    )
    assert time.monotonic() - began < 30
    lines = log(client, job)
    assert lines[1] == "asked to end"
    assert until(lambda: is_gone(int(lines[0])))


def test_a_job_can_be_stopped(client: Client, name: str) -> None:
    """Stopping, then Stopped, with its process gone; a second stop does nothing."""
    script = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)"
    job = start(client, name, script)
    (pid,) = until(lambda: log(client, job))
    client.sagemaker.stop_processing_job(ProcessingJobName=job)
    assert ended(client, job)["ProcessingJobStatus"] == "Stopped"
    assert until(lambda: is_gone(int(pid)))
    client.sagemaker.stop_processing_job(ProcessingJobName=job)
    assert described(client, job)["ProcessingJobStatus"] == "Stopped"


def test_the_programs_own_message_is_the_reason(client: Client, name: str) -> None:
    """/opt/ml/output/message becomes ExitMessage and FailureReason."""
    script = """
import sys
open("/opt/ml/output/message", "w").write("the data has no column 'answer'")
print("noise")
sys.exit(4)
"""
    job = ended(client, start(client, name, script))
    assert job["ExitMessage"] == "the data has no column 'answer'"
    assert job["FailureReason"] == "AlgorithmError: the data has no column 'answer', exit code: 4"


NOT_THERE = "the entrypoint 'no-such-program' cannot be started: No such file or directory"


@pytest.mark.parametrize(
    ("script", "entrypoint", "reason"),
    [
        (
            "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
            ["python3", SCRIPT],
            "AlgorithmError: the program was ended by signal 11, SIGSEGV, exit code: 139",
        ),
        (
            "",
            ["no-such-program"],
            f"AlgorithmError: {NOT_THERE}, exit code: 127",
        ),
    ],
)
def test_crashes_are_told_in_words(
    client: Client, name: str, script: str, entrypoint: list[str], reason: str
) -> None:
    """A signal by its name, a program that is not there by its own."""
    job = ended(client, start(client, name, script, entrypoint=entrypoint))
    assert job["FailureReason"] == reason


def test_continuous_outputs_appear_while_the_job_runs(client: Client, name: str) -> None:
    """And stay when the job fails afterwards."""
    script = """
import sys, time
from pathlib import Path
out = Path("/opt/ml/processing/out")
(out / "first").write_text("1")
time.sleep(3)
(out / "second").write_text("2")
sys.exit("enough")
"""
    job = start(client, name, script, upload="Continuous")
    until(lambda: client.keys("out/") == ["out/first"])
    assert described(client, job)["ProcessingJobStatus"] == "InProgress"
    assert ended(client, job)["ProcessingJobStatus"] == "Failed"
    assert client.get("out/second") == "2"


def test_an_output_that_cannot_be_written_fails_the_job(client: Client, name: str) -> None:
    """The bucket is named, and the other output is not left half there."""
    script = "for name in 'ab': open(f'/opt/ml/processing/{name}/x', 'w').write(name)"
    code = client.put("code/script.py", script)
    gone = f"s3://{name}-gone/out"
    outputs = [output("a", f"s3://{name}/out"), output("b", gone)]
    client.sagemaker.create_processing_job(
        ProcessingJobName=name,
        RoleArn=ROLE,
        AppSpecification={"ImageUri": "x", "ContainerEntrypoint": ["python3", SCRIPT]},
        ProcessingResources={"ClusterConfig": INSTANCE},
        ProcessingInputs=[s3_input("code", code.rpartition("/")[0])],
        ProcessingOutputConfig={"Outputs": outputs},
    )
    job = ended(client, name)
    reason = f"The specified bucket does not exist: '{name}-gone'"
    assert job["FailureReason"] == f"ClientError: Output 'b' ({gone}/x): {reason}"
    assert client.keys("out/") == []


def wheel(folder: Path, package: str) -> Path:
    """A wheel with one module that says hello."""
    path = folder / f"{package}-1.0-py3-none-any.whl"
    info = f"{package}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{package}.py", f"HELLO = 'hello from {package}'\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(
            f"{info}/RECORD", f"{package}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n"
        )
    return path


@pytest.fixture
def requirements(client: Client, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Puts a requirements file beside the code; the environment made of it is gone after the test."""
    settings = client.stand_in.project.environment.stand_in
    assert settings is not None
    environments = Environments(client.stand_in.project.root / settings.environments)
    path = tmp_path / "requirements.txt"

    def put(text: str) -> None:
        path.write_text(text, encoding="utf-8")
        client.put("code/requirements.txt", text)

    yield put
    for left in (client.stand_in.project.root / settings.environments).glob(f"{environments.key(path)}*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def test_requirements_of_the_code_are_installed_once(
    client: Client, name: str, tmp_path: Path, requirements: Callable[[str], None]
) -> None:
    """The first job builds the environment, which its log shows; the second finds it."""
    wheel(tmp_path, name)
    requirements(f"--no-index\n--find-links {tmp_path}\n{name}==1.0\n")
    script = f"import {name}; print({name}.HELLO)"
    first = start(client, f"{name}-1", script, image=DEEP_LEARNING)
    assert ended(client, first)["ProcessingJobStatus"] == "Completed"
    lines = log(client, first)
    assert f"Successfully installed {name}-1.0" in lines
    assert lines[-1] == f"hello from {name}"
    second = start(client, f"{name}-2", script, image=DEEP_LEARNING)
    assert ended(client, second)["ProcessingJobStatus"] == "Completed"
    assert log(client, second) == [f"hello from {name}"]


def test_requirements_that_cannot_be_installed_fail_the_job(
    client: Client, name: str, requirements: Callable[[str], None]
) -> None:
    """With pip's own error."""
    requirements(f"--no-index\n{name}==1.0\n")
    job = ended(client, start(client, name, "", image=DEEP_LEARNING))
    assert job["ProcessingJobStatus"] == "Failed"
    assert f"No matching distribution found for {name}==1.0" in job["FailureReason"]


def test_what_a_job_installs_is_gone_with_it(client: Client, name: str, tmp_path: Path) -> None:
    """A job may pip install for itself; the environment that others share is not touched."""
    path = wheel(tmp_path, name)
    script = f"""
import subprocess, sys
subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "{path}"], check=True)
subprocess.run([sys.executable, "-c", "import {name}; print({name}.HELLO)"], check=True)
"""
    first = start(client, f"{name}-1", script)
    assert ended(client, first)["ProcessingJobStatus"] == "Completed"
    assert f"hello from {name}" in log(client, first)
    second = ended(client, start(client, f"{name}-2", f"import {name}"))
    assert f"No module named '{name}'" in second["FailureReason"]


def test_jobs_are_listed_and_described_as_the_service_does(client: Client, name: str) -> None:
    """Newest last unless asked; by name and status; unknown and repeated names are modelled errors."""
    first = start(client, f"{name}-b", "")
    assert ended(client, first)["ProcessingJobStatus"] == "Completed"
    second = start(client, f"{name}-a", "raise SystemExit(1)")
    assert ended(client, second)["ProcessingJobStatus"] == "Failed"

    def listed(**parameters: Any) -> list[str]:
        answer = client.sagemaker.list_processing_jobs(NameContains=name, **parameters)
        return [job["ProcessingJobName"] for job in answer["ProcessingJobSummaries"]]

    assert listed() == [first, second]
    assert listed(SortBy="Name") == [second, first]
    assert listed(StatusEquals="Failed") == [second]
    answer = described(client, first)
    assert answer["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}
    assert answer["ProcessingStartTime"] <= answer["ProcessingEndTime"]
    with pytest.raises(ClientError, match=r"ResourceInUse.*a job with this name already exists"):
        start(client, first, "")
    with pytest.raises(ClientError, match=r"ResourceNotFound.*Could not find requested job with name: gone"):
        described(client, "gone")


def test_a_role_that_does_not_trust_sagemaker_is_refused(client: Client, name: str) -> None:
    """In the service's words."""
    iam = client.stand_in.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    with pytest.raises(
        ClientError, match=r"Could not assume role .* allows principal 'sagemaker.amazonaws.com'"
    ):
        start(client, name, "", role=role)
