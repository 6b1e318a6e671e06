"""A model server's process: started once, asked, started again, ended; or why it does not come up."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from local.hosting.server import ModelServer, ServerError, ServingKit, Spec, UnreachableServerError
from tests.unit.local.models.fakes import ROLE, FakeLogs, FakeObjects, Processes, ScriptEnvironments

STUB = """
import json, os, pathlib, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Stub(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body == b"die":
            os._exit(1)
        known = self.headers["X-Model-Server-Token"] == os.environ["MODEL_SERVER_TOKEN"]
        self.send_response(200 if known else 403)
        self.end_headers()
        self.wfile.write(body + os.environ.get("OWN", "").encode())

folder = pathlib.Path(sys.argv[1])
with (folder / "starts").open("a") as file:
    file.write("x")
server = HTTPServer(("127.0.0.1", 0), Stub)
(folder / "ready.tmp").write_text(json.dumps({"port": server.server_address[1]}))
(folder / "ready.tmp").replace(folder / "ready.json")
print("serving", flush=True)
server.serve_forever()
"""


class Bench:
    def __init__(self, folder: Path, script: str, *, startup_seconds: int = 20, **container: Any) -> None:
        self.logs = FakeLogs()
        environments = ScriptEnvironments(folder, script)
        objects = FakeObjects(folder, **{"model.tar.gz": "archive"})
        kit = ServingKit(objects, Processes(), environments, folder / "requirements.txt")
        spec = Spec({"ModelDataUrl": "s3://bucket/model.tar.gz", **container}, ROLE, startup_seconds)
        self.folder = folder / "server"
        self.server = ModelServer(spec, self.folder, kit, lambda lines: self.logs.append("g", "s", lines))

    def starts(self) -> int:
        return len((self.folder / "starts").read_text(encoding="utf-8"))


@pytest.fixture
def stub(tmp_path: Path) -> str:
    (tmp_path / "stub.py").write_text(STUB, encoding="utf-8")
    return f'exec "{sys.executable}" "{tmp_path / "stub.py"}" "$3"'


def test_a_server_is_started_once_and_answers_its_own_stand_in(tmp_path: Path, stub: str) -> None:
    """Many first callers, one process; the container's variables are there; the model's archive too."""
    bench = Bench(tmp_path, stub, Environment={"OWN": "!", "MODEL_SERVER_TOKEN": "stolen"})
    callers = [threading.Thread(target=bench.server.ensure) for _ in range(5)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert bench.server.invoke(b"hello", {})[:2] == (200, b"hello!")
    assert bench.starts() == 1
    assert (bench.folder / "model.tar.gz").read_text(encoding="utf-8") == "archive"
    bench.server.close()
    assert not bench.folder.exists()
    with pytest.raises(ServerError, match="the endpoint is being deleted"):
        bench.server.ensure()


def test_a_server_that_died_is_noticed_and_started_again(tmp_path: Path, stub: str) -> None:
    """From the model it has, not from S3."""
    bench = Bench(tmp_path, stub)
    bench.server.ensure()
    with pytest.raises(UnreachableServerError, match=r"closed connection|reset by peer"):
        bench.server.invoke(b"die", {})
    bench.server.ensure()
    assert bench.server.invoke(b"hello", {})[1] == b"hello"
    assert bench.starts() == 2
    bench.server.close()


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ('echo \'{"reason": "no config.json"}\' > "$3/failed.json"; exit 1', "no config.json"),
        ("echo ImportError; exit 3", "AlgorithmError: ImportError, exit code: 3"),
        ("exec sleep 60", "the container gave no sign of life for 1 seconds"),
    ],
)
def test_what_keeps_a_server_from_coming_up_is_said(tmp_path: Path, script: str, reason: str) -> None:
    """Its own words, its last line, or that there were none; no process is left."""
    bench = Bench(tmp_path, script, startup_seconds=20 if "sleep" not in script else 1)
    with pytest.raises(ServerError, match=reason):
        bench.server.ensure()
    bench.server.close()


@pytest.mark.parametrize(
    ("container", "reason"),
    [
        (
            {"ModelDataUrl": "s3://bucket/none.tar.gz"},
            "Failed to download model data .* s3://bucket/none.tar.gz",
        ),
        ({"ModelDataUrl": None}, "no model data, and the stand-in runs no images"),
    ],
)
def test_a_model_that_is_not_there_is_named(tmp_path: Path, container: dict[str, Any], reason: str) -> None:
    """Before any process starts."""
    bench = Bench(tmp_path, "exit 0", **container)
    with pytest.raises(ServerError, match=reason):
        bench.server.ensure()
