"""The model server: `python -m local.serving.main FOLDER`.

    FOLDER/model.tar.gz  ->  FOLDER/model/  ->  FOLDER/ready.json   {"port": ...}
                                            or  FOLDER/failed.json  {"reason": ...}

It answers GET /ping and POST /invocations on 127.0.0.1, as a SageMaker container does on port 8080, to whom
sends the token of the environment variable MODEL_SERVER_TOKEN, and nobody else on the machine. It runs in an
environment that has torch and transformers, and imports nothing of the platform.
"""

from __future__ import annotations

import hmac
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from local.serving.batching import Batcher
from local.serving.model import Answer, ModelFolderError, TextModel
from local.serving.requests import Generation, RequestError, parse
from local.serving.unpack import ArchiveError, unpack

LARGEST_BODY = 6 * 1024 * 1024  # InvokeEndpoint takes no more
TOKEN_HEADER = "X-Model-Server-Token"  # noqa: S105 - the header's name


def answerer(model: TextModel) -> Callable[[bytes], list[dict[str, Any]]]:
    """Bytes of a request in, the answer's document out; prompts of concurrent requests share batches."""
    batcher: Batcher[Sequence[int], Generation, Answer] = Batcher(model.answer)

    def answer(body: bytes) -> list[dict[str, Any]]:
        try:
            request = parse(json.loads(body))
        except ValueError as error:
            raise RequestError(f"the body is not JSON: {error}") from error
        encoded = [model.encode(prompt, request.generation) for prompt in request.prompts]
        waiting = [batcher.submit(tokens, request.generation) for tokens in encoded]
        return [
            one.result().document(prompt, request.generation)
            for prompt, one in zip(request.prompts, waiting, strict=True)
        ]

    return answer


class Handler(BaseHTTPRequestHandler):
    """One connection of the stand-in; kept open between requests."""

    protocol_version = "HTTP/1.1"
    answer: Callable[[bytes], list[dict[str, Any]]]
    token: str

    def do_GET(self) -> None:
        self._send(200 if self.path == "/ping" else 404, {})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            self._send(413, {"error": "the body is larger than 6 MB", "error_type": "validation"})
            return
        body = self.rfile.read(length)
        if not hmac.compare_digest(self.headers.get(TOKEN_HEADER, ""), self.token):
            self._send(403, {"error": "not the stand-in", "error_type": "validation"})
            return
        if self.path != "/invocations":
            self._send(404, {"error": f"no such path: {self.path}", "error_type": "validation"})
            return
        try:
            self._send(200, type(self).answer(body))
        except RequestError as error:
            self._send(400, {"error": str(error), "error_type": "validation"})
        except Exception as error:  # noqa: BLE001 - the outermost edge: the client gets the container's 500
            self._send(500, {"error": f"{type(error).__name__}: {error}", "error_type": "generation"})

    def _send(self, status: int, document: Any) -> None:
        body = json.dumps(document, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """No line a request: the log is for what goes wrong."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def _announce(file: Path, document: dict[str, Any]) -> None:
    temporary = file.with_suffix(".tmp")
    temporary.write_text(json.dumps(document), encoding="utf-8")
    temporary.replace(file)


def main(folder: Path) -> int:
    """Serves until it is killed; 1 where there is nothing to serve."""
    try:
        model_folder = folder / "model"
        if not model_folder.is_dir():
            _unpack_whole(folder / "model.tar.gz", model_folder)
        model = TextModel(model_folder)
    except (ArchiveError, ModelFolderError) as error:
        print(f"failed: {error}", flush=True)
        _announce(folder / "failed.json", {"reason": str(error)})
        return 1
    handler = type("BoundHandler", (Handler,), {"answer": staticmethod(answerer(model)), "token": _token()})
    server = Server(("127.0.0.1", 0), handler)
    _announce(folder / "ready.json", {"port": server.server_address[1]})
    print(f"serving on port {server.server_address[1]}", flush=True)
    server.serve_forever()
    return 0


def _token() -> str:
    return os.environ["MODEL_SERVER_TOKEN"]


def _unpack_whole(archive: Path, target: Path) -> None:
    """The folder has its name only when everything is in it, whenever the process is killed."""
    partial = target.with_name("model.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    unpack(archive, partial)
    partial.replace(target)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
