"""Users of the stand-in: made when first asked for, known to a server that runs already."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from local import credentials
from local.credentials import FILE_NAME
from local.identities import Identities
from local.store import Store


def identities(folder: Path) -> Identities:
    """As a server that starts now knows them."""
    return Identities(
        credentials.load_or_create(folder),
        account="123456789012",
        region="us-east-1",
        store=Store(folder / "documents.sqlite"),
        reread=lambda: credentials.read(folder / FILE_NAME),
    )


def test_a_name_is_one_user_from_its_first_use_on(tmp_path: Path) -> None:
    """The same keys each time; the platform's own stay first; nobody else may read them."""
    alice = credentials.named(tmp_path, "alice")
    assert credentials.named(tmp_path, "alice") == alice
    assert [each.name for each in credentials.read(tmp_path / FILE_NAME)] == ["local", "alice"]
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["a b", "ä", "../x", "x" * 65, "a\n"])
def test_what_is_no_name_of_a_user_is_refused(tmp_path: Path, name: str) -> None:
    """Letters, digits and a few signs, as IAM has it."""
    with pytest.raises(ValueError, match=re.escape(name)):
        credentials.named(tmp_path, name)


def test_a_user_made_later_is_known_to_the_server(tmp_path: Path) -> None:
    """By secret, ARN, id and principal; a stranger's key is not."""
    server = identities(tmp_path)
    bob = credentials.named(tmp_path, "bob")
    assert server.secret_of(bob.access_key) == bob.secret_key
    assert server.arn_of(bob.access_key) == "arn:aws:iam::123456789012:user/bob"
    assert server.id_of(bob.access_key) == bob.access_key
    assert server.principal_of(bob.access_key) == server.arn_of(bob.access_key)
    assert server.secret_of("LOCALSTRANGER") is None


def test_a_childs_session_is_that_of_its_role(tmp_path: Path) -> None:
    """The id carries the session's name, the principal is the role."""
    server = identities(tmp_path)
    role = "arn:aws:iam::123456789012:role/local-processing"
    key = server.for_role(role).access_key
    assert server.id_of(key) == f"{key}:SageMaker"
    assert server.principal_of(key) == role
