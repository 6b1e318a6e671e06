"""Words that are empty, as a variable of a script that was never set: no word was left out, so it is said."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest

from commands.launching import wishes_of
from commands.planning import chosen
from deploy.planning.versions import VersionError
from tests.unit.deploy.fakes import project


def test_an_empty_alias_is_no_missing_one() -> None:
    """`--alias "$STAGE"` must not start or plan the newest version."""
    given: dict[str, Any] = {"env": "local", "names": [], "alias": "", "version": None}
    with pytest.raises(VersionError, match='"" cannot be an alias'):
        chosen(Namespace(**given))
    with pytest.raises(VersionError, match='"" cannot be an alias'):
        wishes_of(project(), ["facts-training"], Namespace(**given, sample=None, parameter=[], params=None))
