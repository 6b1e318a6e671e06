"""Compiling reaches nothing: no network, no credentials, no settings of the shell, and leaves no trace."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from config.models import Project
from pipelines.sdk import SDK_SETTINGS, neutral
from pipelines.session import CompilationReachedAwsError, OfflineSession

ROOMS = ("config", "pipelines", "definition", "steps", "data", "lambdas", "local/bedrock/detection")

# Loaded by Python before anything else: every attempt to use the network is written down and refused, and the
# user is one that the machine does not know, as in many containers.
NO_NETWORK = """
import os, pwd, socket
def unknown(uid):
    raise KeyError(f"getpwuid(): uid not found: {uid}")
pwd.getpwuid = unknown
def refuse(*arguments, **options):
    with open(os.environ["ATTEMPTS"], "a") as log:
        log.write(repr(arguments) + "\\n")
    raise OSError("no network here")
socket.socket.connect = refuse
socket.socket.connect_ex = refuse
socket.socket.sendto = refuse
socket.getaddrinfo = refuse
"""

COMPILE = """
import hashlib, json
from config.load import load_project
from definition.compile import compile_all
print(json.dumps([
    [each.text, [[asset.key, hashlib.sha256(asset.read()).hexdigest()] for asset in each.assets]]
    for each in compile_all(load_project("local"))
]))
"""

# What a shell may hold: a profile that does not exist, another region, keys, defaults in somebody's bucket.
HOSTILE = {
    "AWS_PROFILE": "nobody",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "nowhere-1",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "SAGEMAKER_USER_CONFIG_OVERRIDE": "s3://somebody/config.yaml",
    "PYTHONHASHSEED": "7",
    "TZ": "Asia/Kolkata",
}


def clone(project: Project, folder: Path) -> Path:
    """A copy of the rooms that compiling reads, and of files that the configuration names."""
    for room in ROOMS:
        shutil.copytree(project.root / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def compiling(root: Path, extra: dict[str, str]) -> subprocess.Popen[str]:
    """Compile everything in ``root`` with no network and no other environment than ``extra``."""
    site = root / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "nowhere",
        "PYTHONPATH": os.pathsep.join([str(site), str(root)]),
        "ATTEMPTS": str(root / "attempts"),
        **extra,
    }
    return subprocess.Popen(
        [sys.executable, "-c", COMPILE],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_clones_compile_to_the_same_bytes_without_network_or_credentials(
    project: Project, tmp_path: Path
) -> None:
    """In other folders, with and without what a shell may hold; silently."""
    roots = [clone(project, tmp_path / "a"), clone(project, tmp_path / "much" / "deeper" / "b")]
    processes = [compiling(root, extra) for root, extra in zip(roots, ({}, HOSTILE), strict=True)]
    answers = [process.communicate(timeout=200) for process in processes]

    assert [(process.returncode, error) for process, (_, error) in zip(processes, answers, strict=True)] == [
        (0, ""),
        (0, ""),
    ]
    assert answers[0][0] == answers[1][0]
    assert len(json.loads(answers[0][0])) == len(project.pipelines)
    assert not [root for root in roots if (root / "attempts").exists()]


def test_what_the_sdk_finds_is_neutral_and_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment, log handlers and boto3's default session are as before."""
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    before = (dict(os.environ), logging.root.handlers[:], boto3.DEFAULT_SESSION)

    with neutral():
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["SAGEMAKER_USER_CONFIG_OVERRIDE"] == str(SDK_SETTINGS)
        logging.root.addHandler(logging.NullHandler())

    assert (dict(os.environ), logging.root.handlers[:], boto3.DEFAULT_SESSION) == before


def test_it_is_put_back_after_an_error_too() -> None:
    """As any context manager should."""
    before = dict(os.environ)
    with pytest.raises(KeyError, match="x"), neutral():
        raise KeyError("x")

    assert dict(os.environ) == before


def test_the_settings_of_the_sdk_report_nothing_home() -> None:
    """Telemetry is on by default in SDK v3."""
    assert "TelemetryOptOut: true" in SDK_SETTINGS.read_text(encoding="utf-8")


def test_the_session_answers_from_the_configuration_and_refuses_the_rest(project: Project) -> None:
    """A client of it can be made, but nothing can be asked of it."""
    session = OfflineSession(project.environment)

    assert session.default_bucket() == "local-pipelines-123456789012-us-east-1"
    assert (session.account_id(), session.boto_region_name) == ("123456789012", "us-east-1")
    with pytest.raises(CompilationReachedAwsError, match=r"asked AWS for s3\.put_object"):
        session.boto_session.client("s3").put_object(Bucket="b")
    with pytest.raises(CompilationReachedAwsError, match=r"asked AWS for s3\.Bucket"):
        session.boto_session.resource("s3").Bucket("b")
