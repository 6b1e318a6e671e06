"""Lambda functions of the stand-in: the uploaded code really runs, as the service would run it."""

from __future__ import annotations

import base64
import contextlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.functional.bundles import invoke, make_function, zipped
from tests.functional.conftest import RunningStandIn

pytestmark = pytest.mark.functional

SOURCE = """
import json, os, subprocess, sys, time
CALLS = 0

def handle(event, context):
    global CALLS
    CALLS += 1
    return globals()[event.get("do", "count")](event, context)

def count(event, context):
    return {"calls": CALLS, "version": context.function_version, "arn": context.invoked_function_arn}

def fail(event, context):
    print("about to fail")
    raise ValueError("a bad value: " + event["value"])

def leave(event, context):
    os._exit(3)

def sleep(event, context):
    subprocess.Popen(["sleep", "61.25"])
    time.sleep(60)

def environment(event, context):
    return dict(os.environ)

def who(event, context):
    import boto3
    return boto3.client("sts").get_caller_identity()["Arn"]

def unserialisable(event, context):
    return {1, 2}

def imported(event, context):
    return __import__(event["module"]).__name__

def fetch(event, context):
    import urllib.request
    return urllib.request.urlopen(event["url"], timeout=5).status

def remaining(event, context):
    return context.get_remaining_time_in_millis()
"""


@pytest.fixture(scope="module")
def function(stand_in: RunningStandIn) -> str:
    make_function(stand_in, "does-it", SOURCE, Environment={"Variables": {"COLOUR": "blue"}})
    return "does-it"


def test_a_process_stays_warm(stand_in: RunningStandIn, name: str) -> None:
    """What code keeps in memory is there at the next invocation, and the next is quick."""
    make_function(stand_in, name, SOURCE)
    assert invoke(stand_in, name)[1]["calls"] == 1
    started = time.monotonic()
    assert invoke(stand_in, name)[1]["calls"] == 2
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("event", "kind", "message"),
    [
        ({"do": "fail", "value": "x"}, "ValueError", "a bad value: x"),
        ({"do": "leave"}, "Runtime.ExitError", "exit status 3"),
        ({"do": "unserialisable"}, "Runtime.MarshalError", "set is not JSON serializable"),
        ({"do": "imported", "module": "pandas"}, "ModuleNotFoundError", "No module named 'pandas'"),
        ({"do": "imported", "module": "config"}, "ModuleNotFoundError", "No module named 'config'"),
        ({"do": "fetch", "url": "http://example.com/"}, "URLError", "this machine only, not to example.com"),
        ({"do": "fetch", "url": "http://192.0.2.1/"}, "URLError", "this machine only, not to 192.0.2.1"),
    ],
)
def test_errors_are_reported_as_by_the_service(
    stand_in: RunningStandIn, function: str, event: dict[str, str], kind: str, message: str
) -> None:
    """Unhandled, with type and message, and the function goes on working."""
    error, answer = invoke(stand_in, function, event)
    assert (error, answer["errorType"]) == ("Unhandled", kind)
    assert message in answer["errorMessage"]
    assert invoke(stand_in, function)[0] is None


