"""Rules across the keys of an inference pipeline; values stand in the place of parameters here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from config import names
from config.metrics import ALGORITHMS, METRICS
from config.models.inference import Gate, InferenceConfig
from config.rules.data import format_findings, is_hub, local_file_findings, template_findings
from config.rules.infrastructure import isolation_findings, single_instance_findings
from config.rules.naming import NAMING_RULES
from config.rules.rule import Finding, Findings, KindRules, PlacedRule, Rule, Surroundings, plain
from config.suggest import as_share, did_you_mean, listing, nearest

CANDIDATE: Final = "candidate"
# steps/comparison/paired.py: below this no difference counts as proven.
FEWEST_ROWS: Final = 20


def candidate_needs_nothing(config: InferenceConfig) -> Findings:
    """A candidate's set is prompted already: columns and templates would have no effect."""
    if config.data.source != CANDIDATE:
        return
    for key in ("format", "huggingface", "columns", "prompt", "output"):
        if getattr(config.data, key) is not None:
            message = "has no effect with source: candidate, whose rows are prompted as in training"
            yield Finding(("data", key), message, "remove it, or name a source of its own", at_key=True)


def own_data_is_complete(config: InferenceConfig) -> Findings:
    """A data set of its own has a format, columns and templates."""
    data = config.data
    if data.source == CANDIDATE:
        return
    if _is_misspelt(data.source):
        hint = f'did you mean "{CANDIDATE}"?'
        yield Finding(("data", "source"), f'"{data.source}" is no source: no file, no s3://, no hf://', hint)
        return
    yield from format_findings(data)
    missing = [key for key in ("columns", "prompt", "output") if getattr(data, key) is None]
    if missing:
        message = f'"{data.source}" needs {listing(missing)} beside it'
        yield Finding(("data", "source"), message, f"only source: {CANDIDATE} goes without")
    if data.columns is not None and data.prompt is not None and data.output is not None:
        yield from template_findings(data.columns, {"prompt": data.prompt, "output": data.output})


def _is_misspelt(source: str) -> bool:
    return re.fullmatch(r"\w+", source) is not None and nearest(source, [CANDIDATE]) is not None


def metrics_fit_task(config: InferenceConfig) -> Findings:
    """Metrics and algorithms are known, each once."""
    evaluation = config.evaluation
    known = METRICS[evaluation.task]
    for index, metric in enumerate(evaluation.metrics):
        path = ("evaluation", "metrics", index)
        if metric not in known:
            message = f'"{metric}" is no metric of {evaluation.task}; metrics: {listing(known)}'
            yield Finding(path, message, did_you_mean(metric, known))
        elif metric in evaluation.metrics[:index]:
            yield Finding(path, f'"{metric}" stands here twice', "remove one of the two")
    for index, name in enumerate(evaluation.algorithms):
        if name not in ALGORITHMS:
            message = f'"{name}" is no algorithm; algorithms: {listing(ALGORITHMS)}'
            yield Finding(("evaluation", "algorithms", index), message, did_you_mean(name, ALGORITHMS))


def gates_read_metrics(config: InferenceConfig) -> Findings:
    """A gate is on a metric that is computed."""
    computed = config.evaluation.metrics
    for index, gate in enumerate(config.gates):
        if gate.metric not in computed:
            message = f'"{gate.metric}" is not one of evaluation.metrics; computed: {listing(computed)}'
            yield Finding(("gates", index, "metric"), message, did_you_mean(gate.metric, computed))


def gates_have_one_bound(config: InferenceConfig) -> Findings:
    """at_least, at_most or better_than, one of them; bounds between 0 and 1."""
    for index, gate in enumerate(config.gates):
        given = [key for key in ("at_least", "at_most", "better_than") if getattr(gate, key) is not None]
        if len(given) != 1:
            both = f"has {'both ' if len(given) == 2 else ''}{' and '.join(given)}"
            message = both if given else "has neither at_least nor at_most nor better_than"
            hint = (
                f"write {'two' if len(given) == 2 else 'three'} gates"
                if given
                else "write at_least: 0.5, for example"
            )
            yield Finding(("gates", index), message, hint)
        for key in ("at_least", "at_most"):
            value = getattr(gate, key)
            if value is not None and not 0 <= value <= 1:
                message = f"found {value:g}; metrics lie between 0 and 1"
                yield Finding(("gates", index, key), message, as_share(value))


def comparisons_are_strict_enough(config: InferenceConfig) -> Findings:
    """Margin and confidence stand with better_than, and leave something to pass and something to miss."""
    for index, gate in enumerate(config.gates):
        for key, low, high in (("margin", -1.0, 1.0), ("confidence", 0.5, 0.999)):
            value = getattr(gate, key)
            if value is None:
                continue
            if gate.better_than is None:
                message = "has no effect without better_than"
                yield Finding(("gates", index, key), message, "add better_than: approved", at_key=True)
            elif not low <= value <= high:
                message = f"found {value}; a {key} lies between {low:g} and {high:g}"
                yield Finding(("gates", index, key), message)


