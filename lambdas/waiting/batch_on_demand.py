"""Records asked one by one, a slice in each breath: too few for a batch job, or left by one.

A slice is written when all of its records have an answer or an error that stays; what a look could not finish
the next one does. A function that dies repeats one slice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from waiting import batch_places as places
from waiting.batch_state import State
from waiting.failures import AWS_ERRORS, code, is_passing, message
from waiting.tools import Tools

SLICE = 8
PASSING = frozenset({"ModelTimeoutException", "ModelNotReadyException", "ServiceQuotaExceededException"})
# Not of one record but of all: the caller should hear of them.
FATAL = frozenset({"AccessDeniedException", "ResourceNotFoundException", "UnrecognizedClientException"})


class NotAnsweredError(Exception):
    """The service has no time for a record just now."""


def ask(tools: Tools, state: State, source: str, name: str, until: float) -> bool:
    """Asks for the records below `source`; True when every one has its line."""
    target = f"{state.output_uri.rstrip('/')}/on-demand/{name}"
    there = set(places.files(tools.s3, target, ".jsonl.out"))
    for uri in places.files(tools.s3, source, ".jsonl"):
        stem = places.below(uri, source).removesuffix(".jsonl")
        for number, records in enumerate(_slices(places.lines(tools.s3, uri))):
            written = f"{target}/{stem}-{number:05d}.jsonl.out"
            if written in there:
                continue
            if tools.now() >= until or not _slice(tools, state, records, written):
                return False
    return True


def _slices(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    while records := list(islice(lines, SLICE)):
        yield records


def _slice(tools: Tools, state: State, records: list[bytes], target: str) -> bool:
    with ThreadPoolExecutor(SLICE) as pool:
        try:
            answers = list(pool.map(lambda line: _answered(tools, state, json.loads(line)), records))
        except NotAnsweredError as error:
            tools.log("on demand: trying again later", error=str(error))
            return False
    body = b"".join(json.dumps(answer, ensure_ascii=False).encode() + b"\n" for answer in answers)
    places.put(tools.s3, target, body)
    return True


def _answered(tools: Tools, state: State, record: dict[str, Any]) -> dict[str, Any]:
    """The line that a batch job would have written."""
    try:
        output = _asked(tools.bedrock_runtime, state.request, record["modelInput"])
    except AWS_ERRORS as error:
        if is_passing(error) or code(error) in PASSING:
            raise NotAnsweredError(code(error)) from error
        if code(error) in FATAL:
            raise
        status = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        told = {"errorCode": status, "errorMessage": message(error)}
        return {**record, "error": told}
    return {**record, "modelOutput": output}


def _asked(bedrock_runtime: Any, request: Any, body: dict[str, Any]) -> dict[str, Any]:
    if request.get("modelInvocationType") == "Converse":
        answer = bedrock_runtime.converse(modelId=request["modelId"], **body)
        return {key: value for key, value in answer.items() if key != "ResponseMetadata"}
    answer = bedrock_runtime.invoke_model(
        modelId=request["modelId"], body=json.dumps(body).encode(), contentType="application/json"
    )
    native: dict[str, Any] = json.loads(answer["body"].read())
    return native
