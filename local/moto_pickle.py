"""Pickles of moto's objects: what plain pickle cannot take, and what is kept elsewhere.

moto's backends hold locks, weak dictionaries, private keys and functions made inside functions. Keys and
unfinished uploads of S3 buckets are left out: local/s3_journal.py writes one row for each.
"""

from __future__ import annotations

import importlib
import io
import marshal
import pickle
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any, get_args

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_LOCK = type(threading.Lock())
_RLOCK = type(threading.RLock())


_LARGE = 32 * 1024


def dumps(
    value: object, *, without_objects: bool = False, keep_apart: Callable[[bytes], str] | None = None
) -> bytes:
    """`without_objects`: S3 buckets are written empty. `keep_apart` takes large byte strings, gives names."""
    buffer = io.BytesIO()
    _Pickler(buffer, without_objects=without_objects, keep_apart=keep_apart).dump(value)
    return buffer.getvalue()


def loads(blob: bytes, fetch: Callable[[str], bytes] | None = None) -> Any:
    return _Unpickler(io.BytesIO(blob), fetch).load()


class _Unpickler(pickle.Unpickler):
    """Reads only what this process's owner wrote, in a folder that is theirs."""

    def __init__(self, buffer: io.BytesIO, fetch: Callable[[str], bytes] | None) -> None:
        super().__init__(buffer)
        self._fetch = fetch

    def persistent_load(self, name: Any) -> bytes:
        if self._fetch is None:
            raise pickle.UnpicklingError(f"a byte string kept apart: {name}")
        return self._fetch(name)


class _Pickler(pickle.Pickler):
    def __init__(
        self, buffer: io.BytesIO, *, without_objects: bool, keep_apart: Callable[[bytes], str] | None
    ) -> None:
        super().__init__(buffer, protocol=pickle.HIGHEST_PROTOCOL)
        self._without_objects = without_objects
        self._keep_apart = keep_apart
        self._reductions: dict[type, Callable[[Any], Any] | None] = {}

    def persistent_id(self, value: Any) -> str | None:
        if self._keep_apart is not None and type(value) is bytes and len(value) > _LARGE:
            return self._keep_apart(value)
        return None

    def reducer_override(self, value: Any) -> Any:
        kind = type(value)
        if kind not in self._reductions:
            self._reductions[kind] = _reduction(kind, without_objects=self._without_objects)
        reduction = self._reductions[kind]
        return NotImplemented if reduction is None else reduction(value)


_EMPTIED = frozenset({"moto.s3.utils._VersionedKeyStore", "moto.s3.models.MultipartDict"})


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _reduction(kind: type, *, without_objects: bool) -> Callable[[Any], Any] | None:
    """How values of a type are made again; None: as pickle does it."""
    if without_objects and _name(kind) in _EMPTIED:
        return lambda _: (kind, ())
    return next((reduction for matches, reduction in _REDUCTIONS if matches(kind)), None)


def _event(is_set: bool) -> threading.Event:
    event = threading.Event()
    if is_set:
        event.set()
    return event


def _weak_values(items: dict[Any, Any]) -> weakref.WeakValueDictionary[Any, Any]:
    return weakref.WeakValueDictionary(items)


def _local_function(code: bytes, module: str, qualified_name: str) -> types.FunctionType:
    """A function without closure, made again from its code: the module it came from is its globals."""
    function = types.FunctionType(marshal.loads(code), vars(importlib.import_module(module)))  # noqa: S302
    function.__qualname__ = qualified_name
    return function


def _parameters(account: str, region: str, items: dict[str, Any], attributes: dict[str, Any]) -> Any:
    from moto.ssm.models import ParameterDict

    parameters = ParameterDict(account, region)
    parameters.__dict__.update(attributes)
    for name, value in items.items():
        dict.__setitem__(parameters, name, value)
    return parameters


def _pem(key: PrivateKeyTypes) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _private_key(pem: bytes) -> PrivateKeyTypes:
    return serialization.load_pem_private_key(pem, password=None)


def _reduced_function(function: types.FunctionType) -> Any:
    """A function that can be imported is pickled by its name."""
    if "<locals>" not in function.__qualname__:
        return NotImplemented
    return _local_function, (marshal.dumps(function.__code__), function.__module__, function.__qualname__)


def _subclass_of(*kinds: type) -> Callable[[type], bool]:
    return lambda kind: issubclass(kind, kinds)


# (which types, how their values are made again), in the order in which they are asked.
_REDUCTIONS: tuple[tuple[Callable[[type], bool], Callable[[Any], Any]], ...] = (
    (_subclass_of(_LOCK), lambda _: (threading.Lock, ())),
    (_subclass_of(_RLOCK), lambda _: (threading.RLock, ())),
    (_subclass_of(threading.Condition), lambda _: (threading.Condition, ())),
    (_subclass_of(threading.Event), lambda event: (_event, (event.is_set(),))),
    (_subclass_of(weakref.WeakValueDictionary), lambda weak: (_weak_values, (dict(weak.items()),))),
    (_subclass_of(types.FunctionType), _reduced_function),
    (
        lambda kind: _name(kind) == "moto.ssm.models.ParameterDict",
        lambda found: (_parameters, (found.account_id, found.region_name, dict(found), found.__dict__)),
    ),
    (_subclass_of(*get_args(PrivateKeyTypes)), lambda key: (_private_key, (_pem(key),))),
)
