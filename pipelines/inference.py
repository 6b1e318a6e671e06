"""Kind ``inference``: evaluate a candidate, hold it against the gates, register it.

preprocess -> evaluate -> gate -> register, or gate-missed
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from config import names
from config.models import InferenceConfig, TrainingConfig
from pipelines import sources
from pipelines.context import Context
from pipelines.gate import SCORES, gate_step
from pipelines.processing import Job, output_uri, processing_step
from pipelines.register import METRICS_FILE, register_step
from pipelines.sdk import PropertyFile, Step
from pipelines.settings import SAMPLE, step_settings
from pipelines.step import RequestStep

# The set that the training run put aside, given by the parameter EvaluationData.
CANDIDATE: Final = "candidate"

Inference = Context[InferenceConfig]


def build(context: Inference) -> Sequence[Step]:
    """The steps, in order; ``register`` and ``gate-missed`` stand inside the gate."""
    metrics = PropertyFile(name="metrics", output_name="metrics", path=METRICS_FILE)
    preprocess = preprocess_step(context)
    evaluate = evaluate_step(context, preprocess, metrics)
    register = register_step(context, evaluate, container_environment(context))
    scores = SCORES[context.config.evaluation.normalization]
    comparing = [gate.metric for gate in context.config.gates if gate.better_than]
    gate = gate_step(context, evaluate, metrics, [register], scores=scores, comparing=comparing)
    return [preprocess, evaluate, gate]


def preprocess_step(context: Inference) -> RequestStep:
    """The evaluation set to the shape that fmeval reads, prompted as in training, held against its rows."""
    config = context.config
    settings = step_settings("preprocess", config, {"data": config.data, **SAMPLE})
    inputs: dict[str, Any] = {"training": context.parameters["TrainingQuestions"]}
    if config.data.source == CANDIDATE:
        inputs["data"] = context.parameters["EvaluationData"]
    elif not sources.is_hub(config.data.source):
        uri = sources.uri(context, "data.source", config.data.source)
        settings = settings.with_part("data", {**config.data.model_dump(mode="json"), "source": uri})
        inputs["data"] = uri
    return processing_step(context, config.steps.preprocess, Job(settings, inputs, ("evaluation",)))


def evaluate_step(context: Inference, preprocess: RequestStep, metrics: PropertyFile) -> RequestStep:
    """Asks the endpoint for every row and scores the answers."""
    config, parameters = context.config, context.parameters
    content: dict[str, Any] = {"evaluation": config.evaluation, "gates": config.gates}
    content |= {"seed": config.data.seed, **SAMPLE}
    if any(gate.better_than for gate in config.gates):
        content["group"] = names.group_name(context.env, config.registry.group)
    job = Job(
        settings=step_settings("evaluate", config, content),
        inputs={"data": output_uri(preprocess, "evaluation")},
        outputs=("metrics", "report"),
        arguments=(
            "--endpoint-name",
            parameters["EndpointName"],
            "--model-data-url",
            parameters["ModelDataUrl"],
            "--region",
            context.env.region,
        ),
        property_files=[metrics],
    )
    return processing_step(context, config.steps.evaluate, job)


def container_environment(context: Inference) -> dict[str, str]:
    """The environment of the model's container, as the training pipeline deploys it."""
    training = context.project.pipeline(context.config.training)
    return dict(training.endpoint.environment) if isinstance(training, TrainingConfig) else {}
