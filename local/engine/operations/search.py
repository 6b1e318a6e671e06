"""Search over pipelines and executions; every other resource is moto's to search."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from local.api import ApiError, Call
from local.engine.book import Book
from local.engine.operations import definitions, executions
from local.engine.operations.desk import Desk
from local.engine.operations.pages import ordered, page, seconds
from local.engine.parameters import as_list

Record = dict[str, Any]


def search(desk: Desk, call: Call) -> Record:
    """Filters, nested SearchExpressions and SortBy over the members of the records."""
    asked = call.parameters
    if asked["Resource"] not in _RECORDS:
        return call.moto()
    found = [r for r in _RECORDS[asked["Resource"]](desk) if _fits(r, asked.get("SearchExpression") or {})]
    sort_by = asked.get("SortBy") or "LastModifiedTime"
    found = ordered(found, asked, lambda record: _rank(_comparable(record.get(sort_by))))
    return page(found, asked, "Results", lambda record: {asked["Resource"]: record})


def _executions(desk: Desk) -> list[Record]:
    return [
        {**executions.described(desk, execution), "PipelineParameters": as_list(execution.parameters)}
        for execution in desk.engine.ledger.executions()
    ]


def _pipelines(desk: Desk) -> list[Record]:
    book: Book = desk.book
    return [
        {**definitions.described(pipeline, pipeline.latest()), "Tags": pipeline.tags}
        for pipeline in book.all()
    ]


_RECORDS: Mapping[str, Callable[[Desk], list[Record]]] = {
    "PipelineExecution": _executions,
    "Pipeline": _pipelines,
}


def _fits(record: Record, expression: Mapping[str, Any]) -> bool:
    parts = [_filter(record, each) for each in expression.get("Filters") or ()]
    parts += [_fits(record, each) for each in expression.get("SubExpressions") or ()]
    if expression.get("NestedFilters"):
        raise ApiError("UnsupportedOperation", "the stand-in does not search with NestedFilters")
    return any(parts) if expression.get("Operator") == "Or" and parts else all(parts)


def _filter(record: Record, wanted: Mapping[str, Any]) -> bool:
    name, kind = wanted["Name"], wanted.get("Operator") or "Equals"
    value = _value(record, name)
    if kind in ("Exists", "NotExists"):
        return (value is not None) is (kind == "Exists")
    if kind not in _COMPARISONS:
        raise ApiError("ValidationException", f"The operator '{kind}' is not known.")
    comparable = _comparable(value)
    return comparable is not None and _COMPARISONS[kind](comparable, _like(value, wanted.get("Value"), name))


def _value(record: Record, name: str) -> Any:
    if name.startswith("Tags."):
        tags = {tag["Key"]: tag["Value"] for tag in record.get("Tags") or ()}
        return tags.get(name.removeprefix("Tags."))
    return record.get(name)


def _comparable(value: Any) -> Any:
    """A text or a number; None for what has no order: nothing at all, objects and lists."""
    if isinstance(value, datetime):
        return seconds(value)
    return value if isinstance(value, str | int | float) else None


def _rank(comparable: Any) -> tuple[bool, Any]:
    return comparable is not None, comparable


def _like(value: Any, given: Any, name: str) -> Any:
    """The filter's text as the type of the value it is compared with."""
    try:
        if isinstance(value, str):
            return str(given or "")
        return float(given) if isinstance(value, int | float) else seconds(given)
    except (TypeError, ValueError) as error:
        message = f"The value {given!r} of the filter on '{name}' cannot be compared with what is there."
        raise ApiError("ValidationException", message) from error


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "NotEquals": operator.ne,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
    "Contains": lambda value, given: str(given) in str(value),
    "In": lambda value, given: str(value) in str(given).split(","),
}
