"""Queues that trigger functions, events that reach them, and what happens when they fail."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from tests.functional.bundles import make_function
from tests.functional.conftest import RunningStandIn

pytestmark = pytest.mark.functional

# Writes an object per record, named by the message's id and its receive count; fails as the message asks.
CONSUMER = """
import boto3, json, time
s3 = boto3.client("s3")

def handle(event, context):
    failed = []
    for record in event.get("Records", []):
        message = json.loads(record["body"])
        count = int(record["attributes"]["ApproximateReceiveCount"])
        seen = {"time": time.time(), "batch": len(event["Records"]), "arn": context.invoked_function_arn,
                "attributes": record["messageAttributes"]}
        s3.put_object(Bucket=message["bucket"], Key=f"{message['id']}/{count}", Body=json.dumps(seen))
        if message.get("fails", 0) >= count:
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
"""


class Mapped:
    """A queue with a dead-letter queue, mapped to the alias of a function that writes into a bucket."""

    def __init__(
        self, stand_in: RunningStandIn, name: str, *, visibility: int = 2, receives: int = 2
    ) -> None:
        self.stand_in = stand_in
        self.name = name
        self.sqs, self.s3 = stand_in.client("sqs"), stand_in.client("s3")
        self.s3.create_bucket(Bucket=name)
        self.dead = self.sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        redrive = {"deadLetterTargetArn": self.arn(f"{name}-dead"), "maxReceiveCount": receives}
        attributes = {"VisibilityTimeout": str(visibility), "RedrivePolicy": json.dumps(redrive)}
        self.queue = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        make_function(stand_in, name, CONSUMER, Timeout=2)
        lambdas = stand_in.client("lambda")
        version = lambdas.publish_version(FunctionName=name)["Version"]
        lambdas.create_alias(FunctionName=name, Name="live", FunctionVersion=version)

    def map(self, **settings: Any) -> str:
        answer = self.stand_in.client("lambda").create_event_source_mapping(
            EventSourceArn=self.arn(self.name), FunctionName=f"{self.name}:live", **settings
        )
        return str(answer["UUID"])

    def arn(self, queue: str) -> str:
        return f"arn:aws:sqs:{self.stand_in.region}:{self.stand_in.account}:{queue}"

    def send(self, id: str, *, delay: int = 0, **more: Any) -> None:
        body = json.dumps({"bucket": self.name, "id": id, **more})
        attribute = {"colour": {"DataType": "String", "StringValue": "blue"}}
        self.sqs.send_message(
            QueueUrl=self.queue, MessageBody=body, DelaySeconds=delay, MessageAttributes=attribute
        )

    def seen(self) -> dict[str, Any]:
        listed = self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])
        return {
            entry["Key"]: json.loads(self.s3.get_object(Bucket=self.name, Key=entry["Key"])["Body"].read())
            for entry in listed
        }

    def left(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        names.append("ApproximateNumberOfMessagesDelayed")
        got = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
        return sum(int(value) for value in got.values())


def eventually(check: Callable[[], Any], seconds: float = 20) -> Any:
    """The first true answer of the check; fails after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = check()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError("did not happen in time")


def test_a_message_reaches_the_function_behind_the_alias(stand_in: RunningStandIn, name: str) -> None:
    """With its attributes, at once, and is gone afterwards."""
    mapped = Mapped(stand_in, name)
    mapped.map()
    sent = time.time()
    mapped.send("m")
    seen = eventually(mapped.seen)["m/1"]
    assert seen["time"] - sent < 5
    assert seen["arn"].endswith(f":function:{name}:live")
    assert seen["attributes"]["colour"]["stringValue"] == "blue"
    eventually(lambda: mapped.left() == 0)


