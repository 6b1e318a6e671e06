"""Parameters that the platform adds to pipelines and fills in itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

UNKNOWN: Final = "unknown"


@dataclass(frozen=True)
class PlatformParameter:
    """A parameter that nobody declares; ``default`` None means that every start must give it."""

    name: str
    description: str
    default: str | None = None
    type: Literal["String", "Integer"] = "String"


# Added to every pipeline.
PROVENANCE: Final = (
    PlatformParameter("Commit", "Commit of the repository that the execution was started from.", UNKNOWN),
    PlatformParameter("DirtyTree", "Whether files were changed since that commit: true or false.", UNKNOWN),
)

SAMPLE_ROWS: Final = "SampleRows"
ALL_ROWS: Final = 0
# Added to every pipeline; filled by `start --sample`, and from what a sample left behind.
SAMPLE: Final = (
    PlatformParameter(
        SAMPLE_ROWS, "Rows of the data that go through the steps; 0: all.", str(ALL_ROWS), "Integer"
    ),
)
EVERYWHERE: Final = (*PROVENANCE, *SAMPLE)

# Added to every inference pipeline; filled from candidate.json of a training execution.
CANDIDATE: Final = (
    PlatformParameter("EndpointName", "Endpoint that is asked."),
    PlatformParameter("ModelDataUrl", "Model data that the endpoint must serve and that is registered."),
    PlatformParameter("ModelImage", "Image of the model's container."),
    PlatformParameter("EvaluationData", "S3 prefix of the evaluation set that the training run put aside."),
    PlatformParameter("TrainingQuestions", "S3 URI of the hashes of the questions that it was trained on."),
    PlatformParameter("BaseModelName", "Base model that was fine-tuned."),
    PlatformParameter("AutoMLJobName", "Job that fine-tuned it."),
    PlatformParameter("CandidateUri", "S3 URI of candidate.json."),
    PlatformParameter("DataHash", "Hash of the training data."),
    PlatformParameter("TrainingExecution", "Execution that trained it."),
)

# Added to a training pipeline whose source is `labeling`; filled from dataset.json of a labeling execution.
LABELED: Final = (
    PlatformParameter("LabeledData", "S3 prefix of the sets that the labeling run wrote for AutoML."),
)

# Added to a labeling pipeline whose source is `labeling-job`; filled from a labeling job that has ended.
JOB_OUTPUT: Final = (
    PlatformParameter("LabelsUri", "S3 folder that the labeling job wrote, without a slash at its end."),
)

# Added to every guardrails pipeline; filled from the guardrail that upsert made, or the existing one.
GUARDRAIL: Final = (
    PlatformParameter("GuardrailId", "Id of the guardrail that is applied."),
    PlatformParameter("GuardrailVersion", "Its version."),
)

RESERVED: Final[Mapping[str, PlatformParameter]] = {
    parameter.name: parameter for parameter in (*EVERYWHERE, *CANDIDATE, *LABELED, *JOB_OUTPUT, *GUARDRAIL)
}
