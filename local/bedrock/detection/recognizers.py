"""Presidio's pattern recognisers by the entity types of Bedrock, and patterns of ours for types it lacks.

A recogniser's score says how telling its pattern is; a weak one counts only with a word of its context in
front (Presidio's own enhancer for that needs a language model). With a spaCy model NAME and ADDRESS are
looked for too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from presidio_analyzer import Pattern, PatternRecognizer
from presidio_analyzer import predefined_recognizers as known

ENOUGH = 0.4
CONTEXT_CHARACTERS, CONTEXT_SCORE = 60, 0.6
LONGEST_FOR_MODEL = 100_000
OWN_SCORE = 0.85
# Labels of spaCy's English models.
MODEL_TYPES: Mapping[str, str] = {"PERSON": "NAME", "FAC": "ADDRESS"}


def _said(what: str, value: str) -> str:
    """A value that follows what it is: "pin is 1234", "PIN: 1234". The `regex` module looks behind freely."""
    return rf"(?i)(?<=\b(?:{what})(?:\s+(?:is|was|number|code|no\.?|it'?s))*\s*[:#=]?\s*[\"']?){value}"


# Types for which Presidio has no recogniser.
OWN: Mapping[str, tuple[str, ...]] = {
    "AGE": (
        r"(?i)\b\d{1,3}(?=[ -](?:years?|yrs?)[ -]old\b)",
        _said("aged?|i am|i'm", r"\d{1,3}\b(?! (?:minutes|days|euros|dollars))(?= years\b)"),
    ),
    "PIN": (_said("pin", r"\d{4,6}\b"),),
    "PASSWORD": (_said("password|passcode|passphrase", r"[^\s,.;\"']*[\d!@#$%^&*_][^\s,;\"']*(?<![.?])"),),
    "USERNAME": (_said("username|user name|login|user id", r"[A-Za-z0-9][\w.@-]{2,30}(?<![.@-])"),),
    "CREDIT_DEBIT_CARD_CVV": (_said("cvv2?|cvc2?|security code", r"\d{3,4}\b"),),
    "CREDIT_DEBIT_CARD_EXPIRY": (
        _said(
            "expir(?:es|y|ation|ing)(?: date)?(?: on| in)?|valid (?:thru|until|through)",
            r"(?:0[1-9]|1[0-2])\s?[/-]\s?(?:20)?\d{2}\b",
        ),
    ),
    "LICENSE_PLATE": (
        _said(
            "(?:licen[cs]e|number|registration) plate|plate|registration",
            r"[A-Z0-9]{1,4}[ -]?[A-Z0-9]{2,4}[A-Z0-9]\b(?<=\d.{0,8})",
        ),
    ),
    "VEHICLE_IDENTIFICATION_NUMBER": (
        r"\b(?=[A-HJ-NPR-Z0-9]*\d)(?=[A-HJ-NPR-Z0-9]*[A-Z])[A-HJ-NPR-Z0-9]{17}\b",
    ),
    "SWIFT_CODE": (_said("swift|bic|swift/bic|bic/swift", r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?\b"),),
    "AWS_ACCESS_KEY": (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",),
    "AWS_SECRET_KEY": (_said("secret(?: access)? key", r"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])"),),
    "CA_HEALTH_NUMBER": (_said("health (?:card|number|insurance)", r"\d{4}[ -]?\d{3}[ -]?\d{3}\b"),),
    "UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER": (
        _said("utr|unique taxpayer reference|taxpayer reference", r"\d{5}\s?\d{5}\b"),
    ),
    "DRIVER_ID": (_said("driv(?:er'?s?|ing) licen[cs]e", r"[A-Z]{1,5}[- ]?\d{5,12}[A-Z0-9]*\b"),),
    "US_PASSPORT_NUMBER": (_said("passport", r"(?:[A-Z]\d{8}|\d{9})\b"),),
    "US_BANK_ACCOUNT_NUMBER": (_said("(?:bank |checking |savings )?account", r"\d{8,17}\b"),),
}


def _phone() -> Any:
    return known.PhoneRecognizer(supported_regions=("US", "GB", "CA"))


def _sin() -> Any:
    found: Any = getattr(known, "CaSinRecognizer", None)
    if found is not None:
        return found()
    pattern = Pattern("SIN", r"\b\d{3}[ -]\d{3}[ -]\d{3}\b", 0.3)
    return PatternRecognizer("CA_SIN", patterns=[pattern], context=["sin", "social insurance"])


# Presidio's recognisers, made when a type is first asked for.
KNOWN: Mapping[str, Callable[[], Any]] = {
    "EMAIL": known.EmailRecognizer,
    "PHONE": _phone,
    "URL": known.UrlRecognizer,
    "IP_ADDRESS": known.IpRecognizer,
    "MAC_ADDRESS": known.MacAddressRecognizer,
    "CREDIT_DEBIT_CARD_NUMBER": known.CreditCardRecognizer,
    "INTERNATIONAL_BANK_ACCOUNT_NUMBER": known.IbanRecognizer,
    "US_SOCIAL_SECURITY_NUMBER": known.UsSsnRecognizer,
    "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER": known.UsItinRecognizer,
    "US_BANK_ROUTING_NUMBER": known.AbaRoutingRecognizer,
    "UK_NATIONAL_HEALTH_SERVICE_NUMBER": known.NhsRecognizer,
    "UK_NATIONAL_INSURANCE_NUMBER": known.UkNinoRecognizer,
    "CA_SOCIAL_INSURANCE_NUMBER": _sin,
}


class Recognizers:
    """Finds (start, end, type, "pii", score)."""

    def __init__(self, language_model: str | None) -> None:
        self._made: dict[str, list[Any]] = {}
        self._model: Any = None
        if language_model is not None:
            import spacy

            self._model = spacy.load(language_model)

    def find(self, text: str, types: Sequence[str]) -> Iterator[list[Any]]:
        """All finds of the types, overlapping ones too."""
        for kind in types:
            for recognizer in self._of(kind):
                yield from _finds(recognizer, kind, text)
        if self._model is not None:
            yield from self._by_model(text, types)

    def _of(self, kind: str) -> list[Any]:
        if kind not in self._made:
            made = [KNOWN[kind]()] if kind in KNOWN else []
            if kind in OWN:
                patterns = [
                    Pattern(f"{kind} {number}", each, OWN_SCORE) for number, each in enumerate(OWN[kind])
                ]
                made.append(PatternRecognizer(kind, patterns=patterns, global_regex_flags=0))
            self._made[kind] = made
        return self._made[kind]

    def _by_model(self, text: str, types: Sequence[str]) -> Iterator[list[Any]]:
        for entity in self._model(text[:LONGEST_FOR_MODEL]).ents:
            kind = MODEL_TYPES.get(entity.label_)
            if kind in types:
                yield [entity.start_char, entity.end_char, kind, "pii", OWN_SCORE]


def _finds(recognizer: Any, kind: str, text: str) -> Iterator[list[Any]]:
    for find in recognizer.analyze(text, recognizer.supported_entities, None) or ():
        score = _score(recognizer, find, text)
        if score >= ENOUGH and not (kind == "IP_ADDRESS" and ":" in text[find.start : find.end]):
            yield [find.start, find.end, kind, "pii", round(score, 2)]


def _score(recognizer: Any, find: Any, text: str) -> float:
    before = text[max(0, find.start - CONTEXT_CHARACTERS) : find.start].lower()
    context = [word.lower() for word in recognizer.context or ()]
    if any(word in before for word in context):
        return max(float(find.score), CONTEXT_SCORE)
    return float(find.score)
