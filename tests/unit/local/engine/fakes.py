"""A machine without a server: documents in a dict, jobs and functions that do what a test says."""

from __future__ import annotations

import copy
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.api import ApiError, Call
from local.engine.book import Book
from local.engine.engine import Engine
from local.engine.operations.desk import Desk
from local.engine.operations.table import OPERATIONS
from local.engine.ports import Machine
from local.engine.records import Pipeline

ROLE = "arn:aws:iam::123456789012:role/pipeline"
Document = dict[str, Any]


class FakeDocuments:
    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], str] = {}
        self._lock = threading.RLock()

    def put(self, kind: str, key: str, document: Document) -> None:
        with self._lock:
            self.rows[kind, key] = json.dumps(document)

    def get(self, kind: str, key: str) -> Document | None:
        with self._lock:
            text = self.rows.get((kind, key))
        return None if text is None else json.loads(text)

    def delete(self, kind: str, key: str) -> bool:
        with self._lock:
            return self.rows.pop((kind, key), None) is not None

    def list(self, kind: str, prefix: str = "") -> list[tuple[str, Document]]:
        with self._lock:
            found = sorted(
                (k, t) for (own, k), t in self.rows.items() if own == kind and k.startswith(prefix)
            )
        return [(key, json.loads(text)) for key, text in found]

    def update(self, kind: str, key: str, change: Callable[[Document | None], Document]) -> Document:
        with self._lock:
            self.put(kind, key, change(self.get(kind, key)))
            return self.get(kind, key) or {}


@dataclass
class FakeEvents:
    sent: list[tuple[str, str, Document, list[str]]] = field(default_factory=list)

    def emit(self, source: str, detail_type: str, detail: Document, resources: list[str]) -> None:
        self.sent.append((source, detail_type, detail, resources))


@dataclass(frozen=True)
class FakeResult:
    value: Any
    error: str | None = None

    def document(self) -> Any:
        return self.value


@dataclass
class FakeFunctions:
    """`behaviour` is given ARN and payload and returns a FakeResult."""

    behaviour: Callable[[str, Document], FakeResult] = lambda _arn, payload: FakeResult(payload)
    invoked: list[tuple[str, Document]] = field(default_factory=list)

    def invoke(self, arn: str, payload: Document) -> FakeResult:
        self.invoked.append((arn, payload))
        return self.behaviour(arn, payload)


@dataclass
class FakeQueues:
    sent: list[tuple[str, Document]] = field(default_factory=list)

    def send(self, queue_url: str, body: str) -> None:
        self.sent.append((queue_url, json.loads(body)))


class FakeJobs:
    """Jobs that wait for `finish`, or end at once as `ending` says."""

    def __init__(self) -> None:
        self.requests: dict[str, Document] = {}
        self.stopped: list[str] = []
        self.ending: Callable[[Document], Document | None] = lambda _request: {
            "ProcessingJobStatus": "Completed"
        }
        self._ends: dict[str, Document] = {}
        self._changed = threading.Condition()
        self.most_at_once = 0

    def create(self, request: Document) -> str:
        name = request["ProcessingJobName"]
        with self._changed:
            self.requests[name] = copy.deepcopy(request)
            self.most_at_once = max(self.most_at_once, len(self.requests) - len(self._ends))
        end = self.ending(request)
        if end is not None:
            self.finish(name, end)
        return f"arn:aws:sagemaker:us-east-1:123456789012:processing-job/{name}"

    def exists(self, name: str) -> bool:
        return name in self.requests

    def stop(self, name: str) -> None:
        self.stopped.append(name)
        self.finish(name, {"ProcessingJobStatus": "Stopped"})

    def finish(self, name: str, end: Document) -> None:
        with self._changed:
            self._ends.setdefault(name, end)
            self._changed.notify_all()

    def wait(self, name: str) -> Document:
        with self._changed:
            while name not in self._ends:
                self._changed.wait()
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:processing-job/{name}"
        return {**self.requests[name], "ProcessingJobArn": arn, **self._ends[name]}

    def of_step(self, step: str) -> list[str]:
        """Names of the jobs of a step, in the order in which they were made."""
        return [name for name in self.requests if name.split("-")[2] == step]


