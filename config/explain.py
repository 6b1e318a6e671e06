"""Faults in words: where, what was found, what is allowed, and what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from config.annotations import annotation_at, bounds, check_alone, field_at, key_paths, model_in
from config.document import Document, KeyPath, dotted, value_at
from config.errors import Problem
from config.parameter_values import parameter_text
from config.suggest import as_share, did_you_mean, listing, nearest, quoted
from config.validation import Fault

_WANTED: Final = {
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "a text",
    "bool_type": "true or false",
    "mapping_type": "a mapping",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "tuple_type": "a list",
}
_COMPARED: Final = ("greater_than_equal", "less_than_equal", "greater_than", "less_than")
_TRUE: Final = frozenset({"yes", "on", "y", "true", "1"})
_FALSE: Final = frozenset({"no", "off", "n", "false", "0"})


def explain(document: Document, model: type[BaseModel], faults: Iterable[Fault]) -> list[Problem]:
    """One problem for each path; a key that is missing only because it is misspelt is not told twice."""
    by_path = faults_by_path(faults)
    unknown = [path for path, found in by_path.items() if found[0].type == "extra_forbidden"]
    explainer = Explainer(document, model)
    return [
        explainer.problem(path, found)
        for path, found in by_path.items()
        if not (found[0].type == "missing" and explainer.is_misspelt(path, unknown))
    ]


def faults_by_path(faults: Iterable[Fault]) -> Mapping[KeyPath, Sequence[Fault]]:
    """The faults of each path; several at one path are the branches of a union."""
    by_path: dict[KeyPath, list[Fault]] = {}
    for fault in faults:
        by_path.setdefault(fault.path, []).append(fault)
    return by_path


class Explainer:
    """Words the faults of one document."""

    def __init__(self, document: Document, model: type[BaseModel]) -> None:
        self._document = document
        self._model = model

    def is_misspelt(self, missing: KeyPath, unknown: Iterable[KeyPath]) -> bool:
        """Whether one of the unknown keys beside it is the missing key, misspelt."""
        beside = [str(path[-1]) for path in unknown if path[:-1] == missing[:-1]]
        return any(nearest(word, self._free_keys(missing[:-1])) == missing[-1] for word in beside)

    def problem(self, path: KeyPath, faults: Sequence[Fault]) -> Problem:
        """The problem at one path."""
        fault = faults[0]
        if fault.type == "missing":
            field = field_at(self._model, path)
            meaning = f": {field.description}" if field and field.description else ""
            return self._document.problem(path, f"is missing{meaning}")
        if fault.type == "extra_forbidden":
            return self._unknown(path)
        if fault.type == "key":
            names = _literals(fault)
            allowed = listing(names) if names else fault.message
            message = f"{quoted(str(path[-1]))} cannot be a name here; allowed: {allowed}"
            return self._document.problem(path, message, did_you_mean(str(path[-1]), names), at_key=True)
        message, hint = self.value(path, faults, value_at(self._document.data, path))
        return self._document.problem(path, message, hint)

    def value(self, path: KeyPath, faults: Sequence[Fault], value: Any) -> tuple[str, str | None]:
        """(message, hint) for a value that does not fit at a path."""
        found = self._found(path, value)
        wanted = list(dict.fromkeys(_WANTED[fault.type] for fault in faults if fault.type in _WANTED))
        if wanted:
            hint = self._meaning(path, found, value, wanted) or _type_hint(found, value, wanted)
            return f"found {found}, {' or '.join(wanted)} is needed", hint
        return self._constraint(path, faults[0], found, value)

    def _found(self, path: KeyPath, value: Any) -> str:
        if isinstance(value, str):
            return quoted(value)
        if isinstance(value, Mapping):
            return "a mapping"
        if isinstance(value, list | tuple):
            return "a list"
        written = self._document.written.get(path)
        if written is None:
            return "null" if value is None else parameter_text(value)
        return written or "nothing"

    def _meaning(self, path: KeyPath, found: str, value: Any, wanted: Sequence[str]) -> str | None:
        """What a text must look like, where the number that was found would not do in quotes either."""
        if "a text" not in wanted or isinstance(value, bool | str | Mapping | list) or value is None:
            return None
        try:
            check_alone(annotation_at(self._model, path), found)
        except ValidationError as error:
            texts = [each["msg"] for each in error.errors() if each["type"] == "text"]
            return f"write {texts[0]}" if texts else None
        return None

    def _unknown(self, path: KeyPath) -> Problem:
        word, parent = str(path[-1]), path[:-1]
        known = self._keys(parent)
        near = nearest(word, self._free_keys(parent))
        hint = f'did you mean "{near}"?' if near else self._elsewhere(word)
        return self._document.problem(path, f"is not a known key; known: {listing(known)}", hint, at_key=True)

    def _keys(self, path: KeyPath) -> list[str]:
        model = model_in(annotation_at(self._model, path))
        return list(model.model_fields) if model else []

    def _free_keys(self, path: KeyPath) -> list[str]:
        """The known keys that the file does not have there yet."""
        return [key for key in self._keys(path) if (*path, key) not in self._document.keys]

    def _elsewhere(self, word: str) -> str | None:
        places = [path for path in key_paths(self._model) if path[-1] == word]
        place = min(places, key=len, default=None)
        if place is None:
            return None
        return (
            f'it belongs under "{dotted(place[:-1])}"' if len(place) > 1 else "it belongs to the left margin"
        )

    def _constraint(self, path: KeyPath, fault: Fault, found: str, value: Any) -> tuple[str, str | None]:
        if fault.type == "reference":
            return f"found {found}, a value or {{parameter: Name}} is needed", _braces_hint(value)
        if fault.type == "literal_error":
            names = _literals(fault)
            hint = _literal_hint(value, names, fault.context["expected"])
            return f"found {found}; allowed: {listing(names)}", hint
        if fault.type in _COMPARED:
            allowed = " and ".join(bounds(annotation_at(self._model, path)))
            share = isinstance(value, int | float) and str(path[-1]).endswith(("share", "fraction"))
            return f"found {found}; allowed: {allowed}", as_share(value) if share else None
        return _SIZES.get(fault.type, _as_said)(found, fault), None


def _literals(fault: Fault) -> list[str]:
    """The values that are allowed, where there is a list of them."""
    return [text or number for text, number in _LITERALS.findall(fault.context.get("expected", ""))]


def _literal_hint(value: Any, names: Sequence[str], expected: str) -> str | None:
    if not isinstance(value, str):
        return None
    if value in names and f"'{value}'" not in expected:
        return f"write {value}, without quotes"
    return did_you_mean(value, names)


_LITERALS: Final = re.compile(r"'([^']*)'|(\d+)")


def _type_hint(found: str, value: Any, wanted: Sequence[str]) -> str | None:
    if isinstance(value, Mapping):
        return _mapping_hint(value)
    if isinstance(value, str):
        return _text_hint(value, wanted)
    if value is None or isinstance(value, list):
        return None
    if "a text" in wanted:
        return f'write it in quotes: "{found}"'
    if "a whole number" in wanted and isinstance(value, float) and value.is_integer():
        return f"write {int(value)}"
    return f"write [{found}]" if "a list" in wanted else None


def _mapping_hint(value: Mapping[str, Any]) -> str | None:
    if set(value) == {"parameter"}:
        return "this key cannot be a parameter: write the value"
    return _braces_hint(value)


def _braces_hint(value: Any) -> str | None:
    """For ``output: {answer}``, which YAML reads as a mapping."""
    if isinstance(value, Mapping) and list(value) in (["param"], ["Parameter"], ["params"], ["parameters"]):
        return f"write {{parameter: {next(iter(value.values()))}}}"
    if isinstance(value, Mapping) and value and all(each is None for each in value.values()):
        return f'a text that starts with a brace needs quotes: "{{{", ".join(value)}}}"'
    return None


def _text_hint(text: str, wanted: Sequence[str]) -> str | None:
    word = text.casefold()
    reference = re.fullmatch(r"\$?\{\s*(?:parameter\s*:\s*)?(\w+)\s*\}", text)
    if reference:
        return f"write {{parameter: {reference[1]}}}, without quotes"
    if "true or false" in wanted and word in _TRUE | _FALSE:
        return f"write {'true' if word in _TRUE else 'false'}, without quotes"
    if "a list" in wanted:
        return f"write [{quoted(text)}]"
    return _number_hint(text) if any("number" in each for each in wanted) else None


def _number_hint(text: str) -> str | None:
    plain = re.sub(r"[_,' ]", "", text)
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?%", plain):
        return f"write {float(plain[:-1]) / 100:g}"
    if re.fullmatch(r"[-+]?0+[0-9]+", plain):
        return f"a number does not start with 0: write {int(plain)}"
    if re.fullmatch(r"[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?", plain):
        return f"write {plain}, without quotes" if plain == text else f"write {plain}"
    return None


def _as_said(found: str, fault: Fault) -> str:
    return f"found {found}; {fault.message[:1].lower()}{fault.message[1:]}"


_SIZES: Final[Mapping[str, Callable[[str, Fault], str]]] = {
    "text": lambda found, fault: f"found {found}; allowed: {fault.message}",
    "text_length": lambda _, fault: f"has {fault.message}",
    "string_too_short": lambda *_: "is empty",
    "string_too_long": lambda _, fault: f"is longer than {fault.context['max_length']} characters",
    "too_short": lambda _, fault: f"is empty; at least {fault.context['min_length']} is needed",
    "too_long": lambda _, fault: f"has more than {fault.context['max_length']} entries",
    "finite_number": lambda found, _: f"found {found}, a finite number is needed",
}
