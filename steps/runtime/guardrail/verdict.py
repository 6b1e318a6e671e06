"""What ApplyGuardrail's answer means. Raw matches are read here and go no further than this process.

`action` alone does not tell a mask from a block: both are GUARDRAIL_INTERVENED. The actions of the single
findings do: BLOCKED anywhere is a block, ANONYMIZED alone is a mask. What is neither is not trusted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Action = Literal["passed", "masked", "blocked"]

# Policy -> its member of an assessment, the lists in it, and its member of `usage`.
POLICIES: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "sensitive_information": (
        "sensitiveInformationPolicy",
        ("piiEntities", "regexes"),
        "sensitiveInformationPolicyUnits",
    ),
    "word": ("wordPolicy", ("customWords", "managedWordLists"), "wordPolicyUnits"),
    "content": ("contentPolicy", ("filters",), "contentPolicyUnits"),
    "topic": ("topicPolicy", ("topics",), "topicPolicyUnits"),
    "contextual_grounding": (
        "contextualGroundingPolicy",
        ("filters",),
        "contextualGroundingPolicyUnits",
    ),
}


class UnclearAnswerError(Exception):
    """An answer that cannot be trusted to have judged the whole text; `reason` is a kind."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Found:
    """One intervention: the policy, what it is called, what was done. `match` is the raw text."""

    policy: str
    name: str
    action: str
    match: str = field(default="", repr=False)


@dataclass(frozen=True)
class Verdict:
    """One answer: the action, the texts that the service gave back, and what it found."""

    action: Action
    outputs: tuple[str, ...] = field(repr=False)
    found: tuple[Found, ...] = field(repr=False)
    usage: Mapping[str, int]

    @property
    def policies(self) -> tuple[str, ...]:
        """The policies that intervened."""
        return tuple(sorted({each.policy for each in self.found}))

    @property
    def entities(self) -> Counter[str]:
        """How often each kind of thing was masked or blocked."""
        return Counter(each.name for each in self.found)


def read(answer: Mapping[str, Any], contents: int) -> Verdict:
    """The verdict on a request of `contents` texts; UnclearAnswerError where none can be read for sure."""
    told, assessments = answer.get("usage") or {}, answer.get("assessments") or ()
    usage = {policy: int(told.get(member) or 0) for policy, (_, _, member) in POLICIES.items()}
    for where in (answer, *(each.get("invocationMetrics") or {} for each in assessments)):
        _check_coverage(where.get("guardrailCoverage") or {})
    action, found = answer.get("action"), tuple(_found(assessments))
    if action == "NONE" and not found:
        return Verdict("passed", (), (), usage)
    if action != "GUARDRAIL_INTERVENED":
        raise UnclearAnswerError("unclear_action" if action == "NONE" else "unknown_action")
    outputs = tuple(each["text"] for each in answer.get("outputs") or () if isinstance(each.get("text"), str))
    actions = {each.action for each in found}
    if "BLOCKED" in actions:
        if not outputs:
            raise UnclearAnswerError("no_output")
        return Verdict("blocked", outputs, found, usage)
    if actions == {"ANONYMIZED"}:
        if len(outputs) != contents:
            raise UnclearAnswerError("outputs_do_not_fit")
        return Verdict("masked", outputs, found, usage)
    raise UnclearAnswerError("unclear_action")


def _check_coverage(coverage: Mapping[str, Any]) -> None:
    characters = coverage.get("textCharacters") or {}
    guarded, total = characters.get("guarded"), characters.get("total")
    if guarded is not None and total is not None and guarded < total:
        raise UnclearAnswerError("not_all_covered")


def _found(assessments: Sequence[Mapping[str, Any]]) -> Iterator[Found]:
    for assessment in assessments:
        for policy, (member, lists, _) in POLICIES.items():
            for name in lists:
                for item in (assessment.get(member) or {}).get(name) or ():
                    action = str(item.get("action", ""))
                    if action in {"BLOCKED", "ANONYMIZED"}:
                        yield Found(policy, _called(policy, name, item), action, str(item.get("match") or ""))


def _called(policy: str, kind: str, item: Mapping[str, Any]) -> str:
    """A name that tells nothing of the text: custom words are texts of their own, so they count as one."""
    if kind == "customWords":
        return "WORD"
    if kind in {"piiEntities", "managedWordLists"} or policy in {"content", "contextual_grounding"}:
        return str(item.get("type", kind))
    return str(item.get("name", kind))
