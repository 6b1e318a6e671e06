"""The account that these tests run against, chosen by PIPELINES_AWS_ENVIRONMENT.

A name means `config/environments/<name>.yaml` of this repository; anything that ends in .yaml is such a file
elsewhere. Credentials come from the shell, as for every command.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from config.load import load_project
from tests.functional.account import Account
from tests.functional.repository import clone

VARIABLE = "PIPELINES_AWS_ENVIRONMENT"
HOURS = 3600.0


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Account:
    """A clone for the chosen environment, deployed by bootstrap and upsert."""
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        pytest.fail(f"set {VARIABLE} to an environment, for example {VARIABLE}=dev")
    repository = clone(tmp_path_factory.mktemp("account"))
    name = wanted
    if wanted.endswith(".yaml"):
        name = Path(wanted).stem
        shutil.copyfile(wanted, repository.folder / "config" / "environments" / f"{name}.yaml")
    environment = load_project(name, repository.folder).environment
    if environment.stand_in is not None:
        pytest.fail(f"environment {name!r} is the stand-in; these tests are for an account")
    own = {key: value for key, value in os.environ.items() if key.startswith("AWS_") or key == "HOME"}
    found = Account(repository, name, environment.prefix, environment.region, own, patience=4 * HOURS)
    found.run("bootstrap", code=0)
    found.run("upsert", "facts-training", "facts-inference", code=0)
    return found
