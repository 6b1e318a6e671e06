"""What the preprocess step is told, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from steps.runtime.rows.sources import HubSource
from steps.runtime.rows.template import Template, compile_template
from steps.runtime.settings import Section

CANDIDATE = "candidate"


@dataclass(frozen=True)
class OwnData:
    """A data set of its own: where it is and how a row becomes a prompt and an answer."""

    format: str
    hub: HubSource | None
    columns: Mapping[str, str]
    prompt: Template
    output: Template

    @property
    def needed(self) -> tuple[str, ...]:
        """The data's columns that the templates use."""
        names = dict.fromkeys((*self.prompt.names, *self.output.names))
        return tuple(dict.fromkeys(self.columns[name] for name in names))


@dataclass(frozen=True)
class PreprocessSettings:
    """The whole of it; `own` is None for the set that a training run put aside, `rows` None for every row."""

    source: str
    rows: int | None
    seed: int
    own: OwnData | None


def read(settings: Section) -> PreprocessSettings:
    """Takes the settings apart."""
    data = settings.section("data")
    source = data.text("source")
    return PreprocessSettings(
        source=source,
        rows=data.optional_integer("rows", minimum=1),
        seed=data.integer("seed", 42),
        own=None if source == CANDIDATE else _own(data, source),
    )


def _own(data: Section, source: str) -> OwnData:
    mapping = data.section("columns")
    columns = {name: mapping.text(name) for name in mapping.values}
    part = data.optional_section("huggingface")
    hub = (
        HubSource(
            name=source.removeprefix("hf://"),
            split=part.text("split", "train"),
            revision=part.optional_text("revision"),
            subset=part.optional_text("subset"),
        )
        if source.startswith("hf://")
        else None
    )
    return OwnData(
        format="hub" if hub else data.choice("format", ("csv", "jsonl", "parquet")),
        hub=hub,
        columns=columns,
        prompt=compile_template(data.text("prompt"), "data.prompt", columns),
        output=compile_template(data.text("output"), "data.output", columns),
    )