def test_a_time_out_ends_everything_the_function_started(stand_in: RunningStandIn, name: str) -> None:
    """The process group is gone with it."""
    import psutil

    make_function(stand_in, name, SOURCE, Timeout=1)
    error, answer = invoke(stand_in, name, {"do": "sleep"})
    assert (error, answer["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert answer["errorMessage"].endswith("Task timed out after 1.00 seconds")
    left = [
        p.info["cmdline"] for p in psutil.process_iter(["cmdline"]) if "61.25" in (p.info["cmdline"] or [])
    ]
    assert left == []


def test_the_log_reaches_cloudwatch(stand_in: RunningStandIn, function: str) -> None:
    """The tail comes with the answer, the whole in the function's log group."""
    lambdas, logs = stand_in.client("lambda"), stand_in.client("logs")
    payload = b'{"do": "fail", "value": "y"}'
    answer = lambdas.invoke(FunctionName=function, Payload=payload, LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert tail.startswith("START RequestId: ")
    assert "about to fail\n[ERROR] ValueError: a bad value: y\n" in tail
    assert "function_runner" not in tail
    events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}", filterPattern='"a bad value: y"')
    assert any("ValueError: a bad value: y" in event["message"] for event in events["events"])


def test_the_environment_is_the_functions_own(stand_in: RunningStandIn, function: str) -> None:
    """Its variables, the stand-in's address, the role's keys; nothing of the shell."""
    _, environment = invoke(stand_in, function, {"do": "environment"})
    assert environment["COLOUR"] == "blue"
    assert environment["AWS_ENDPOINT_URL"] == stand_in.connection.endpoint
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == function
    assert environment["AWS_ACCESS_KEY_ID"] != stand_in.connection.access_key
    _, arn = invoke(stand_in, function, {"do": "who"})
    assert arn == f"arn:aws:sts::{stand_in.account}:assumed-role/{function}/SageMaker"


def test_an_alias_keeps_its_version_until_it_is_moved(stand_in: RunningStandIn, name: str) -> None:
    """New code runs behind the alias only once the alias points at its version."""
    lambdas = stand_in.client("lambda")
    arn = make_function(stand_in, name, "def handle(e, c): return 'old'")
    first = lambdas.publish_version(FunctionName=name)["Version"]
    alias = lambdas.create_alias(FunctionName=name, Name="live", FunctionVersion=first)["AliasArn"]
    lambdas.update_function_code(FunctionName=name, ZipFile=zipped("def handle(e, c): return 'new'"))
    assert alias == f"{arn}:live"
    asked = {
        spelling: invoke(stand_in, spelling)[1] for spelling in (name, alias, f"{name}:live", f"{name}:1")
    }
    assert asked == {name: "new", alias: "old", f"{name}:live": "old", f"{name}:1": "old"}
    assert invoke(stand_in, name, Qualifier="live")[1] == "old"
    second = lambdas.publish_version(FunctionName=name)["Version"]
    lambdas.update_alias(FunctionName=name, Name="live", FunctionVersion=second)
    assert (second, invoke(stand_in, alias)[1]) == ("2", "new")


def test_the_context_names_the_alias_that_was_asked(stand_in: RunningStandIn, name: str) -> None:
    """invoked_function_arn carries the qualifier of the caller, function_version the version."""
    lambdas = stand_in.client("lambda")
    arn = make_function(stand_in, name, SOURCE)
    version = lambdas.publish_version(FunctionName=name)["Version"]
    lambdas.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    _, answer = invoke(stand_in, f"{name}:live")
    assert (answer["arn"], answer["version"]) == (f"{arn}:live", "1")


def test_changed_settings_take_effect_at_once(stand_in: RunningStandIn, name: str) -> None:
    """A warm process of the old configuration is not asked again."""
    make_function(stand_in, name, SOURCE, Environment={"Variables": {"COLOUR": "red"}})
    assert invoke(stand_in, name, {"do": "environment"})[1]["COLOUR"] == "red"
    settings = {"Environment": {"Variables": {"COLOUR": "green"}}, "Timeout": 20}
    stand_in.client("lambda").update_function_configuration(FunctionName=name, **settings)
    assert invoke(stand_in, name, {"do": "environment"})[1]["COLOUR"] == "green"
    assert invoke(stand_in, name, {"do": "remaining"})[1] > 10_000


def test_an_event_invocation_returns_at_once(stand_in: RunningStandIn, name: str) -> None:
    """202, and the work is done a moment later."""
    source = """
import boto3, time
def handle(event, context):
    time.sleep(0.5)
    boto3.client("s3").put_object(Bucket=event["bucket"], Key="done", Body=b"")
"""
    s3 = stand_in.client("s3")
    s3.create_bucket(Bucket=name)
    make_function(stand_in, name, source)
    payload = f'{{"bucket": "{name}"}}'
    answer = stand_in.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=payload)
    assert answer["StatusCode"] == 202
    assert s3.list_objects_v2(Bucket=name)["KeyCount"] == 0
    s3.get_waiter("object_exists").wait(Bucket=name, Key="done", WaiterConfig={"Delay": 1})


def test_many_at_once_each_get_their_own_answer(stand_in: RunningStandIn, name: str) -> None:
    """Forty invocations, eight at a time, one process each at most."""
    make_function(stand_in, name, "def handle(e, c): return e['n'] * 2")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: invoke(stand_in, name, {"n": n})[1], range(40)))
    assert answers == [n * 2 for n in range(40)]


