"""The snapshot of moto's backends: what plain pickle cannot take, one writer for many, and other versions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from moto.core.base_backend import BackendDict
from moto.sqs.models import sqs_backends

from local import moto_pickle
from local.snapshot import Snapshot, changes_nothing


@pytest.fixture(autouse=True)
def no_backends() -> Iterator[None]:
    """moto's state is the process's: none before, none after."""
    BackendDict.reset()
    yield
    BackendDict.reset()


def only_sqs(service: str) -> bool:
    return service == "sqs"


def queue(name: str) -> Any:
    return sqs_backends["123456789012"]["us-east-1"].create_queue(name)


def test_state_comes_back(tmp_path: Path) -> None:
    """With the messages in it."""
    queue("q")
    sqs_backends["123456789012"]["us-east-1"].send_message("q", "hello")
    Snapshot(tmp_path / "s", only_sqs).save()
    BackendDict.reset()
    assert Snapshot(tmp_path / "s", only_sqs).load() is True
    received = sqs_backends["123456789012"]["us-east-1"].receive_message("q", 1, 0, 30)
    assert [message.body for message in received] == ["hello"]


def test_no_file_is_no_state(tmp_path: Path) -> None:
    """The first start."""
    assert Snapshot(tmp_path / "s", only_sqs).load() is False


def test_a_state_of_another_version_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Said, and kept; a pickle fits only the code that wrote it."""
    (tmp_path / "s").write_bytes(b'{"moto": "1.0"}\n not a pickle')
    assert Snapshot(tmp_path / "s", only_sqs).load() is False
    assert "starting empty" in caplog.text
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["s.other-version"]


def test_a_failed_write_leaves_the_last_state_and_is_told(tmp_path: Path) -> None:
    """Whoever asked hears of it; the file is still the old one."""
    queue("first")
    shot = Snapshot(tmp_path / "s", only_sqs)
    shot.save()
    before = (tmp_path / "s").read_bytes()
    import os

    (tmp_path / f"s.{os.getpid()}").symlink_to("/dev/full")
    queue("second")
    with pytest.raises(OSError, match="No space left on device"):
        shot.save()
    assert (tmp_path / "s").read_bytes() == before
    shot.save()
    assert (tmp_path / "s").read_bytes() != before


def test_every_save_covers_what_came_before_it(tmp_path: Path) -> None:
    """Many threads, fewer writes, nothing missing."""
    shot = Snapshot(tmp_path / "s", only_sqs)

    def change(number: int) -> None:
        queue(f"q{number}")
        shot.save()
        BackendDictOnDisk(tmp_path / "s").check(f"q{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(40)))


class BackendDictOnDisk:
    """Reads the file as another process would, without touching this one's backends."""

    def __init__(self, path: Path) -> None:
        content = path.read_bytes().partition(b"\n")[2]
        state = moto_pickle.loads(content, lambda _name: b"")
        self._queues = {name for _, _, _, backend in state["backends"] for name in backend.queues}

    def check(self, name: str) -> None:
        assert name in self._queues


def test_large_byte_strings_are_written_once(tmp_path: Path) -> None:
    """The same object is recognised by its hash; small ones stay where they are."""
    kept: dict[str, bytes] = {}

    def keep(content: bytes) -> str:
        kept["name"] = content
        return "name"

    large = b"x" * 100_000
    blob = moto_pickle.dumps({"a": large, "b": large, "c": b"small"}, keep_apart=keep)
    assert len(blob) < 200
    assert kept == {"name": large}
    assert moto_pickle.loads(blob, kept.__getitem__) == {"a": large, "b": large, "c": b"small"}


def test_what_plain_pickle_cannot_take() -> None:
    """Locks, conditions, events, weak dictionaries, functions made in functions, private keys."""
    import weakref

    key = ec.generate_private_key(ec.SECP256R1())
    event = threading.Event()
    event.set()
    holder = weakref.WeakValueDictionary[str, Any]()

    def maker() -> Any:
        return lambda x: x + 1

    value = [threading.Lock(), threading.RLock(), threading.Condition(), event, holder, maker(), key]
    again = moto_pickle.loads(moto_pickle.dumps(value))
    lock, rlock, condition, event_again, weak, function, key_again = again
    with lock, rlock, condition:
        assert event_again.is_set()
    assert isinstance(weak, weakref.WeakValueDictionary)
    assert function(1) == 2
    assert key_again.private_numbers() == key.private_numbers()


@pytest.mark.parametrize(
    ("operation", "reads"),
    [
        ("GetObject", True),
        ("ListPipelines", True),
        ("Invoke", True),
        ("ReceiveMessage", False),
        ("PutItem", False),
    ],
)
def test_reading_operations_are_told_by_their_names(operation: str, reads: bool) -> None:
    """Receiving a message changes it."""
    assert changes_nothing(operation) is reads
