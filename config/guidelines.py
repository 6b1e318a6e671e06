"""Ethical guidelines for prompts: a name, a version, the words that the model reads, and what speaks against.

The wording is ours; the subjects are those of AWS's post on responsible AI in batch inference. A version
changes with the words, and stands in the outputs of every execution, so that a summary can be traced to the
instruction it was made with.

``against`` holds phrases that ask for the opposite. A template, or another guideline, that contains one of
them contradicts the guideline: the model would have to choose, and nobody would know what it chose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

_SENTENCE: Final = re.compile(r"[^.!?\n]+")
_NEGATION: Final = re.compile(
    r"\b(?:do not|don't|never|avoid|without|instead of|rather than|no longer|not)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Phrase:
    """Words that ask for something. ``negated``: they count where a "do not" stands before them."""

    pattern: str
    negated: bool = False

    def found_in(self, text: str) -> str | None:
        """The sentence of ``text`` that asks for it, None where none does."""
        for sentence in _SENTENCE.finditer(text):
            for match in re.finditer(self.pattern, sentence[0], re.IGNORECASE):
                if bool(_NEGATION.search(sentence[0][: match.start()])) == self.negated:
                    return " ".join(sentence[0].split())
        return None


@dataclass(frozen=True)
class Guideline:
    """One guideline."""

    name: str
    version: int
    text: str
    against: tuple[Phrase, ...] = field(default=())


@dataclass(frozen=True)
class Contradiction:
    """A guideline and a sentence elsewhere that asks for the opposite."""

    guideline: str
    other: str | None  # the guideline with the sentence; None: the template
    sentence: str


_ASK = (
    r"\b(?:state|mention|include|report|note|give|say|name|add|record|describe|identify|list|extract|keep|quote"
    r"|provide|show|repeat)\w*\b[^,;]{0,40}?\b"
)

_GUIDELINES: Final = (
    Guideline(
        "privacy_protection",
        1,
        "Leave out everything that identifies a person: names, addresses, telephone and account numbers,"
        " e-mail addresses, dates of birth. Write what the person's part was, such as the customer or the"
        " agent.",
        (
            Phrase(
                _ASK + r"(?:full names?|(?:customer|caller|agent)'?s?'? (?:names?|address|e-?mail)"
                r"|e-?mail address(?:es)?|(?:tele)?phone numbers?)\b"
            ),
            Phrase(_ASK + r"(?:account number|contact details|date of birth|personal data)\b"),
            Phrase(r"\b(?:verbatim|word for word)\b"),
        ),
    ),
    Guideline(
        "factual_accuracy",
        1,
        "Write only what the text says. Where it does not say why something happened, supply no reason.",
        (
            Phrase(r"\b(?:speculat\w+|guess\w*|infer|assume|imagine|fill in (?:the )?gaps)\b"),
            Phrase(r"\bexaggerat\w+\b"),
        ),
    ),
    Guideline(
        "bias_mitigation",
        1,
        "Treat everyone alike. Draw no conclusion from gender, ethnicity, age, religion, place, accent or"
        " income, and pass on no remark in the text that does.",
        (
            Phrase(_ASK + r"(?:ethnicity|race|religion|social class)\b"),
            Phrase(r"\b(?:judge|rate|rank|score)\b[^,;]{0,30}\b(?:customer|caller)\b"),
        ),
    ),
    Guideline(
        "cultural_sensitivity",
        1,
        "Report idioms and references to a culture in plain words, and add no interpretation of your own.",
        (Phrase(r"\b(?:interpret|explain)\b[^,;]{0,30}\b(?:idiom|cultural|custom)s?\b"),),
    ),
    Guideline(
        "gender_neutrality",
        1,
        "Use gender-neutral words for everyone, unless the text itself states a person's gender; then use"
        " what it states.",
        (
            Phrase(
                r"\beven (?:if|when|where|though) (?:\w+ ){0,2}gender is (?:\w+ )?"
                r"(?:mentioned|stated|given|known)\b"
            ),
            Phrase(r"\b(?:always|in (?:all|every) cases?)\b[^,;]{0,30}\bgender-neutral\b"),
            Phrase(r"\b(?:guess|infer|assume|determine)\w*\b[^,;]{0,30}\bgender\b"),
            Phrase(r"\b(?:use|write|say)\b[^,;]{0,20}\b(?:he|she|him|her)\b"),
        ),
    ),
    Guideline(
        "location_neutrality",
        1,
        "Name a place only where the problem cannot be understood without it.",
        (Phrase(r"\b(?:always|must)\b[^,;]{0,40}\b(?:location|city|region|country|place)\b"),),
    ),
    Guideline(
        "accent_awareness",
        1,
        "Where an accent or a language barrier played a part in the call, say so as a fact and without"
        " judging it.",
        (
            Phrase(
                r"\b(?:mention|include|report|note)\b[^.;]{0,40}"
                r"\b(?:accent|language (?:barrier|proficiency))s?\b",
                True,
            ),
        ),
    ),
    Guideline(
        "socioeconomic_neutrality",
        1,
        "Describe the problem and its solution in the same way whatever product, price or service tier the"
        " customer has.",
        (
            Phrase(
                r"\b(?:priorit\w+|prefer\w*|focus on)\b[^,;]{0,30}\b(?:premium|high-value|wealthy|gold)\b"
            ),
            Phrase(_ASK + r"(?:income|wealth|creditworthiness)\b"),
        ),
    ),
    Guideline(
        "emotional_context",
        1,
        "Say which emotions were expressed, in neutral words, neither stronger nor weaker than they were.",
        (
            Phrase(
                r"\b(?:mention|include|report|describe)\b[^.;]{0,40}\b(?:emotion|feeling|sentiment|mood)s?\b",
                True,
            ),
            Phrase(
                r"\b(?:ignore|omit|leave out|exclude)\b[^,;]{0,40}\b(?:emotion|feeling|sentiment|mood)s?\b"
            ),
        ),
    ),
    Guideline(
        "empathy_reflection",
        1,
        "Note where the agent showed understanding for the customer, and how.",
        (Phrase(r"\b(?:ignore|omit|leave out|exclude)\b[^,;]{0,40}\b(?:agent|empathy)\b"),),
    ),
    Guideline(
        "accessibility_awareness",
        1,
        "Where someone needed an adjustment, such as large print or an interpreter, say what was needed and"
        " whether it was given.",
        (
            Phrase(
                r"\b(?:mention|include|report)\b[^.;]{0,40}\b(?:disabilit(?:y|ies)|accessibility|accommodations?)\b",
                True,
            ),
            Phrase(
                r"\b(?:ignore|omit|leave out|exclude)\b[^,;]{0,40}\b(?:disabilit(?:y|ies)|accessibility)\b"
            ),
        ),
    ),
    Guideline(
        "ethical_behaviour_flagging",
        1,
        "Where someone acted in a way that may be unethical, say that it happened and of what kind it was. Do"
        " not repeat the words.",
        (
            Phrase(
                r"\b(?:quote|repeat|reproduce)\b[^,;]{0,40}"
                r"\b(?:offensive|abusive|problematic|insult\w*|slur\w*)\b"
            ),
        ),
    ),
    Guideline(
        "transparency",
        1,
        "Where something in the text is unclear, contradictory or missing, say so in the summary.",
        (
            Phrase(
                r"\b(?:mention|indicate|report|flag|point out)\b[^.;]{0,40}"
                r"\b(?:unclear|ambigu\w+|uncertain\w*)\b",
                True,
            ),
            Phrase(
                r"\b(?:ignore|omit|leave out|gloss over)\b[^,;]{0,40}\b(?:unclear|ambigu\w+|uncertain\w*)\b"
            ),
        ),
    ),
    Guideline(
        "continuous_improvement",
        1,
        "End with what the service could do better, as far as the text gives reason for it.",
        (
            Phrase(
                r"\b(?:give|make|include|add|offer|highlight|suggest)\b[^.;]{0,30}"
                r"\b(?:recommendation|suggestion|advice|insight|improvement)s?\b",
                True,
            ),
            Phrase(r"\bonly\b[^,;]{0,40}\b(?:facts|what (?:was|is) said)\b"),
        ),
    ),
)

GUIDELINES: Final[Mapping[str, Guideline]] = {each.name: each for each in _GUIDELINES}


def contradictions(template: str, texts: Mapping[str, str]) -> Iterator[Contradiction]:
    """What in the template and among the chosen guidelines' texts asks for the opposite of a guideline."""
    places = [(None, template), *texts.items()]
    for name in texts:
        for other, text in places:
            if other == name or name not in GUIDELINES:
                continue
            against = (phrase.found_in(text) for phrase in GUIDELINES[name].against)
            if (sentence := next(filter(None, against), None)) is not None:
                yield Contradiction(name, other, sentence)
