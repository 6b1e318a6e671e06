"""``settings.json``: the part of the configuration that a step needs, with parameters left as references.

    {"step": "prepare", "version": 1, "parameters": {"TrainingRows": "Integer"},
     "data": {"rows": {"training": {"parameter": "TrainingRows"}, ...}, ...}, ...}

The step is given ``--parameter TrainingRows=1200`` for each name in ``parameters``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import BaseModel

from config.models import ParameterRef, PipelineConfig
from config.platform_parameters import RESERVED, SAMPLE_ROWS
from config.references import references
from pipelines.assets import Asset

VERSION: Final = 1
FILE: Final = "settings.json"
# For steps that take fewer rows of a sample, or say that it is one.
SAMPLE: Final = {"sample_rows": ParameterRef(parameter=SAMPLE_ROWS)}


@dataclass(frozen=True)
class StepSettings:
    """The settings of one step and the parameters they refer to."""

    step: str
    parameters: Mapping[str, str]
    content: Mapping[str, Any]

    def with_part(self, name: str, value: Any) -> StepSettings:
        """The same settings with plain JSON in the place of one part."""
        return replace(self, content={**self.content, name: value})

    def with_parameter(self, name: str) -> StepSettings:
        """The same settings with a text parameter of the platform among those that the step is given."""
        return replace(self, parameters={**self.parameters, name: "String"})

    def asset(self, key_prefix: str) -> Asset:
        """The object in S3, under the hash of its content."""
        document = {"step": self.step, "version": VERSION, "parameters": self.parameters, **self.content}
        body = json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"
        return Asset(f"{key_prefix}/settings/{hashlib.sha256(body).hexdigest()}/{FILE}", body=body)


def step_settings(step: str, config: PipelineConfig, content: Mapping[str, Any]) -> StepSettings:
    """Settings of ``step``; ``content`` holds parts of ``config`` and plain JSON."""
    used = sorted({name for _, name in references(content)})
    types = {name: RESERVED[name].type if name in RESERVED else config.parameters[name].type for name in used}
    return StepSettings(step, types, {name: _plain(value) for name, value in content.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    return value
