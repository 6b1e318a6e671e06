"""One thing per stand-in, made when first asked for: what two service modules share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from local.stand_in import StandIn

T = TypeVar("T")


class PerMachine(Generic[T]):
    """Called with a stand-in, returns what `make` made of it the first time."""

    def __init__(self, make: Callable[[StandIn], T]) -> None:
        self._make = make
        self._lock = threading.RLock()
        # A stand-in is not hashable; kept beside what was made of it, its id stays its own.
        self._made: dict[int, tuple[StandIn, T]] = {}

    def __call__(self, stand_in: StandIn) -> T:
        with self._lock:
            if id(stand_in) not in self._made:
                self._made[id(stand_in)] = (stand_in, self._make(stand_in))
            return self._made[id(stand_in)][1]
