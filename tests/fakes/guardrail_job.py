"""Runs the steps around ApplyGuardrail as processes against the server of tests/fakes/guardrail_server.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
GUARDRAIL, VERSION = "gr1abc", "3"
PLACES = ("ledger", "results", "failed")


@dataclass(frozen=True)
class Service:
    """The server, asked and told over HTTP."""

    port: int
    process: subprocess.Popen[str]

    def stats(self) -> dict[str, Any]:
        """What it counted."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_stats") as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def told(self, **settings: Any) -> None:
        """Changes what it does."""
        body = json.dumps(settings).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/_settings", data=body, method="POST")
        urllib.request.urlopen(request).close()

    def objects(self, prefix: str) -> dict[str, bytes]:
        """Objects of the bucket below a prefix."""
        import boto3

        client = boto3.client("s3", **self.access())
        pages = client.get_paginator("list_objects_v2").paginate(Bucket="bucket", Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        return {key: client.get_object(Bucket="bucket", Key=key)["Body"].read() for key in keys}

    def access(self) -> dict[str, str]:
        """Arguments of a client."""
        return {
            "endpoint_url": f"http://127.0.0.1:{self.port}",
            "region_name": "us-east-1",
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }


@contextmanager
def service(**settings: Any) -> Iterator[Service]:
    """A server of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.guardrail_server"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        running = Service(int(process.stdout.readline()), process)
        running.told(**settings)
        yield running
    finally:
        process.kill()
        process.wait()


def apply_settings(**changes: Any) -> dict[str, Any]:
    """The section `apply` of the settings, for a fast service."""
    return {
        "requests_per_second": 5000.0,
        "text_units_per_second": {"sensitive_information": 50000.0},
        "policies": ["sensitive_information"],
        "concurrency": 8,
        "max_units_per_request": 25,
        "pack": {"records": 5},
        "ledger": {"every_records": 40, "every_seconds": 1},
        "retries": {"attempts": 4, "deadline_seconds": 20},
        "max_failed_share": 0.01,
        **changes,
    }


def start(
    running: Service, folder: Path, step: str, settings: Mapping[str, Any], *arguments: str | Path
) -> subprocess.Popen[str]:
    """Starts a step on an empty disk: nothing but its settings is in `folder`."""
    folder.mkdir(parents=True)
    document = {"step": step, "version": 1, "parameters": {}, **settings}
    (folder / "settings.json").write_text(json.dumps(document), encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{running.port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "SAGEMAKER_BASE_DIR": str(folder),
        "PYTHONPATH": str(ROOT),
        "MPLCONFIGDIR": str(folder / "matplotlib"),
    }
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            f"steps.{step}",
            "--settings",
            str(folder / "settings.json"),
            *map(str, arguments),
        ],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def guardrail_arguments() -> list[str]:
    """What both steps are given."""
    places = [part for name in PLACES for part in (f"--{name}", f"s3://bucket/run/{name}")]
    return ["--guardrail-id", GUARDRAIL, "--guardrail-version", VERSION, "--region", "us-east-1", *places]


def start_apply(running: Service, folder: Path, data: Path, **changes: Any) -> subprocess.Popen[str]:
    """Starts apply_guardrails on the batch output in `data`."""
    arguments: list[str | Path] = [*guardrail_arguments(), "--data", data, "--output", folder / "out"]
    return start(running, folder, "apply_guardrails", {"apply": apply_settings(**changes)}, *arguments)


def start_merge(
    running: Service,
    folder: Path,
    ids: Sequence[str],
    set_aside: Sequence[Mapping[str, str]] = (),
    **changes: Any,
) -> subprocess.Popen[str]:
    """Starts merge_results for the records that were asked for."""
    inputs = folder.parent / f"{folder.name}-inputs"
    inputs.mkdir()
    (inputs / "records.jsonl").write_text("".join(json.dumps({"id": each}) + "\n" for each in ids))
    (inputs / "set_aside.jsonl").write_text("".join(json.dumps(each) + "\n" for each in set_aside))
    settings = {"apply": apply_settings(**changes), "model": {"id": "model"}, "guidelines": []}
    arguments: list[str | Path] = [*guardrail_arguments(), "--output", folder / "out"]
    for name in ("records", "set-aside", "summary"):
        arguments += [f"--{name}", inputs]
    return start(running, folder, "merge_results", settings, *arguments)


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and everything it printed."""
    printed, _ = process.communicate(timeout=120)
    return process.returncode, printed


def output_line(identity: str, text: str) -> str:
    """A line of batch output, with a prompt that must go nowhere."""
    return (
        json.dumps(
            {
                "recordId": identity,
                "modelInput": {"messages": [{"content": [{"text": f"PROMPT of {identity}"}]}]},
                "modelOutput": {
                    "output": {"message": {"content": [{"text": text}]}},
                    "stopReason": "end_turn",
                },
            }
        )
        + "\n"
    )
