"""A SageMaker endpoint on 127.0.0.1: enough of the service for a step that looks one up and asks it.

What it answers to an invocation is a function of the request's body, so that a test decides: an answer, a
throttle, a fault, garbage, or a pause.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL_DATA = "s3://bucket/model/output/model.tar.gz"


@dataclass(frozen=True)
class Reply:
    """An HTTP answer to an invocation, after `seconds`."""

    status: int = 200
    body: Any = None
    error: str | None = None
    seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)


def says(text: str, *, seconds: float = 0.0) -> Reply:
    """The reply of a text generation container."""
    return Reply(body=[{"generated_text": text}], seconds=seconds)


def throttles() -> Reply:
    """The service's reply to too many requests."""
    return Reply(400, {"message": "Rate exceeded"}, "ThrottlingException")


def fails(status: int = 500) -> Reply:
    """The service's reply where the model's container failed."""
    body = {"Message": "worker died", "OriginalStatusCode": status, "OriginalMessage": "worker died"}
    return Reply(424, body, "ModelError")


Respond = Callable[[dict[str, Any]], Reply]


@dataclass
class FakeEndpoint:
    """A running endpoint; `asked` are the bodies it got, `most_at_once` how many it saw at a time."""

    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    most_at_once: int = 0
    environment: dict[str, str] = field(default_factory=dict)


@contextmanager
def endpoint(
    respond: Respond, *, status: str = "InService", model_data: str = MODEL_DATA
) -> Iterator[FakeEndpoint]:
    """Serves until the block ends."""
    fake = FakeEndpoint("")
    server = _Server(("127.0.0.1", 0), _Handler)
    server.fake, server.respond, server.status, server.model_data = fake, respond, status, model_data
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    fake.environment = {
        "AWS_ENDPOINT_URL": fake.url,
        "AWS_ACCESS_KEY_ID": "fake",
        "AWS_SECRET_ACCESS_KEY": "fake",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    fake: FakeEndpoint
    respond: Respond
    status: str
    model_data: str

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.lock, self.under_way = threading.Lock(), 0

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.endswith("/invocations"):
            self._invoke(json.loads(body))
        else:
            self._look_up(self.headers.get("X-Amz-Target", "").rpartition(".")[2])

    def _invoke(self, body: dict[str, Any]) -> None:
        server = self.server
        with server.lock:
            server.fake.asked.append(body)
            server.under_way += 1
            server.fake.most_at_once = max(server.fake.most_at_once, server.under_way)
        try:
            reply = server.respond(body)
            time.sleep(reply.seconds)
        finally:
            with server.lock:
                server.under_way -= 1
        headers = {"x-amzn-ErrorType": reply.error} if reply.error else {}
        content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self._send(reply.status, content, {**headers, **reply.headers})

    def _look_up(self, operation: str) -> None:
        answers: dict[str, dict[str, Any]] = {
            "DescribeEndpoint": {
                "EndpointName": "e",
                "EndpointStatus": self.server.status,
                "EndpointConfigName": "c",
            },
            "DescribeEndpointConfig": {
                "EndpointConfigName": "c",
                "ProductionVariants": [{"VariantName": "v", "ModelName": "m"}],
            },
            "DescribeModel": {"ModelName": "m", "PrimaryContainer": {"ModelDataUrl": self.server.model_data}},
        }
        if operation in answers:
            self._send(200, json.dumps(answers[operation]).encode(), {})
        else:
            text = json.dumps({"__type": "UnknownOperation", "message": operation}).encode()
            self._send(400, text, {})

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: a step's log is what tests read."""
