"""What the stand-in keeps when it ends, by `down` or by kill -9, and how it is found, started and refused."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from config.models import Project
from local import client as stand_in_client
from local.client import StandInError
from local.scrubbing import LIVES_WITH
from tests.functional.bundles import invoke, make_function
from tests.functional.conftest import RunningStandIn, project_in

pytestmark = pytest.mark.functional

Start = Callable[[], RunningStandIn]


def pid_of(running: RunningStandIn) -> int:
    return int(json.loads((running.folder / "server.json").read_text())["pid"])


def kill(running: RunningStandIn) -> None:
    process = psutil.Process(pid_of(running))
    process.kill()
    process.wait(10)


def fill(running: RunningStandIn) -> None:
    """One of everything that must be there afterwards."""
    s3, sqs, sagemaker = (running.client(service) for service in ("s3", "sqs", "sagemaker"))
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_tagging(Bucket="kept", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.put_object(Bucket="kept", Key="a/b", Body=b"whole", Metadata={"who": "me"}, Tagging="colour=blue")
    upload = s3.create_multipart_upload(Bucket="kept", Key="parts")["UploadId"]
    s3.upload_part(Bucket="kept", Key="parts", UploadId=upload, PartNumber=1, Body=b"x" * 5 * 1024 * 1024)
    sqs.create_queue(QueueName="kept")
    sqs.send_message(QueueUrl="kept", MessageBody="waiting")
    sqs.send_message(QueueUrl="kept", MessageBody="delayed", DelaySeconds=900)
    make_function(running, "kept", "def handle(event, context): print('seen'); return 'still here'")
    invoke(running, "kept")
    running.client("lambda").publish_version(FunctionName="kept")
    running.client("lambda").create_alias(FunctionName="kept", Name="live", FunctionVersion="1")
    running.client("events").put_rule(Name="kept", ScheduleExpression="rate(1 day)")
    sagemaker.create_model_package_group(ModelPackageGroupName="kept")
    running.client("kms").create_key(Description="kept")
    body = "Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: of-a-stack}}}"
    running.client("cloudformation").create_stack(StackName="kept", TemplateBody=body)


def check(running: RunningStandIn) -> None:
    """Everything of `fill` is there and works on."""
    s3, sqs = running.client("s3"), running.client("sqs")
    answer = s3.get_object(Bucket="kept", Key="a/b")
    assert (answer["Body"].read(), answer["Metadata"]) == (b"whole", {"who": "me"})
    assert s3.get_object_tagging(Bucket="kept", Key="a/b")["TagSet"] == [{"Key": "colour", "Value": "blue"}]
    assert s3.get_bucket_tagging(Bucket="kept")["TagSet"] == [{"Key": "a", "Value": "b"}]
    upload = s3.list_multipart_uploads(Bucket="kept")["Uploads"][0]["UploadId"]
    last = s3.upload_part(Bucket="kept", Key="parts", UploadId=upload, PartNumber=2, Body=b"y")
    first = s3.list_parts(Bucket="kept", Key="parts", UploadId=upload)["Parts"][0]
    parts = [{"PartNumber": 1, "ETag": first["ETag"]}, {"PartNumber": 2, "ETag": last["ETag"]}]
    s3.complete_multipart_upload(
        Bucket="kept", Key="parts", UploadId=upload, MultipartUpload={"Parts": parts}
    )
    assert s3.get_object(Bucket="kept", Key="parts")["Body"].read() == b"x" * 5 * 1024 * 1024 + b"y"
    attributes = sqs.get_queue_attributes(QueueUrl="kept", AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesDelayed"] == "1"
    assert [m["Body"] for m in sqs.receive_message(QueueUrl="kept")["Messages"]] == ["waiting"]
    assert invoke(running, "kept:live") == (None, "still here")
    logged = running.client("logs").filter_log_events(logGroupName="/aws/lambda/kept", filterPattern="seen")
    assert len(logged["events"]) == 2
    assert running.client("events").describe_rule(Name="kept")["ScheduleExpression"] == "rate(1 day)"
    running.client("sagemaker").describe_model_package_group(ModelPackageGroupName="kept")
    key = running.client("kms").list_keys()["Keys"][0]["KeyId"]
    assert running.client("kms").describe_key(KeyId=key)["KeyMetadata"]["Description"] == "kept"
    stacks = running.client("cloudformation")
    assert stacks.describe_stacks(StackName="kept")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    stacks.delete_stack(StackName="kept")
    assert sqs.list_queues(QueueNamePrefix="of-a-stack").get("QueueUrls") is None


def test_everything_survives_down_and_kill(own_stand_in: Start) -> None:
    """Objects, unfinished uploads, messages, functions with aliases, rules, packages, keys, stacks, logs."""
    running = own_stand_in()
    fill(running)
    process = psutil.Process(pid_of(running))
    assert stand_in_client.down(running.project) is True
    assert process.is_running() is False
    assert not (running.folder / "server.json").exists()
    assert stand_in_client.down(running.project) is False
    kill(own_stand_in())
    again = own_stand_in()
    assert again.connection.access_key == running.connection.access_key
    check(again)


def test_what_was_answered_survives_a_kill_at_any_moment(own_stand_in: Start) -> None:
    """While four clients write, the process is killed; every answered change is there, every body whole."""
    survive_kills(own_stand_in, kills=3, seconds=0.6)


@pytest.mark.soak
def test_what_was_answered_survives_many_kills(own_stand_in: Start) -> None:
    """The same, for longer."""
    survive_kills(own_stand_in, kills=30, seconds=1.5)


def survive_kills(start: Start, *, kills: int, seconds: float) -> None:
    chance = random.Random(7)
    answered: dict[str, set[str]] = {"objects": set(), "messages": set(), "groups": set()}
    running = start()
    running.client("s3").create_bucket(Bucket="kept")
    running.client("sqs").create_queue(QueueName="kept")
    for round_number in range(kills):
        writers = [
            threading.Thread(target=_write, args=(running, answered, f"{round_number}-{n}")) for n in range(4)
        ]
        for writer in writers:
            writer.start()
        time.sleep(chance.uniform(0.3, 1) * seconds)
        kill(running)
        for writer in writers:
            writer.join()
        running = start()
        _check_answered(running, answered)
    assert min(len(kept) for kept in answered.values()) > kills


def _write(running: RunningStandIn, answered: dict[str, set[str]], name: str) -> None:
    """Writes until nobody answers; notes what was answered."""
    s3, sqs, sagemaker = (running.client(service) for service in ("s3", "sqs", "sagemaker"))
    number = 0
    try:
        while True:
            key = f"{name}-{number}"
            s3.put_object(Bucket="kept", Key=key, Body=key.encode() * 1000)
            answered["objects"].add(key)
            s3.put_object(Bucket="kept", Key="contended", Body=key.encode() * 1000)
            sqs.send_message(QueueUrl="kept", MessageBody=key)
            answered["messages"].add(key)
            sagemaker.create_model_package_group(ModelPackageGroupName=f"g{key}")
            answered["groups"].add(f"g{key}")
            number += 1
    except Exception:  # noqa: BLE001  (whatever a client says when the other side is killed)
        return


def _check_answered(running: RunningStandIn, answered: dict[str, set[str]]) -> None:
    s3, sqs, sagemaker = (running.client(service) for service in ("s3", "sqs", "sagemaker"))
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="kept")
    listed = {entry["Key"] for page in pages for entry in page.get("Contents", [])}
    assert answered["objects"] <= listed
    for key in listed - {"contended"}:
        assert s3.get_object(Bucket="kept", Key=key)["Body"].read() == key.encode() * 1000
        assert (running.folder / "s3" / "kept" / key).read_bytes() == key.encode() * 1000
    if "contended" in listed:
        body = s3.get_object(Bucket="kept", Key="contended")["Body"].read()
        assert body == body[: len(body) // 1000] * 1000
    pages = sagemaker.get_paginator("list_model_package_groups").paginate()
    groups = {g["ModelPackageGroupName"] for page in pages for g in page["ModelPackageGroupSummaryList"]}
    assert answered["groups"] <= groups
    depth = sqs.get_queue_attributes(QueueUrl="kept", AttributeNames=["ApproximateNumberOfMessages"])
    assert int(depth["Attributes"]["ApproximateNumberOfMessages"]) >= len(answered["messages"])


def test_children_die_with_a_killed_stand_in(own_stand_in: Start) -> None:
    """A function that was running when its stand-in was killed does not run on."""
    running = own_stand_in()
    make_function(running, "sleeper", "import time\ndef handle(e, c): time.sleep(60)", Timeout=60)
    running.client("lambda").invoke(FunctionName="sleeper", InvocationType="Event", Payload=b"{}")
    server = psutil.Process(pid_of(running))
    end = time.monotonic() + 10
    while not (children := [c for c in server.children() if "function_runner" in " ".join(c.cmdline())]):
        assert time.monotonic() < end
        time.sleep(0.05)
    kill(running)
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []


def test_two_commands_at_once_start_one(tmp_path: Path) -> None:
    """Three processes ask at the same moment; all get the same stand-in."""
    program = """
