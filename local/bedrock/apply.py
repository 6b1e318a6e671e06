"""ApplyGuardrail: texts against a version of a guardrail, within the quotas.

    words            blocked where they stand as words
    PII, regexes     masked by their type or name in braces, blocked, or only told
    topics, content filters, grounding, managed word lists are not looked for (GetGuardrail says so)

Where anything blocks, one canned text answers for the whole request; where something was masked, each content
block is answered by itself; else there are no outputs (page guardrails-use-independent-api).
"""

from __future__ import annotations

import math
import re
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.api import Call
from local.bedrock.detector import Detector
from local.bedrock.place import refused
from local.bedrock.policies import enabled

if TYPE_CHECKING:
    from local.bedrock.assembly import Bedrock

UNIT_CHARACTERS = 1000
SENSITIVE, WORD = "sensitive_information", "word"
USAGE = {
    "topic": "topicPolicyUnits",
    "content": "contentPolicyUnits",
    WORD: "wordPolicyUnits",
    SENSITIVE: "sensitiveInformationPolicyUnits",
    "contextual_grounding": "contextualGroundingPolicyUnits",
}
SHOWN = {
    "topic": ("topicPolicy", "topics"),
    "content": ("contentPolicy", "filters"),
    WORD: ("wordPolicy", "words"),
    SENSITIVE: ("sensitiveInformationPolicy", "piiEntities"),
    "contextual_grounding": ("contextualGroundingPolicy", "filters"),
}
ACTIONS = {"BLOCK": "BLOCKED", "ANONYMIZE": "ANONYMIZED", "NONE": "NONE"}


@dataclass(frozen=True)
class Span:
    """A find in one text. `label` stands in its place when it is masked; `kind`: pii, regex."""

    start: int
    end: int
    label: str
    kind: str
    score: float
    action: str


def apply_guardrail(bedrock: Bedrock, call: Call) -> dict[str, Any]:
    """The answer; ApiError where there is none."""
    began = time.monotonic()
    asked = call.parameters
    found = bedrock.guardrails.find(asked["guardrailIdentifier"], asked["guardrailVersion"])
    bedrock.guardrails.ready(found.document)
    texts, source = _texts(asked["content"]), asked["source"]
    used = _units(found.shown, source, texts)
    bedrock.guardrails.check_size(used)
    bedrock.throttle.take(used, request_id=str(uuid.uuid4()), account=call.account)
    words = [_words_in(text, found.shown, source) for text in texts]
    spans = _spans(bedrock.detector, texts, found.shown, source)
    assessment = _assessment(texts, spans, words)
    messages = {"INPUT": "blockedInputMessaging", "OUTPUT": "blockedOutputsMessaging"}
    outcome = _outcome(texts, spans, words, blocked=found.config[messages[source]])
    usage = _usage(used, found.shown, source, texts)
    if assessment:
        characters = sum(map(len, texts))
        assessment["invocationMetrics"] = {
            "guardrailProcessingLatency": round((time.monotonic() - began) * 1000),
            "usage": usage,
            "guardrailCoverage": {"textCharacters": {"guarded": characters, "total": characters}},
        }
    return {"usage": usage, **outcome, "assessments": [assessment]}


def _texts(content: Sequence[Mapping[str, Any]]) -> list[str]:
    if not content:
        raise refused("The content of the request is empty.")
    for block in content:
        if "text" not in block:
            raise refused("the stand-in looks at texts, not at images")
    return [block["text"]["text"] for block in content]


def _units(shown: Mapping[str, Any], source: str, texts: Sequence[str]) -> dict[str, int]:
    """Text units by policy that is configured and looks at the source: of the request's sum."""
    units = max(1, math.ceil(sum(map(len, texts)) / UNIT_CHARACTERS))
    return {
        policy: units for policy, (name, member) in SHOWN.items() if any(enabled(shown, name, member, source))
    }


