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

    def persistent_id(self, value: Any) -> str | None:
        if self._keep_apart is not None and type(value) is bytes and len(value) > _LARGE:
            return self._keep_apart(value)
        return None

    def reducer_override(self, value: Any) -> Any:
        name = f"{type(value).__module__}.{type(value).__qualname__}"
        if self._without_objects and name in _EMPTIED:
            return type(value), ()
        if isinstance(value, _LOCK):
            return threading.Lock, ()
        if isinstance(value, _RLOCK):
            return threading.RLock, ()
        if isinstance(value, threading.Condition):
            return threading.Condition, ()
        if isinstance(value, threading.Event):
            return _event, (value.is_set(),)
        if isinstance(value, weakref.WeakValueDictionary):
            return _weak_values, (dict(value.items()),)
        if isinstance(value, types.FunctionType) and "<locals>" in value.__qualname__:
            return _local_function, (marshal.dumps(value.__code__), value.__module__, value.__qualname__)
        if name == "moto.ssm.models.ParameterDict":
            return _parameters, (value.account_id, value.region_name, dict(value), value.__dict__)
        if isinstance(value, get_args(PrivateKeyTypes)):
            return _private_key, (_pem(value),)
        return NotImplemented


_EMPTIED = frozenset({"moto.s3.utils._VersionedKeyStore", "moto.s3.models.MultipartDict"})


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
