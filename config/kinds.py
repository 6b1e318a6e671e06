"""The kinds of pipeline, as a table: a new kind is one row, its model, its rules and its builder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from config.models.pipeline import PipelineConfig
    from config.rules.rule import KindRules


@dataclass(frozen=True)
class Kind:
    """A row: where the model and the rules of a kind are, as "module:NAME", and its processing steps."""

    name: str
    model_path: str
    rules_path: str
    processing_steps: tuple[str, ...]

    @property
    def model(self) -> type[PipelineConfig]:
        """The model of its files."""
        return cast("type[PipelineConfig]", _resolve(self.model_path))

    @property
    def rules(self) -> KindRules:
        """Its checks across keys."""
        return cast("KindRules", _resolve(self.rules_path))


_KINDS: Final = (
    Kind("training", "config.models.training:TrainingConfig", "config.rules.training:RULES", ("prepare",)),
    Kind(
        "inference",
        "config.models.inference:InferenceConfig",
        "config.rules.inference:RULES",
        ("preprocess", "evaluate"),
    ),
    Kind(
        "labeling",
        "config.models.labeling:LabelingConfig",
        "config.rules.labeling:RULES",
        ("convert", "merge"),
    ),
    Kind(
        "guardrails",
        "config.models.guardrails:GuardrailsConfig",
        "config.rules.guardrails:RULES",
        ("prepare_batch", "apply_guardrails", "merge_results"),
    ),
)

KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _KINDS}


def _resolve(path: str) -> Any:
    module, name = path.split(":")
    return getattr(import_module(module), name)
