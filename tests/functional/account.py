"""An environment of a clone as people and clients meet it; also the stand-in posing as an account.

A stand-in is an AWS account to everything that is pointed at it by its address and keys. So a clone with an
environment file that has no `stand_in` section, used from a shell with that address and those keys, goes the
way that goes to AWS: the default credential chain, bootstrap and upsert by hand, no free start of anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from tests.functional.conftest import RunningStandIn
from tests.functional.repository import Done, Repository, clone


@dataclass(frozen=True)
class Account:
    """`shell` holds the variables that its commands and clients see; `patience` is for one whole run."""

    repository: Repository
    environment: str
    prefix: str
    region: str
    shell: Mapping[str, str]
    patience: float = 600

    def run(self, *words: str, code: int | None = None, timeout: float | None = None) -> Done:
        """One command on this environment, to its end."""
        return self.repository.run(
            *words,
            "--env",
            self.environment,
            shell=self.shell,
            code=code,
            timeout=timeout or self.patience,
        )

    def status(self, execution: str) -> dict[str, Any]:
        """An execution by ARN or id, or the newest of a pipeline."""
        document: dict[str, Any] = self.run("status", execution, "--output", "json", code=0).json
        return document

    def client(self, service: str) -> Any:
        """A stranger's client in the same shell."""
        session = boto3.Session(
            aws_access_key_id=self.shell.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=self.shell.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=self.shell.get("AWS_SESSION_TOKEN"),
            profile_name=self.shell.get("AWS_PROFILE"),
            region_name=self.region,
        )
        return session.client(service, endpoint_url=self.shell.get("AWS_ENDPOINT_URL"))

    def read(self, uri: str) -> str:
        """The text of an object in S3."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        body: bytes = self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return body.decode("utf-8")

    def lines(self, uri: str) -> list[Any]:
        """The rows of a JSON Lines object."""
        return [json.loads(line) for line in self.read(uri).splitlines()]


def posing(stand_in: RunningStandIn, folder: Path) -> Account:
    """A clone whose dev.yaml was filled in with the stand-in's account; long jobs are looked at often."""
    repository = clone(folder)
    file = "config/environments/dev.yaml"
    repository.change(file, r'^account: "\d+"', f'account: "{stand_in.account}"')
    repository.change(file, r"^polling: \{.*\}", "polling: {first_seconds: 1, max_seconds: 2}")
    shell = {
        "AWS_ENDPOINT_URL": stand_in.connection.endpoint,
        "AWS_ACCESS_KEY_ID": stand_in.connection.access_key,
        "AWS_SECRET_ACCESS_KEY": stand_in.connection.secret_key,
    }
    return Account(repository, "dev", "dev", stand_in.region, shell)
