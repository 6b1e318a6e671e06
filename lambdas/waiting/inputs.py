"""The inputs of a Lambda step: a flat object whose values may be text where a number is meant.

A pipeline parameter arrives typed or as text, depending on how it was put together; lists travel as text
with commas, objects as JSON text, because a Lambda step's inputs can not be nested.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class InputError(Exception):
    """An input of the step is missing or not what it should be."""


class Inputs:
    def __init__(self, event: Mapping[str, Any]) -> None:
        self._event = event

    def text(self, name: str) -> str:
        """Text that is not empty."""
        value = self.optional(name)
        if not value:
            raise InputError(f"input `{name}` is missing")
        return value

    def optional(self, name: str) -> str:
        """Text, empty when the input is absent."""
        value = self._event.get(name)
        return "" if value is None else str(value)

    def integer(self, name: str) -> int:
        """A whole number."""
        value = self.text(name).removesuffix(".0")
        try:
            return int(value)
        except ValueError:
            raise InputError(f"input `{name}` should be a whole number, but is {value!r}") from None

    def flag(self, name: str) -> bool:
        """true or false."""
        value = self.text(name).lower()
        if value not in ("true", "false"):
            raise InputError(f"input `{name}` should be true or false, but is {value!r}")
        return value == "true"

    def names(self, name: str) -> list[str]:
        """What stands between commas, empty when the input is."""
        return [part.strip() for part in self.optional(name).split(",") if part.strip()]

    def mapping(self, name: str) -> dict[str, str]:
        """A JSON object of texts, empty when the input is absent. Errors tell no values: some are secrets."""
        value = self.optional(name) or "{}"
        try:
            content = json.loads(value)
        except ValueError as error:
            raise InputError(f"input `{name}` should be a JSON object: {error}") from error
        if not isinstance(content, dict):
            raise InputError(f"input `{name}` should be a JSON object, but is a {type(content).__name__}")
        return {str(key): str(each) for key, each in content.items()}
