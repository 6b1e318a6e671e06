"""Writes the golden files of all pipelines.

    python -m tests.golden.update

``<pipeline>.<environment>.json`` is the definition, indented; ``<pipeline>.settings.json`` is what its
steps are told. Content hashes are replaced by ``<sha256>``, so that changed code alone changes no golden
file. Run it after a change that is meant to change definitions, and review the difference like code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from config.load import load_project
from config.models import Project
from definition.compile import CompiledPipeline, compile_all

FOLDER = Path(__file__).resolve().parent
# The stand-in, and an environment that is an account.
ENVIRONMENTS = ("local", "prod")
_HASH = re.compile(r"\b[0-9a-f]{64}\b")


def golden_files(projects: Mapping[str, Project]) -> Iterator[tuple[Path, str]]:
    """(path, content) of every golden file."""
    for environment, project in projects.items():
        for compiled in compile_all(project):
            yield FOLDER / f"{compiled.config_name}.{environment}.json", _pretty(compiled.definition)
            if environment == ENVIRONMENTS[0]:
                yield FOLDER / f"{compiled.config_name}.settings.json", _pretty(settings_of(compiled))


def settings_of(compiled: CompiledPipeline) -> dict[str, Any]:
    """Step -> its settings."""
    found = [json.loads(asset.read()) for asset in compiled.assets if asset.key.endswith("/settings.json")]
    return {settings["step"]: settings for settings in found}


def _pretty(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
    return _HASH.sub("<sha256>", text) + "\n"


def main() -> None:
    """Write what differs, remove what is no longer made."""
    wanted = dict(golden_files({name: load_project(name) for name in ENVIRONMENTS}))
    for path in sorted(set(FOLDER.glob("*.json")) - set(wanted)):
        path.unlink()
        print(f"removed {path.name}")
    for path, content in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
            print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
