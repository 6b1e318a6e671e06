"""The model servers of this machine: those of an endpoint come up together, are found, and go together."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from local.engine.ports import Document
from local.hosting.server import ModelServer, ServerError, ServingKit
from local.hosting.variants import spec
from local.jobs.kit import LogWriter

LOG_GROUP = "/aws/sagemaker/Endpoints/{endpoint}"


class Fleet:
    """Keyed by endpoint, generation (it grows with every update) and variant."""

    def __init__(self, folder: Path, kit: ServingKit, logs: LogWriter) -> None:
        self._folder = folder
        self._kit = kit
        self._logs = logs
        self._lock = threading.Lock()
        self._servers: dict[tuple[str, int, str], ModelServer] = {}

    def server(self, endpoint: str, generation: int, variant: Document) -> ModelServer:
        """The variant's server, running or not."""
        key = (endpoint, generation, variant["name"])
        with self._lock:
            if key not in self._servers:
                folder = self._folder / endpoint / str(generation) / variant["name"]
                self._servers[key] = ModelServer(
                    spec(variant), folder, self._kit, self._log(endpoint, variant["name"])
                )
            return self._servers[key]

    def bring_up(self, endpoint: str, generation: int, variants: Sequence[Document]) -> None:
        """Returns when every server answers; ServerError in the service's words for one that does not."""
        for variant in variants:
            try:
                self.server(endpoint, generation, variant).ensure()
            except ServerError as error:
                raise ServerError(
                    f"The primary container for production variant {variant['name']} did not pass the ping"
                    f" health check: {error}"
                ) from error

    def take_down(self, endpoint: str, generation: int) -> None:
        """Ends the servers of one generation and forgets their models."""
        with self._lock:
            keys = [key for key in self._servers if key[:2] == (endpoint, generation)]
            servers = [self._servers.pop(key) for key in keys]
        for server in servers:
            server.close()
        shutil.rmtree(self._folder / endpoint / str(generation), ignore_errors=True)

    def forget(self, endpoint: str) -> None:
        """Takes down whatever the endpoint has."""
        with self._lock:
            generations = {key[1] for key in self._servers if key[0] == endpoint}
        for generation in generations:
            self.take_down(endpoint, generation)
        shutil.rmtree(self._folder / endpoint, ignore_errors=True)

    def _log(self, endpoint: str, variant: str) -> Callable[[list[str]], None]:
        group = LOG_GROUP.format(endpoint=endpoint)
        stream = f"{variant}/i-{int(time.time() * 1000):016x}"
        return lambda lines: self._logs.append(group, stream, lines)
