"""What processes of the stand-in inherit, and where they may connect."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from local.children import Children
from local.guard import VARIABLE
from local.scrubbing import for_children, for_the_server, with_proxies

LOCAL = Path(__file__).parents[4] / "local"
SHELL = {
    "PATH": "/bin",
    "LANG": "C.UTF-8",
    "HOME": "/home/me",
    "AWS_ACCESS_KEY_ID": "AKIAREALLOOKING00001",
    "AWS_PROFILE": "production",
    "https_proxy": "http://proxy:3128",
    "HF_TOKEN": "hf_real",
    "PIP_INDEX_URL": "https://index.example/simple",
    "PYTHONPATH": "/somewhere",
    "MOTO_ENABLE_RECORDING": "1",
}


def test_children_inherit_only_what_the_machine_needs() -> None:
    """No account, no token, no proxy, no other Python's packages."""
    assert for_children(SHELL) == {"PATH": "/bin", "LANG": "C.UTF-8"}


def test_the_server_keeps_what_installs_packages() -> None:
    """pip's settings as they are, proxies under a name that nothing else uses, AWS settings as nothing."""
    kept = for_the_server(SHELL)
    assert kept["PIP_INDEX_URL"] == SHELL["PIP_INDEX_URL"]
    assert not {"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "https_proxy", "HF_TOKEN", "PYTHONPATH"} & set(kept)
    assert kept["AWS_CONFIG_FILE"] == "/dev/null"
    assert with_proxies(["pip", "install"], kept) == [
        "env",
        "https_proxy=http://proxy:3128",
        "pip",
        "install",
    ]
    assert with_proxies(["pip"], {}) == ["pip"]


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("socket.create_connection(('127.0.0.1', 9), 1)", True),
        ("socket.create_connection(('localhost', 9), 1)", True),
        ("socket.create_connection(('192.0.2.1', 9), 1)", False),
        ("socket.create_connection(('example.com', 9), 1)", False),
        ("socket.getaddrinfo('sts.us-east-1.amazonaws.com', 443)", False),
        ("socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))", False),
        ("socket.socket(socket.AF_INET6).connect(('2001:db8::1', 9))", False),
    ],
)
def test_a_process_stays_on_its_machine(statement: str, allowed: bool) -> None:
    """Connections and look-ups that lead elsewhere are refused; the loopback is reached."""
    program = f"""
import socket, sys
sys.path.insert(0, {str(LOCAL)!r})
import loopback
loopback.keep_on_this_machine()
try:
    {statement}
except PermissionError as error:
    assert "this machine only" in str(error)
    print("refused")
except OSError:
    print("allowed")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ("allowed" if allowed else "refused")


def test_the_guard_kills_what_is_left(tmp_path: Path) -> None:
    """When its input ends: groups that were announced and not taken back, and whatever has its mark."""
    guard = subprocess.Popen(
        [sys.executable, "-I", str(LOCAL / "guard.py"), "mine."], stdin=subprocess.PIPE, text=True
    )
    marked, others = (
        subprocess.Popen(["sleep", "60"], start_new_session=True, env={VARIABLE: mark})
        for mark in ("mine.1.", "another.1.")
    )
    left, ended = (subprocess.Popen(["sleep", "60"], start_new_session=True) for _ in range(2))
    assert guard.stdin is not None
    guard.stdin.write(f"+{left.pid}\n+{ended.pid}\n-{ended.pid}\n")
    guard.stdin.close()
    guard.wait(10)
    assert left.wait(10) == -9
    assert marked.wait(10) == -9
    for process in (ended, others):
        assert psutil.Process(process.pid).is_running()
        process.kill()
        process.wait(10)


def test_a_daemon_ends_with_the_child_that_started_it(tmp_path: Path) -> None:
    """It has a session of its own, and its parent is gone: what a container would end with."""
    children = Children(folder=tmp_path, endpoint="", region="", identities=cast(Any, None))
    program = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        os.close(1)
        time.sleep(60)
    os._exit(0)
os.wait()
"""
    child = children.spawn(
        [sys.executable, "-c", program], environment={}, folder=tmp_path, stdout=subprocess.PIPE
    )
    output, _ = child.communicate()
    daemon = psutil.Process(int(output))
    assert daemon.is_running()
    children.ended(child)
    assert psutil.wait_procs([daemon], timeout=10)[1] == []
    children.kill_all()
