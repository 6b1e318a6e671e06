"""Kind ``labeling``: labels of audio and video to fine-tuning data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from config.models.data import PlaceholderName, Template
from config.models.pipeline import PipelineConfig, ProcessingStep
from config.models.types import Description, EntityName, Items, Model, Overridable, Share, Text

LabelingFormat = Literal["ground_truth", "worker_responses", "label_studio", "segments"]
# Formats whose objects are lines of a manifest; of the others the folder itself is read.
MANIFEST_FORMAT = "ground_truth"
# The source that is the output of a labeling job, filled in when an execution is started.
LABELING_JOB: Final = "labeling-job"
Key = Annotated[str, Field(min_length=1, max_length=256)]
Name = Annotated[str, Field(min_length=1, max_length=256)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
LabelSource = Annotated[
    str,
    Text(
        r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/\S*)?|(?![a-zA-Z][a-zA-Z0-9+.-]*://)[^\s].*",
        "s3://bucket/prefix, or a folder",
    ),
]
RelativePath = Annotated[
    str,
    Text(
        r"(?!\.{1,2}(?:/|$))[^/\\\s]+(?:/(?!\.{1,2}(?:/|$))[^/\\\s]+)*",
        "a path below data.source, without .. and without a slash at its ends",
    ),
]


class LabelingData(Model):
    """Where the labels are, and what the parts of a line are called."""

    source: LabelSource = Field(
        description="Folder of the labeling job's output: s3://bucket/prefix, a folder of this machine, or"
        " labeling-job: the output of `job`."
    )
    job: EntityName | None = Field(
        default=None, description="Only with labeling-job: the job, a file of config/labeling."
    )
    format: LabelingFormat = Field(
        default="ground_truth",
        description="ground_truth (output manifest), worker_responses (a file an object), label_studio (JSON"
        " export) or segments (plain JSON).",
    )
    manifest: RelativePath | None = Field(
        default=None, description="Path of the output manifest below source; only with ground_truth."
    )
    responses: RelativePath | None = Field(
        default=None,
        description="Folder of the workers' answers below source, shared out over the instances; null: they"
        " stand in the lines, or are fetched one by one.",
    )
    media: LabelSource | None = Field(
        default=None, description="Folder of the recordings, for durations and AudioFolder; null: not read."
    )
    attribute: Key | None = Field(
        default=None, description="Label attribute; null: the one that has a -metadata beside it."
    )
    answer_field: Key = Field(default="annotations", description="Form field that holds the segments.")
    id: Key | None = Field(default=None, description="Key of the object's name; null: its source.")
    recording: Key | None = Field(
        default=None,
        description="Key of the recording: lines with one value stay in one set; null: the source.",
    )
    duration: Key | None = Field(
        default=None, description="Key of the length in seconds; null: the media's header."
    )
    fields: Mapping[PlaceholderName, Key] = Field(
        default={}, max_length=50, description="Name used in templates: key of the line."
    )


class TrackRules(Model):
    """What segments of one category must be."""

    labels: Items[Name] | None = Field(
        default=None, min_length=1, description="Labels of the category; null: any."
    )
    overlaps: Literal["allow", "forbid"] = Field(
        default="forbid", description="Whether one worker's segments may overlap."
    )
    text: Literal["required", "optional"] = Field(
        default="optional", description="Whether a segment needs a text."
    )


class LabelChecks(Model):
    """When something is set aside, and how much of that fails the step."""

    unknown_tracks: Literal["keep", "reject"] = Field(
        default="reject", description="Categories that `tracks` does not name."
    )
    minimum_seconds: Overridable[Seconds] = Field(default=0.0, description="Shorter segments are set aside.")
    tolerance_seconds: Overridable[Seconds] = Field(
        default=0.25, description="A segment may end so much after the recording; it is cut there."
    )
    max_response_mb: Annotated[int, Field(ge=1, le=1024)] = Field(
        default=16, description="Larger files of answers are set aside."
    )
    max_rejected_share: Overridable[Share] = Field(
        default=0.05,
        description="More faulty objects, answers or segments than this share fail the pipeline.",
    )


class ConsolidationRules(Model):
    """How several workers' segments become one."""

    iou: Overridable[Annotated[float, Field(gt=0, le=1)]] = Field(
        default=0.5, description="Intersection over union from which two segments mean the same."
    )
    quorum: Overridable[Share] = Field(
        default=0.5,
        description="More than this share of an object's workers must have marked a segment; 1: all of them.",
    )


class AgreementMeasures(Model):
    """How far workers agree."""

    thresholds: Items[Annotated[float, Field(gt=0, le=1)]] = Field(
        default=(0.5, 0.7), min_length=1, max_length=10, description="Overlaps at which F1 is told."
    )
    frame_seconds: Annotated[float, Field(ge=0.001, le=60)] = Field(
        default=0.1, description="Length of a frame, for Krippendorff's alpha."
    )


class SplitShares(Model):
    """Sets by recording: a recording is never in two."""

    validation: Overridable[Share] = Field(default=0.1, description="Share of the recordings.")
    test: Overridable[Share] = Field(default=0.1, description="Share of the recordings.")
    seed: Overridable[Annotated[int, Field(ge=0, le=2**32 - 1)]] = Field(
        default=42, description="Equal seeds draw equal sets."
    )