def comparisons_are_made_anew(config: InferenceConfig) -> Findings:
    """What is approved is in no cache key, and a handful of rows proves nothing."""
    if not any(gate.better_than for gate in config.gates):
        return
    if config.steps.evaluate.cache_expires_after is not None:
        message = "an earlier result was compared with what was approved then; a gate has better_than"
        yield Finding(("steps", "evaluate", "cache"), message, "write cache: null")
    rows = plain(config.data.rows)
    if rows is not None and rows < FEWEST_ROWS:
        message = f"better_than needs at least {FEWEST_ROWS} rows: fewer never prove a difference"
        yield Finding(("data", "rows"), message)


def gates_agree(config: InferenceConfig) -> Findings:
    """No gate stands twice, and no two of them shut each other out."""
    count = Counter((gate.metric, gate.at_least is None, gate.at_most is None) for gate in config.gates)
    compared: set[str] = set()
    lowest = {gate.metric: plain(gate.at_least) for gate in config.gates if gate.at_least is not None}
    for index, gate in enumerate(config.gates):
        kind = (gate.metric, gate.at_least is None, gate.at_most is None)
        twice = gate in config.gates[:index] if gate.better_than is None else gate.metric in compared
        compared |= {gate.metric} if gate.better_than else set()
        if count[kind] > 1 and twice:
            yield Finding(("gates", index), f'this gate on "{gate.metric}" stands here twice', "remove one")
        if _shut_out(gate, lowest):
            message = f'nothing is at least {lowest[gate.metric]} and at most {gate.at_most}: "{gate.metric}"'
            yield Finding(("gates", index), message)


def _shut_out(gate: Gate, lowest: Mapping[str, float]) -> bool:
    return gate.at_most is not None and lowest.get(gate.metric, 0.0) > plain(gate.at_most)


def response_path_is_jmespath(config: InferenceConfig) -> Findings:
    """The path of the answer can be compiled."""
    import jmespath  # only where there is an inference pipeline
    from jmespath.exceptions import JMESPathError

    path = config.evaluation.response_path
    try:
        jmespath.compile(path)
    except JMESPathError as error:
        reason = " ".join(str(error).split(":")[0].split())
        hint = "write a path such as [0].generated_text, in quotes"
        yield Finding(("evaluation", "response_path"), f'"{path}" is not a JMESPath: {reason}', hint)


def source_file_exists(config: InferenceConfig, around: Surroundings) -> Findings:
    """See local_file_findings."""
    if config.data.source != CANDIDATE and not _is_misspelt(config.data.source):
        yield from local_file_findings(("data", "source"), config.data.source, around.root)


def steps_can_be_isolated(config: InferenceConfig, around: Surroundings) -> Findings:
    """See isolation_findings."""
    hub = "reads a Hugging Face data set" if is_hub(config.data.source) else None
    yield from isolation_findings(
        "preprocess", config.steps.preprocess, around.environment, needs_network=hub
    )
    asks = "asks the endpoint"
    yield from isolation_findings("evaluate", config.steps.evaluate, around.environment, needs_network=asks)


def single_instances(config: InferenceConfig) -> Findings:
    """One set of rows, one endpoint that is asked, one file of figures."""
    why = {
        "preprocess": "preprocess writes one evaluation set",
        "evaluate": "evaluate writes one set of figures; evaluation.concurrency asks for more at once",
    }
    yield from single_instance_findings(config.steps, why)


def group_name_fits(config: InferenceConfig, around: Surroundings) -> Findings:
    """The full name has at most 63 characters (shape EntityName)."""
    full = names.group_name(around.environment, config.registry.group)
    if len(full) > 63:
        message = f'the full name "{full}" has {len(full)} characters; at most 63'
        yield Finding(("registry", "group"), message)


RULES: Final = KindRules(
    values=(
        Rule(candidate_needs_nothing, ("data",)),
        Rule(own_data_is_complete, ("data",)),
        Rule(metrics_fit_task, ("evaluation.task", "evaluation.metrics", "evaluation.algorithms")),
        Rule(gates_read_metrics, ("gates", "evaluation.metrics")),
        Rule(gates_have_one_bound, ("gates",)),
        Rule(gates_agree, ("gates",)),
        Rule(comparisons_are_strict_enough, ("gates",)),
        Rule(comparisons_are_made_anew, ("gates", "data.rows", "steps.evaluate.cache")),
        Rule(response_path_is_jmespath, ("evaluation.response_path",)),
        Rule(single_instances, ("steps.preprocess.instance_count", "steps.evaluate.instance_count")),
    ),
    placed=(
        *NAMING_RULES,
        PlacedRule(source_file_exists, ("data.source",)),
        PlacedRule(steps_can_be_isolated, ("data.source", "steps")),
        PlacedRule(group_name_fits, ("registry.group",)),
    ),
)
