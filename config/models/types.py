"""The building blocks of the models: the frozen base, texts with a meaning, references to parameters.

Values are checked strictly: ``"8"`` is not a number and ``1`` is not true. What a text must look like is
said in words (``Text.meaning``), because people read the errors and not the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
    Tag,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

T = TypeVar("T")

# Elements of an error's location that are not keys of the file: which branch of a union was tried.
REFERENCE_TAG: Final = "<reference>"
VALUE_TAG: Final = "<value>"


class Model(BaseModel):
    """A mapping of the file: frozen, strictly typed, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class ParameterRef(Model):
    """The value of a declared parameter: `{parameter: Name}`."""

    parameter: str = Field(description="Name of a parameter declared under `parameters`.")


def _branch(value: Any) -> str:
    return REFERENCE_TAG if isinstance(value, Mapping | ParameterRef) else VALUE_TAG


Overridable = Annotated[
    Annotated[ParameterRef, Tag(REFERENCE_TAG)] | Annotated[T, Tag(VALUE_TAG)], Discriminator(_branch)
]
"""A scalar that may be written as ``{parameter: Name}`` instead."""

Items = Annotated[tuple[T, ...], Strict(False)]
"""A list of the file, kept as a tuple."""


@dataclass(frozen=True)
class Text:
    """A text that fits ``pattern`` as a whole; ``meaning`` says so in words."""

    pattern: str
    meaning: str
    longest: int = 1024

    def _check(self, value: str) -> str:
        if len(value) > self.longest:
            raise PydanticCustomError(
                "text_length",
                "{length} characters, at most {longest}",
                {"length": len(value), "longest": self.longest},
            )
        if re.fullmatch(self.pattern, value) is None:
            raise PydanticCustomError("text", "{meaning}", {"meaning": self.meaning})
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$", "maxLength": self.longest}


def _one_line(value: str) -> str:
    return " ".join(value.split())


_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds(duration: str) -> int:
    """``90s``, ``15m``, ``12h``, ``3d`` in seconds."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]


def iso_duration(duration: str) -> str:
    """``90s``, ``15m``, ``12h``, ``3d`` as ISO 8601 (``PT90S``, ``P3D``), as step caching wants it."""
    number, unit = duration[:-1], duration[-1].upper()
    return f"P{number}D" if unit == "D" else f"PT{number}{unit}"


# Limits and patterns: shapes of botocore's service model of SageMaker, named behind each.
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_WORD = r"[a-zA-Z0-9](?:-*[a-zA-Z0-9])*"

Description = Annotated[str, AfterValidator(_one_line), Field(max_length=1024)]
Duration = Annotated[
    str, Text(r"[1-9][0-9]{0,7}[smhd]", "a number and s, m, h or d, such as 90s, 12h or 3d", 9)
]
EntityName = Annotated[
    str, Text(_WORD, "letters and digits, with single or several dashes only between them", 256)
]  # PipelineName, EndpointName, ModelPackageGroupName
S3Uri = Annotated[str, Text(rf"s3://{_BUCKET}(?:/\S*)?", "an S3 URI such as s3://bucket/key, without spaces")]
InstanceType = Annotated[
    str,
    Text(
        r"ml\.[a-z][a-z0-9-]*\.(?:medium|large|\d*xlarge|metal(?:-\d+xl)?)",
        "an instance type such as ml.m5.xlarge or ml.g5.12xlarge",
        64,
    ),
]
ImageUri = Annotated[str, Text(r"\S+", "an image URI without spaces", 255)]  # ContainerImage
KmsKey = Annotated[str, Text(r"[a-zA-Z0-9:/_-]+", "the id, alias or ARN of a KMS key", 2048)]  # KmsKeyId
ContentType = Annotated[str, Text(r"[-\w]+/\S+", "a content type such as application/json", 256)]
VariableName = Annotated[
    str, Text(r"[a-zA-Z_][a-zA-Z0-9_]*", "letters, digits and underscores, not starting with a digit", 256)
]
TagKey = Annotated[
    str,
    Text(
        r"(?!aws:)[\w .:/=+\-@]+",
        'letters, digits, spaces and _ . : / = + - @, not starting with "aws:"',
        128,
    ),
]
TagValue = Annotated[str, Text(r"[\w .:/=+\-@]*", "letters, digits, spaces and _ . : / = + - @", 256)]
# The service allows 50 tags; config/rules/naming.py adds up those of file, environment and platform.
Tags = Annotated[Mapping[TagKey, TagValue], Field(max_length=40)]
ColumnName = Annotated[str, Field(min_length=1, max_length=256)]
Share = Annotated[float, Field(ge=0, le=1)]
