"""Paths in place of mounts, for machines that cannot mount."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.jobs.isolation import rewritten, scripts_with_fixed_paths, with_real_paths

FOLDER = Path("/jobs/j/algo-1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/opt/ml/processing/x", "/jobs/j/algo-1/processing/x"),
        ("/opt/ml", "/jobs/j/algo-1"),
        ("--data=/opt/ml/a:/opt/ml/b", "--data=/jobs/j/algo-1/a:/jobs/j/algo-1/b"),
        ("/opt/mlflow/x", "/opt/mlflow/x"),
        ("/home/opt/ml/x", "/home/opt/ml/x"),
        ("s3://b/opt/ml", "s3://b/opt/ml"),
    ],
)
def test_only_the_root_itself_is_rewritten(text: str, expected: str) -> None:
    """At the beginning of a path, and nothing that only looks like it."""
    assert with_real_paths(text, FOLDER) == expected


def test_environments_are_rewritten_by_value() -> None:
    """Names stay."""
    assert rewritten({"A": "/opt/ml/x", "/opt/ml": "1"}, FOLDER) == {"A": "/jobs/j/algo-1/x", "/opt/ml": "1"}


def test_scripts_with_written_paths_are_found(tmp_path: Path) -> None:
    """Those that ask SAGEMAKER_BASE_DIR are not among them, nor are data files."""
    (tmp_path / "a.py").write_text('open("/opt/ml/processing/x")', encoding="utf-8")
    (tmp_path / "b.py").write_text('os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")', encoding="utf-8")
    (tmp_path / "c.txt").write_text("/opt/ml", encoding="utf-8")
    (tmp_path / "d.sh").write_text("ls /opt/ml/input", encoding="utf-8")
    assert [path.name for path in scripts_with_fixed_paths(tmp_path)] == ["a.py", "d.sh"]
