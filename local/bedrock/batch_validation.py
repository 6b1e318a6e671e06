"""The Validating of a batch job: files, lines and sizes within the quotas; never the bodies.

"Validation doesn't check if the modelInput value matches the request body for the model" (page
batch-inference-create): a wrong body is an error line of its record.
"""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass

from local.bedrock.quotas import Quotas
from local.objects import Objects


class InvalidInputError(Exception):
    """The job fails, with this message."""


@dataclass(frozen=True)
class InputFile:
    """`offsets`: where its records begin, in bytes."""

    uri: str
    name: str  # below the input prefix
    offsets: array[int]


def input_files(source: str, objects: Objects, quotas: Quotas) -> list[InputFile]:
    """Every `.jsonl` at the input; raises InvalidInputError with the service's kind of message."""
    found = [(uri, size) for uri, size in objects.list(source) if _is_at(uri, source)]
    wanted = [(uri, size) for uri, size in found if uri.endswith(".jsonl")]
    if not wanted:
        raise InvalidInputError(f"No .jsonl file was found at {source}.")
    total = sum(size for _, size in wanted)
    if total > quotas.bytes_per_job:
        raise InvalidInputError(f"The job's input has {total} bytes; at most {quotas.bytes_per_job}.")
    files = [_file(uri, size, source, objects, quotas) for uri, size in wanted]
    records = sum(len(file.offsets) for file in files)
    if records < quotas.minimum_records_per_job:
        raise InvalidInputError(
            f"Model invocation job contains less records ({records}) than the required minimum of: "
            f"{quotas.minimum_records_per_job}"
        )
    if records > quotas.records_per_job:
        raise InvalidInputError(
            f"Model invocation job contains more records ({records}) than the maximum of: "
            f"{quotas.records_per_job}"
        )
    return files


def _is_at(uri: str, source: str) -> bool:
    return uri == source or uri.startswith(source if source.endswith("/") else f"{source}/")


def _file(uri: str, size: int, source: str, objects: Objects, quotas: Quotas) -> InputFile:
    name = uri.rpartition("/")[2] if uri == source else uri[len(source.rstrip("/")) + 1 :]
    if size > quotas.bytes_per_file:
        raise InvalidInputError(f"File {name} has {size} bytes; at most {quotas.bytes_per_file}.")
    offsets = array("q")
    with objects.open(uri) as lines:
        at = 0
        for number, line in enumerate(lines, start=1):
            if line.strip():
                _check_line(line, name, number)
                offsets.append(at)
            at += len(line)
    if len(offsets) > quotas.records_per_file:
        raise InvalidInputError(f"File {name} has {len(offsets)} records; at most {quotas.records_per_file}.")
    return InputFile(uri, name, offsets)


def _check_line(line: bytes, name: str, number: int) -> None:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise InvalidInputError(f"Line {number} of file {name} is not a JSON object.") from error
    if not isinstance(record, dict) or not isinstance(record.get("modelInput"), dict):
        raise InvalidInputError(f"Line {number} of file {name} has no modelInput.")
    if not isinstance(record.get("recordId", ""), str):
        raise InvalidInputError(f"The recordId in line {number} of file {name} is not a string.")