class World:
    """An engine with fakes around it, and the operations as a client would call them."""

    def __init__(self, documents: FakeDocuments | None = None) -> None:
        self.documents = documents or FakeDocuments()
        self.events = FakeEvents()
        self.functions = FakeFunctions()
        self.queues = FakeQueues()
        self.jobs = FakeJobs()
        self.files: dict[str, bytes] = {}
        self.calls: list[tuple[str, Document]] = []
        self.answers: dict[str, Callable[[Document], Document]] = {}
        self.untrusting: set[str] = set()
        self.now = 1_800_000_000.0
        machine = Machine(
            account="123456789012",
            region="us-east-1",
            documents=self.documents,
            events=self.events,
            functions=self.functions,
            queues=self.queues,
            jobs=self.jobs,
            call=self._call,
            read=self._read,
            check_role=self._check_role,
            clock=lambda: self.now,
        )
        self.engine = Engine(machine)
        self._desk = Desk(machine, self.engine, Book(machine.documents))

    def sagemaker(self, operation: str, **parameters: Any) -> Document:
        call = Call("sagemaker", operation, parameters, "123456789012", "us-east-1", "key")
        return self._desk.handler(OPERATIONS[operation])(call) or {}

    def create(self, *steps: Document, name: str = "p", parameters: tuple[Document, ...] = ()) -> str:
        text = json.dumps(definition(*steps, parameters=parameters))
        answer = self.sagemaker("CreatePipeline", PipelineName=name, PipelineDefinition=text, RoleArn=ROLE)
        return str(answer["PipelineArn"])

    def pipeline(self, name: str) -> Pipeline:
        return Book(self.documents).get(name)

    def start(self, name: str = "p", **parameters: Any) -> str:
        answer = self.sagemaker("StartPipelineExecution", PipelineName=name, **parameters)
        return str(answer["PipelineExecutionArn"])

    def describe(self, execution: str) -> Document:
        return self.sagemaker("DescribePipelineExecution", PipelineExecutionArn=execution)

    def steps(self, execution: str) -> dict[str, Document]:
        answer = self.sagemaker(
            "ListPipelineExecutionSteps", PipelineExecutionArn=execution, SortOrder="Ascending"
        )
        return {step["StepName"]: step for step in answer["PipelineExecutionSteps"]}

    def statuses(self, execution: str) -> dict[str, str]:
        return {name: step["StepStatus"] for name, step in self.steps(execution).items()}

    def ended(self, execution: str) -> str:
        """The status in which the execution ends."""
        self.until(lambda: self.status(execution) not in ("Executing", "Stopping"))
        return self.status(execution)

    def status(self, execution: str) -> str:
        return str(self.describe(execution)["PipelineExecutionStatus"])

    def until(self, condition: Callable[[], Any], seconds: float = 5.0) -> Any:
        end = time.monotonic() + seconds
        while not (result := condition()):
            if time.monotonic() > end:
                raise AssertionError("it did not come to that in time")
            time.sleep(0.002)
        return result

    def token(self, execution: str, step: str) -> str:
        """The token of an open callback, when its message has been sent."""

        def sent() -> str | None:
            shown = self.steps(execution).get(step, {}).get("Metadata", {}).get("Callback", {})
            token: str | None = shown.get("CallbackToken")
            return token if any(body["token"] == token for _, body in self.queues.sent) else None

        return str(self.until(sent))

    def _call(self, _service: str, operation: str, parameters: Document) -> Document:
        self.calls.append((operation, parameters))
        return self.answers[operation](parameters)

    def _check_role(self, role: str) -> None:
        if role in self.untrusting:
            raise ApiError("ValidationException", f"Could not assume role {role}.")

    def _read(self, uri: str) -> bytes:
        if uri not in self.files:
            raise ApiError("NoSuchKey", "The specified key does not exist.", 404)
        return self.files[uri]


def definition(*steps: Document, parameters: tuple[Document, ...] = ()) -> Document:
    return {
        "Version": "2020-12-01",
        "Metadata": {},
        "Parameters": list(parameters),
        "PipelineExperimentConfig": None,
        "Steps": list(steps),
    }


def processing(name: str, *, after: tuple[Any, ...] = (), **more: Any) -> Document:
    """A step with one output `out`; `more` goes into the step."""
    arguments = {
        "RoleArn": ROLE,
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10}
        },
        "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["python3", "a.py"]},
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "out",
                    "S3Output": {
                        "S3Uri": f"s3://bucket/{name}",
                        "LocalPath": "/opt/ml/processing/out",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        **more.pop("arguments", {}),
    }
    return {"Name": name, "Type": "Processing", "DependsOn": list(after), "Arguments": arguments, **more}


def function(
    name: str, /, *, after: tuple[Any, ...] = (), outputs: Document | None = None, **inputs: Any
) -> Document:
    declared = [{"OutputName": n, "OutputType": kind} for n, kind in (outputs or {}).items()]
    return {
        "Name": name,
        "Type": "Lambda",
        "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:f",
        "DependsOn": list(after),
        "Arguments": inputs,
        "OutputParameters": declared,
    }


def callback(
    name: str, /, *, after: tuple[Any, ...] = (), outputs: Document | None = None, **arguments: Any
) -> Document:
    declared = [{"OutputName": n, "OutputType": kind} for n, kind in (outputs or {}).items()]
    return {
        "Name": name,
        "Type": "Callback",
        "SqsQueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/wait",
        "DependsOn": list(after),
        "Arguments": arguments,
        "OutputParameters": declared,
    }


def fail(name: str, message: Any, *, after: tuple[Any, ...] = ()) -> Document:
    return {"Name": name, "Type": "Fail", "DependsOn": list(after), "Arguments": {"ErrorMessage": message}}


def condition(
    name: str,
    *conditions: Document,
    yes: tuple[Document, ...] = (),
    no: tuple[Document, ...] = (),
    **more: Any,
) -> Document:
    arguments = {"Conditions": list(conditions), "IfSteps": list(yes), "ElseSteps": list(no)}
    return {"Name": name, "Type": "Condition", "Arguments": arguments, **more}
