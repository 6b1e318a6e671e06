"""Writes that outlast a full disk: tried again until there is room."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
SECONDS = 600
_LOG = logging.getLogger(__name__)


def patiently(
    write: Callable[[], T],
    *,
    give_up: Callable[[], bool],
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """The write's result. What the database cannot take (disk full, I/O error) is tried again every second,
    until it goes through, the time is over or `give_up` says so; then the error is raised."""
    for _ in range(SECONDS):
        try:
            return write()
        except sqlite3.OperationalError as error:
            if give_up():
                raise
            _LOG.warning("the state cannot be written, free some space: %s", error)
            sleep(1.0)
    return write()
