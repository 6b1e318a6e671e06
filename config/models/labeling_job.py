"""A labeling job of Ground Truth: what is labeled, by whom, on which page, within which limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from config.models.labeling import Name
from config.models.types import Description, Duration, EntityName, Items, Model, S3Uri, Tags, Text

# Limits and patterns: shapes of botocore's service model of SageMaker (CreateLabelingJob, CreateWorkteam).
FUNCTION_ARN: Final = r"arn:aws[a-z-]*:lambda:[a-z0-9-]*:[0-9]{12}:function:[a-zA-Z0-9_.:$-]+"
NO_FUNCTION: Final = "none"
OWN_FUNCTION: Final = "ours"
ManifestPlace = Annotated[
    str,
    Text(
        r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/\S+|(?![a-zA-Z][a-zA-Z0-9+.-]*://)[^\s].*",
        "s3://bucket/key, or a file of this repository",
    ),
]
OneLine = Annotated[str, Text(r"[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*", "a text on one line", 255)]
Title = Annotated[str, Text(r"[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*", "a text on one line", 128)]
Keyword = Annotated[
    str, Text(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*", "words of letters and digits, with single spaces", 30)
]
AttributeName = Annotated[
    str, Text(r"[a-zA-Z0-9](?:-*[a-zA-Z0-9])*", "letters, digits, and dashes between them", 127)
]
FunctionChoice = Annotated[
    str,
    Text(
        rf"{NO_FUNCTION}|{OWN_FUNCTION}|{FUNCTION_ARN}",
        "none, ours (the platform's function), or the ARN of a Lambda function",
        2048,
    ),
]
TeamArn = Annotated[
    str,
    Text(
        r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:workteam/(?:private-crowd|vendor-crowd)/\S+",
        "the ARN of a private or vendor work team (Amazon Mechanical Turk is closed)",
        256,
    ),
]


class TaskLimits(Model):
    """How long, and how many at once."""

    task: Duration = Field(default="1h", description="Time that a worker has for one object; 8h at most.")
    availability: Duration = Field(
        default="10d", description="How long an object waits for its workers; 30d at most."
    )
    concurrency: Annotated[int, Field(ge=1, le=5000)] = Field(
        default=1000, description="Objects that are with workers at the same time."
    )
    objects: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="The job ends after so many labeled objects; null: after all of them."
    )


class Cognito(Model):
    """Members of a team by a group of an Amazon Cognito user pool."""

    user_pool: Annotated[str, Text(r"[\w-]+_[0-9a-zA-Z]+", "an id such as us-east-1_Ab12Cd34E", 55)] = Field(
        description="Id of the user pool."
    )
    client: Annotated[str, Text(r"[!-~]+", "the id of an app client", 1024)] = Field(
        description="Id of the app client."
    )
    group: Annotated[str, Text(r"[^\s\x00-\x1f]+", "a group without spaces", 128)] = Field(
        description="Group whose users are the members."
    )


class Team(Model):
    """Who labels: a team that exists, by its ARN, or a private one by its name."""

    arn: TeamArn | None = Field(default=None, description="ARN of a private or vendor team; null: by name.")
    name: AttributeName | None = Field(default=None, description="Name of a private team of the account.")
    description: Annotated[str, Text(r".*\S.*", "a text on one line", 200)] = Field(
        default="Labels audio and video.", description="What `labeling team --create` says of it."
    )
    cognito: Cognito | None = Field(default=None, description="Members, for `labeling team --create`.")
    oidc_groups: Items[Annotated[str, Text(r"[^\s\x00-\x1f]+", "a group without spaces", 63)]] = Field(
        default=(), max_length=10, description="Members by groups of the workforce's OIDC provider instead."
    )


class PageTrack(Model):
    """A category that the page offers."""

    labels: Items[Name] = Field(min_length=1, max_length=100, description="Labels of its segments.")
    text: Literal["none", "optional", "required"] = Field(
        default="optional", description="Whether a segment has a text, and needs one."
    )
    overlaps: Literal["allow", "forbid"] = Field(
        default="forbid", description="Whether segments may overlap; those of one label never do."
    )
    emotion: bool = Field(default=False, description="Whether a segment has a list of emotions.")


class PageQuestion(Model):
    """A question about the whole recording."""

    title: Title = Field(description="What workers read.")
    kind: Literal["choice", "choices", "rating", "text"] = Field(
        description="choice (radio buttons), choices (checkboxes), rating (1 to 5) or text."
    )
    options: Items[Name] = Field(
        default=(), max_length=50, description="Values, for choice and choices: value, as it is stored."
    )
    required: bool = Field(default=False, description="Whether it must be answered.")


class Page(Model):
    """What the shipped template shows. It stands in the template at the word @page@."""

    media: Literal["audio", "video"] = Field(default="audio", description="What is played.")
    tracks: Mapping[Name, PageTrack] = Field(default={}, max_length=20, description="Category: its labels.")
    emotions: Items[Name] = Field(default=(), max_length=50, description="Emotions to choose from.")
    questions: Mapping[Name, PageQuestion] = Field(
        default={}, max_length=30, description="Form field: question about the whole recording."
    )
    instructions: Annotated[str, Field(max_length=5000)] = Field(
        default="", description="What workers are told; a blank line begins a new paragraph."
    )


class LabelingJobConfig(Model):
    """A labeling job: objects of a manifest, given to people on a page."""

    version: Literal[1] = Field(description="Version of this file's format.")
    name: EntityName = Field(
        description="Name of the file; jobs are called `<prefix>-<name>-<time>`, 63 characters at most."
    )
    title: Title = Field(description="Title of the task, for workers.")
    description: OneLine = Field(description="What workers are to do, on one line.")
    keywords: Items[Keyword] = Field(
        default=(), max_length=5, description="Words by which workers find the task."
    )
    manifest: ManifestPlace = Field(
        description="Input manifest: a file of this repository, or s3://. @bucket@ and @prefix@ in a file"
        " stand for the environment's."
    )
    attribute: AttributeName = Field(default="labels", description="Label attribute of the output manifest.")
    output: S3Uri | None = Field(
        default=None, description="Where the job writes; null: s3://<bucket>/<prefix>/labeling/jobs."
    )
    pipeline: EntityName | None = Field(
        default=None, description="Labeling pipeline that `labeling wait --convert` starts with the output."
    )
    team: Team = Field(description="Who labels.")
    workers: Annotated[int, Field(ge=1, le=9)] = Field(default=3, description="Workers of each object.")
    limits: TaskLimits = Field(default=TaskLimits(), description="Time and number.")
    template: ManifestPlace = Field(description="Liquid template of the page: a file, or s3://.")
    page: Page | None = Field(
        default=None, description="What the template shows at @page@; null: the template is used as it is."
    )
    categories: Items[Name] = Field(
        default=(), max_length=250, description="Label categories, for templates and functions that ask."
    )
    pre_annotation: FunctionChoice = Field(
        default=NO_FUNCTION, description="Function that makes the task of a line: none, ours, or an ARN."
    )
    post_annotation: FunctionChoice = Field(
        default=NO_FUNCTION, description="Function that consolidates answers: none, ours, or an ARN."
    )
    tags: Tags = Field(default={}, description="Tags on the job.")
    notes: Description = Field(default="", description="For those who read this file.")
