"""Botocore's model of SageMaker: the shapes of requests and responses, read once and without a client.

botocore itself enforces required members, types and minimum lengths; the maximum lengths, patterns and
enums that it carries along are enforced by ``checks/arguments.py``.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any, Final

# Shapes of botocore are untyped: Any stands for botocore.model.Shape.
Shape = Any

# Java's Unicode classes, which re does not have: the ASCII characters of each, and one character that
# stands for all others of its kind (a character of the private use area, put in by _as_ascii).
_CLASSES: Final = {
    "Alnum": "A-Za-z0-9",
    "L": "A-Za-z\ue000",
    "M": "\ue001",
    "N": "0-9\ue002",
    "P": "!\"#%&'()*,\\-./:;?@\\[\\\\\\]_{}\ue003",
    "S": "$+<=>^`|~\ue004",
    "Z": " \ue005",
}
_STANDS_FOR: Final = {name: members[-1] for name, members in _CLASSES.items() if name != "Alnum"}


@cache
def _service() -> Any:
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model("sagemaker", "service-2"))


@cache
def request_shape(operation: str) -> Shape:
    """The structure that a call of ``operation`` takes."""
    return _service().operation_model(operation).input_shape


@cache
def shape(name: str) -> Shape:
    """A shape by its name."""
    return _service().shape_for(name)


def fits(pattern: str, text: str) -> bool:
    """Whether the whole of ``text`` fits a pattern of the service model (Java's dialect).

    A pattern that Python cannot read fits everything: refusing what AWS takes is worse than missing one.
    """
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(_as_ascii(text) if "\\p{" in pattern else text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    # "([...]*)${1,128}": the length is checked apart, and nested repetition would take for ever.
    translated = re.sub(r"\)\$\{\d+,\d+\}", ")", pattern)
    translated = re.sub(r"\\p\{(\w+)\}", lambda match: _CLASSES.get(match[1], match[0]), translated)
    try:
        return re.compile(translated)
    except re.error:
        return None


def _as_ascii(text: str) -> str:
    """Every character beyond ASCII replaced by the one that stands for its kind."""
    return "".join(
        character if character.isascii() else _STANDS_FOR.get(unicodedata.category(character)[0], character)
        for character in text
    )
