"""Whatever the user's shell holds, the stand-in and its children neither see it nor leave the machine."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import ClientError

from local import client as stand_in_client
from tests.functional.bundles import invoke, make_function
from tests.functional.conftest import RunningStandIn, client_of, project_in

pytestmark = pytest.mark.functional

SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIAREALLOOKING00001",
    "AWS_SECRET_ACCESS_KEY": "real/looking/secret/of/the/users/shell+01",
    "AWS_SESSION_TOKEN": "real-looking-session-token",
    "AWS_PROFILE": "production",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/real-looking-token",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/real-looking",
    "HF_TOKEN": "hf_reallookingtoken",
    "GITHUB_TOKEN": "ghp_reallookingtoken",
    "PYTHONPATH": "/somewhere/real-looking",
}

ENVIRONMENT = "import os\ndef handle(event, context): return dict(os.environ)"
CALLS = """
import boto3, botocore.exceptions, urllib.request
def handle(event, context):
    said = {}
    for name, call in {
        "sdk's sts": lambda: boto3.client("sts", endpoint_url="https://sts.us-east-1.amazonaws.com").get_caller_identity(),
        "metadata": lambda: urllib.request.urlopen("http://169.254.169.254/latest/meta-data/", timeout=2),
        "web": lambda: urllib.request.urlopen("https://example.com/", timeout=2),
    }.items():
        try:
            call()
            said[name] = "reached"
        except Exception as error:
            said[name] = str(error)
    return said
"""


class Listener:
    """A server on this machine that counts who connects: the proxy that nobody may use."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                self.socket.accept()[0].close()
            except OSError:
                return
            self.connections += 1


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.socket.close()


@pytest.fixture
def in_a_loaded_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listener: Listener
) -> Iterator[RunningStandIn]:
    """A stand-in started from a shell full of credentials, behind a proxy."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{listener.port}")
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "credentials").write_text("[production]\naws_access_key_id = AKIAREALLOOKING00002\n")
    monkeypatch.setenv("HOME", str(home))
    project = project_in(tmp_path / ".local")
    connection = stand_in_client.connect(project)
    for name in (*SECRETS, "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name)
    yield RunningStandIn(connection, tmp_path / ".local", project)
    stand_in_client.down(project)


def test_neither_server_nor_children_see_the_shells_secrets(in_a_loaded_shell: RunningStandIn) -> None:
    """No value of the shell's credentials is in the environment of any process of the stand-in."""
    running = in_a_loaded_shell
    make_function(running, "shows", ENVIRONMENT)
    _, environment = invoke(running, "shows")
    server = psutil.Process(json.loads((running.folder / "server.json").read_text())["pid"])
    assert len(server.children()) >= 2  # the guard and the function
    everything = [environment, *(process.environ() for process in (server, *server.children(recursive=True)))]
    for seen in everything:
        for name, value in SECRETS.items():
            assert value not in seen.values(), name
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
    assert not [name for name in environment if "proxy" in name.lower() and name != "NO_PROXY"]
    assert Path(environment["AWS_CONFIG_FILE"]).read_text() == ""
    assert environment["HF_HUB_OFFLINE"] == "1"


def test_no_connection_leaves_the_machine(in_a_loaded_shell: RunningStandIn, listener: Listener) -> None:
    """Not from a function, not from moto, not through the shell's proxy."""
    running = in_a_loaded_shell
    make_function(running, "calls", CALLS, Timeout=30)
    error, said = invoke(running, "calls")
    assert error is None
    assert "reached" not in said.values()
    assert "this machine only, not to example.com" in said["web"]
    assert "this machine only, not to 169.254.169.254" in said["metadata"]
    sns = running.client("sns")
    topic = sns.create_topic(Name="outward")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint="http://example.com/hook")
    with contextlib.suppress(ClientError):  # refused or not delivered: either way nobody was called
        sns.publish(TopicArn=topic, Message="hello")
    assert listener.connections == 0


def test_clients_of_the_command_line_ignore_the_shell(
    in_a_loaded_shell: RunningStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keys of a connection are the folder's own, whatever the shell says later."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE")
    again = stand_in_client.connect(in_a_loaded_shell.project)
    assert again == in_a_loaded_shell.connection
    assert client_of(again, "sts").get_caller_identity()["Arn"].endswith(":user/local")
