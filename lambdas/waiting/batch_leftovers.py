"""What an attempt left unfinished: records without a line, or with an error that passes (429, 5xx).

Found file by file, each in the time of one look and in bounded memory: the ids of one output file, and a
file on disk with the records that are left. What is written already is not done again.
"""

from __future__ import annotations

import json
import tempfile
from typing import Any

from waiting import batch_places as places
from waiting.batch_jobs import Attempt
from waiting.batch_state import State
from waiting.failures import AWS_ERRORS, is_missing
from waiting.tools import Tools

PASSING = frozenset({429, *range(500, 600)})


def folder(state: State, attempt: Attempt) -> str:
    """The input of the attempt that follows."""
    return f"{state.work_uri}/{attempt.job}/{attempt.number + 1}"


def count(tools: Tools, state: State, attempt: Attempt, until: float) -> int | None:
    """How many records are left after an attempt; None when the time was too short to find out."""
    known = places.read(tools.s3, f"{folder(state, attempt)}.json")
    if known is not None:
        return int(known["records"])
    total = 0
    for source in places.files(tools.s3, attempt.source, ".jsonl"):
        name = places.below(source, attempt.source)
        marker = f"{folder(state, attempt)}.scan/{name}.json"
        done = places.read(tools.s3, marker)
        if done is None:
            if tools.now() >= until:
                return None
            done = {"records": _write(tools, state, attempt, source, name)}
            places.write(tools.s3, marker, done)
        total += int(done["records"])
    places.write(tools.s3, f"{folder(state, attempt)}.json", {"records": total})
    return total


def _write(tools: Tools, state: State, attempt: Attempt, source: str, name: str) -> int:
    finished = _finished(tools.s3, f"{attempt.target}/{name}.out")
    left = 0
    with tempfile.TemporaryFile() as body:
        for line in places.lines(tools.s3, source):
            if json.loads(line).get("recordId") not in finished:
                body.write(line + b"\n")
                left += 1
        if left:
            body.seek(0)
            places.put(tools.s3, f"{folder(state, attempt)}/{name}", body)
    return left


def _finished(s3: Any, uri: str) -> set[str]:
    """The records of an output file that need not be asked again; none where there is no such file."""
    found = set()
    try:
        for line in places.lines(s3, uri):
            record = _record(line)
            if _is_final(record):
                found.add(str(record.get("recordId")))
    except AWS_ERRORS as error:
        if not is_missing(error):
            raise
    return found


def _is_final(record: dict[str, Any]) -> bool:
    """Whether it has an output, or an error that stays; one without a number may pass."""
    if (error := record.get("error")) is None:
        return record.get("modelOutput") is not None
    code = error.get("errorCode") if isinstance(error, dict) else None
    return str(code).isdecimal() and int(str(code)) not in PASSING


def _record(line: bytes) -> dict[str, Any]:
    """A line that was cut off counts as not written."""
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}