class TrackTarget(Model):
    """A target that takes segments as they are."""

    track: Name | None = Field(default=None, description="Category that is written; null: all.")


class PromptTarget(TrackTarget):
    """A target of rows made by templates."""

    rows: Literal["object", "segment"] = Field(default="object", description="What a row is made of.")
    segment_line: Template = Field(
        default="[{start} - {end}] {label}: {text}",
        description="Template of a line of {segments}, where a row is an object.",
    )
    prompt: Template = Field(description="Template of the input; {name} is filled, {{ and }} are braces.")
    output: Template = Field(description="Template of the answer that is learned.")


class AutoMLTarget(PromptTarget):
    """SageMaker AutoML, text generation: columns input and output."""

    format: Literal["csv", "parquet"] = Field(default="csv", description="csv or parquet.")


class MessagesTarget(PromptTarget):
    """Supervised fine-tuning: JSON Lines of messages."""

    system: Template | None = Field(default=None, description="System message; null: none.")


class PreferenceTarget(Model):
    """Pairs for RLHF and DPO, where workers chose between two answers to one prompt."""

    prompt: Template = Field(description="Template of the prompt.")
    a: Template = Field(description="Template of the first answer.")
    b: Template = Field(description="Template of the second answer.")
    question: Name = Field(description="Whole-file question (a choice) that says which one is better.")
    a_is: Name = Field(default="a", description="Value of the question that means the first.")
    b_is: Name = Field(default="b", description="Value of the question that means the second.")


class RatedTarget(Model):
    """Single ratings for KTO."""

    prompt: Template = Field(description="Template of the prompt.")
    completion: Template = Field(description="Template of the answer that was rated.")
    question: Name = Field(description="Whole-file question (a rating).")
    good_from: float = Field(default=4.0, description="Ratings from here are desirable.")
    bad_to: float = Field(default=2.0, description="Ratings up to here are not; between them is no row.")


class Targets(Model):
    """What is written; null: not."""

    automl: AutoMLTarget | None = Field(default=None, description="CSV or Parquet for AutoML.")
    sft: MessagesTarget | None = Field(default=None, description="JSON Lines of messages.")
    preference: PreferenceTarget | None = Field(default=None, description="prompt, chosen, rejected.")
    kto: RatedTarget | None = Field(default=None, description="prompt, completion, label.")
    audiofolder: TrackTarget | None = Field(default=None, description="Hugging Face AudioFolder.")
    videofolder: TrackTarget | None = Field(default=None, description="Hugging Face VideoFolder.")
    rttm: TrackTarget | None = Field(default=None, description="RTTM, a file an object.")
    webvtt: TrackTarget | None = Field(default=None, description="WebVTT, a file an object.")
    srt: TrackTarget | None = Field(default=None, description="SRT, a file an object.")
    nemo: TrackTarget | None = Field(default=None, description="NeMo manifest of segments.")
    moments: TrackTarget | None = Field(default=None, description="Moments by label, as QVHighlights.")
    segments: TrackTarget | None = Field(default=None, description="The segment model as JSON Lines.")


class DataCard(Model):
    """What the card says and nobody can compute."""

    title: Description | None = Field(default=None, description="Title of the data.")
    description: str | None = Field(
        default=None, max_length=10_000, description="What they are, in Markdown."
    )
    licence: Description | None = Field(default=None, description="Licence, by its SPDX name.")
    consent: Description | None = Field(default=None, description="Consent of those recorded.")
    personal_data: Description | None = Field(default=None, description="Personal data in them.")
    contact: Description | None = Field(default=None, description="Whom to ask.")
    source: Description | None = Field(default=None, description="Where the recordings come from.")
    languages: Items[Name] = Field(default=(), description="Languages, as BCP 47 tags.")


class LabelingSteps(Model):
    """Infrastructure of the steps that run as processing jobs."""

    convert: ProcessingStep = Field(
        default=ProcessingStep(),
        description="Checks, consolidates and writes; objects shared over instances.",
    )
    merge: ProcessingStep = Field(default=ProcessingStep(), description="Accounts, report and data card.")


class LabelingConfig(PipelineConfig):
    """A labeling pipeline: labels of audio and video to fine-tuning data."""

    kind: Literal["labeling"] = Field(description="What the pipeline does.")
    data: LabelingData = Field(description="Where the labels are.")
    tracks: Mapping[Name, TrackRules] = Field(
        default={}, max_length=100, description="Category: what its segments must be."
    )
    questions: Mapping[Name, Literal["choice", "choices", "rating", "text", "ignore"]] = Field(
        default={},
        max_length=100,
        description="Whole-file question: choice (radio), choices (checkboxes), rating, text or ignore.",
    )
    checks: LabelChecks = Field(default=LabelChecks(), description="What is set aside.")
    consolidation: ConsolidationRules = Field(
        default=ConsolidationRules(), description="How several workers' segments become one."
    )
    agreement: AgreementMeasures | None = Field(
        default=AgreementMeasures(), description="How agreement is measured; null: not."
    )
    split: SplitShares = Field(default=SplitShares(), description="Sets by recording.")
    targets: Targets = Field(description="What is written, several at once.")
    card: DataCard = Field(default=DataCard(), description="The data card.")
    steps: LabelingSteps = Field(default=LabelingSteps(), description="Infrastructure per step.")
