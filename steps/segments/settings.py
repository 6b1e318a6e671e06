"""What the labeling steps are told, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steps.runtime.errors import SettingsError
from steps.runtime.settings import Section
from steps.segments.agreement import Measure
from steps.segments.checks import Rules, Track
from steps.segments.consolidate import Consolidation
from steps.segments.readers.catalog import FORMATS
from steps.segments.split import Split
from steps.segments.whole import KINDS
from steps.segments.writers.catalog import TARGETS

_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Data:
    """Where the labels are and what the parts of a line are called."""

    source: str
    root: str
    format: str
    manifest: str
    responses: str
    attribute: str | None
    answer_field: str
    id: str | None
    recording: str | None
    duration: str | None
    fields: Mapping[str, str]


@dataclass(frozen=True)
class LabelingSettings:
    """The whole of it."""

    data: Data
    rules: Rules
    max_rejected_share: float
    max_response_bytes: int
    questions: Mapping[str, str]
    consolidation: Consolidation
    measure: Measure | None
    split: Split
    targets: Mapping[str, Section]
    card: Mapping[str, Any]
    sample_rows: int = 0


def read(settings: Section) -> LabelingSettings:
    """Takes the settings apart."""
    checks = settings.section("checks")
    consolidation, split = settings.section("consolidation"), settings.section("split")
    targets = settings.section("targets")
    questions = settings.optional_section("questions")
    return LabelingSettings(
        data=_data(settings.section("data")),
        rules=_rules(settings.optional_section("tracks"), checks),
        max_rejected_share=checks.share("max_rejected_share"),
        max_response_bytes=checks.integer("max_response_mb", minimum=1) * _MEGABYTE,
        questions={name: questions.choice(name, KINDS) for name in questions.values},
        consolidation=Consolidation(consolidation.share("iou"), consolidation.share("quorum")),
        measure=_measure(settings.optional_section("agreement")),
        split=Split(split.share("validation"), split.share("test"), split.integer("seed")),
        targets={name: targets.section(name) for name in TARGETS if targets.values.get(name) is not None},
        card=settings.optional_section("card").values,
        sample_rows=settings.integer("sample_rows", 0),
    )


def _data(data: Section) -> Data:
    fields = data.optional_section("fields")
    return Data(
        source=data.text("source"),
        root=data.text("root", ""),
        format=data.choice("format", FORMATS),
        manifest=data.text("manifest", ""),
        responses=data.text("responses", ""),
        attribute=data.optional_text("attribute"),
        answer_field=data.text("answer_field", "annotations"),
        id=data.optional_text("id"),
        recording=data.optional_text("recording"),
        duration=data.optional_text("duration"),
        fields={name: fields.text(name) for name in fields.values},
    )


def _rules(tracks: Section, checks: Section) -> Rules:
    found = {}
    for name in tracks.values:
        track = tracks.section(name)
        labels = track.texts("labels")
        found[name] = Track(
            labels=frozenset(labels) if labels else None,
            overlaps=track.choice("overlaps", ("allow", "forbid"), "forbid") == "allow",
            text_required=track.choice("text", ("required", "optional"), "optional") == "required",
        )
    return Rules(
        tracks=found,
        unknown_tracks=checks.choice("unknown_tracks", ("keep", "reject"), "reject") == "keep",
        minimum_seconds=_seconds(checks, "minimum_seconds"),
        tolerance_seconds=_seconds(checks, "tolerance_seconds"),
    )


def _seconds(section: Section, key: str) -> float:
    value = section.number(key)
    if value < 0:
        raise SettingsError(f'"{section.place}.{key}" is {value:g}, it must be at least 0')
    return value


def _measure(agreement: Section) -> Measure | None:
    if not agreement.values:
        return None
    thresholds = agreement.values.get("thresholds") or [0.5, 0.7]
    return Measure(tuple(float(each) for each in thresholds), agreement.number("frame_seconds"))
