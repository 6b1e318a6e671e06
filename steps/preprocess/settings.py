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
    """The whole of it; `own` is None for the set that a training run put aside, `rows` None for every row.

    A sample has at most `sample_rows` rows, and may have fewer than `rows`; 0 is no sample.
    """

    source: str
    rows: int | None
    sample_rows: int
    seed: int
    own: OwnData | None

    @property
    def most(self) -> int | None:
        """Rows that are drawn at most; None for every row."""
        limits = [rows for rows in (self.rows, self.sample_rows) if rows]
        return min(limits) if limits else None

    @property
    def least(self) -> int | None:
        """Rows that there must be; None where any number will do."""
        return None if self.sample_rows else self.rows


def read(settings: Section) -> PreprocessSettings:
    """Takes the settings apart."""
    data = settings.section("data")
    source = data.text("source")
    return PreprocessSettings(
        source=source,
        rows=data.optional_integer("rows", minimum=1),
        sample_rows=settings.integer("sample_rows", 0),
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
