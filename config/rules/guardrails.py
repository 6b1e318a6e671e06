"""Rules across the keys of a guardrails pipeline; values stand in the place of parameters here."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Final

from config.guidelines import GUIDELINES, contradictions
from config.models.guardrails import METRICS, GuardrailsConfig, Prompt
from config.models.types import seconds
from config.parameter_values import pattern_fault
from config.rules.data import as_text, is_hub, is_local, local_file_findings
from config.rules.infrastructure import isolation_findings, single_instance_findings
from config.rules.naming import NAMING_RULES
from config.rules.on_disk import is_folder
from config.rules.rule import Finding, Findings, KindRules, PlacedRule, Rule, Surroundings, plain
from config.suggest import as_share, did_you_mean, listing
from config.templates import parse_template

TEXT: Final = "text"
ID: Final = "id"
GUIDELINES_NAME: Final = "guidelines"
_DAY: Final = 86_400
# RawOutputDays in infra/base.yaml is 14 at least.
_RAW_KEPT: Final = 14 * _DAY
_LOOKAROUND: Final = re.compile(r"\(\?(?:=|!|<=|<!)")


def columns_fit_format(config: GuardrailsConfig) -> Findings:
    """A table has a column with the text; a text file has no columns."""
    data = config.data
    if is_hub(data.source):
        yield Finding(("data", "source"), "records come from S3 or a file", "copy the data set to S3 first")
    if data.format == "text":
        if data.columns:
            yield Finding(("data", "columns"), "format: text has no columns", "remove it", at_key=True)
    elif TEXT not in data.columns:
        message = f"names no column for {TEXT}"
        yield Finding(("data", "columns"), message, "write columns: {text: transcript}, for example")
    if GUIDELINES_NAME in data.columns:
        message = "is the place of the guidelines in the template, and no name for a column"
        yield Finding(("data", "columns", GUIDELINES_NAME), message, "choose another name", at_key=True)


def template_fits_columns(config: GuardrailsConfig) -> Findings:
    """Braces close, every {name} is a column, the text is used."""
    known = [TEXT, *(name for name in config.data.columns if name != TEXT), GUIDELINES_NAME]
    parsed = parse_template(config.prompt.template)
    path = ("prompt", "template")
    for place, mistake in parsed.mistakes:
        yield Finding(path, mistake, "write {{ and }} for braces that are text", within=place)
    for name, place in parsed.names.items():
        if name not in known:
            message = f"{{{name}}} is not one of the columns; columns: {listing(known)}"
            yield Finding(path, message, did_you_mean(name, known) or as_text(name), within=place)
    if TEXT not in parsed.names and not parsed.mistakes:
        yield Finding(path, f"does not use {{{TEXT}}}: every record would be asked the same")
    for name in config.data.columns:
        if name not in (TEXT, ID, GUIDELINES_NAME) and name not in parsed.names:
            message = "is not used by the template"
            yield Finding(("data", "columns", name), message, f"use {{{name}}} or remove it", at_key=True)


def guidelines_are_known(config: GuardrailsConfig) -> Findings:
    """Chosen guidelines exist, each once; overrides are of shipped ones, custom ones are new and chosen."""
    prompt = config.prompt
    known = [*GUIDELINES, *prompt.custom]
    for index, name in enumerate(prompt.guidelines):
        place = ("prompt", "guidelines", index)
        if name not in known:
            message = f'"{name}" is no guideline; guidelines: {listing(known)}'
            yield Finding(place, message, did_you_mean(name, known) or "write its words under prompt.custom")
        elif name in prompt.guidelines[:index]:
            yield Finding(place, f'"{name}" stands here twice', "remove one of the two")
    for name in prompt.overrides:
        path = ("prompt", "overrides", name)
        if name not in GUIDELINES:
            message = f'"{name}" is no shipped guideline, so there is nothing to override'
            hint = did_you_mean(name, GUIDELINES) or "write it under prompt.custom"
            yield Finding(path, message, hint, at_key=True)
        elif name not in prompt.guidelines:
            hint = f"add {name} to prompt.guidelines"
            yield Finding(path, "is not one of prompt.guidelines", hint, at_key=True)
    for name in prompt.custom:
        path = ("prompt", "custom", name)
        if name in GUIDELINES:
            message = f'"{name}" is a shipped guideline'
            yield Finding(path, message, "write other words for it under prompt.overrides", at_key=True)
        elif name not in prompt.guidelines:
            hint = f"add {name} to prompt.guidelines"
            yield Finding(path, "is not one of prompt.guidelines", hint, at_key=True)


def guidelines_agree(config: GuardrailsConfig) -> Findings:
    """No guideline asks for the opposite of another one or of the template."""
    prompt = config.prompt
    for found in contradictions(prompt.template, texts_of(prompt)):
        place = "the template" if found.other is None else f'the guideline "{found.other}"'
        message = f'"{found.guideline}" contradicts {place}, which says: {found.sentence[:120]}'
        hint = f"take one of the two out, or write prompt.overrides: {{{found.guideline}: ...}}"
        yield Finding(("prompt", "guidelines", prompt.guidelines.index(found.guideline)), message, hint)


def texts_of(prompt: Prompt) -> dict[str, str]:
    """The words of the chosen guidelines by name, in their order; unknown ones are left out."""
    own = {**{name: each.text for name, each in GUIDELINES.items()}, **prompt.custom, **prompt.overrides}
    return {name: own[name] for name in prompt.guidelines if name in own}


def guardrail_is_one(config: GuardrailsConfig) -> Findings:
    """It exists, or it is described with at least one thing to look for."""
    guardrail = config.guardrail
    described = [
        key
        for key in ("name", "pii", "regexes", "words", "topics", "content_filters", "profanity")
        if getattr(guardrail, key)
    ]
    if guardrail.existing is not None:
        for key in described:
            message = "has no effect beside existing, whose configuration stands"
            yield Finding(("guardrail", key), message, "remove it, or remove existing", at_key=True)
        return
    if guardrail.name is None:
        yield Finding(
            ("guardrail",), "has no name", "write name: calls, or existing: {id: ..., version: ...}"
        )
    if not guardrail.policies:
        yield Finding(
            ("guardrail",), "looks for nothing", "write pii: [{type: EMAIL, action: mask}], for example"
        )


def guardrail_parts_are_sound(config: GuardrailsConfig) -> Findings:
    """Types, names and words stand once; patterns compile and use no lookaround."""
    guardrail = config.guardrail
    parts: dict[str, list[str]] = {
        "pii": [each.type for each in guardrail.pii],
        "regexes": [each.name for each in guardrail.regexes],
        "words": list(guardrail.words),
        "topics": [each.name for each in guardrail.topics],
        "content_filters": [each.type for each in guardrail.content_filters],
    }
    for key, names in parts.items():
        count = Counter(names)
        for index, name in enumerate(names):
            if count[name] > 1 and name in names[:index]:
                yield Finding(
                    ("guardrail", key, index), f'"{name}" stands here twice', "remove one of the two"
                )
    for index, regex in enumerate(guardrail.regexes):
        path = ("guardrail", "regexes", index, "pattern")
        if _LOOKAROUND.search(regex.pattern):
            yield Finding(
                path, "uses lookaround, which Bedrock Guardrails does not know", "match what is there"
            )
            continue
        if fault := pattern_fault(regex.pattern):
            yield Finding(path, f"is not a regular expression: {fault}")
        elif re.search(regex.pattern, "") is not None:
            message = "fits an empty text, so it would be found everywhere"
            yield Finding(path, message, "ask for at least one character: + where * stands")


def quotas_are_given(config: GuardrailsConfig) -> Findings:
    """Requests and every policy have a quota, or all are read from the account."""
    apply, policies = config.apply, config.guardrail.policies
    if apply.from_quotas and apply.also_input:
        message = "has no effect on the records before the model sees them: also_input needs the quotas here"
        hint = "write requests_per_second and text_units_per_second in its place"
        yield Finding(("apply", "from_quotas"), message, hint)
    if apply.from_quotas:
        for key in ("requests_per_second", "text_units_per_second"):
            if getattr(apply, key):
                yield Finding(
                    ("apply", key), "has no effect with from_quotas: true", "remove it", at_key=True
                )
        return
    if apply.requests_per_second is None:
        yield Finding(
            ("apply",), "has no requests_per_second", "write requests_per_second: 25, or from_quotas: true"
        )
    for policy in policies:
        if policy not in apply.text_units_per_second:
            message = f"has no quota for {policy}, which the guardrail uses"
            yield Finding(
                ("apply", "text_units_per_second"), message, f"write {policy}: 25, or from_quotas: true"
            )
    for policy in apply.text_units_per_second:
        if policies and policy not in policies:
            path = ("apply", "text_units_per_second", policy)
            yield Finding(
                path, "is the quota of a policy that the guardrail does not use", "remove it", at_key=True
            )


def batch_fits(config: GuardrailsConfig) -> Findings:
    """The minimum is not above the maximum; the wait is possible and covers a job."""
    batch = config.batch
    if batch.min_records_per_job > batch.max_records_per_job:
        message = f"{batch.min_records_per_job} is more than max_records_per_job, {batch.max_records_per_job}"
        yield Finding(("batch", "min_records_per_job"), message)
    if not 60 <= batch.deadline_seconds <= 13 * _DAY:
        yield Finding(("batch", "deadline"), f"found {batch.deadline}; allowed: at least 60s and at most 13d")
    elif batch.deadline_seconds < batch.timeout_hours * 3600:
        message = f"{batch.deadline} is less than the {batch.timeout_hours} hours that a job may take"
        yield Finding(("batch", "deadline"), message, f"write deadline: {batch.timeout_hours}h, or longer")


def prompts_outlive_the_cache(config: GuardrailsConfig) -> Findings:
    """A result of prepare_batch that is used again names prompts, which the bucket lets expire."""
    cache = config.steps.prepare_batch.cache
    if cache is not None and seconds(cache) + config.batch.deadline_seconds > _RAW_KEPT:
        message = f"{cache} and batch.deadline, {config.batch.deadline}, are more than 14d: prompts are gone"
        yield Finding(("steps", "prepare_batch", "cache"), message, "write a shorter time, or null")


def single_instances(config: GuardrailsConfig) -> Findings:
    """Ids are held against each other by one process, and books are kept by one."""
    why = {
        "prepare_batch": "prepare_batch holds the ids of all records against each other",
        "merge_results": "merge_results holds all records against each other",
    }
    yield from single_instance_findings(config.steps, why)


def gates_have_one_bound(config: GuardrailsConfig) -> Findings:
    """A known metric, at_least or at_most, between 0 and 1."""
    for index, gate in enumerate(config.gates):
        if gate.metric not in METRICS:
            message = f'"{gate.metric}" is no metric; metrics: {listing(METRICS)}'
            yield Finding(("gates", index, "metric"), message, did_you_mean(gate.metric, METRICS))
        given = [key for key in ("at_least", "at_most") if getattr(gate, key) is not None]
        if len(given) != 1:
            message = "has both at_least and at_most" if given else "has neither at_least nor at_most"
            yield Finding(
                ("gates", index), message, "write two gates" if given else "write at_most: 0.1, for example"
            )
        for key in given:
            if not 0 <= plain(getattr(gate, key)) <= 1:
                found = plain(getattr(gate, key))
                message = f"found {found:g}; shares lie between 0 and 1"
                yield Finding(("gates", index, key), message, as_share(found))


def source_exists(config: GuardrailsConfig, around: Surroundings) -> Findings:
    """A file; with format: text a file or a folder that holds some."""
    source = config.data.source
    if config.data.format == "text" and is_local(source) and is_folder(around.root / source):
        if not any(each.is_file() for each in Path(around.root / source).rglob("*")):
            yield Finding(("data", "source"), f'the folder "{source}" holds no file')
        return
    yield from local_file_findings(("data", "source"), source, around.root)


def answer_key_exists(config: GuardrailsConfig, around: Surroundings) -> Findings:
    """See local_file_findings."""
    if config.data.answer_key is not None:
        yield from local_file_findings(("data", "answer_key"), config.data.answer_key, around.root)


def steps_can_be_isolated(config: GuardrailsConfig, around: Surroundings) -> Findings:
    """See isolation_findings."""
    calls = "calls ApplyGuardrail"
    masks = calls if config.apply.also_input else None
    for name, reason in (("prepare_batch", masks), ("apply_guardrails", calls), ("merge_results", None)):
        step = getattr(config.steps, name)
        yield from isolation_findings(name, step, around.environment, needs_network=reason)


def guardrail_name_fits(config: GuardrailsConfig, around: Surroundings) -> Findings:
    """The full name has at most 50 characters (shape GuardrailName)."""
    name = config.guardrail.name
    full = f"{around.environment.prefix}-{name}"
    if name is not None and len(full) > 50:
        yield Finding(("guardrail", "name"), f'the full name "{full}" has {len(full)} characters; at most 50')


RULES: Final = KindRules(
    values=(
        Rule(columns_fit_format, ("data.source", "data.format", "data.columns")),
        Rule(template_fits_columns, ("data.columns", "prompt.template")),
        Rule(guidelines_are_known, ("prompt",)),
        Rule(guidelines_agree, ("prompt",)),
        Rule(guardrail_is_one, ("guardrail",)),
        Rule(guardrail_parts_are_sound, ("guardrail",)),
        Rule(quotas_are_given, ("guardrail", "apply")),
        Rule(batch_fits, ("batch",)),
        Rule(prompts_outlive_the_cache, ("batch", "steps")),
        Rule(single_instances, ("steps",)),
        Rule(gates_have_one_bound, ("gates",)),
    ),
    placed=(
        *NAMING_RULES,
        PlacedRule(answer_key_exists, ("data.answer_key",)),
        PlacedRule(source_exists, ("data.source", "data.format")),
        PlacedRule(steps_can_be_isolated, ("apply", "steps")),
        PlacedRule(guardrail_name_fits, ("guardrail",)),
    ),
)
