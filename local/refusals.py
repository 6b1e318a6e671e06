"""What moto would only pretend to do: refused by name, because a job that never ran must not be Completed."""

from __future__ import annotations

from local.api import ApiError

# Operations whose result in moto is made up (a status that is terminal at once, a canned body).
_PRETENDED = {
    "sagemaker": frozenset(
        {
            "CreateTrainingJob",
            "CreateTransformJob",
            "CreateHyperParameterTuningJob",
            "CreateCompilationJob",
            "CreateNotebookInstance",
            "CreateCluster",
            "CreateAutoMLJobV2",
            "CreateProcessingJob",
            "CreateEndpoint",
            "StartPipelineExecution",
        }
    ),
    "sagemaker-runtime": frozenset({"InvokeEndpoint", "InvokeEndpointAsync"}),
    "bedrock": frozenset({"CreateModelCustomizationJob"}),
    "bedrock-runtime": frozenset({"InvokeModel"}),
}


def refusal(service: str, operation: str) -> ApiError | None:
    """Asked only where no handler of ours answers."""
    if operation not in _PRETENDED.get(service, frozenset()):
        return None
    return ApiError("UnsupportedOperation", f"the stand-in does not run {operation} of {service}")
