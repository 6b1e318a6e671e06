"""What the prepare step is told, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from steps.prepare_batch.bodies import BodyMaker, Generation, body_maker
from steps.runtime.rows.template import Template, compile_template
from steps.runtime.settings import Section

TEXT, ID, GUIDELINES = "text", "id", "guidelines"


@dataclass(frozen=True)
class Quotas:
    """Of batch jobs; `shards` instances read the output, so that many files at least, where records allow."""

    records_per_job: int
    records_at_least: int
    bytes_per_file: int
    shards: int


@dataclass(frozen=True)
class BatchSettings:
    """The whole of it. `columns` holds the template's names; `id` is no name of the template alone."""

    format: str
    columns: Mapping[str, str]
    template: Template
    guidelines: str
    versions: tuple[Mapping[str, str], ...]
    make_body: BodyMaker
    family: str
    quotas: Quotas
    max_characters: int
    max_set_aside_share: float
    on_demand: bool
    also_input: bool
    sample_rows: int = 0


def read(settings: Section) -> BatchSettings:
    """Takes the settings apart."""
    data, batch, prompt = (settings.section(key) for key in ("data", "batch", "prompt"))
    mapping = data.optional_section("columns")
    columns = {name: mapping.text(name) for name in mapping.values}
    chosen = prompt.values.get("guidelines") or []
    family = settings.section("model").choice("format", ("converse", "anthropic", "nova", "llama"))
    return BatchSettings(
        format=data.choice("format", ("csv", "jsonl", "parquet", "text")),
        columns=columns,
        template=_template(prompt.text("template"), columns),
        guidelines="\n".join(f"- {each['text']}" for each in chosen),
        versions=tuple({"name": each["name"], "version": each["version"]} for each in chosen),
        make_body=body_maker(family, _generation(settings.section("model"))),
        family=family,
        quotas=Quotas(
            records_per_job=batch.integer("max_records_per_job", minimum=1),
            records_at_least=batch.integer("min_records_per_job", minimum=1),
            bytes_per_file=batch.integer("max_bytes_per_file", minimum=1),
            shards=settings.integer("shards", 1, minimum=1),
        ),
        max_characters=data.integer("max_characters", 200_000, minimum=1),
        max_set_aside_share=data.share("max_set_aside_share", 0.05),
        on_demand=batch.flag("on_demand_below_minimum", False),
        also_input=settings.optional_section("apply").flag("also_input", False),
        sample_rows=settings.integer("sample_rows", 0),
    )


def _template(text: str, columns: Mapping[str, str]) -> Template:
    """The template; guidelines follow at its end where it does not say where they go."""
    if f"{{{GUIDELINES}}}" not in text:
        text = f"{text.rstrip()}\n\n{{{GUIDELINES}}}\n"
    return compile_template(text, "prompt.template", {TEXT, GUIDELINES, *columns})


def _generation(model: Section) -> Generation:
    top_p = model.values.get("top_p")
    return Generation(
        max_tokens=model.integer("max_tokens", 512, minimum=1),
        temperature=model.number("temperature"),
        top_p=None if top_p is None else model.number("top_p"),
    )
