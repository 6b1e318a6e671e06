"""Where rows come from and how a row becomes a prompt and an answer; shared by training and inference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from config.models.types import ColumnName, Model, Text

DataFormat = Literal["csv", "jsonl", "parquet"]
Source = Annotated[
    str,
    Text(
        r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/\S+|hf://[\w.-]+(?:/[\w.-]+)?|(?![a-zA-Z][a-zA-Z0-9+.-]*://)[^\s].*",
        "s3://bucket/key, hf://owner/name, or the path of a file",
    ),
]
PlaceholderName = Annotated[
    str, Text(r"[A-Za-z_][A-Za-z0-9_]*", "letters a to z, digits and underscores", 64)
]
Columns = Annotated[Mapping[PlaceholderName, ColumnName], Field(min_length=1, max_length=50)]
Template = Annotated[str, Field(min_length=1, max_length=50_000)]


class HuggingFace(Model):
    """Which part of a Hugging Face dataset is read (only with `hf://`)."""

    split: str = Field(default="train", min_length=1, description="Split of the dataset.")
    revision: str | None = Field(
        default=None, min_length=1, description="Commit, tag or branch; a commit makes runs repeatable."
    )
    subset: str | None = Field(
        default=None, min_length=1, description="Configuration of the dataset, where it has several."
    )
