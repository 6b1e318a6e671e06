"""Shipped definitions equal their golden files, and hashes follow content."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

from config.load import load_project
from config.models import Project
from definition.checks import check
from definition.compile import CompiledPipeline, compile_all
from pipelines.bundles import bundle
from tests.golden.update import ENVIRONMENTS, FOLDER, golden_files


def test_every_pipeline_equals_its_golden_file() -> None:
    """For the stand-in and for an account; after a wanted change: python -m tests.golden.update."""
    wanted = dict(golden_files({name: load_project(name) for name in ENVIRONMENTS}))
    found = {path: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}

    assert sorted(path.name for path in found) == sorted(path.name for path in wanted)
    for path, content in wanted.items():
        assert found[path] == content, f"{path.name} differs"


def test_compiling_twice_gives_the_same_bytes(
    project: Project, compiled: Mapping[str, CompiledPipeline]
) -> None:
    """Definitions and everything to upload."""
    again = {each.config_name: each for each in compile_all(project)}

    assert {name: each.text for name, each in again.items()} == {
        name: each.text for name, each in compiled.items()
    }
    for name, each in compiled.items():
        assert [(asset.key, asset.read()) for asset in again[name].assets] == [
            (asset.key, asset.read()) for asset in each.assets
        ]


def test_shipped_definitions_have_no_problem_and_are_canonical(
    compiled: Mapping[str, CompiledPipeline],
) -> None:
    """The text is the definition with sorted keys on one line."""
    for each in compiled.values():
        assert check(each.definition, region="us-east-1") == ()
        assert each.text == json.dumps(each.definition, sort_keys=True, ensure_ascii=False)
        assert "\n" not in each.text


def test_keys_carry_the_hash_of_their_content(
    project: Project, compiled: Mapping[str, CompiledPipeline]
) -> None:
    """Settings and data by their bytes, code by its names and contents, as a folder of data."""
    labels = sorted(path for path in Path(project.root, "data/calls-labels/job").rglob("*") if path.is_file())
    digest_of_labels = _digest_of(Path(project.root, "data/calls-labels/job"), labels)
    for asset in {asset.key: asset for each in compiled.values() for asset in each.assets}.values():
        prefix, kind, *rest = asset.key.split("/")
        assert prefix == "local"
        if kind == "code":
            step, digest, file = rest
            assert digest == bundle(project.root, step).sha256
            assert file in {"source.tar.gz", "entrypoint.py"}
        else:
            folder = isinstance(asset.body, Path) and "calls-labels" in str(asset.body)
            assert rest[0] == (digest_of_labels if folder else hashlib.sha256(asset.read()).hexdigest())


def _digest_of(folder: Path, files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(folder).as_posix()}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def test_definitions_point_at_what_is_uploaded(compiled: Mapping[str, CompiledPipeline]) -> None:
    """Every content-addressed input of a step is a prefix of at least one upload, and none is left over."""
    for each in compiled.values():
        keys = [f"s3://local-pipelines-123456789012-us-east-1/{asset.key}" for asset in each.assets]
        uris = [
            one["S3Input"]["S3Uri"]
            for step in each.definition["Steps"]
            for one in step["Arguments"].get("ProcessingInputs", [])
        ]
        prefixes = {uri for uri in uris if isinstance(uri, str)}
        assert all(any(key.startswith(prefix) for key in keys) for prefix in prefixes)
        assert all(any(key.startswith(prefix) for prefix in prefixes) for key in keys)


def test_the_archive_of_a_step_holds_what_runs(
    project: Project, compiled: Mapping[str, CompiledPipeline]
) -> None:
    """The step, the shared runtime, the requirements at the root; the entrypoint beside it."""
    assets = {asset.key.split("/")[-1]: asset for asset in compiled["facts-training"].assets}
    with tarfile.open(fileobj=io.BytesIO(assets["source.tar.gz"].read())) as archive:
        names = archive.getnames()

    assert {"requirements.txt", "steps/__init__.py", "steps/prepare/__main__.py"} <= set(names)
    assert names == sorted(names)
    assert not [name for name in names if "__pycache__" in name or name.endswith("entrypoint.py")]
    assert assets["entrypoint.py"].read() == Path(project.root, "steps/runtime/entrypoint.py").read_bytes()
