"""The one candidate of a text-generation job, in Autopilot's shape.

AWS shows no describe answer of such a job and no layout below its output path: readers take image, data and
environment from the container and build nothing.
"""

from __future__ import annotations

import hashlib
from typing import Any

from config.base_models import BaseModel
from local.automl.request import TuningRequest

_REGISTRY = (
    "763104351884.dkr.ecr.{region}.amazonaws.com"  # of every Region that has Autopilot's text generation
)
_IMAGES = {
    "djl": "djl-inference:0.24.0-deepspeed0.10.0-cu118",
    "tgi": "huggingface-pytorch-tgi-inference:2.0.1-tgi1.1.0-gpu-py39-cu118-ubuntu20.04",
}
_TRAINING_METRICS = frozenset({"TrainingLoss"})


def candidate_name(job: str) -> str:
    """Fits the 63 characters of a model's and of a training job's name."""
    return f"{job}-{hashlib.sha256(job.encode()).hexdigest()[:10]}"


def model_data_uri(request: TuningRequest) -> str:
    return f"{request.output_path}/{request.name}/{candidate_name(request.name)}/output/model.tar.gz"


def image(model: BaseModel, region: str) -> str:
    """The container that serves the model; the stand-in serves it by itself, whatever the image says."""
    return f"{_REGISTRY.format(region=region)}/{_IMAGES[model.container]}"


def candidate(
    request: TuningRequest,
    *,
    metrics: dict[str, float],
    times: dict[str, Any],
    region: str,
    training_arn: str,
) -> dict[str, Any]:
    """BestCandidate. `metrics` by StandardMetricName; MetricName has no values for language models."""
    name = candidate_name(request.name)
    return {
        "CandidateName": name,
        "FinalAutoMLJobObjectiveMetric": {
            "Type": "Minimize",
            "StandardMetricName": "ValidationLoss",
            "Value": metrics["ValidationLoss"],
        },
        "ObjectiveStatus": "Succeeded",
        "CandidateSteps": [
            {
                "CandidateStepType": "AWS::SageMaker::TrainingJob",
                "CandidateStepArn": training_arn,
                "CandidateStepName": name,
            }
        ],
        "CandidateStatus": "Completed",
        "InferenceContainers": [
            {
                "Image": image(request.base_model, region),
                "ModelDataUrl": model_data_uri(request),
                "Environment": {"MODEL_CACHE_ROOT": "/opt/ml/model", "SAGEMAKER_ENV": "1"},
            }
        ],
        "CandidateProperties": {
            "CandidateMetrics": [
                {
                    "StandardMetricName": metric,
                    "Value": value,
                    "Set": "Train" if metric in _TRAINING_METRICS else "Validation",
                }
                for metric, value in metrics.items()
            ]
        },
        **times,
    }
