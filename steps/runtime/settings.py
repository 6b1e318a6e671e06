"""A step's settings: the JSON document of the compiled pipeline, with the execution's parameters filled in.

The document holds `parameters`, the declared type of each parameter by name, and the part of the YAML that
the step needs, in which `{"parameter": "TrainingRows"}` stands for a value given as
`--parameter TrainingRows=1200`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steps.runtime.errors import SettingsError

VERSION = 1
_MISSING = object()


@dataclass(frozen=True)
class Section:
    """One mapping of the settings, asked by key; `place` is its dotted path for error texts."""

    values: Mapping[str, Any]
    place: str

    def section(self, key: str) -> Section:
        """The mapping under `key`."""
        return Section(self._typed(key, dict, "a mapping"), self._path(key))

    def optional_section(self, key: str) -> Section:
        """The mapping under `key`, empty where there is none."""
        return Section(self.values.get(key) or {}, self._path(key))

    def text(self, key: str, default: Any = _MISSING) -> str:
        """A string."""
        return str(self._typed(key, str, "a text", default))

    def optional_text(self, key: str) -> str | None:
        """A string, or None where the key is absent or null."""
        return None if self.values.get(key) is None else self.text(key)

    def integer(self, key: str, default: Any = _MISSING, *, minimum: int = 0) -> int:
        """A whole number of at least `minimum`."""
        value = self._typed(key, int, "a whole number", default)
        if value < minimum:
            raise SettingsError(f'"{self._path(key)}" is {value}, it must be at least {minimum}')
        return int(value)

    def optional_integer(self, key: str, *, minimum: int = 0) -> int | None:
        """A whole number, or None where the key is absent or null."""
        return None if self.values.get(key) is None else self.integer(key, minimum=minimum)

    def share(self, key: str, default: Any = _MISSING) -> float:
        """A number from 0 to 1."""
        value = float(self._typed(key, (int, float), "a number", default))
        if not 0 <= value <= 1:
            raise SettingsError(f'"{self._path(key)}" is {value}, it must be from 0 to 1')
        return value

    def number(self, key: str) -> float:
        """A number."""
        return float(self._typed(key, (int, float), "a number"))

    def flag(self, key: str, default: Any = _MISSING) -> bool:
        """true or false."""
        return bool(self._typed(key, bool, "true or false", default))

    def choice(self, key: str, allowed: Iterable[str], default: Any = _MISSING) -> str:
        """One of `allowed`."""
        value, choices = self.text(key, default), tuple(allowed)
        if value not in choices:
            raise SettingsError(f'"{self._path(key)}" is "{value}", it must be one of: {", ".join(choices)}')
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; empty where the key is absent."""
        values = self._typed(key, list, "a list of texts", [])
        if not all(isinstance(value, str) for value in values):
            raise SettingsError(f'"{self._path(key)}" must be a list of texts')
        return tuple(values)

    def _typed(self, key: str, kind: Any, called: str, default: Any = _MISSING) -> Any:
        value = self.values.get(key)
        if value is None:
            if default is _MISSING:
                raise SettingsError(f'the settings lack "{self._path(key)}"')
            return default
        # bool is an int to Python; in settings the two are never meant for each other.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise SettingsError(f'"{self._path(key)}" is {value!r}, it must be {called}')
        return value

    def _path(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key


def load(path: Path, step: str, assignments: Iterable[str]) -> Section:
    """Reads `settings.json` of `step` and fills in `Name=Value` assignments."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"the settings are missing: no file {path}") from None
    except ValueError as error:
        raise SettingsError(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("step") != step:
        raise SettingsError(f'{path} does not hold the settings of the step "{step}"')
    if document.get("version") != VERSION:
        found = document.get("version")
        raise SettingsError(f"{path} has version {found}, this step reads version {VERSION}")
    parameters = typed_parameters(document.get("parameters") or {}, assignments)
    body = {key: value for key, value in document.items() if key not in {"parameters", "step", "version"}}
    return Section(resolve(body, parameters), "")


def typed_parameters(types: Mapping[str, str], assignments: Iterable[str]) -> dict[str, Any]:
    """`Name=Value` texts as typed values; refuses a name that the settings do not declare."""
    values: dict[str, Any] = {}
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        if not separator:
            raise SettingsError(f'--parameter "{assignment}" is not of the form Name=Value')
        if name not in types:
            known = ", ".join(sorted(types)) or "none"
            raise SettingsError(f'the settings declare no parameter "{name}" (declared: {known})')
        values[name] = _convert(name, types[name], text)
    return values


def _convert(name: str, kind: str, text: str) -> Any:
    try:
        if kind == "String":
            return text
        if kind == "Integer":
            return int(text)
        if kind == "Float" and math.isfinite(value := float(text)):
            return value
        if kind == "Boolean":
            return {"true": True, "false": False}[text.lower()]
    except (ValueError, KeyError):
        pass
    raise SettingsError(f'the parameter "{name}" is "{text}", which is not of the type {kind}')


def resolve(value: Any, parameters: Mapping[str, Any]) -> Any:
    """The document with every `{"parameter": name}` replaced by that parameter's value."""
    if isinstance(value, dict):
        if set(value) == {"parameter"} and isinstance(value["parameter"], str):
            if value["parameter"] not in parameters:
                raise SettingsError(f'no value is given for the parameter "{value["parameter"]}"')
            return parameters[value["parameter"]]
        return {key: resolve(item, parameters) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, parameters) for item in value]
    return value
