"""The HTTP server: one thread per connection, raw paths kept, no log line per request."""

from __future__ import annotations

import socket
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

from local.gateway import Gateway


class RequestHandler(MotoRequestHandler):  # type: ignore[misc]
    """werkzeug's handler (with moto's care for header names) that writes no access log."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Requests are not logged; failures are, by the gateway."""


class Server(ThreadedWSGIServer):  # type: ignore[misc]
    daemon_threads = True
    request_queue_size = 128


def make_server(listener: socket.socket, gateway: Gateway) -> Server:
    host, port = listener.getsockname()[:2]
    return Server(host, port, gateway, RequestHandler, fd=listener.fileno())
