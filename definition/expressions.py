"""Values of a definition as a person reads them: references in place, content hashes cut to what tells apart.

{"Std:Join": {"On": "/", "Values": ["s3://b", {"Get": "Execution.PipelineExecutionId"}]}}
    -> s3://b/${Execution.PipelineExecutionId}
{"Std:JsonGet": {"PropertyFile": {"Get": "Steps.evaluate.PropertyFiles.metrics"}, "Path": "f1.mean"}}
    -> ${Steps.evaluate.PropertyFiles.metrics: f1.mean}
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from definition.references import function_of
from definition.values import text

_HASH: Final = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{56}\b")


def shown(value: Any) -> str:
    """One line; a text stands as it is, anything built of several parts as compact JSON."""
    return _HASH.sub(r"\1", _shown(value))


def _shown(value: Any) -> str:
    if function_of(value) is not None:
        return _expression(value)
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(_readable(value), ensure_ascii=False, sort_keys=True)
    return text(value)


def _readable(value: Any) -> Any:
    """The value with every expression inside it as its text."""
    if function_of(value) is not None:
        return _expression(value)
    if isinstance(value, Mapping):
        return {name: _readable(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(member) for member in value]
    return value


def _expression(value: Mapping[str, Any]) -> str:
    function = function_of(value)
    argument = value[function] if function else None
    if function == "Get":
        return f"${{{argument}}}"
    if function == "Std:Join" and isinstance(argument, Mapping) and isinstance(argument.get("Values"), list):
        return str(argument.get("On", "")).join(_shown(each) for each in argument["Values"])
    if function == "Std:JsonGet" and isinstance(argument, Mapping):
        source = argument.get("PropertyFile", argument.get("S3Uri"))
        return f"${{{_shown(source).removeprefix('${').removesuffix('}')}: {argument.get('Path', '')}}}"
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
