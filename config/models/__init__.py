"""The typed, frozen model of the YAML files; attribute names are the files' keys."""

from config.models.data import HuggingFace
from config.models.environment import (
    Environment,
    Images,
    Network,
    Polling,
    Roles,
    StandIn,
    StandInAutoML,
    StandInImage,
)
from config.models.guardrails import GuardrailConfig, GuardrailsConfig
from config.models.inference import (
    Evaluation,
    EvaluationData,
    Gate,
    Generation,
    InferenceConfig,
    InferenceSteps,
    Registry,
    RequestRetries,
)
from config.models.pipeline import (
    Parameter,
    ParameterType,
    ParameterValue,
    PipelineConfig,
    ProcessingStep,
    StepRetries,
)
from config.models.project import Project
from config.models.training import (
    Endpoint,
    Hyperparameters,
    JobLimits,
    TrainedModel,
    TrainingConfig,
    TrainingData,
    TrainingRows,
    TrainingSteps,
    Wait,
)
from config.models.types import Overridable, ParameterRef, iso_duration, seconds

__all__ = [
    "Endpoint",
    "Environment",
    "Evaluation",
    "EvaluationData",
    "Gate",
    "Generation",
    "GuardrailConfig",
    "GuardrailsConfig",
    "HuggingFace",
    "Hyperparameters",
    "Images",
    "InferenceConfig",
    "InferenceSteps",
    "JobLimits",
    "Network",
    "Overridable",
    "Parameter",
    "ParameterRef",
    "ParameterType",
    "ParameterValue",
    "PipelineConfig",
    "Polling",
    "ProcessingStep",
    "Project",
    "Registry",
    "RequestRetries",
    "Roles",
    "StandIn",
    "StandInAutoML",
    "StandInImage",
    "StepRetries",
    "TrainedModel",
    "TrainingConfig",
    "TrainingData",
    "TrainingRows",
    "TrainingSteps",
    "Wait",
    "iso_duration",
    "seconds",
]
