"""What the workers of an object agree on, by the rules of the labeling pipeline (steps/segments).

https://docs.aws.amazon.com/sagemaker/latest/dg/sms-custom-templates-step3-lambda-requirements.html

The content of an object has what is agreed (`segments`, `whole`), how much was not (`aside`, counts by
reason), and every worker's own answer (`annotationsFromAllWorkers`), so that the pipeline can consolidate
them again by its own settings and measure agreement. No object vanishes: one that cannot be read says so.
Answers hold what people said; nothing of them is logged.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from waiting.tools import Tools

from steps.segments import consolidate, whole
from steps.segments.answers import of_content, superseded
from steps.segments.checks import Checker, Rules, timed
from steps.segments.consolidate import Consolidation
from steps.segments.model import Answer, Given

VERSION = 1
# Categories and labels are the pipeline's to judge; here every one is taken.
RULES = Rules(tracks={}, unknown_tracks=True)
# The form field with the segments, as the shipped page and the published sample name it.
FIELD = "annotations"
# Keys as the contract spells them, and as they are met.
URI_KEYS = ("s3Uri", "s3uri", "S3Uri")


def agreed(tools: Tools, event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The answer of a post-annotation function: one element for each object of the payload."""
    attribute = event["labelAttributeName"]
    objects = json.loads(_read(tools, event["payload"]))
    tools.log("consolidating", job=event.get("labelingJobArn"), objects=len(objects))
    return [
        {
            "datasetObjectId": each["datasetObjectId"],
            "consolidatedAnnotation": {"content": {attribute: _content(tools, each)}},
        }
        for each in objects
    ]


def _content(tools: Tools, each: Mapping[str, Any]) -> dict[str, Any]:
    everyone = [_of_worker(tools, annotation) for annotation in each.get("annotations") or ()]
    given = of_content({"annotationsFromAllWorkers": everyone}, FIELD)
    early, aside, answers = superseded(given), Counter[str](), list[Answer]()
    for place, one in enumerate(given):
        if one.problem is not None or place in early:
            aside[one.problem[0] if one.problem is not None else "answered_twice"] += 1
        else:
            answers.append(_checked(one, aside))
    moments, divided, _ = consolidate.consolidate([each for each in answers if each.timed], Consolidation())
    for cluster in divided:
        aside[cluster.reason] += len(cluster.members)
    found, tied = whole.consolidate(answers)
    aside.update(["whole_tie"] * len(tied))
    return {
        "version": VERSION,
        "workers": len(answers),
        "segments": [_plain(moment) for moment in moments],
        "whole": {name: value._asdict() for name, value in found.items()},
        "aside": dict(aside),
        "annotationsFromAllWorkers": everyone,
    }


def _checked(given: Given, aside: Counter[str]) -> Answer:
    tracks, refused, _ = Checker(RULES).check(given.streams, None)
    aside.update(each.reason for each in refused)
    answers, wrong, _ = whole.read(given.fields, _kinds(given.fields))
    aside.update(["whole_unreadable"] * len(wrong))
    return Answer(given.worker, tracks, answers, given.seconds, timed(tracks, refused))


def _kinds(fields: Mapping[str, Any]) -> dict[str, str]:
    """Stars are radio buttons whose values are numbers; what a question is, only the pipeline's YAML says."""
    return {
        name: whole.RATING
        for name, value in fields.items()
        if isinstance(value, dict) and len(value) > 1 and all(key.isdecimal() for key in value)
    }


def _plain(moment: Any) -> dict[str, Any]:
    return {**moment._asdict(), "extra": dict(moment.extra)}


def _of_worker(tools: Tools, annotation: Any) -> dict[str, Any]:
    """One worker's answer as a text, fetched where it lies in S3; null where it is not there any more."""
    if not isinstance(annotation, Mapping):
        annotation = {"annotationData": annotation}
    data = annotation.get("annotationData")
    content = data.get("content") if isinstance(data, Mapping) else data
    if content is None and isinstance(data, Mapping) and any(key in data for key in URI_KEYS):
        content = _fetched(tools, data)
    raw = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    # What a function returns is sent as UTF-8: half a surrogate pair would take all objects along.
    raw = raw.encode("utf-8", "replace").decode()
    return {"workerId": annotation.get("workerId"), "rawContent": raw}


def _fetched(tools: Tools, place: Mapping[str, Any]) -> str | None:
    """An answer in S3; other refusals than that it is missing fail the function, which is called again."""
    try:
        return _read(tools, place).decode("utf-8", "replace")
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"NoSuchKey", "404"}:
            raise
        return None
    except ValueError:  # a place that is none: the worker's answer alone is lost
        return None


def _read(tools: Tools, place: Mapping[str, Any]) -> bytes:
    """The object behind the URI, by whichever spelling of the key."""
    uri = next((place[key] for key in URI_KEYS if place.get(key)), None)
    if not isinstance(uri, str) or not uri.startswith("s3://"):
        raise ValueError(f"no S3 URI under {', '.join(URI_KEYS)}; keys: {', '.join(sorted(place))}")
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    content: bytes = tools.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return content
