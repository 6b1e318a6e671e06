"""Five trivial Processing steps in a row on the stand-in, beside what five bare Python processes take.

    python bench/engine.py [rounds]

Every step is a process of its own with its own /opt/ml; its script comes out of S3, its result goes back to
S3 and is the next step's input. The time runs from StartPipelineExecution until a client that asks every
5 ms sees Succeeded. Target: 1 s in all. Measured elsewhere, for five such steps in a row: kfp's local runner
0.57 s (one shared environment, no S3), ZenML 1.0 to 1.6 s, Metaflow 6.9 s.
"""

from __future__ import annotations

import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from local.client import Connection

ROOT = Path(__file__).resolve().parent.parent
TARGET_SECONDS = 1.0
STEPS = 5
BUCKET = "bench"
ROLE = "arn:aws:iam::123456789012:role/bench"
SCRIPT = """
from pathlib import Path
before = Path("{root}/input/before")
number = int(next(before.iterdir()).read_text()) if before.is_dir() else 0
Path("{root}/output/number").write_text(str(number + 1))
"""
PUBLISHED = (("kfp local runner, shared environment", "0.57"), ("ZenML", "1.0 - 1.6"), ("Metaflow", "6.9"))


def main() -> int:
    """Print both and their difference; 1 when the target is missed."""
    sys.path.insert(0, str(ROOT))  # run as a file, from any folder
    from config.load import load_project
    from local import client as stand_in

    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = load_project("local", ROOT)
        settings = project.environment.stand_in
        assert settings is not None, "the environment 'local' has no stand-in"
        moved = settings.model_copy(update={"folder": str(folder / ".local"), "port": None})
        project = dataclasses.replace(
            project, environment=project.environment.model_copy(update={"stand_in": moved})
        )
        try:
            return measure(stand_in.connect(project), folder, rounds)
        finally:
            stand_in.down(project)


def measure(connection: Connection, folder: Path, rounds: int) -> int:
    sagemaker, s3 = client(connection, "sagemaker"), client(connection, "s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="code/script.py", Body=SCRIPT.format(root="/opt/ml/processing").encode())
    sagemaker.create_pipeline(PipelineName="bench", PipelineDefinition=definition(), RoleArn=ROLE)
    execution(sagemaker, s3)  # the bare environment is built, caches are warm
    bare, whole = [], []
    for _ in range(rounds):
        bare.append(processes(folder))
        whole.append(execution(sagemaker, s3))
    line(f"{STEPS} bare Python processes in a row (the limit)", bare)
    line(f"{STEPS} Processing steps in a row", whole)
    for peer, figure in PUBLISHED:
        print(f"{peer + ' (published)':<48} {figure} s")
    overhead = (min(whole) - min(bare)) / STEPS * 1000
    print(f"overhead of a step {overhead:.0f} ms; median {statistics.median(whole):.2f} s, "
          f"target {TARGET_SECONDS:g} s")  # fmt: skip
    return 0 if statistics.median(whole) <= TARGET_SECONDS else 1


def execution(sagemaker: Any, s3: Any) -> float:
    """Seconds of one execution, as its client sees it."""
    began = time.perf_counter()
    arn = sagemaker.start_pipeline_execution(PipelineName="bench")["PipelineExecutionArn"]
    while True:
        described = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        if described["PipelineExecutionStatus"] != "Executing":
            break
        time.sleep(0.005)
    seconds = time.perf_counter() - began
    key = f"{arn.rpartition('/')[2]}/{STEPS}/number"
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == str(STEPS).encode()
    return seconds


def processes(folder: Path) -> float:
    """Seconds of the same script in plain processes, one after the other."""
    began = time.perf_counter()
    for number in range(STEPS):
        place = folder / str(number)
        (place / "input").mkdir(parents=True, exist_ok=True)
        (place / "output").mkdir(exist_ok=True)
        script = SCRIPT.format(root=place)
        subprocess.run([sys.executable, "-I", "-c", script], check=True, capture_output=True)
    return time.perf_counter() - began


def definition() -> str:
    steps = [step(number) for number in range(1, STEPS + 1)]
    return json.dumps({"Version": "2020-12-01", "Parameters": [], "Steps": steps})


def step(number: int) -> dict[str, Any]:
    """Step number n takes the output of step n - 1 and adds one."""
    inputs = [channel("code", f"s3://{BUCKET}/code")]
    if number > 1:
        before = f"Steps.s{number - 1}.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"
        inputs.append(channel("before", {"Get": before}))
    place = [f"s3://{BUCKET}", {"Get": "Execution.PipelineExecutionId"}, str(number)]
    output = {
        "S3Uri": {"Std:Join": {"On": "/", "Values": place}},
        "LocalPath": "/opt/ml/processing/output",
        "S3UploadMode": "EndOfJob",
    }
    command = ["python3", "-I", "/opt/ml/processing/input/code/script.py"]
    arguments = {
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": "bare", "ContainerEntrypoint": command},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
        },
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "S3Output": output}]},
    }
    return {"Name": f"s{number}", "Type": "Processing", "Arguments": arguments}


def channel(name: str, uri: Any) -> dict[str, Any]:
    s3 = {
        "S3Uri": uri,
        "LocalPath": f"/opt/ml/processing/input/{name}",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
    }
    return {"InputName": name, "S3Input": s3}


def client(connection: Connection, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=connection.endpoint,
        region_name=connection.region,
        aws_access_key_id=connection.access_key,
        aws_secret_access_key=connection.secret_key,
    )


def line(what: str, times: list[float]) -> None:
    # The best time is what the work takes; the median shows what else the machine did.
    print(f"{what:<48} best {min(times):.2f} s, median {statistics.median(times):.2f} s of {len(times)}")


if __name__ == "__main__":
    sys.exit(main())
