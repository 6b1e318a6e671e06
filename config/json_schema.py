"""JSON Schema of the files, for editors: completion, descriptions and red lines while typing.

The shipped YAML names its schema in the first line; ``run_pipeline.py schema`` writes them anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from config.kinds import KINDS
from config.models.environment import Environment
from config.models.labeling_job import LabelingJobConfig

_TITLES: Final = {"environment": "Environment", "labeling-job": "Labeling job"}
FOLDER: Final = Path("config", "schema")


def schemas() -> Mapping[str, dict[str, Any]]:
    """Every schema by name: one for each kind of pipeline, for environments and for labeling jobs."""
    models: dict[str, type[BaseModel]] = {name: kind.model for name, kind in KINDS.items()}
    models |= {"environment": Environment, "labeling-job": LabelingJobConfig}
    return {name: _schema(name, model) for name, model in models.items()}


def schema_files() -> Mapping[Path, str]:
    """Text of every schema file by its path from the repository's root."""
    return {
        FOLDER / f"{name}.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas().items()
    }


def write_schemas(root: Path) -> tuple[Path, ...]:
    """Writes the files and returns their paths."""
    for path, text in schema_files().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return tuple(schema_files())


def _schema(name: str, model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    _tidy(schema)
    title = _TITLES.get(name, f"Pipeline of kind {name}")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema}


def _tidy(node: Any) -> None:
    """Drops titles made from key names, which hide the descriptions, and closes mappings with free keys."""
    if isinstance(node, dict):
        if isinstance(node.get("title"), str):
            del node["title"]
        if "patternProperties" in node:
            node["additionalProperties"] = False
        for inner in node.values():
            _tidy(inner)
    elif isinstance(node, list):
        for inner in node:
            _tidy(inner)
