"""Archives of functions, and what is uploaded."""

from __future__ import annotations

import io
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.errors import NotDeployedError, WrongCallerError
from deploy.infrastructure.bundle import BundleError, function_bundles, missing_uploads
from pipelines.assets import Asset
from tests.unit.deploy.fakes import BUCKET, FakeAws, FakeS3, project


def test_the_same_bytes_from_any_folder(tmp_path: Path) -> None:
    """A copy elsewhere, with other times and leftover bytecode, makes the same archives."""
    here = project()
    for folder in ("lambdas", "steps"):
        shutil.copytree(here.root / folder, tmp_path / folder)
    (tmp_path / "lambdas" / "wait" / "__pycache__").mkdir(exist_ok=True)
    (tmp_path / "lambdas" / "wait" / "__pycache__" / "handler.cpython-311.pyc").write_bytes(b"x")
    assert function_bundles(replace(here, root=tmp_path)) == function_bundles(here)


def test_an_archive_holds_the_function_and_what_functions_share() -> None:
    """handler.py stands at the root, the shared package beside it."""
    bundle = next(each for each in function_bundles(project()) if each.function == "wait")
    names = zipfile.ZipFile(io.BytesIO(bundle.body)).namelist()
    assert "handler.py" in names
    assert "waiting/messages.py" in names
    assert names == sorted(names)
    assert bundle.key == f"local/functions/wait/{bundle.digest}.zip"


def test_one_changed_byte_is_another_key(tmp_path: Path) -> None:
    """The key follows the content, and only that function's."""
    here = project()
    for folder in ("lambdas", "steps"):
        shutil.copytree(here.root / folder, tmp_path / folder)
    with (tmp_path / "lambdas" / "release" / "handler.py").open("a") as file:
        file.write("\n")
    before = {each.function: each.key for each in function_bundles(here)}
    after = {each.function: each.key for each in function_bundles(replace(here, root=tmp_path))}
    assert {name for name in before if before[name] != after[name]} == {"release"}


def test_only_what_is_not_there_is_uploaded(tmp_path: Path) -> None:
    """Each key is asked for once; present ones are left alone."""
    data = tmp_path / "rows.jsonl"
    data.write_text("{}\n")
    fake = FakeAws(s3=FakeS3(objects={(BUCKET, "local/code/a"): b"a"}))
    assets = [
        Asset("local/code/a", body=b"a"),
        Asset("local/settings/b", body=b"b"),
        Asset("local/settings/b", body=b"b"),
        Asset("local/data/c", body=data),
    ]
    uploads = missing_uploads(fake.aws, project().environment, assets)
    assert [upload.key for upload in uploads] == ["local/data/c", "local/settings/b"]
    assert uploads[0].text == "upload local/data/c (3 B)"
    assert fake.s3.written == []


def test_without_a_bucket_bootstrap_is_named() -> None:
    """An environment that was never bootstrapped says so."""
    fake = FakeAws(s3=FakeS3(buckets=set()))
    with pytest.raises(NotDeployedError, match="has no bucket") as caught:
        missing_uploads(fake.aws, project().environment, [Asset("k", body=b"")])
    assert caught.value.hint == "run_pipeline.py bootstrap"


def test_a_bucket_of_another_account_is_not_written_to() -> None:
    """A bucket name that somebody else owns is exit code 2."""
    fake = FakeAws(s3=FakeS3(foreign={BUCKET}))
    with pytest.raises(WrongCallerError, match="belongs to another account") as caught:
        missing_uploads(fake.aws, project().environment, [Asset("k", body=b"")])
    assert caught.value.exit_code == 2
    assert fake.s3.written == []


def test_a_function_is_shipped_with_the_folders_that_it_names() -> None:
    """post_annotation consolidates with the pipeline's own code, at its own path; others have none of it."""
    bundles = {each.function: each for each in function_bundles(project())}

    def members(function: str) -> set[str]:
        with zipfile.ZipFile(io.BytesIO(bundles[function].body)) as archive:
            return set(archive.namelist())

    assert "steps/segments/consolidate.py" in members("post_annotation")
    assert not {name for name in members("pre_annotation") if name.startswith("steps/")}


def test_a_shared_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A function without its code would be found out by people at work."""
    here = project()
    shutil.copytree(here.root / "lambdas", tmp_path / "lambdas")
    with pytest.raises(
        BundleError, match=r"lambdas/post_annotation/shared.txt names steps/segments, which is not"
    ):
        function_bundles(replace(here, root=tmp_path))
