"""infra/ on the stand-in: deployed unchanged, once, and functions that are replaced behind their alias."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from config import names
from deploy.infrastructure.bootstrap import bootstrap, update_services
from deploy.infrastructure.handover import write
from deploy.infrastructure.stacks import Waiting
from deploy.session import connect
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


def test_a_platform_team_deploys_what_is_printed(
    own_stand_in: Callable[[], RunningStandIn], tmp_path: Path
) -> None:
    """With the files alone and the `aws` command line; bootstrap and upsert then find nothing to write."""
    stand_in = own_stand_in()
    project = stand_in.project
    write(project, tmp_path / "handover")
    exports = stand_in.connection.environment_exports()
    shell = {name: value for name, value in {**os.environ, **exports}.items() if value is not None}
    shell["PATH"] = f"{Path(sys.executable).parent}:{shell['PATH']}"
    script = ["sh", str(tmp_path / "handover" / "deploy.sh")]
    subprocess.run(script, env=shell, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    assert bootstrap(project, connect(project), report=print, waiting=WAITING, access=True) == ()


def test_what_the_environment_names_is_used_and_not_made(stand_in: RunningStandIn, name: str) -> None:
    """An existing bucket, roles and a function: nothing of the kind is made beside them."""
    iam, functions = stand_in.client("iam"), stand_in.client("lambda")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    allowed = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    limit = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    stand_in.client("s3").create_bucket(Bucket=name)
    arns = {
        role: iam.create_role(RoleName=f"{name}team{role}", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        for role in ("pipeline", "processing", "automl", "endpoint", "functions", "batch")
    }
    boundary = iam.create_policy(PolicyName=name, PolicyDocument=limit)["Policy"]["Arn"]
    environment = stand_in.project.environment
    ours = environment.model_copy(
        update={
            "prefix": name,
            "bucket": name,
            "permissions_boundary": boundary,
            "roles": environment.roles.model_copy(update=arns),
        }
    )
    project = dataclasses.replace(stand_in.project, environment=ours)
    aws = connect(stand_in.project)
    assert bootstrap(project, aws, report=print, waiting=WAITING)
    cloudformation = stand_in.client("cloudformation")
    assert cloudformation.describe_stack_resources(StackName=f"{name}-base")["StackResources"] == []
    made = functions.get_function(FunctionName=f"{name}-reconcile")["Configuration"]
    assert made["Role"] == arns["functions"]

    existing = names.function_arn(ours, "reconcile")
    other = ours.model_copy(update={"prefix": f"{name}x", "functions": {"reconcile": existing}})
    project = dataclasses.replace(stand_in.project, environment=other)
    assert bootstrap(project, aws, report=print, waiting=WAITING)
    resources = cloudformation.describe_stack_resources(StackName=f"{name}x-services")["StackResources"]
    assert not [each for each in resources if each["LogicalResourceId"] == "Reconcile"]
    targets = stand_in.client("events").list_targets_by_rule(Rule=f"{name}x-reconcile")["Targets"]
    assert [each["Arn"] for each in targets] == [existing]
    assert bootstrap(project, aws, report=print, waiting=WAITING) == ()
