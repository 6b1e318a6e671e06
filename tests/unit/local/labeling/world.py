"""A machine for labeling jobs: objects in memory, functions by hand, answers in a folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from local.api import ApiError
from local.labeling import jobs, teams
from local.labeling.jobs import ENDED, Around, LabelingJobs
from local.labeling.teams import Teams
from local.objects import Objects
from local.resources import Place, Resources
from tests.unit.local.engine.fakes import FakeDocuments

ROLE = "arn:aws:iam::123456789012:role/test-labeling"
TEAM = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/listeners"
PLACE = Place("123456789012", "us-east-1")
LINES = [{"source-ref": f"s3://media/call-{number}.wav", "call-id": f"call-{number}"} for number in range(4)]


class FakeObjects:
    """S3 in memory; every access is noted as (action, uri)."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.accesses: list[tuple[str, str]] = []

    def read(self, uri: str) -> bytes:
        self.accesses.append(("s3:GetObject", uri))
        if uri not in self.held:
            raise ApiError("NoSuchKey", f"The specified key does not exist: {uri!r}", 404)
        return self.held[uri]

    def write(self, uri: str, body: bytes) -> None:
        self.accesses.append(("s3:PutObject", uri))
        self.held[uri] = body

    def exists(self, uri: str) -> bool:
        return uri in self.held

    def list(self, uri: str) -> list[tuple[str, int]]:
        if not uri.startswith("s3://bucket/"):
            raise ApiError("NoSuchBucket", "The specified bucket does not exist", 404)
        return []


@dataclass(frozen=True)
class Returned:
    """What a function returned, or that it failed."""

    value: Any
    error: str | None = None

    def document(self) -> Any:
        return self.value


def nothing(arn: str, event: Any) -> Returned:
    return Returned(None, "Unhandled")


@dataclass
class World:
    """Jobs and teams; `invoke` is what functions do."""

    folder: Path | None
    invoke: Callable[[str, Any], Returned] = nothing
    objects: FakeObjects = field(default_factory=FakeObjects)
    documents: FakeDocuments = field(default_factory=FakeDocuments)
    seconds_per_object: float = 0.0

    def __post_init__(self) -> None:
        self.teams = Teams(self._resources("workteam", teams), self._resources("workforce", teams))
        self.jobs = self.restarted()
        cognito = {"UserPool": "us-east-1_a", "ClientId": "c"}
        self.teams.create_workforce({"WorkforceName": "default", "CognitoConfig": cognito})
        self.teams.create({"WorkteamName": "listeners", "Description": "d", "MemberDefinitions": []})
        self.put(LINES)
        self.objects.held["s3://bucket/page.html"] = b"<crowd-form></crowd-form>"

    def restarted(self) -> LabelingJobs:
        """The jobs of a machine that starts with what is written down."""
        around = Around(
            objects=cast("Objects", self.objects),
            invoke=self._call,
            answers=self.folder,
            seconds_per_object=self.seconds_per_object,
            check_role=lambda role: None,
            team_exists=self.teams.exists,
            function_exists=lambda arn: "missing" not in arn,
        )
        self.jobs = LabelingJobs(self._resources("labeling-job", jobs), around)
        return self.jobs

    def _call(self, arn: str, event: Any) -> Returned:
        return self.invoke(arn, event)

    def put(self, lines: list[dict[str, Any]] | bytes) -> None:
        """The input manifest."""
        body = (
            lines if isinstance(lines, bytes) else "".join(json.dumps(each) + "\n" for each in lines).encode()
        )
        self.objects.held["s3://bucket/in.manifest"] = body

    def create(self, name: str = "calls-1", **task: Any) -> str:
        return self.jobs.create(request(name, **task))

    def ended(self, name: str = "calls-1") -> dict[str, Any]:
        """The job when it is over."""
        return self.when(name, lambda job: job["status"] in ENDED)

    def when(self, name: str, wanted: Callable[[Mapping[str, Any]], bool]) -> dict[str, Any]:
        """The job once it is as wanted."""
        end = time.monotonic() + 10
        while not wanted(job := self.jobs.resources.get(name)):
            assert time.monotonic() < end, job
            time.sleep(0.005)
        return job

    def output(self, name: str = "calls-1") -> list[dict[str, Any]]:
        """The lines of the output manifest."""
        uri = jobs.output_of(self.jobs.resources.get(name))
        assert uri is not None
        return [json.loads(line) for line in self.objects.held[uri["OutputDatasetS3Uri"]].splitlines()]

    def _resources(self, kind: str, module: Any) -> Resources:
        return Resources(kind, self.documents, PLACE, missing=module.missing, taken=module.taken)


def request(name: str = "calls-1", **task: Any) -> dict[str, Any]:
    """CreateLabelingJob's request; `task` replaces members of HumanTaskConfig."""
    return {
        "LabelingJobName": name,
        "LabelAttributeName": "labels",
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://bucket/in.manifest"}}},
        "OutputConfig": {"S3OutputPath": "s3://bucket/test/labeling/jobs/"},
        "RoleArn": ROLE,
        "HumanTaskConfig": {
            "WorkteamArn": TEAM,
            "UiConfig": {"UiTemplateS3Uri": "s3://bucket/page.html"},
            "TaskTitle": "t",
            "TaskDescription": "d",
            "NumberOfHumanWorkersPerDataObject": 2,
            "TaskTimeLimitInSeconds": 3600,
            **task,
        },
    }


def answer(worker: str) -> dict[str, Any]:
    """One worker's answer."""
    segment = {"id": "A", "start": 0.0, "end": 1.0, "text": "ü 电", "emotion": ""}
    return {"workerId": worker, "answerContent": {"annotations": {"streams": {"speaker": [segment]}}}}


def answered(folder: Path, *names: str, workers: str = "abc") -> Path:
    """A folder with a file of answers for each object."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        text = json.dumps({"answers": [answer(worker) for worker in workers]}, ensure_ascii=False)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return folder
