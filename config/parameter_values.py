"""Values of parameters: text to value, value against its declaration, value to text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from config.models.pipeline import Parameter, ParameterValue
from config.suggest import did_you_mean, quoted

MAX_CHARACTERS: Final = 1024  # of a value at start (StartPipelineExecution)
MOST_ENUM_VALUES: Final = 16  # reported in aws/sagemaker-python-sdk#2314, documented nowhere

_ARTICLES: Final = {"String": "a String", "Integer": "an Integer", "Float": "a Float", "Boolean": "a Boolean"}


class ValueFault(Exception):  # carries a fault to whoever knows its place; people never see it
    """A value that does not fit; ``message`` and ``hint`` say why."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def parse(parameter: Parameter, text: str) -> ParameterValue:
    """The value that ``text`` of a command line means; raises ValueFault."""
    value = _PARSERS[parameter.type](text)
    if value is None:
        raise ValueFault(f"{quoted(text)} is not {_ARTICLES[parameter.type]}", _FORMS[parameter.type])
    return check(parameter, value)


def check(parameter: Parameter, value: Any) -> ParameterValue:
    """``value`` with its type made exact; raises ValueFault when the declaration does not allow it."""
    typed = _typed(parameter, value)
    if parameter.allowed is not None and typed not in parameter.allowed:
        hint = did_you_mean(typed, map(str, parameter.allowed)) if isinstance(typed, str) else None
        raise ValueFault(
            f"found {shown(typed)}; allowed: {', '.join(map(parameter_text, parameter.allowed))}", hint
        )
    if isinstance(typed, str):
        _check_text(parameter, typed)
    elif not isinstance(typed, bool):
        _check_range(parameter, typed)
    return typed


def parameter_text(value: ParameterValue) -> str:
    """A value as SageMaker takes it at start: always a text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def shown(value: Any) -> str:
    """A value as messages show it."""
    if isinstance(value, str):
        return quoted(value)
    return "null" if value is None else parameter_text(value)


def _typed(parameter: Parameter, value: Any) -> ParameterValue:
    if parameter.type == "Float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wanted = {"String": str, "Integer": int, "Float": float, "Boolean": bool}[parameter.type]
    if type(value) is not wanted:
        number = isinstance(value, int | float)
        hint = (
            f'write it in quotes: "{parameter_text(value)}"'
            if parameter.type == "String" and number
            else None
        )
        hint = hint or (_FORMS[parameter.type] if isinstance(value, str) else None)
        raise ValueFault(f"found {shown(value)}, {_ARTICLES[parameter.type]} is needed", hint)
    return cast(ParameterValue, value)


def _check_text(parameter: Parameter, text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise ValueFault(f"has {len(text)} characters; at most {MAX_CHARACTERS} are allowed")
    if parameter.pattern is not None and not _fits(parameter.pattern, text):
        raise ValueFault(f"found {quoted(text)}; it must fit the pattern {parameter.pattern}")


def _fits(pattern: str, text: str) -> bool:
    # A declaration whose pattern is none is refused for it, see rules/parameters.py.
    return pattern_fault(pattern) is None and re.fullmatch(pattern, text) is not None


def pattern_fault(pattern: str) -> str | None:
    """Why a pattern is no regular expression; None for one that is."""
    try:
        re.compile(pattern)
    except RecursionError:
        return "nested too deeply"
    except (re.error, OverflowError) as error:  # the latter for a{99999999999}
        return str(error)
    return None


def _check_range(parameter: Parameter, number: float) -> None:
    if not math.isfinite(number):
        raise ValueFault(f"found {number}, a finite number is needed")
    low, high = parameter.minimum, parameter.maximum
    if (low is None or number >= low) and (high is None or number <= high):
        return
    allowed = [f"at least {low}"] * (low is not None) + [f"at most {high}"] * (high is not None)
    raise ValueFault(f"found {number}; allowed: {' and '.join(allowed)}")


def _integer(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[-+]?[0-9]{1,30}", text.strip()) else None


def _float(text: str) -> float | None:
    number = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,5})?"
    return float(text) if re.fullmatch(number, text.strip()) else None


def _boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.strip().casefold())


_PARSERS: Final[Mapping[str, Callable[[str], ParameterValue | None]]] = {
    "String": str,
    "Integer": _integer,
    "Float": _float,
    "Boolean": _boolean,
}
_FORMS: Final[Mapping[str, str | None]] = {
    "String": None,
    "Integer": "write a whole number such as 8",
    "Float": "write a number such as 0.001 or 1e-5",
    "Boolean": "write true or false",
}
