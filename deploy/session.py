"""The way to AWS of one environment: clients with time limits and retries, and who is calling."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from config.models import Environment, Project
from deploy.errors import WrongCallerError, explain

# "standard" and not "adaptive": the latter slows every thread down for what one of them provoked.
RETRIES = {"mode": "standard", "total_max_attempts": 5}
CONNECT_SECONDS = 10
READ_SECONDS = 60
# Uploads and look-ups run in eight threads at most; a pool of ten connections is botocore's default.
CONNECTIONS = 10


@dataclass(frozen=True)
class Aws:
    """Clients by service name ("sagemaker", "s3", ...), each made once, when first asked for.

    `make` makes one: boto3's in a command, a hand-written fake in a test. `locate` turns an S3 URI into
    what a person opens: the URI itself, on the stand-in the file's path. `renewable`: credentials that are
    renewed elsewhere are found by a new connection; not so those in variables of this process.
    """

    account: str
    region: str
    make: Callable[[str], Any]
    locate: Callable[[str], str] = str
    renewable: bool = True
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def client(self, service: str) -> Any:
        """The client of a service. Making one is not thread-safe in boto3, using it is."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self.make(service)
            return self._clients[service]


def connect(project: Project) -> Aws:
    """Clients of the project's environment, once the caller is known to belong to it.

    One rule for every verb, reading or writing: the caller's account and region are the environment's.
    Raises CredentialsError and WrongCallerError before anything else was asked.
    """
    aws = (
        _stand_in(project) if project.environment.stand_in is not None else default_chain(project.environment)
    )
    check_account(aws, project.environment)
    return aws


def default_chain(environment: Environment) -> Aws:
    session = boto3.Session()
    if session.region_name and session.region_name != environment.region:
        raise WrongCallerError(
            f'this shell is set to region "{session.region_name}", '
            f'environment "{environment.name}" is in "{environment.region}"',
            hint=f"export AWS_REGION={environment.region} AWS_DEFAULT_REGION={environment.region}, "
            "or choose another --env",
        )
    config = client_config()

    def make(service: str) -> Any:
        return session.client(service, region_name=environment.region, config=config)

    credentials = session.get_credentials()
    from_variables = credentials is not None and credentials.method == "env"
    return Aws(
        account=environment.account, region=environment.region, make=make, renewable=not from_variables
    )


def _stand_in(project: Project) -> Aws:
    """Clients that can reach nothing but the stand-in, whatever this shell holds of AWS's settings."""
    from local.client import connect as connect_stand_in

    found = connect_stand_in(project)
    session = boto3.Session(
        aws_access_key_id=found.access_key,
        aws_secret_access_key=found.secret_key,
        region_name=found.region,
        botocore_session=without_settings(),
    )
    # An empty mapping, unlike None, keeps botocore from reading the shell's proxies.
    config = client_config(proxies={}, s3={"addressing_style": "path"})

    def make(service: str) -> Any:
        return session.client(service, endpoint_url=found.endpoint, config=config)

    return Aws(
        account=project.environment.account,
        region=project.environment.region,
        make=make,
        locate=_file_of(project),
    )


def _file_of(project: Project) -> Callable[[str], str]:
    stand_in = project.environment.stand_in
    if stand_in is None:
        return str
    folder = project.root / stand_in.folder / "s3"

    def locate(uri: str) -> str:
        path = folder / uri.removeprefix("s3://")
        try:
            return str(path.relative_to(os.getcwd()))
        except ValueError:
            return str(path)

    return locate


def without_settings() -> Any:
    """A botocore session that reads no profile, no AWS file and no AWS variable of this shell."""
    silent = {
        name: (None, None, default, conversion)
        for name, (_, _, default, conversion) in botocore.session.Session.SESSION_VARIABLES.items()
    }
    silent |= dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    return botocore.session.Session(session_vars=silent)


def client_config(**more: Any) -> Config:
    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries=RETRIES,
        max_pool_connections=CONNECTIONS,
        **more,
    )


def check_account(aws: Aws, environment: Environment) -> None:
    try:
        caller = aws.client("sts").get_caller_identity()
    except ClientError as error:
        raise explain(error) or error from error
    if caller["Account"] != environment.account:
        raise WrongCallerError(
            f'these credentials belong to account "{caller["Account"]}", '
            f'environment "{environment.name}" is account "{environment.account}"',
            hint="AWS_PROFILE=... run_pipeline.py ..., or choose another --env",
        )
