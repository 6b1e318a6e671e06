"""The SDK's session of a compilation: answers from the configuration and reaches nothing.

The SDK asks its session for a bucket, an account and clients. Here the first two are configured values, and
a client is an object that refuses: what compiles, compiled without AWS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from config import names
from config.models import Environment
from pipelines.sdk import PipelineSession


class CompilationReachedAwsError(RuntimeError):
    """A fault of the code: compiling asked AWS for something."""

    def __init__(self, service: str, operation: str) -> None:
        self.service = service
        self.operation = operation
        super().__init__(f"compiling a pipeline asked AWS for {service}.{operation}")


@dataclass(frozen=True)
class _Refusal:
    """A client of which nothing can be asked."""

    service: str

    def __getattr__(self, operation: str) -> NoReturn:
        raise CompilationReachedAwsError(self.service, operation)


@dataclass(frozen=True)
class _OfflineBoto:
    """What the SDK takes for a boto3 session."""

    region_name: str

    def client(self, service: str, **_: Any) -> _Refusal:
        return _Refusal(service)

    def resource(self, service: str, **_: Any) -> _Refusal:
        return _Refusal(service)


class OfflineSession(PipelineSession):  # type: ignore[misc]  # the SDK is untyped
    """A PipelineSession whose bucket and account are configured values."""

    def __init__(self, env: Environment) -> None:
        self._account = env.account
        super().__init__(boto_session=_OfflineBoto(env.region), default_bucket=names.bucket(env))

    def _initialize(self, boto_session: _OfflineBoto, **_: Any) -> None:
        """Instead of the SDK's, which makes six clients and reads defaults from files or from S3.

        With defaults present the SDK holds them against a JSON schema at every look-up, 26 times a step.
        """
        self.boto_session = boto_session
        self._region_name = boto_session.region_name
        self.local_mode = False
        self.sagemaker_config: dict[str, Any] = {}

    def account_id(self) -> str:
        """The environment's account; the SDK's own asks STS."""
        return self._account

    def default_bucket(self) -> str:
        """The environment's bucket; the SDK's own creates one."""
        return str(self._default_bucket_name_override)
