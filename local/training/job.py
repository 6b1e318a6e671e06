"""What a fine-tuning job is told and what it answers: job.json in, progress lines out, result.json out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path


class FineTuningError(Exception):
    """The job cannot go on; the text is what Autopilot would report as the FailureReason."""


@dataclass(frozen=True)
class Hyperparameters:
    """The four that Autopilot knows; what is not given takes a default that was measured to learn.

    AWS documents no defaults. These suit a small model trained from nothing (half a million parameters);
    a pre-trained model needs gentler steps.
    """

    epochs: int = 8
    batch_size: int = 8
    learning_rate: float = 1e-3
    warmup_steps: int = 50

    @classmethod
    def read(cls, given: Mapping[str, str], *, pretrained: bool) -> Hyperparameters:
        defaults = cls(epochs=3, learning_rate=5e-5) if pretrained else cls()
        return cls(
            epochs=int(given.get("epochCount", defaults.epochs)),
            batch_size=int(given.get("batchSize", defaults.batch_size)),
            learning_rate=float(given.get("learningRate", defaults.learning_rate)),
            warmup_steps=int(given.get("learningRateWarmupSteps", defaults.warmup_steps)),
        )


@dataclass(frozen=True)
class TrainingJob:
    """One fine-tuning job. Folders hold the channels as they were downloaded."""

    training: Path
    validation: Path | None
    validation_fraction: float
    parquet: bool
    largest_rows: int  # of both channels together: Autopilot's limit for the base model
    context_tokens: int  # prompt and answer beyond this are cut
    base_model: Path | None  # a Hugging Face model folder; None: a small Llama, from nothing
    hyperparameters: Mapping[str, str]
    seed: int
    model_folder: Path  # where the model is left

    @classmethod
    def read(cls, file: Path) -> TrainingJob:
        fields = json.loads(file.read_text(encoding="utf-8"))
        for name in ("training", "validation", "base_model", "model_folder"):
            fields[name] = Path(fields[name]) if fields[name] is not None else None
        return cls(**fields)

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), default=str, indent=1), encoding="utf-8")


@dataclass(frozen=True)
class TrainingResult:
    """How it ended: metrics by Autopilot's StandardMetricName, or the reason of the failure."""

    metrics: Mapping[str, float]
    failure: str | None = None

    @classmethod
    def read(cls, file: Path) -> TrainingResult:
        return cls(**json.loads(file.read_text(encoding="utf-8")))

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
