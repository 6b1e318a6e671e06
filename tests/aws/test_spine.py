"""The sample in an account: two small fine-tunings, one endpoint deleted by the pipeline, one kept.

It costs what these cost: two Autopilot jobs on 210 rows and, while it stands, an ml.g5.12xlarge each.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bodies.spine import *  # noqa: F403 - the bodies are collected here
from tests.bodies.spine import Ran, delete_endpoint, keep_endpoint, ran
from tests.functional.account import Account

pytestmark = [pytest.mark.aws, pytest.mark.timeout(8 * 3600)]


@pytest.fixture(scope="module")
def passed(account: Account) -> Ran:
    """The sample with a bar that every model reaches."""
    return ran(account, "-p", "MinimumF1=0", code=0)


@pytest.fixture(scope="module")
def missed(passed: Ran) -> Iterator[Ran]:
    """The sample with a bar that hardly a model reaches; whatever happens, no endpoint stays."""
    keep_endpoint(passed.account)
    try:
        yield ran(passed.account, "-p", "MinimumF1=1", code=5)
    finally:
        kept = passed.account.status("facts-training")["id"]
        delete_endpoint(passed.account, f"{passed.account.prefix}-{kept}")
