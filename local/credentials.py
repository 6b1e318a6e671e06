"""The keys of one `.local` folder: made once at random, readable by their owner only."""

from __future__ import annotations

import json
import os
import re
import secrets
import string
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

_KEY_ALPHABET = string.ascii_uppercase + string.digits
PREFIX = "LOCAL"  # of an access key
FILE_NAME = "credentials.json"
# Of an IAM user: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}")


@dataclass(frozen=True)
class Identity:
    """Someone who may call the stand-in; the name becomes that of an IAM user."""

    name: str
    access_key: str
    secret_key: str


def load_or_create(folder: Path) -> tuple[Identity, ...]:
    """The identities of this folder; the first is the platform's own."""
    path = folder / FILE_NAME
    if path.exists():
        return read(path)
    identities = (new_identity("local"),)
    write(path, identities)
    return identities


def named(folder: Path, name: str) -> Identity:
    """The identity of that name in this folder, made when it is first asked for. ValueError for no name."""
    if not NAME.fullmatch(name):
        raise ValueError(name)
    path = folder / FILE_NAME
    with FileLock(folder / "credentials.lock", timeout=10):
        known = load_or_create(folder)
        for identity in known:
            if identity.name == name:
                return identity
        made = new_identity(name)
        write(path, (*known, made))
    return made


def read(path: Path) -> tuple[Identity, ...]:
    document = json.loads(path.read_text(encoding="utf-8"))
    return tuple(Identity(**entry) for entry in document["identities"])


def write(path: Path, identities: Iterable[Identity]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"version": 1, "identities": [asdict(identity) for identity in identities]}, indent=2)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    temporary.replace(path)


def new_identity(name: str) -> Identity:
    """An access key has 20 characters, a secret 40, as on AWS; the prefix says where they belong."""
    access_key = PREFIX + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(15))
    return Identity(name, access_key, secrets.token_urlsafe(30))
