"""CreateAutoMLJobV2 for text generation: what Autopilot refuses before a job begins.

Sources: API reference, and the Developer Guide's pages autopilot-create-experiment-finetune-llms and
autopilot-llms-finetuning-hyperparameters. Lengths, patterns and enums are checked from the service model
before this (local/engine/constraints.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.base_models import BASE_MODELS, BaseModel
from local.api import ApiError

DEFAULT_BASE_MODEL = "Falcon7BInstruct"
DEFAULT_VALIDATION_FRACTION = 0.2
DEFAULT_TRAINING_SECONDS = 259_200  # 72 hours, for text generation
LONGEST_JOB_SECONDS = 2_592_000  # 30 days, page autopilot-quotas
LONGEST_OUTPUT_PATH = 512
PARQUET = "x-application/vnd.amazon+parquet"
# The API's text names the first; AWS's own sample of a text-generation job says "text/csv".
CONTENT_TYPES = ("text/csv;header=present", "text/csv", PARQUET)
RANGES: Mapping[str, tuple[type[int] | type[float], float, float]] = {
    "epochCount": (int, 1, 10),
    "batchSize": (int, 1, 64),
    "learningRate": (float, 0, 1),
    "learningRateWarmupSteps": (int, 0, 250),
}


@dataclass(frozen=True)
class TuningRequest:
    """A request that was found good, in terms of what is to be done."""

    name: str
    role: str
    training: str  # S3 prefixes
    validation: str | None
    validation_fraction: float
    parquet: bool
    output_path: str
    base_model: BaseModel
    hyperparameters: Mapping[str, str]
    job_seconds: int
    training_seconds: int


def parse_request(asked: Mapping[str, Any]) -> TuningRequest:
    """ApiError (ValidationException) for what the service or this machine refuses."""
    problem = _text_generation(asked)
    channels = _channels(asked["AutoMLJobInputDataConfig"])
    criteria = _criteria(problem.get("CompletionCriteria") or {})
    return TuningRequest(
        name=asked["AutoMLJobName"],
        role=asked["RoleArn"],
        training=_uri(channels["training"]),
        validation=_uri(channels["validation"]) if "validation" in channels else None,
        validation_fraction=_fraction(asked, has_channel="validation" in channels),
        parquet=_content_type(list(channels.values())) == PARQUET,
        output_path=_output_path(asked["OutputDataConfig"]["S3OutputPath"]),
        base_model=_base_model(problem),
        hyperparameters=_hyperparameters(problem.get("TextGenerationHyperParameters") or {}),
        job_seconds=criteria.get("MaxAutoMLJobRuntimeInSeconds", LONGEST_JOB_SECONDS),
        training_seconds=criteria.get("MaxRuntimePerTrainingJobInSeconds", DEFAULT_TRAINING_SECONDS),
    )


def _refused(reason: str) -> ApiError:
    return ApiError("ValidationException", reason)


def _text_generation(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    kinds = [kind for kind, value in asked["AutoMLProblemTypeConfig"].items() if value is not None]
    if len(kinds) != 1:
        raise _refused("AutoMLProblemTypeConfig must have exactly one member.")
    if kinds != ["TextGenerationJobConfig"]:
        raise ApiError("UnsupportedOperation", f"the stand-in runs text generation, not {kinds[0]}")
    if asked.get("ModelDeployConfig"):
        raise ApiError(
            "UnsupportedOperation", "the stand-in does not deploy a job's model by itself (ModelDeployConfig)"
        )
    problem: Mapping[str, Any] = asked["AutoMLProblemTypeConfig"]["TextGenerationJobConfig"]
    return problem


def _channels(given: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    channels: dict[str, Mapping[str, Any]] = {}
    for channel in given:
        kind = channel.get("ChannelType") or "training"
        if kind in channels:
            raise _refused(f"AutoMLJobInputDataConfig has two channels of the type '{kind}'.")
        channels[kind] = channel
    if "training" not in channels:
        raise _refused("AutoMLJobInputDataConfig needs a channel of the type 'training'.")
    return channels


def _uri(channel: Mapping[str, Any]) -> str:
    if (channel.get("CompressionType") or "None") != "None":
        raise _refused("CompressionType must be None for text generation.")
    source = (channel.get("DataSource") or {}).get("S3DataSource")
    if source is None:
        raise _refused("Every channel needs a DataSource with an S3DataSource.")
    if source["S3DataType"] != "S3Prefix":
        raise _refused(f"S3DataType must be S3Prefix for text generation, not {source['S3DataType']}.")
    return str(source["S3Uri"])


def _content_type(channels: Sequence[Mapping[str, Any]]) -> str:
    kinds = {channel.get("ContentType") or CONTENT_TYPES[0] for channel in channels}
    unknown = sorted(kinds - set(CONTENT_TYPES))
    if unknown:
        known = ", ".join(CONTENT_TYPES)
        raise _refused(f"ContentType '{unknown[0]}' is not supported for text generation; one of: {known}.")
    if len(kinds) > 1:
        raise _refused("The training and the validation channel must have the same ContentType.")
    return str(next(iter(kinds)))


def _fraction(asked: Mapping[str, Any], *, has_channel: bool) -> float:
    fraction = (asked.get("DataSplitConfig") or {}).get("ValidationFraction")
    if fraction is None:
        return DEFAULT_VALIDATION_FRACTION
    if has_channel:
        raise _refused("ValidationFraction cannot be given together with a validation channel.")
    if not 0 < fraction < 1:
        raise _refused(f"ValidationFraction must be between 0 and 1, both excluded; it is {fraction}.")
    return float(fraction)


def _output_path(path: str) -> str:
    if len(path) > LONGEST_OUTPUT_PATH:
        raise _refused(f"S3OutputPath must be {LONGEST_OUTPUT_PATH} characters or less; it has {len(path)}.")
    return path.rstrip("/")


def _criteria(given: Mapping[str, Any]) -> Mapping[str, int]:
    criteria = {name: value for name, value in given.items() if value is not None}
    if criteria.get("MaxCandidates", 1) != 1:
        raise _refused("MaxCandidates must be 1 for text generation.")
    longest = criteria.get("MaxAutoMLJobRuntimeInSeconds", 0)
    if longest > LONGEST_JOB_SECONDS:
        raise _refused(
            f"MaxAutoMLJobRuntimeInSeconds must be at most {LONGEST_JOB_SECONDS}; it is {longest}."
        )
    return criteria


def _base_model(problem: Mapping[str, Any]) -> BaseModel:
    name = problem.get("BaseModelName") or DEFAULT_BASE_MODEL
    model = BASE_MODELS.get(name)
    if model is None:
        raise _refused(f"BaseModelName '{name}' is not supported; one of: {', '.join(BASE_MODELS)}.")
    access = problem.get("ModelAccessConfig") or {}
    if model.needs_eula and not access.get("AcceptEula"):
        raise _refused(f"'{name}' needs its EULA to be accepted: ModelAccessConfig.AcceptEula must be true.")
    return model


def _hyperparameters(given: Mapping[str, str]) -> Mapping[str, str]:
    for name, text in given.items():
        if name not in RANGES:
            raise _refused(
                f"TextGenerationHyperParameters has the unknown key '{name}'; known: {', '.join(RANGES)}."
            )
        kind, least, most = RANGES[name]
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            what = "a whole number" if kind is int else "a number"
            raise _refused(f"{name} must be {what} from {least} to {most}; it is '{text}'.")
    return dict(given)
