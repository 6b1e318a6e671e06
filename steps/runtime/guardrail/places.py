"""Objects in S3, as the ledger and the results need them: whole or not there, listed in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from steps.runtime.errors import SettingsError, StepError


@dataclass(frozen=True)
class Prefix:
    """Objects below one prefix of a bucket."""

    client: Any
    bucket: str
    key: str

    @classmethod
    def of(cls, client: Any, uri: str) -> Prefix:
        """Takes s3://bucket/key apart."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if not uri.startswith("s3://") or not bucket:
            raise SettingsError(f'"{uri}" is not an S3 URI')
        return cls(client, bucket, key.rstrip("/"))

    def below(self, *parts: str) -> Prefix:
        """A prefix below this one."""
        return Prefix(self.client, self.bucket, "/".join([self.key, *parts]))

    @property
    def uri(self) -> str:
        """As s3://bucket/key."""
        return f"s3://{self.bucket}/{self.key}"

    def names(self) -> Iterator[str]:
        """Every object's name relative to the prefix, in order."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"{self.key}/"
        )
        with _told(f"list {self.uri}"):
            for page in pages:
                for entry in page.get("Contents", ()):
                    yield entry["Key"].removeprefix(f"{self.key}/")

    def read(self, name: str) -> bytes:
        """The object's content."""
        with _told(f"read {self.uri}/{name}"):
            answer = self.client.get_object(Bucket=self.bucket, Key=f"{self.key}/{name}")
            return bytes(answer["Body"].read())

    def write(self, name: str, body: bytes) -> None:
        """Writes the object, in the place of one that is there."""
        with _told(f"write {self.uri}/{name}"):
            self.client.put_object(Bucket=self.bucket, Key=f"{self.key}/{name}", Body=body)

    def create(self, name: str, body: bytes) -> bool:
        """Writes the object; False where another one is there already."""
        from botocore.exceptions import ClientError

        with _told(f"write {self.uri}/{name}"):
            try:
                self.client.put_object(
                    Bucket=self.bucket, Key=f"{self.key}/{name}", Body=body, IfNoneMatch="*"
                )
            except ClientError as error:
                if error.response["Error"]["Code"] not in {"PreconditionFailed", "412"}:
                    raise
                # A write that was sent again after a lost answer meets itself.
                return self.read(name) == body
        return True


class _told:
    """Errors of S3 as a reason of the step."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        if isinstance(error, ClientError):
            code = error.response.get("Error", {}).get("Code", "")
            raise StepError(f"could not {self._what}: {code}") from None
        if isinstance(error, BotoCoreError):
            raise StepError(f"could not {self._what}: {type(error).__name__}") from None
