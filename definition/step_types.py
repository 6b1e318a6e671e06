"""What a step of each type may hold: one row per type.

Sources: Developer Guide (pages on step types, caching, retry policies), the official definition schema,
SageMaker SDK 3.27 (the types that the guide does not document).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

COMMON_MEMBERS: Final = ("Name", "Type", "Arguments", "DependsOn", "DisplayName", "Description")


@dataclass(frozen=True)
class StepType:
    """One type. ``operation``: the request that Arguments are; ``response``: the shape of its properties.

    ``named_by_service``: the member of the request that the service fills. ``plain_properties``: properties
    that no shape describes. ``retries``: which errors a retry policy may name (job: all of them).
    """

    name: str
    operation: str | None = None
    named_by_service: str | None = None
    response: str | None = None
    shapes: Mapping[str, str] = field(default_factory=dict)
    plain_properties: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    required: tuple[str, ...] = ("Arguments",)
    retries: Literal["job", "step"] | None = None
    cached: bool = False
    open: bool = False  # not documented well enough to name its members


_CACHE: Final = ("CacheConfig",)
_RETRY: Final = ("RetryPolicies",)
_CHECK: Final = (
    "CheckType",
    "FailOnViolation",
    "SkipCheck",
    "RegisterNewBaseline",
    "ModelPackageGroupName",
    "SuppliedBaselineStatistics",
    "SuppliedBaselineConstraints",
    "PropertyFiles",
    "CheckJobConfig",
)

_TYPES: Final = (
    StepType(
        "Processing",
        "CreateProcessingJob",
        "ProcessingJobName",
        "DescribeProcessingJobResponse",
        members=(*_CACHE, *_RETRY, "PropertyFiles"),
        retries="job",
        cached=True,
    ),
    StepType(
        "Training",
        "CreateTrainingJob",
        "TrainingJobName",
        "DescribeTrainingJobResponse",
        members=(*_CACHE, *_RETRY),
        retries="job",
        cached=True,
    ),
    StepType(
        "Transform",
        "CreateTransformJob",
        "TransformJobName",
        "DescribeTransformJobResponse",
        members=(*_CACHE, *_RETRY),
        retries="job",
        cached=True,
    ),
    StepType(
        "Tuning",
        "CreateHyperParameterTuningJob",
        "HyperParameterTuningJobName",
        "DescribeHyperParameterTuningJobResponse",
        shapes={"TrainingJobSummaries": "HyperParameterTrainingJobSummaries"},
        members=(*_CACHE, *_RETRY),
        retries="job",
        cached=True,
    ),
    StepType(
        "AutoML",
        "CreateAutoMLJob",
        "AutoMLJobName",
        "DescribeAutoMLJobResponse",
        plain_properties=("BestCandidateProperties",),
        members=(*_CACHE, *_RETRY),
        retries="job",
        cached=True,
    ),
    StepType("Model", "CreateModel", "ModelName", "DescribeModelOutput", members=_RETRY, retries="step"),
    StepType(
        "RegisterModel",
        "CreateModelPackage",
        None,
        "DescribeModelPackageOutput",
        members=_RETRY,
        retries="step",
    ),
    StepType(
        "EndpointConfig",
        "CreateEndpointConfig",
        "EndpointConfigName",
        "DescribeEndpointConfigOutput",
        members=(*_CACHE, *_RETRY),
        retries="step",
        cached=True,
    ),
    StepType("Endpoint", "CreateEndpoint", None, "DescribeEndpointOutput", members=_CACHE, cached=True),
    StepType(
        "InferenceComponent", "CreateInferenceComponent", None, "DescribeInferenceComponentOutput", open=True
    ),
    StepType(
        "Lambda", members=(*_CACHE, "FunctionArn", "OutputParameters"), required=("FunctionArn",), cached=True
    ),
    StepType(
        "Callback",
        members=(*_CACHE, "SqsQueueUrl", "OutputParameters"),
        required=("SqsQueueUrl",),
        cached=True,
    ),
    StepType("Condition", plain_properties=("Outcome",)),
    StepType("Fail"),
    StepType(
        "QualityCheck",
        plain_properties=(
            "CalculatedBaselineStatistics",
            "CalculatedBaselineConstraints",
            "BaselineUsedForDriftCheckStatistics",
            "BaselineUsedForDriftCheckConstraints",
        ),
        members=(*_CACHE, *_CHECK),
        cached=True,
        open=True,
    ),
    StepType(
        "ClarifyCheck",
        plain_properties=("CalculatedBaselineConstraints", "BaselineUsedForDriftCheckConstraints"),
        members=(*_CACHE, *_CHECK),
        cached=True,
        open=True,
    ),
    StepType("EMR", cached=True, open=True),
    StepType("EMRServerless", cached=True, open=True),
    StepType("ForEach", open=True),
    StepType("Lineage", open=True),
    StepType("Job", open=True),
    StepType("Cleanup", open=True),
)

STEP_TYPES: Final[Mapping[str, StepType]] = {step_type.name: step_type for step_type in _TYPES}
