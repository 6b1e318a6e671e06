"""Writes transcripts.jsonl and answer_key.jsonl: invented calls with invented personal data in many forms.

    wording.json       what callers say, and what names, streets and numbers are put together from
            |
            v
    transcripts.jsonl  {"id", "topic", "transcript"}
    answer_key.jsonl   {"id", "planted": [{"type", "form", "text"}]}

A form "plain" is how the thing is usually written; the others are how people say it on the telephone (digits
as words, "at" and "dot", without the word that names it), which pattern recognisers miss. Names and addresses
have no pattern at all. Nobody's data: numbers carry right check digits where there are any and are otherwise
put together from a hash; domains are those of RFC 2606, telephone numbers of the ranges for fiction.

Run `python data/calls/generate.py` after changing the wording. The output depends on nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

FOLDER = Path(__file__).parent
CALLS = 240
T = TypeVar("T")
Wording = Mapping[str, Any]
Planted = dict[str, str]


class Chance:
    """Choices by a hash of what they are for: a changed line changes its own call only."""

    def __init__(self, seed: str) -> None:
        self._seed = seed

    def number(self, what: str, below: int) -> int:
        digest = hashlib.sha256(f"{self._seed} {what}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % below

    def pick(self, what: str, things: Sequence[T]) -> T:
        return things[self.number(what, len(things))]

    def digits(self, what: str, count: int) -> str:
        return "".join(str(self.number(f"{what} {place}", 10)) for place in range(count))


def card(chance: Chance) -> str:
    """16 digits of a test range, with Luhn's check digit."""
    digits = f"400000{chance.digits('card', 9)}"
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(digits)]
    check = -sum(value - 9 if value > 9 else value for value in doubled) % 10
    return f"{digits}{check}"


def iban(chance: Chance) -> str:
    """A German one with its two check digits."""
    account = chance.digits("iban", 18)
    check = 98 - int(f"{account}131400") % 97
    return f"DE{check:02d}{account}"


def person(chance: Chance, wording: Wording) -> tuple[str, str]:
    return chance.pick("first", wording["first_names"]), chance.pick("last", wording["last_names"])


def in_words(digits: str, wording: Wording) -> str:
    return " ".join(wording["digits"][int(digit)] for digit in digits)


def grouped(digits: str, size: int, between: str) -> str:
    return between.join(digits[place : place + size] for place in range(0, len(digits), size))