def test_delays_failures_and_the_dead_letter_queue(stand_in: RunningStandIn, name: str) -> None:
    """A delay is kept, a failed record comes back after its time, the hopeless one is set aside."""
    mapped = Mapped(stand_in, name)
    mapped.map(BatchSize=5, FunctionResponseTypes=["ReportBatchItemFailures"])
    sent = time.time()
    mapped.send("late", delay=2)
    mapped.send("fine")
    mapped.send("flaky", fails=1)
    mapped.send("hopeless", fails=9)
    message = eventually(lambda: mapped.sqs.receive_message(QueueUrl=mapped.dead).get("Messages"))[0]
    assert json.loads(message["Body"])["id"] == "hopeless"
    seen = mapped.seen()
    assert set(seen) == {"late/1", "fine/1", "flaky/1", "flaky/2", "hopeless/1", "hopeless/2"}
    assert seen["late/1"]["time"] - sent >= 2
    assert seen["flaky/2"]["time"] - sent >= 2
    assert mapped.left() == 0


def test_a_batch_waits_for_its_window(stand_in: RunningStandIn, name: str) -> None:
    """With a window, messages that arrive within it come as one batch."""
    mapped = Mapped(stand_in, name, visibility=30)
    mapped.map(BatchSize=10, MaximumBatchingWindowInSeconds=1)
    for number in range(4):
        mapped.send(f"m{number}")
    eventually(lambda: len(mapped.seen()) == 4)
    assert {entry["batch"] for entry in mapped.seen().values()} == {4}


def test_a_disabled_mapping_leaves_messages_alone(stand_in: RunningStandIn, name: str) -> None:
    """Until it is enabled again."""
    mapped = Mapped(stand_in, name)
    uuid = mapped.map(Enabled=False)
    mapped.send("m")
    time.sleep(0.5)
    assert (mapped.left(), mapped.seen()) == (1, {})
    stand_in.client("lambda").update_event_source_mapping(UUID=uuid, Enabled=True)
    eventually(mapped.seen)


def test_a_filter_drops_what_it_does_not_want(stand_in: RunningStandIn, name: str) -> None:
    """FilterCriteria on the body of messages."""
    mapped = Mapped(stand_in, name)
    mapped.map(FilterCriteria={"Filters": [{"Pattern": '{"body": {"id": [{"prefix": "yes"}]}}'}]})
    mapped.send("no")
    mapped.send("yes")
    eventually(lambda: mapped.left() == 0)
    assert set(mapped.seen()) == {"yes/1"}


def test_a_visibility_timeout_below_the_functions_is_refused(stand_in: RunningStandIn, name: str) -> None:
    """As by the service: the message would come back while it is still being worked on."""
    mapped = Mapped(stand_in, name, visibility=1)
    with pytest.raises(
        ClientError, match="Queue visibility timeout: 1 seconds is less than Function timeout: 2"
    ):
        mapped.map()


def test_no_message_is_lost_or_doubled_among_many_clients(stand_in: RunningStandIn, name: str) -> None:
    """Senders, receivers and deleters at once on one queue."""
    sqs = stand_in.client("sqs")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]

    def send(number: int) -> None:
        sqs.send_message(QueueUrl=queue, MessageBody=str(number))

    def receive(_number: int) -> list[int]:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=3, WaitTimeSeconds=1).get(
            "Messages", []
        )
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [int(message["Body"]) for message in messages]

    with ThreadPoolExecutor(8) as pool:
        sending = [pool.submit(send, number) for number in range(60)]
        received = [number for batch in pool.map(receive, range(30)) for number in batch]
        for future in sending:
            future.result()
    while batch := receive(0):
        received += batch
    assert sorted(received) == list(range(60))


def test_long_polling_waits_and_wakes(stand_in: RunningStandIn, name: str) -> None:
    """A waiting receive returns as soon as something is sent."""
    sqs = stand_in.client("sqs")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sqs.receive_message, QueueUrl=queue, WaitTimeSeconds=10)
        time.sleep(0.5)
        sent = time.monotonic()
        sqs.send_message(QueueUrl=queue, MessageBody="x")
        assert waiting.result()["Messages"][0]["Body"] == "x"
    assert time.monotonic() - sent < 2


