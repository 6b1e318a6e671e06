"""Archives of step code: the same bytes for the same files."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from pipelines.bundles import StepCodeError, archive, bundle

STEPS = Path(__file__).parents[3] / "steps"


def repository(root: Path) -> Path:
    """A small repository with one step."""
    for name, content in {
        "steps/runtime/__init__.py": "",
        "steps/runtime/entrypoint.py": "print('start')",
        "steps/runtime/read.py": "x = 1",
        "steps/count/__main__.py": "print(1)",
        "steps/count/requirements.txt": "numpy==1.26.4\n",
        "steps/count/requirements.in": "numpy",
        "steps/count/Dockerfile": "FROM scratch",
        "steps/count/tests/test_count.py": "assert True",
        "steps/count/__pycache__/x.cpython-311.pyc": "bytes",
        "steps/count/.hidden": "secret",
        "steps/other/__main__.py": "print(2)",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


def test_a_bundle_holds_the_step_the_runtime_and_the_requirements(tmp_path: Path) -> None:
    """Not its tests, its image, caches, hidden files or other steps."""
    made = bundle(repository(tmp_path), "count")

    assert sorted(made.files) == [
        "requirements.txt",
        "steps/__init__.py",
        "steps/count/__main__.py",
        "steps/runtime/__init__.py",
        "steps/runtime/read.py",
    ]
    assert made.entrypoint == b"print('start')"


def test_equal_files_make_equal_bytes_at_any_time_in_any_folder(tmp_path: Path) -> None:
    """Names and contents count; times, modes and order of making do not."""
    first, second = repository(tmp_path / "a"), repository(tmp_path / "deeper" / "b")
    os.utime(second / "steps/count/__main__.py", (1, 1))
    (second / "steps/count/__main__.py").chmod(0o755)

    made = [bundle(root, "count").assets("p") for root in (first, second)]
    assert made[0] == made[1]


def test_another_content_name_or_entrypoint_is_another_hash(tmp_path: Path) -> None:
    """And each key says so."""
    root = repository(tmp_path)
    hashes = {bundle(root, "count").sha256}
    for path, content in (
        ("steps/count/__main__.py", "print(3)"),
        ("steps/count/more.py", ""),
        ("steps/runtime/entrypoint.py", "print('other')"),
        ("steps/count/requirements.txt", "numpy==2.0.0\n"),
    ):
        (root / path).write_text(content, encoding="utf-8")
        hashes.add(bundle(root, "count").sha256)

    assert len(hashes) == 5
    (root / "steps/other/__main__.py").write_text("changed", encoding="utf-8")
    assert bundle(root, "count").sha256 in hashes


def test_the_archive_has_no_times_owners_or_names_of_this_machine() -> None:
    """What tar and gzip would put in by themselves."""
    packed = archive({"b.py": b"2", "a.py": b"1"})
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        members = tar.getmembers()

    assert [(each.name, each.mtime, each.uid, each.uname, each.mode) for each in members] == [
        ("a.py", 0, 0, "", 0o644),
        ("b.py", 0, 0, "", 0o644),
    ]
    assert packed[4:8] == b"\0\0\0\0"  # gzip's time


def test_a_step_without_code_is_named(tmp_path: Path) -> None:
    """With where it belongs."""
    with pytest.raises(StepCodeError, match=r'the step "cont" has no code: "steps/cont" is missing'):
        bundle(repository(tmp_path), "cont")


@pytest.mark.parametrize(
    "folder", sorted(STEPS.glob("*/requirements.txt")), ids=lambda path: path.parent.name
)
def test_every_step_has_an_image_to_be_built(folder: Path) -> None:
    """A Dockerfile that installs the step's pins and says under which name of the YAML it is used."""
    step = folder.parent.name
    text = (folder.parent / "Dockerfile").read_text(encoding="utf-8")
    assert f"/<prefix>-{step.replace('_', '-')} steps/{step}\n" in text
    assert f"steps.{step}.image" in text
    assert "COPY requirements.txt" in text
