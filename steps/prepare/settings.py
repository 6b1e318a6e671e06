"""What the prepare step is told, typed: where rows come from, how they read, how many go where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from steps.runtime.errors import SettingsError
from steps.runtime.rows.sources import HubSource
from steps.runtime.rows.template import Template, compile_template
from steps.runtime.settings import Section

SETS = ("training", "validation", "evaluation")
# The source whose rows are divided into sets already.
LABELING = "labeling"


@dataclass(frozen=True)
class Budgets:
    """Rows wanted of each set; 0 is none."""

    training: int
    validation: int
    evaluation: int

    @property
    def total(self) -> int:
        """Rows of the three sets together."""
        return self.training + self.validation + self.evaluation

    @property
    def names(self) -> tuple[str, ...]:
        """The sets."""
        return SETS

    def of(self, name: str) -> int:
        """Rows wanted of the set `name`."""
        return int(getattr(self, name))


@dataclass(frozen=True)
class Rules:
    """How one row becomes a prompt and an answer, and when it is refused. Travels to other processes."""

    columns: Mapping[str, str]
    prompt: Template
    output: Template
    group_by: str | None
    seed: int
    context_tokens: int | None
    tokenizer: str | None
    answer_delimiter: str | None = None

    @property
    def needed(self) -> tuple[str, ...]:
        """The data's columns that are read, each once."""
        used = [self.columns[name] for name in self.names]
        return tuple(dict.fromkeys([*used, *([self.group_by] if self.group_by else [])]))

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the templates use, and the question, each once."""
        question = ("question",) if "question" in self.columns else ()
        return tuple(dict.fromkeys((*question, *self.prompt.names, *self.output.names)))


@dataclass(frozen=True)
class PrepareSettings:
    """The whole of it."""

    source: str
    format: str
    hub: HubSource | None
    rules: Rules
    budgets: Budgets
    max_rejected_share: float
    output_format: str
    sets_given: bool = False
    sample_rows: int = 0


def read(settings: Section, tokenizer: str | None) -> PrepareSettings:
    """Takes the settings apart; `tokenizer` is the folder with the tokenizer's files, if there is one."""
    data = settings.section("data")
    source = data.text("source")
    columns = column_mapping(data)
    hub = hub_source(data, source)
    model = settings.optional_section("model")
    sample_rows = settings.integer("sample_rows", 0)
    if data.optional_text("tokenizer") and tokenizer is None:
        raise SettingsError(
            f'"data.tokenizer" is "{data.text("tokenizer")}", but the job has no tokenizer folder'
        )
    return PrepareSettings(
        source=source,
        format="hub" if hub else data.choice("format", ("csv", "jsonl", "parquet")),
        hub=hub,
        rules=Rules(
            columns=columns,
            prompt=compile_template(data.text("prompt"), "data.prompt", columns),
            output=compile_template(data.text("output"), "data.output", columns),
            group_by=data.optional_text("group_by"),
            seed=data.integer("seed", 42),
            context_tokens=context_tokens(model),
            tokenizer=tokenizer,
            answer_delimiter=data.optional_text("answer_delimiter"),
        ),
        budgets=sampled(budgets(data, limits(model).optional_integer("max_rows")), sample_rows),
        max_rejected_share=data.share("max_rejected_share", 0.05),
        output_format=data.choice("output_format", ("csv", "parquet"), "csv"),
        sets_given=source == LABELING,
        sample_rows=sample_rows,
    )


def column_mapping(data: Section) -> dict[str, str]:
    """Name used in the templates: column of the data."""
    columns = data.section("columns")
    return {name: columns.text(name) for name in columns.values}


def hub_source(data: Section, source: str) -> HubSource | None:
    """The data set of the hub that `hf://owner/name` means, None for files."""
    if not source.startswith("hf://"):
        return None
    part = data.optional_section("huggingface")
    return HubSource(
        name=source.removeprefix("hf://"),
        split=part.text("split", "train"),
        revision=part.optional_text("revision"),
        subset=part.optional_text("subset"),
    )


def limits(model: Section) -> Section:
    """What the base model's rows may be: named directly, or by the model that the execution chose."""
    table = model.optional_section("base_models")
    return table.section(model.text("base_model")) if table.values else model


def context_tokens(model: Section) -> int | None:
    """Tokens that a row may have; None where nobody says."""
    own = model.optional_integer("context_tokens", minimum=1)
    return own if own is not None else limits(model).optional_integer("context_tokens", minimum=1)


def budgets(data: Section, max_rows: int | None) -> Budgets:
    """Rows of each set; without a validation channel Autopilot splits its fraction off the training rows.

    Training and validation rows together may be at most `max_rows`, the limit of the base model.
    """
    rows = data.section("rows")
    channel = data.choice("validation", ("channel", "fraction"), "channel") == "channel"
    wanted = Budgets(
        training=rows.integer("training", minimum=1),
        validation=rows.integer("validation", minimum=1) if channel else 0,
        evaluation=rows.integer("evaluation", 0),
    )
    if max_rows is not None and wanted.training + wanted.validation > max_rows:
        raise SettingsError(
            f"{wanted.training} training and {wanted.validation} validation rows are"
            f" {wanted.training + wanted.validation}, the base model takes at most {max_rows} together",
            hint="lower data.rows.training, or the parameter behind it",
        )
    return wanted


def sampled(wanted: Budgets, rows: int) -> Budgets:
    """The budgets of a run on so many rows in all (0: as they are), each set with its share of them."""
    if not rows or rows >= wanted.total:
        return wanted
    sets = [name for name in SETS if wanted.of(name)]
    if rows < len(sets):
        raise SettingsError(
            f"a sample of {rows} rows cannot fill {len(sets)} sets ({', '.join(sets)})",
            hint=f"take {len(sets)} rows at least: --sample {10 * len(sets)}",
        )
    others = {name: max(1, wanted.of(name) * rows // wanted.total) for name in sets if name != "training"}
    if sum(others.values()) == rows:  # a set whose share is less than a row took the one of training
        others[max(others, key=lambda name: others[name])] -= 1
    return Budgets(**{**dict.fromkeys(SETS, 0), **others, "training": rows - sum(others.values())})
