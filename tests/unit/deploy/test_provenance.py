"""Where a launch comes from."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from deploy.launching.provenance import provenance


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with one commit."""
    (tmp_path / "file").write_text("1")
    for words in (
        ["init", "-q"],
        ["add", "file"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "x"],
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return tmp_path


def test_a_clean_tree_is_its_commit(repository: Path) -> None:
    """The full hash, not dirty, and CI's actor before the login name."""
    found = provenance(repository, {"GITHUB_ACTOR": "alice"})
    assert len(found.commit) == 40
    assert found.parameters == {"Commit": found.commit, "DirtyTree": "false"}
    assert found.description == f"started by alice at commit {found.commit[:12]}"


def test_a_changed_tree_says_so(repository: Path) -> None:
    """Local changes are part of where a model comes from."""
    (repository / "file").write_text("2")
    found = provenance(repository, {"GITHUB_ACTOR": "alice"})
    assert found.dirty == "true"
    assert found.description.endswith(" with local changes")


def test_outside_a_repository_it_is_unknown(tmp_path: Path) -> None:
    """A downloaded archive has no commit, and launches all the same."""
    found = provenance(tmp_path, {"GITHUB_ACTOR": "alice"})
    assert found.parameters == {"Commit": "unknown", "DirtyTree": "unknown"}
    assert found.description == "started by alice at commit unknown"
