"""CloudWatch Logs: moto's groups and streams, their events in files that outlive the process.

Each stream is one file of JSON lines, <folder>/<group>/@streams/<stream>.jsonl, appended as events arrive, so
that a long log is not part of every snapshot and a killed stand-in has lost no line.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto.core.utils import utcnow
from moto.logs import models

_LARGEST_MESSAGE = 250_000  # CloudWatch takes 1 MB per event; console lines this long are cut
_LARGEST_STREAM = 256 * 1024 * 1024  # of memory: whoever prints without end must not take all of it
_BESIDE_THE_TEXT = 500  # bytes of memory that an event takes beside its text
_FULL = "the stand-in keeps no more of this stream: it has grown too large"


class Logs:
    """Appends to streams from inside the stand-in."""

    def __init__(
        self,
        *,
        account: str,
        region: str,
        folder: Path,
        save: Callable[[], None],
        largest_stream: int = _LARGEST_STREAM,
    ) -> None:
        self._largest_stream = largest_stream
        self._account = account
        self._region = region
        self._save = save
        self._lock = threading.Lock()
        _keep_events_in_files(folder)

    def append(self, group: str, stream: str, lines: Iterable[str]) -> None:
        """One event per line, stamped now; group and stream are made when they do not exist."""
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line[:_LARGEST_MESSAGE]} for line in lines]
        holder = self._stream(group, stream)
        with self._lock:
            if events and not self._is_full(holder):
                holder.put_log_events(events)
                if self._is_full(holder):
                    holder.put_log_events([{"timestamp": now, "message": _FULL}])

    def _is_full(self, stream: Any) -> bool:
        memory: int = stream.stored_bytes + _BESIDE_THE_TEXT * len(stream.events)
        return memory >= self._largest_stream

    def read(self, group: str, stream: str) -> list[str]:
        """The messages of a stream, in order; none when it does not exist."""
        backend = models.logs_backends[self._account][self._region]
        holder = backend.groups.get(group)
        found = holder.streams.get(stream) if holder else None
        return [] if found is None else [event.message for event in found.events]

    def _stream(self, group: str, stream: str) -> Any:
        backend = models.logs_backends[self._account][self._region]
        with self._lock:
            known = group in backend.groups and stream in backend.groups[group].streams
            if not known:
                backend.ensure_log_group(group)
                if stream not in backend.groups[group].streams:
                    backend.create_log_stream(group, stream)
        if not known:
            self._save()
        return backend.groups[group].streams[stream]


def _keep_events_in_files(folder: Path) -> None:
    """Makes `events` of moto's streams a list that is written as it grows and read back when first wanted."""

    def get_events(stream: Any) -> list[Any]:
        if "_events" not in stream.__dict__:
            stream._events = _read(_path(folder, stream))
            stream._written = len(stream._events)
            if stream._events and stream.last_ingestion_time is None:
                stream.last_ingestion_time = utcnow()
        events: list[Any] = stream._events
        return events

    def set_events(stream: Any, events: list[Any]) -> None:
        if "_events" not in stream.__dict__:  # a new stream: what an earlier one of this name left is gone
            _path(folder, stream).unlink(missing_ok=True)
            stream._written = 0
        stream._events = events
        _append(_path(folder, stream), events[stream._written :])
        stream._written = len(events)

    def get_state(stream: Any) -> dict[str, Any]:
        return {name: value for name, value in stream.__dict__.items() if name not in ("_events", "_written")}

    stream_class: Any = models.LogStream
    stream_class.events = property(get_events, set_events)
    stream_class.__getstate__ = get_state


def _path(folder: Path, stream: Any) -> Path:
    group = str(stream.log_group.name).strip("/")
    name = str(stream.log_stream_name).replace("..", "__")
    return folder / group.replace("..", "__") / "@streams" / f"{name}.jsonl"


def _append(path: Path, events: Iterable[Any]) -> None:
    lines = [
        json.dumps([event.ingestion_time, event.timestamp, event.message], ensure_ascii=False) + "\n"
        for event in events
    ]
    if lines:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write("".join(lines))


def _read(path: Path) -> list[Any]:
    if not path.exists():
        return []
    events = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        try:
            ingested, timestamp, message = json.loads(line)
        except ValueError:
            continue  # the line that a kill cut short
        events.append(models.LogEvent(ingested, {"timestamp": timestamp, "message": message}))
    return events
