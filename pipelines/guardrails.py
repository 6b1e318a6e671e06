"""Kind ``guardrails``: records to a model in batch jobs, its answers through a guardrail, results and books.

prepare-batch -> start-batch -> wait-batch -> apply-guardrails -> merge-results -> gate, where there are gates
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from config import names
from config.guidelines import GUIDELINES
from config.models.guardrails import GuardrailsConfig
from config.rules.guardrails import texts_of
from pipelines import places, sources
from pipelines.context import Context
from pipelines.functions import function_step, output, texts, wait_step
from pipelines.gate import SCORES, gate_step
from pipelines.processing import Job, output_uri, processing_step
from pipelines.sdk import CallbackStep, Join, LambdaStep, PropertyFile, Step
from pipelines.settings import SAMPLE, step_settings
from pipelines.step import RequestStep

METRICS_FILE: Final = "guardrails_metrics.json"
PLAN_FILE: Final = "plan.json"
# Own words of a guideline have no version of ours.
OWN_VERSION: Final = "own"
_APPLY: Final = "apply-guardrails"

Guardrails = Context[GuardrailsConfig]


def build(context: Guardrails) -> Sequence[Step]:
    """The steps, in order."""
    metrics = PropertyFile(name="metrics", output_name="metrics", path=METRICS_FILE)
    prepare = prepare_batch_step(context)
    start = start_batch_step(context, prepare)
    wait = wait_batch_step(context, start)
    apply = apply_guardrails_step(context, wait)
    merge = merge_results_step(context, prepare, wait, apply, metrics)
    steps = [prepare, start, wait, apply, merge]
    if context.config.gates:
        steps.append(gate_step(context, merge, metrics, [], scores=SCORES["none"]))
    return steps


def prepare_batch_step(context: Guardrails) -> RequestStep:
    """Records to the input files of batch jobs, and a plan of the jobs."""
    config = context.config
    uri = sources.uri(context, "data.source", config.data.source)
    content = {
        "data": config.data,
        "model": config.model,
        "prompt": {"template": config.prompt.template, "guidelines": guidelines(config)},
        "batch": config.batch,
        "apply": _apply(config),
        # Files are shared out over the instances of the next processing step.
        "shards": config.steps.apply_guardrails.instance_count,
        **SAMPLE,
    }
    settings = step_settings("prepare_batch", config, content)
    settings = settings.with_part("data", {**config.data.model_dump(mode="json"), "source": uri})
    arguments = ["--batch-uri", places.raw_of_execution(context, "prepare-batch", "batch")]
    if config.apply.also_input:
        arguments += _guardrail(context)
    outputs = ("batch", "plan", "records", "set_aside")
    # The prompts hold what the records hold.
    job = Job(settings, {"data": uri}, outputs, arguments, raw=("batch",))
    return processing_step(context, config.steps.prepare_batch, job)


def guidelines(config: GuardrailsConfig) -> list[dict[str, Any]]:
    """The chosen guidelines with the version of their words."""
    own = {*config.prompt.overrides, *config.prompt.custom}
    return [
        {"name": name, "version": OWN_VERSION if name in own else str(GUIDELINES[name].version), "text": text}
        for name, text in texts_of(config.prompt).items()
    ]


def _apply(config: GuardrailsConfig) -> dict[str, Any]:
    """How the guardrail is called; `policies` are those that it uses, none where only AWS knows them."""
    parts = {name: getattr(config.apply, name) for name in type(config.apply).model_fields}
    return {**parts, "policies": list(config.guardrail.policies)}


def _guardrail(context: Guardrails) -> list[Any]:
    parameters = context.parameters
    return [
        "--guardrail-id",
        parameters["GuardrailId"],
        "--guardrail-version",
        parameters["GuardrailVersion"],
        "--region",
        context.env.region,
    ]


def start_batch_step(context: Guardrails, prepare: RequestStep) -> LambdaStep:
    """Starts the jobs that the plan names, as many as may run at once."""
    config, env, value = context.config, context.env, context.value
    inputs = {
        "plan_uri": Join(on="/", values=[output_uri(prepare, "plan"), PLAN_FILE]),
        "output_uri": places.raw_of_execution(context, "batch-output"),
        "model_id": value(config.model.id),
        "role_arn": names.role_arn(env, "batch"),
        "invocation_type": "Converse" if config.model.format == "converse" else "InvokeModel",
        "timeout_hours": config.batch.timeout_hours,
        "max_concurrent_jobs": config.batch.max_concurrent_jobs,
        "minimum_records": config.batch.min_records_per_job,
        "retry_unfinished": config.batch.retry_unfinished,
        "on_demand": config.batch.on_demand_below_minimum,
        "kms_key": env.kms_key or "",
        "tags": json.dumps(context.tags, ensure_ascii=False, sort_keys=True),
    }
    return function_step(context, "start-batch", "start_batch", inputs, texts("batch", "state_uri"))


def wait_batch_step(context: Guardrails, start: LambdaStep) -> CallbackStep:
    """Waits for the jobs, starts those that had to wait, tries again what was left unfinished."""
    batch = context.config.batch
    return wait_step(
        context,
        "wait-batch",
        "batch",
        output(start, "state_uri"),
        deadline_seconds=batch.deadline_seconds,
        outputs=("output_uri", "records", "jobs", "unfinished"),
    )


def apply_guardrails_step(context: Guardrails, wait: CallbackStep) -> RequestStep:
    """Every answer through the guardrail; results, failures and the ledger go straight to S3."""
    config = context.config
    settings = step_settings("apply_guardrails", config, {"apply": _apply(config)})
    arguments = _guardrail(context)
    for name in ("ledger", "results", "failed"):
        arguments += [f"--{name}", places.of_execution(context, _APPLY, name)]
    job = Job(settings, {"data": output(wait, "output_uri")}, ("summary",), arguments, sharded=("data",))
    return processing_step(context, config.steps.apply_guardrails, job)


def merge_results_step(
    context: Guardrails, prepare: RequestStep, wait: CallbackStep, apply: RequestStep, metrics: PropertyFile
) -> RequestStep:
    """One result per record, metrics, the report; the books must balance."""
    config = context.config
    content = {
        "apply": _apply(config),
        "model": config.model,
        "guidelines": [{key: each[key] for key in ("name", "version")} for each in guidelines(config)],
        "shards": config.steps.apply_guardrails.instance_count,
        **SAMPLE,
    }
    inputs = {
        "records": output_uri(prepare, "records"),
        "set_aside": output_uri(prepare, "set_aside"),
        # What the shards say of themselves; it makes this step wait for them.
        "summary": output_uri(apply, "summary"),
    }
    if config.data.answer_key:
        key = sources.uri(context, "data.answer_key", config.data.answer_key)
        inputs |= {"answer_key": key, "raw": output(wait, "output_uri")}
    arguments = _guardrail(context)
    for name in ("ledger", "results", "failed"):
        arguments += [f"--{name}", places.of_execution(context, _APPLY, name)]
    job = Job(
        step_settings("merge_results", config, content),
        inputs,
        ("metrics", "report", "results"),
        arguments,
        property_files=[metrics],
    )
    return processing_step(context, config.steps.merge_results, job)