def _usage(
    used: Mapping[str, int], shown: Mapping[str, Any], source: str, texts: Sequence[str]
) -> dict[str, int]:
    usage = {member: used.get(policy, 0) for policy, member in USAGE.items()}
    free = any(enabled(shown, "sensitiveInformationPolicy", "regexes", source))
    units = max(1, math.ceil(sum(map(len, texts)) / UNIT_CHARACTERS))
    return {**usage, "sensitiveInformationPolicyFreeUnits": units if free else 0}


def _words_in(text: str, shown: Mapping[str, Any], source: str) -> list[tuple[str, str]]:
    """(word, action) of the custom words in a text, whatever their case."""
    found = []
    for word, action in enabled(shown, "wordPolicy", "words", source):
        pattern = rf"(?<!\w){re.escape(word['text'])}(?!\w)"
        if re.search(pattern, text, re.IGNORECASE):
            found.append((word["text"], action))
    return found


def _spans(
    detector: Detector, texts: Sequence[str], shown: Mapping[str, Any], source: str
) -> list[list[Span]]:
    """What is found in each text: none overlaps another, the surest and longest first."""
    policy = "sensitiveInformationPolicy"
    types = {item["type"]: action for item, action in enabled(shown, policy, "piiEntities", source)}
    regexes = {item["name"]: (item, action) for item, action in enabled(shown, policy, "regexes", source)}
    if not types and not regexes:
        return [[] for _ in texts]
    patterns = {name: item["pattern"] for name, (item, _) in regexes.items()}
    found = detector.find(texts, types=sorted(types), patterns=patterns)
    return [
        _apart(
            [
                Span(start, end, label, kind, score, types[label] if kind == "pii" else regexes[label][1])
                for start, end, label, kind, score in of_text
            ]
        )
        for of_text in found
    ]


def _apart(spans: list[Span]) -> list[Span]:
    """Without overlaps; a block stands beside whatever else was found there."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.action == "NONE", -each.score, each.start - each.end)):
        if all(span.end <= other.start or span.start >= other.end for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda each: each.start)


def _outcome(
    texts: Sequence[str], spans: list[list[Span]], words: list[list[tuple[str, str]]], *, blocked: str
) -> dict[str, Any]:
    actions = {span.action for of_text in spans for span in of_text}
    actions |= {action for of_text in words for _, action in of_text}
    if "BLOCK" in actions:
        return {
            "action": "GUARDRAIL_INTERVENED",
            "actionReason": "Guardrail blocked.",
            "outputs": [{"text": blocked}],
        }
    if "ANONYMIZE" in actions:
        masked = [{"text": _masked(text, found)} for text, found in zip(texts, spans, strict=True)]
        return {"action": "GUARDRAIL_INTERVENED", "actionReason": "Guardrail masked.", "outputs": masked}
    return {"action": "NONE", "actionReason": "No action.", "outputs": []}


def _masked(text: str, spans: list[Span]) -> str:
    for span in reversed(spans):
        if span.action == "ANONYMIZE":
            text = f"{text[: span.start]}{{{span.label}}}{text[span.end :]}"
    return text


def _assessment(
    texts: Sequence[str], spans: list[list[Span]], words: list[list[tuple[str, str]]]
) -> dict[str, Any]:
    """Empty where nothing was found. A match is the text that was found: so AWS has it."""
    entities, regexes = [], []
    for text, found in zip(texts, spans, strict=True):
        for span in found:
            told = {"match": text[span.start : span.end], "action": ACTIONS[span.action], "detected": True}
            if span.kind == "pii":
                entities.append({"type": span.label, **told})
            else:
                regexes.append({"name": span.label, **told})
    said = [
        {"match": word, "action": ACTIONS[action], "detected": True}
        for of_text in words
        for word, action in of_text
    ]
    assessment: dict[str, Any] = {}
    if entities or regexes:
        assessment["sensitiveInformationPolicy"] = {"piiEntities": entities, "regexes": regexes}
    if said:
        assessment["wordPolicy"] = {"customWords": said, "managedWordLists": []}
    return assessment
