"""The input manifest of a job: what Ground Truth says of one that it cannot take.

Limits: pages input-data-limits and sms-input-data-input-manifest of the Developer Guide.
"""

from __future__ import annotations

import json
from typing import Any

from local.labeling.answers import source_of

LINES, LINE_CHARACTERS, VALUE_CHARACTERS = 100_000, 100_000, 20_000


class ManifestError(Exception):
    """Why the job fails: one sentence in the service's manner."""


def lines_of(content: bytes) -> list[dict[str, Any]]:
    """The objects; raises ManifestError with the line (from 1)."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ManifestError("the manifest is not UTF-8.") from error
    found = [_object(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if not found:
        raise ManifestError("the manifest is empty.")
    if len(found) > LINES:
        raise ManifestError(f"the manifest has {len(found)} lines; a job takes {LINES} at most.")
    return found


def _object(number: int, line: str) -> dict[str, Any]:
    if len(line) > LINE_CHARACTERS:
        raise ManifestError(f"line {number} has {len(line)} characters; {LINE_CHARACTERS} is the most.")
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise ManifestError(f"line {number} is no JSON object.") from error
    if not isinstance(entry, dict) or source_of(entry) is None:
        raise ManifestError(f"line {number} has neither source-ref nor source.")
    for key, value in entry.items():
        if key.startswith("$"):
            raise ManifestError(f"the attribute {key} of line {number} begins with a dollar sign.")
        if len(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) > VALUE_CHARACTERS:
            raise ManifestError(
                f"the attribute {key} of line {number} has over {VALUE_CHARACTERS} characters."
            )
    return entry
