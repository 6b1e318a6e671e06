"""Everything moto holds in memory, in one file: written after every change, read back at the next start.

All backends go into one pickle, so that what they share stays shared; CloudFormation alone has a file of its
own, read when it is first asked for, because importing it takes longer than everything else together. Changes
that arrive while a snapshot is being written are covered together by the next one. Large byte strings (the
code of functions) are files of their own beside it, written once.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import moto
from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.s3.models import s3_backends

from local import moto_pickle

_LOG = logging.getLogger("local.snapshot")
_FORMAT = 1
_ATTEMPTS = 50
_LEFT_OUT = frozenset({"moto_api", "instance_metadata"})
_READS = ("Get", "List", "Describe", "Head", "BatchGet", "Search", "Query", "Lookup", "Validate", "Invoke")


def changes_nothing(operation: str) -> bool:
    """Whether the name of an operation says that it only reads."""
    return operation.startswith(_READS)


@dataclass(frozen=True)
class Version:
    """A pickle fits only the code that wrote it."""

    format: int = _FORMAT
    moto: str = moto.__version__
    python: str = ".".join(platform.python_version_tuple()[:2])

    def header(self) -> bytes:
        return json.dumps(vars(self), sort_keys=True).encode() + b"\n"


class Snapshot:
    """One file of state; `save` returns when everything changed before the call is in it.

    `holds` says which backends are in it, by botocore's name of the service.
    """

    def __init__(self, path: Path, holds: Callable[[str], bool]) -> None:
        self._path = path
        self._holds = holds
        self._blobs = _Blobs(path.parent / "blobs")
        self._counter = threading.Lock()
        self._writing = threading.Lock()
        self._wanted = 0
        self._written = 0

    def save(self) -> None:
        with self._counter:
            self._wanted += 1
            ticket = self._wanted
        with self._writing:
            if self._written >= ticket:
                return  # a snapshot begun after our change has covered it
            with self._counter:
                covered = self._wanted
            self._write(self._pickled())
            self._written = covered

    def load(self) -> bool:
        """Whether there was a state to take up; one of another version is set aside, with a message."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return False
        header, _, pickled = content.partition(b"\n")
        if header + b"\n" != Version().header():
            aside = self._path.with_suffix(".other-version")
            self._path.replace(aside)
            _LOG.warning(
                "the state was written by %s; starting empty, it is kept as %s", header.decode(), aside
            )
            return False
        _restore(moto_pickle.loads(pickled, self._blobs.load))
        return True

    def _pickled(self) -> bytes:
        """Other requests change the same dictionaries meanwhile: then it is tried again."""
        for _ in range(_ATTEMPTS):
            try:
                return moto_pickle.dumps(
                    self._everything(), without_objects=True, keep_apart=self._blobs.keep
                )
            except RuntimeError as error:
                if "during iteration" not in str(error):
                    raise
        raise RuntimeError(f"the state kept changing while it was written {_ATTEMPTS} times")

    def _everything(self) -> dict[str, Any]:
        backends = [
            (services.service_name, account, region, backend)
            for services in list(BackendDict._instances)
            if services.service_name not in _LEFT_OUT and self._holds(services.service_name)
            for account, regions in list(services.items())
            for region, backend in list(regions.items())
        ]
        return {"backends": backends, "bucket_accounts": dict(s3_backends.bucket_accounts)}

    def _write(self, pickled: bytes) -> None:
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            temporary.write_bytes(Version().header() + pickled)
            temporary.replace(self._path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


def _restore(state: dict[str, Any]) -> None:
    for name, account, region, backend in state["backends"]:
        get_backend(_package(name))[account][region] = backend
    s3_backends.bucket_accounts.update(state["bucket_accounts"])


def _package(service_name: str) -> str:
    """moto's package of a backend: most are called as botocore calls the service."""
    return {"lambda": "awslambda"}.get(service_name, service_name.replace("-", ""))


class _Blobs:
    """Byte strings too large to be written with every snapshot, by their hash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[int, tuple[bytes, str]] = {}  # by id; holding the object keeps the id its own
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, content: bytes) -> str:
        known = self._known.get(id(content))
        if known is not None and known[0] is content:
            return known[1]
        name = hashlib.sha256(content).hexdigest()
        path = self._folder / name
        if not path.exists():
            temporary = path.with_suffix(".new")
            temporary.write_bytes(content)
            temporary.replace(path)
        self._known[id(content)] = (content, name)
        return name

    def load(self, name: str) -> bytes:
        content = (self._folder / name).read_bytes()
        self._known[id(content)] = (content, name)
        return content
