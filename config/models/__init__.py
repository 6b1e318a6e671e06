"""The typed, frozen model of the YAML files; attribute names are the files' keys."""

from config.models.environment import Environment
from config.models.guardrails import GuardrailConfig, GuardrailsConfig
from config.models.inference import InferenceConfig
from config.models.pipeline import PipelineConfig, ProcessingStep, StepRetries
from config.models.project import Project
from config.models.training import TrainingConfig
from config.models.types import ParameterRef

__all__ = [
    "Environment",
    "GuardrailConfig",
    "GuardrailsConfig",
    "InferenceConfig",
    "ParameterRef",
    "PipelineConfig",
    "ProcessingStep",
    "Project",
    "StepRetries",
    "TrainingConfig",
]