def test_a_function_runs_while_many_clients_are_connected(stand_in: RunningStandIn, name: str) -> None:
    """More open files than select() can look at."""
    make_function(stand_in, name, "def handle(e, c): return 'here'")
    host, _, port = stand_in.connection.endpoint.removeprefix("http://").partition(":")
    with contextlib.ExitStack() as open_connections:
        for _ in range(1100):
            open_connections.enter_context(socket.create_connection((host, int(port))))
        assert invoke(stand_in, name) == (None, "here")


def test_a_log_without_end_is_cut(stand_in: RunningStandIn, name: str) -> None:
    """Ten megabytes of one invocation are kept, and the line that says so."""
    source = "def handle(e, c):\n    for _ in range(200):\n        print('x' * 100_000)"
    make_function(stand_in, name, source)
    assert invoke(stand_in, name) == (None, None)
    logs = stand_in.client("logs")
    group = f"/aws/lambda/{name}"
    (stream,) = logs.describe_log_streams(logGroupName=group)["logStreams"]
    events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    messages = [event["message"] for event in events]
    assert sum(map(len, messages)) < 11 * 1024 * 1024
    assert messages[-3] == "(the rest of the log is not kept)"
    assert messages[-1].startswith("REPORT RequestId")


@pytest.mark.parametrize(
    ("source", "handler", "kind"),
    [
        ("import nothing_of_the_kind", "handler.handle", "Runtime.ImportModuleError"),
        ("def handle(:", "handler.handle", "Runtime.UserCodeSyntaxError"),
        ("def other(e, c): pass", "handler.handle", "Runtime.HandlerNotFound"),
        ("", "nowhere.handle", "Runtime.ImportModuleError"),
    ],
)
def test_code_that_cannot_be_loaded(
    stand_in: RunningStandIn, name: str, source: str, handler: str, kind: str
) -> None:
    """The error of the service's runtime, not a failure of the stand-in."""
    make_function(stand_in, name, source, Handler=handler)
    error, answer = invoke(stand_in, name)
    assert (error, answer["errorType"]) == ("Unhandled", kind)


def test_what_cannot_run_is_refused_in_words(stand_in: RunningStandIn, function: str, name: str) -> None:
    """Bad payload, unknown function or alias, missing bundle, broken bundle, another language."""
    lambdas = stand_in.client("lambda")
    with pytest.raises(ClientError, match="InvalidRequestContentException"):
        lambdas.invoke(FunctionName=function, Payload=b"{not json")
    with pytest.raises(ClientError, match=r"ResourceNotFoundException.*Function not found.*:nobody"):
        lambdas.invoke(FunctionName="nobody")
    with pytest.raises(ClientError, match=r"ResourceNotFoundException.*does-it:nobody"):
        lambdas.invoke(FunctionName=f"{function}:nobody")
    stand_in.client("s3").create_bucket(Bucket=name)
    for code, message in (
        ({"S3Bucket": name, "S3Key": "none.zip"}, "The specified key does not exist"),
        ({"S3Bucket": f"{name}-no", "S3Key": "a"}, "The specified bucket does not exist"),
        ({"ZipFile": b"not a zip"}, "Could not unzip uploaded file"),
    ):
        with pytest.raises(ClientError, match=message):
            make_function(stand_in, f"{name}-{len(message)}", "", Code=code)
    make_function(stand_in, f"{name}-js", "", Runtime="nodejs20.x")
    with pytest.raises(ClientError, match=r"runs Python functions.*not nodejs20\.x"):
        lambdas.invoke(FunctionName=f"{name}-js")
