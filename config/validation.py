"""Plain data against a model: the model where all fits, every fault where not, and what can be saved.

``salvage`` keeps the parts that fit, so that checks across keys run on them in the same pass: a file with a
misspelt key and too many rows hears of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_origin

from pydantic import BaseModel, ValidationError

from config.annotations import alternatives, check_alone, child, model_in
from config.document import KeyPath, overlaps, value_at
from config.models.types import REFERENCE_TAG, VALUE_TAG

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Fault:
    """One fault that pydantic found, at a path of the data."""

    path: KeyPath
    type: str  # pydantic's error type, or "reference", or "key"
    context: Mapping[str, Any]
    message: str


@dataclass(frozen=True)
class Validated(Generic[M]):
    """The outcome: ``config`` when there are no faults, ``partial`` in any case."""

    config: M | None
    partial: M
    faults: tuple[Fault, ...]

    @property
    def broken(self) -> frozenset[KeyPath]:
        """Paths that cannot be relied on in ``partial``."""
        return frozenset(fault.path for fault in self.faults if fault.type != "extra_forbidden")


def validate(model: type[M], data: Any) -> Validated[M]:
    """Checks ``data`` against ``model``."""
    try:
        config = model.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        faults = _without_consequences([_fault(details, data) for details in found])
        return Validated(None, _salvage(model, data, {fault.path for fault in faults}), faults)
    return Validated(config, config, ())


def _without_consequences(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Drops "too short" of a list that is short only because of faults in its items."""
    paths = [fault.path for fault in faults]
    return tuple(
        fault
        for fault in faults
        if fault.type != "too_short"
        or not any(len(path) > len(fault.path) and overlaps(path, fault.path) for path in paths)
    )


def _fault(details: Mapping[str, Any], data: Any) -> Fault:
    """The details with a location of keys only: without the tags of unions that pydantic puts in."""
    location: KeyPath = details["loc"]
    kind: str = details["type"]
    if REFERENCE_TAG in location:
        location, kind = location[: location.index(REFERENCE_TAG)], "reference"
    if location and location[-1] == "[key]":
        location, kind = location[:-1], "key"
    path = tuple(part for part in location if part != VALUE_TAG)
    while kind not in ("missing", "key") and path and not _exists(data, path):
        path = path[:-1]  # a member of a plain union, such as "int"
    return Fault(path, kind, details.get("ctx", {}), details["msg"])


def _exists(data: Any, path: KeyPath) -> bool:
    try:
        value_at(data, path)
    except (LookupError, TypeError):
        return False
    return True


class _Unusable:
    """Marks a value that cannot be saved."""


_UNUSABLE = _Unusable()


def _salvage(model: type[M], data: Any, bad: set[KeyPath]) -> M:
    return model.model_construct(**_saved_fields(model, data if isinstance(data, Mapping) else {}, (), bad))


def _saved(annotation: Any, value: Any, path: KeyPath, bad: set[KeyPath]) -> Any:
    if not any(each[: len(path)] == path for each in bad):
        try:
            return check_alone(annotation, value)
        except ValidationError:
            return _UNUSABLE
    if path in bad:
        return _UNUSABLE
    if isinstance(value, Mapping):
        return _saved_mapping(annotation, value, path, bad)
    if isinstance(value, list) and any(get_origin(each) is tuple for each in alternatives(annotation)):
        items = (_saved(child(annotation, i), item, (*path, i), bad) for i, item in enumerate(value))
        return tuple(item for item in items if not isinstance(item, _Unusable))
    return _UNUSABLE


def _saved_mapping(annotation: Any, value: Mapping[str, Any], path: KeyPath, bad: set[KeyPath]) -> Any:
    model = model_in(annotation)
    kept = _saved_fields(annotation, value, path, bad)
    return model.model_construct(**kept) if model else kept


def _saved_fields(
    annotation: Any, value: Mapping[str, Any], path: KeyPath, bad: set[KeyPath]
) -> dict[str, Any]:
    model = model_in(annotation)
    names = [name for name in (model.model_fields if model else value) if name in value]
    saved = {name: _saved(child(annotation, name), value[name], (*path, name), bad) for name in names}
    return {name: each for name, each in saved.items() if not isinstance(each, _Unusable)}