def values(chance: Chance, wording: Wording) -> dict[tuple[str, str], Callable[[], str]]:
    """By type and form, what a caller says."""
    first, last = person(chance, wording)
    handle = f"{chance.pick('handle', wording['handles'])}{chance.digits('handle', 2)}"
    mail = f"{first}.{last}".lower()
    phone = f"{chance.pick('area', ['202', '303', '415', '617'])}55501{chance.digits('phone', 2)}"
    day, month = 1 + chance.number("day", 28), chance.number("month", 12)
    year = 1940 + chance.number("year", 60)
    spoken_day = f"{day} {wording['months'][month]} {year}"
    town = chance.pick("town", wording["towns"])
    street = chance.pick("street", wording["streets"])
    return {
        ("NAME", "plain"): lambda: f"{first} {last}",
        ("NAME", "initials"): lambda: f"{first[0]}. {last}",
        ("ADDRESS", "plain"): lambda: f"{1 + chance.number('house', 180)} {street}, {town}",
        ("EMAIL", "plain"): lambda: f"{mail}@{chance.pick('domain', ['example.com', 'example.org'])}",
        ("EMAIL", "spoken"): lambda: f"{mail.replace('.', ' dot ')} at example dot net",
        ("PHONE", "plain"): lambda: chance.pick(
            "shape",
            [
                f"{phone[:3]}-{phone[3:6]}-{phone[6:]}",
                f"({phone[:3]}) {phone[3:6]}-{phone[6:]}",
                f"+1 {phone[:3]} {phone[3:6]} {phone[6:]}",
                f"020 7946 0{chance.digits('london', 3)}",
            ],
        ),
        ("PHONE", "spoken"): lambda: in_words(phone, wording),
        ("AGE", "plain"): lambda: str(19 + chance.number("age", 70)),
        ("AGE", "words"): lambda: chance.pick("age", wording["ages_in_words"]),
        ("USERNAME", "plain"): lambda: handle,
        ("USERNAME", "bare"): lambda: handle,
        ("IP_ADDRESS", "plain"): lambda: f"203.0.113.{1 + chance.number('ip', 250)}",
        ("URL", "plain"): lambda: f"https://www.example.com/{handle}",
        ("URL", "spoken"): lambda: f"example dot com slash {handle}",
        ("LICENSE_PLATE", "plain"): lambda: f"KX{chance.digits('plate', 2)} ZQV",
        ("LICENSE_PLATE", "bare"): lambda: f"KX{chance.digits('plate', 2)} ZQV",
        ("DRIVER_ID", "plain"): lambda: f"D{chance.digits('driver', 7)}",
        ("CREDIT_DEBIT_CARD_NUMBER", "plain"): lambda: grouped(
            card(chance), 4, chance.pick("card shape", [" ", "-", ""])
        ),
        ("CREDIT_DEBIT_CARD_NUMBER", "spoken"): lambda: in_words(card(chance), wording),
        ("INTERNATIONAL_BANK_ACCOUNT_NUMBER", "plain"): lambda: grouped(
            iban(chance), 4, chance.pick("iban shape", [" ", ""])
        ),
        ("US_BANK_ACCOUNT_NUMBER", "plain"): lambda: f"8{chance.digits('account', 10)}",
        ("US_BANK_ACCOUNT_NUMBER", "bare"): lambda: (
            f"8{chance.digits('account', 7)} {chance.digits('part', 4)}"
        ),
        ("US_PASSPORT_NUMBER", "plain"): lambda: f"C{chance.digits('passport', 8)}",
        ("UK_NATIONAL_INSURANCE_NUMBER", "plain"): lambda: (
            f"{chance.pick('ni letters', ['AB', 'CE', 'JG'])} {grouped(chance.digits('ni', 6), 2, ' ')} C"
        ),
        ("PASSWORD", "plain"): lambda: f"{handle.capitalize()}!{chance.digits('password', 3)}",
        ("PASSWORD", "spoken"): lambda: f"{chance.pick('pass', wording['handles'])} exclamation mark nine",
        ("US_SOCIAL_SECURITY_NUMBER", "plain"): lambda: (
            f"8{chance.digits('area code', 2)}-{11 + chance.number('group', 80)}"
            f"-{1000 + chance.number('serial', 8999)}"
        ),
        ("US_SOCIAL_SECURITY_NUMBER", "last four"): lambda: str(1000 + chance.number("serial", 8999)),
        ("DATE_OF_BIRTH", "plain"): lambda: f"{day:02d}/{month + 1:02d}/{year}",
        ("DATE_OF_BIRTH", "words"): lambda: spoken_day,
        ("CUSTOMER_NUMBER", "plain"): lambda: f"CN-{chance.digits('customer', 8)}",
    }


def call(number: int, wording: Wording) -> tuple[dict[str, str], dict[str, Any]]:
    """One transcript and its answers. One call in six holds no personal data."""
    chance = Chance(f"call {number}")
    said = values(chance, wording)
    scenario = chance.pick("scenario", wording["scenarios"])
    planted: list[Planted] = []
    told: list[str] = []
    count = 0 if number % 6 == 5 else 1 + chance.number("how many", 3)
    kinds = sorted(said, key=lambda each: chance.number(f"order {each}", 1 << 30))
    for kind, form in kinds:
        if len(planted) < count and all(kind != each["type"] for each in planted):
            text = said[kind, form]()
            line = chance.pick(f"line {kind}", wording["lines"][kind][form])
            told.append(line.format(value=text).replace("the case", f"the {scenario['topic']} case"))
            planted.append({"type": kind, "form": form, "text": text})
    lines = [
        chance.pick("opening", wording["openings"]),
        f"Customer: {chance.pick('problem', scenario['problems'])}",
        chance.pick("mood", wording["moods"]),
        chance.pick("empathy", wording["empathy"]),
        *told,
        f"Agent: {chance.pick('step', scenario['steps'])}",
        f"Agent: {chance.pick('end', scenario['ends'])}",
        chance.pick("closing", wording["closings"]),
    ]
    identity = f"call-{number:04d}"
    record = {"id": identity, "topic": scenario["topic"], "transcript": "\n".join(lines)}
    return record, {"id": identity, "planted": planted}


def main() -> None:
    wording = json.loads((FOLDER / "wording.json").read_text(encoding="utf-8"))
    calls = [call(number, wording) for number in range(CALLS)]
    for name, place in (("transcripts.jsonl", 0), ("answer_key.jsonl", 1)):
        lines = [json.dumps(each[place], ensure_ascii=False) for each in calls]
        (FOLDER / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
