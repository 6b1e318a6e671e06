"""The background process: `python -m local.server --folder .local --settings '<json>'`.

It answers on 127.0.0.1 only, says where in <folder>/server.json when it is ready, and ends on SIGTERM with
everything written down. Nothing in this process connects to anything but this machine.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import logging
import os
import signal
import socket
import sys
import threading
import warnings
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.assembly import Machine
    from local.settings import StandInSettings

_LOG = logging.getLogger("local.server")
_LOOK_AROUND_SECONDS = 5
_LARGEST_LOG = 10 * 1024 * 1024

# Read by moto when it is imported.
_MOTO_SETTINGS = {
    "MOTO_DISABLE_GLOBAL_CORS": "true",
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "S3_IGNORE_SUBDOMAIN_BUCKETNAME": "true",
    "MOTO_ENABLE_RECORDING": "",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="local.server")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--settings", required=True)
    arguments = parser.parse_args()
    folder: Path = arguments.folder.resolve()
    _log_to(folder / "logs" / "server.log")
    try:
        return serve(folder, json.loads(arguments.settings))
    except Exception:  # noqa: BLE001  (the last place that can say why there is no stand-in)
        _LOG.exception("the stand-in could not start")
        return 1


def serve(folder: Path, settings_document: dict[str, Any]) -> int:
    os.environ.update({**_MOTO_SETTINGS, "MOTO_ACCOUNT_ID": settings_document["account"]})
    from local.loopback import keep_on_this_machine
    from local.settings import StandInSettings

    keep_on_this_machine()
    settings = StandInSettings.from_json(settings_document)
    lock = _only_one(folder)
    listener = _listen(settings.port)
    port: int = listener.getsockname()[1]
    machine = _assemble(folder, settings, f"http://127.0.0.1:{port}")
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    server = _http_server(listener, machine)
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    _announce(folder, port, settings_document.get("digest"))
    machine.start()
    while not ending.wait(_LOOK_AROUND_SECONDS) and _owner_lives():
        machine.functions.retire_idle()
    _LOG.info("stopping")
    server.shutdown()
    machine.stop()
    (folder / "server.json").unlink(missing_ok=True)
    lock.close()
    return 0


def _owner_lives() -> bool:
    from psutil import pid_exists

    from local.scrubbing import LIVES_WITH

    owner = os.environ.get(LIVES_WITH)
    return owner is None or pid_exists(int(owner))


def _only_one(folder: Path) -> IO[str]:
    """Two servers on one folder would write over each other's state; the lock ends with the process."""
    lock = (folder / "server.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RuntimeError(f"another stand-in serves {folder}") from error
    return lock


def _assemble(folder: Path, settings: StandInSettings, endpoint: str) -> Machine:
    from local import credentials
    from local.assembly import assemble

    identities = credentials.load_or_create(folder)
    return assemble(settings, folder=folder, endpoint=endpoint, identities=identities)


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener


def _http_server(listener: socket.socket, machine: Machine) -> Any:
    from local.http_server import make_server

    return make_server(listener, machine.gateway)


def _announce(folder: Path, port: int, settings_digest: str | None) -> None:
    """Written last and in one move: who reads it finds a stand-in that answers."""
    import psutil

    document = {
        "pid": os.getpid(),
        "started": psutil.Process().create_time(),
        "port": port,
        "endpoint": f"http://127.0.0.1:{port}",
        "version": 1,
        "settings": settings_digest,
    }
    temporary = folder / f".server.json.{os.getpid()}"
    temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    temporary.replace(folder / "server.json")
    _LOG.info("answering on %s", document["endpoint"])


def _log_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LARGEST_LOG:
        path.replace(path.with_suffix(".old.log"))
    logging.basicConfig(
        filename=path, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    for noisy in ("werkzeug", "botocore", "boto3", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    warnings.filterwarnings(
        "ignore", message=r"Exception\("
    )  # error codes that a service's model does not list


if __name__ == "__main__":
    sys.exit(main())
