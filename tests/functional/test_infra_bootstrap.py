"""infra/ on the stand-in: deployed unchanged, once, and functions that are replaced behind their alias."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from config import names
from deploy.bootstrap import bootstrap, update_services
from deploy.session import connect
from deploy.stacks import Waiting
from tests.functional.conftest import ROOT, RunningStandIn

pytestmark = pytest.mark.functional
WAITING = Waiting(time.monotonic, time.sleep, print)


def test_an_environment_is_made_once_and_its_functions_are_replaced(
    own_stand_in: Callable[[], RunningStandIn], tmp_path: Path
) -> None:
    """A second bootstrap writes nothing; new code becomes a new version that `live` moves to."""
    stand_in = own_stand_in()
    project, env = stand_in.project, stand_in.project.environment
    aws = connect(project)
    assert bootstrap(project, aws, report=print, waiting=WAITING)
    assert bootstrap(project, aws, report=print, waiting=WAITING) == ()

    functions, function = stand_in.client("lambda"), names.function_name(env, "reconcile")
    first = functions.get_alias(FunctionName=function, Name="live")["FunctionVersion"]
    for folder in ("lambdas", "infra"):
        shutil.copytree(ROOT / folder, tmp_path / "changed" / folder)
    handler = tmp_path / "changed" / "lambdas" / "reconcile" / "handler.py"
    handler.write_text('"""Changed."""\n\n\ndef handle(event, context):\n    return "changed"\n')
    changed = dataclasses.replace(project, root=tmp_path / "changed")
    assert update_services(changed, aws, report=print, waiting=WAITING)
    second = functions.get_alias(FunctionName=function, Name="live")["FunctionVersion"]
    assert second != first

    def answer(qualifier: str) -> object:
        return json.loads(
            functions.invoke(FunctionName=function, Qualifier=qualifier, Payload=b"{}")["Payload"].read()
        )

    assert answer("live") == "changed"
    assert answer(first) == {"open": 0, "put_back": 0, "failed": 0}


def test_the_bucket_is_as_the_template_says(own_stand_in: Callable[[], RunningStandIn]) -> None:
    """Private, encrypted, over TLS only, heartbeats gone after a month; and it can be used."""
    stand_in = own_stand_in()
    project = stand_in.project
    bootstrap(project, connect(project), report=print, waiting=WAITING)
    s3, bucket = stand_in.client("s3"), names.bucket(project.environment)
    blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}
    assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=bucket)["Policy"]
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert {rule["ID"] for rule in rules} == {
        "unfinished-uploads",
        "old-versions",
        "heartbeats",
        "raw-batch-output",
    }
    s3.put_object(Bucket=bucket, Key="a", Body=b"b")
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"b"