import sys
from pathlib import Path
from tests.functional.conftest import project_in
from local import client
print(client.connect(project_in(Path(sys.argv[1]))).endpoint)
"""
    folder = tmp_path / ".local"
    commands = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for _ in range(3)
    ]
    try:
        endpoints = {command.communicate(timeout=60)[0] for command in commands}
        assert len(endpoints) == 1
        assert endpoints.pop().startswith("http://127.0.0.1:")
    finally:
        stand_in_client.down(project_in(folder))


def test_a_stale_file_is_not_believed(own_stand_in: Start) -> None:
    """A server.json of a dead process, of another process with its id, or of nonsense starts a new one."""
    running = own_stand_in()
    file = running.folder / "server.json"
    document = json.loads(file.read_text())
    kill(running)
    for stale in (document, {**document, "pid": os.getpid()}, {**document, "pid": "x"}, {}):
        file.write_text(json.dumps(stale))
        assert stand_in_client.status(running.project).running is False
    assert own_stand_in().client("sts").get_caller_identity()["Account"] == running.account


def test_one_that_is_only_slow_is_not_lost(own_stand_in: Start) -> None:
    """A stand-in that does not answer for a while keeps its folder, is found again, and can be ended."""
    running = own_stand_in()
    process = psutil.Process(pid_of(running))
    process.suspend()
    try:
        with pytest.raises(StandInError, match="runs, and does not answer") as caught:
            own_stand_in()
        assert "local down" in str(caught.value.hint)
    finally:
        process.resume()
    assert pid_of(own_stand_in()) == process.pid
    process.suspend()
    threading.Timer(1, process.resume).start()
    assert stand_in_client.down(running.project) is True
    assert not process.is_running()


def with_stand_in(project: Project, **changes: Any) -> Project:
    stand_in = project.environment.stand_in
    assert stand_in is not None
    changed = stand_in.model_copy(update=changes)
    environment = project.environment.model_copy(update={"stand_in": changed})
    return dataclasses.replace(project, environment=environment)


def test_changed_settings_are_not_ignored(own_stand_in: Start) -> None:
    """A stand-in that runs with other settings is named as the reason, with what to type."""
    running = own_stand_in()
    changed = with_stand_in(running.project, images=())
    with pytest.raises(StandInError, match="was started with other settings") as caught:
        stand_in_client.connect(changed)
    assert "local down" in str(caught.value.hint)


def test_the_port_is_the_files(tmp_path: Path) -> None:
    """stand_in.port is where it listens; while another program has it, the error names cause and setting."""
    project = project_in(tmp_path / ".local")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        fixed = with_stand_in(project, port=port)
        with pytest.raises(StandInError, match=f"cannot listen on port {port}: it is in use") as caught:
            stand_in_client.connect(fixed)
    assert "stand_in.port: null" in str(caught.value.hint)
    try:
        assert stand_in_client.connect(fixed).endpoint == f"http://127.0.0.1:{port}"
        with pytest.raises(StandInError, match="was started with other settings"):
            stand_in_client.connect(project)
    finally:
        stand_in_client.down(fixed)


def test_a_full_disk_is_an_error_and_not_a_loss(own_stand_in: Start) -> None:
    """A change that cannot be written down is not answered as done; with space again, all goes on."""
    running = own_stand_in()
    sqs = running.client("sqs")
    sqs.create_queue(QueueName="before")
    next_snapshot = running.folder / "state" / f"moto.snapshot.{pid_of(running)}"
    next_snapshot.symlink_to("/dev/full")
    with pytest.raises(ClientError, match="No space left on device"):
        sqs.create_queue(QueueName="not-written")
    sqs.create_queue(QueueName="after")
    kill(running)
    urls = own_stand_in().client("sqs").list_queues()["QueueUrls"]
    assert {url.rpartition("/")[2] for url in urls} >= {"before", "after"}


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """One fact, one hint."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StandInError, match=r"cannot write to .*/file/\.local") as caught:
        stand_in_client.connect(project_in(tmp_path / "file" / ".local"))
    assert caught.value.hint == ("set stand_in.folder in config/environments/local.yaml to a folder of yours")


def test_status_and_keys(stand_in: RunningStandIn) -> None:
    """Status says what runs where; nobody else on the machine can read the keys."""
    status = stand_in_client.status(stand_in.project)
    found = (status.running, status.pid, status.endpoint)
    assert found == (True, pid_of(stand_in), stand_in.connection.endpoint)
    assert abs((status.started or 0) - time.time()) < 3600
    assert (stand_in.folder / "credentials.json").stat().st_mode & 0o777 == 0o600


def test_it_ends_with_the_process_that_it_was_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test run that is killed leaves no stand-in behind, a few seconds later."""
    owner = subprocess.Popen(["sleep", "60"])
    monkeypatch.setenv(LIVES_WITH, str(owner.pid))
    project = project_in(tmp_path / ".local")
    stand_in_client.connect(project)
    process = psutil.Process(stand_in_client.status(project).pid)
    owner.kill()
    owner.wait(10)
    process.wait(30)
    assert stand_in_client.status(project).running is False