def test_events_reach_functions_and_queues_of_rules_that_match(stand_in: RunningStandIn, name: str) -> None:
    """Pattern, path, template, constant; nothing from rules that do not match, are disabled or scheduled."""
    sqs, events = stand_in.client("sqs"), stand_in.client("events")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:{stand_in.region}:{stand_in.account}:{name}"
    pattern = json.dumps({"source": [name], "detail": {"status": ["Failed", "Stopped"]}})
    events.put_rule(Name=name, EventPattern=pattern)
    template = {"InputPathsMap": {"status": "$.detail.status"}, "InputTemplate": '{"ended": "<status>"}'}
    targets = [
        {"Id": "whole", "Arn": arn},
        {"Id": "part", "Arn": arn, "InputPath": "$.detail"},
        {"Id": "constant", "Arn": arn, "Input": '"always this"'},
        {"Id": "template", "Arn": arn, "InputTransformer": template},
    ]
    events.put_targets(Rule=name, Targets=targets)
    for other, settings in (
        ("disabled", {"EventPattern": pattern, "State": "DISABLED"}),
        ("scheduled", {"ScheduleExpression": "rate(1 day)"}),
        ("elsewhere", {"EventPattern": '{"source": ["elsewhere"]}'}),
    ):
        events.put_rule(Name=f"{name}-{other}", **settings)
        events.put_targets(Rule=f"{name}-{other}", Targets=[{"Id": "x", "Arn": arn, "Input": f'"{other}"'}])
    entry = {"Source": name, "DetailType": "Something ended"}
    for status in ("Failed", "Succeeded"):
        events.put_events(Entries=[{**entry, "Detail": json.dumps({"status": status})}])
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    bodies = [json.loads(message["Body"]) for message in messages]
    whole = next(body for body in bodies if isinstance(body, dict) and "detail-type" in body)
    assert (whole["detail"], whole["detail-type"], whole["source"]) == (
        {"status": "Failed"},
        "Something ended",
        name,
    )
    assert sorted(json.dumps(body) for body in bodies if body != whole) == [
        '"always this"',
        '{"ended": "Failed"}',
        '{"status": "Failed"}',
    ]
    assert stand_in.client("sqs").receive_message(QueueUrl=queue).get("Messages") is None


def test_an_idle_stand_in_uses_no_processor_time(
    own_stand_in: Callable[[], RunningStandIn], name: str
) -> None:
    """Consumers, schedules and warm processes wait; none of them polls."""
    running = own_stand_in()
    mapped = Mapped(running, name)
    mapped.map()
    running.client("events").put_rule(Name=name, ScheduleExpression="rate(1 hour)")
    mapped.send("m")
    eventually(lambda: mapped.seen() and mapped.left() == 0)
    server = psutil.Process(json.loads((running.folder / "server.json").read_text())["pid"])
    time.sleep(1)
    before = server.cpu_times()
    time.sleep(3)
    after = server.cpu_times()
    assert (after.user + after.system) - (before.user + before.system) < 0.1


def test_objects_and_topics_call_functions_without_waiting(stand_in: RunningStandIn, name: str) -> None:
    """A bucket's notification reads the very object that caused it; a topic's message arrives."""
    source = """
import boto3, json
def handle(event, context):
    record = event["Records"][0]
    s3 = boto3.client("s3")
    if "s3" in record:
        place = {"Bucket": record["s3"]["bucket"]["name"], "Key": record["s3"]["object"]["key"]}
        body = s3.get_object(**place)["Body"].read()
        s3.put_object(Bucket=place["Bucket"], Key="seen/object", Body=body)
    else:
        message = json.loads(record["Sns"]["Message"])
        s3.put_object(Bucket=message["bucket"], Key="seen/message", Body=b"")
"""
    s3, sns = stand_in.client("s3"), stand_in.client("sns")
    s3.create_bucket(Bucket=name)
    arn = make_function(stand_in, name, source)
    rule = {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}
    notification = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": rule}}
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"LambdaFunctionConfigurations": [notification]}
    )
    s3.put_object(Bucket=name, Key="in/object", Body=b"hello")
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Message=json.dumps({"bucket": name}))
    eventually(lambda: s3.list_objects_v2(Bucket=name, Prefix="seen/")["KeyCount"] == 2)
    assert s3.get_object(Bucket=name, Key="seen/object")["Body"].read() == b"hello"
