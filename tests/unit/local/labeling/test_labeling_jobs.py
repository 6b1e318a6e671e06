"""Labeling jobs of the stand-in leave what Ground Truth leaves, and end as its jobs end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.api import ApiError
from local.labeling.answers import AnswerFolder
from local.labeling.jobs import description, summary
from tests.unit.infra.template import statements
from tests.unit.local.labeling.world import LINES, Returned, World, answer, answered, request

ROOT = "s3://bucket/test/labeling/jobs/calls-1"


def test_a_job_without_functions_leaves_references_to_its_answers(tmp_path: Path) -> None:
    """An empty label, the metadata of custom jobs, at most the wanted workers; the unanswered as it came."""
    world = World(answered(tmp_path, "call-0", "call-2", "call-3"))
    arn = world.create()
    job = world.ended()
    assert arn == "arn:aws:sagemaker:us-east-1:123456789012:labeling-job/calls-1"
    assert (job["status"], job["counters"]["TotalLabeled"], job["counters"]["Unlabeled"]) == (
        "Completed",
        3,
        1,
    )
    lines = world.output()
    assert lines[1] == LINES[1]
    assert lines[2]["labels"] == {}
    metadata = lines[2]["labels-metadata"]
    assert (metadata["type"], metadata["human-annotated"]) == ("groundTruth/custom", "yes")
    assert metadata["worker-response-ref"].startswith(f"{ROOT}/annotations/worker-response/iteration-1/2/")
    written = json.loads(world.objects.held[metadata["worker-response-ref"]])
    assert written == {"answers": [answer("a"), answer("b")]}


def test_a_job_is_described_as_the_service_does(tmp_path: Path) -> None:
    """With its counters, its output and what it was asked."""
    world = World(answered(tmp_path, "call-0"))
    world.create()
    found = description(world.ended())
    assert found["LabelingJobOutput"] == {"OutputDatasetS3Uri": f"{ROOT}/manifests/output/output.manifest"}
    assert found["LabelCounters"]["HumanLabeled"] == 1
    assert found["HumanTaskConfig"] == request()["HumanTaskConfig"]
    listed = summary(world.ended())
    assert listed["LabelingJobStatus"] == "Completed"
    assert listed["WorkteamArn"].endswith("/listeners")


def test_nobody_answers_where_no_folder_is_named(tmp_path: Path) -> None:
    """The job waits for its workers; stopped, it keeps the lines as they came."""
    world = World(None)
    world.create()
    world.when("calls-1", lambda job: job["status"] == "InProgress")
    world.jobs.stop("calls-1")
    job = world.ended()
    assert (job["status"], job["counters"]["Unlabeled"]) == ("Stopped", 4)
    assert world.output() == LINES
    world.jobs.stop("calls-1")  # of one that has ended: nothing
    assert world.ended()["status"] == "Stopped"


def test_what_is_answered_before_a_stop_is_kept(tmp_path: Path) -> None:
    """Stopping half-way leaves an output manifest with the labels so far."""
    world = World(answered(tmp_path, *(f"call-{number}" for number in range(4))), seconds_per_object=0.05)
    world.create()
    world.when("calls-1", lambda job: job["counters"].get("TotalLabeled", 0) >= 1)
    world.jobs.stop("calls-1")
    job = world.ended()
    labeled = [line for line in world.output() if "labels" in line]
    assert job["status"] == "Stopped"
    assert 1 <= len(labeled) == job["counters"]["TotalLabeled"] <= 4


def test_a_job_outlives_its_machine(tmp_path: Path) -> None:
    """Gone through again after a restart; the answers keep their names, so nothing is there twice."""
    world = World(answered(tmp_path, *(f"call-{number}" for number in range(4))), seconds_per_object=0.05)
    world.create()
    world.when("calls-1", lambda job: job["counters"].get("TotalLabeled", 0) >= 1)
    world.jobs.close()
    world.seconds_per_object = 0.0
    world.restarted().resume()
    assert world.ended()["counters"]["TotalLabeled"] == 4
    assert sum("worker-response" in uri for uri in world.objects.held) == 4


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (b"", "the manifest is empty."),
        (b"\xff\xfe", "the manifest is not UTF-8."),
        (b'{"source": "a"}\n{"call-id": 1}\n', "line 2 has neither source-ref nor source."),
        (b"[]\n", "line 1 has neither source-ref nor source."),
        (b"{no json\n", "line 1 is no JSON object."),
        (b'{"source": "a", "$x": 1}\n', "the attribute $x of line 1 begins with a dollar sign."),
        (
            b'{"source": "a", "x": "' + b"y" * 20_001 + b'"}',
            "the attribute x of line 1 has over 20000 characters.",
        ),
        (b'{"source": "' + b"y" * 100_001 + b'"}', "line 1 has 100015 characters; 100000 is the most."),
        (None, "The specified key does not exist: 's3://bucket/in.manifest'"),
    ],
)
def test_a_manifest_that_cannot_be_taken_fails_the_job(
    manifest: bytes | None, reason: str, tmp_path: Path
) -> None:
    """With the line, after the job was created, as on the service."""
    world = World(answered(tmp_path))
    if manifest is None:
        del world.objects.held["s3://bucket/in.manifest"]
    else:
        world.put(manifest)
    world.create()
    job = world.ended()
    assert (job["status"], job["reason"]) == ("Failed", f"ClientError: {reason}")


def test_functions_stand_around_the_work(tmp_path: Path) -> None:
    """Tasks by the pre-annotation function, contents by the other; an object that one fails on is failed."""
    events: list[tuple[str, Any]] = []

    def invoke(arn: str, event: Any) -> Returned:
        events.append((arn, event))
        if arn.endswith(":pre"):
            source = event["dataObject"]["source-ref"]
            broken = Returned({"errorMessage": "no"}, "Unhandled")
            task = {"taskInput": {"x": source}, "isHumanAnnotationRequired": "true"}
            return broken if "call-3" in source else Returned(task)
        payload = json.loads(world.objects.held[event["payload"]["s3Uri"]])
        found = [
            {
                "datasetObjectId": each["datasetObjectId"],
                "consolidatedAnnotation": {"content": {"labels": {"of": len(each["annotations"])}}},
            }
            for each in payload
            if each["datasetObjectId"] != "1"  # which vanishes
        ]
        return Returned(found)

    world = World(answered(tmp_path, *(f"call-{number}" for number in range(4))), invoke=invoke)
    world.create(
        PreHumanTaskLambdaArn="arn:aws:lambda:us-east-1:123456789012:function:pre",
        AnnotationConsolidationConfig={
            "AnnotationConsolidationLambdaArn": "arn:aws:lambda:us-east-1:123456789012:function:post"
        },
    )
    job = world.ended()
    assert job["counters"]["TotalLabeled"] == 2
    assert job["counters"]["FailedNonRetryableError"] == 2
    assert [line.get("labels") for line in world.output()] == [{"of": 2}, None, {"of": 2}, None]
    assert "worker-response-ref" not in world.output()[0]["labels-metadata"]
    (post,) = [event for arn, event in events if arn.endswith(":post")]
    assert set(post) == {
        *("version", "labelingJobArn", "labelCategories", "labelAttributeName"),
        *("roleArn", "outputConfig", "payload"),
    }


def test_the_labeling_role_may_do_what_a_job_does_and_nothing_else(tmp_path: Path) -> None:
    """Every access of a run with functions is granted, on these very objects; no action is idle."""
    invoked: list[str] = []

    def invoke(arn: str, event: Any) -> Returned:
        invoked.append(arn)
        return Returned({"taskInput": {}} if arn.endswith("pre-annotation:live") else [])

    world = World(answered(tmp_path, "call-0"), invoke=invoke)
    files = "s3://test-bucket/test/labeling/files"
    for name in ("in.manifest", "page.html"):
        world.objects.held[f"{files}/{name}"] = world.objects.held[f"s3://bucket/{name}"]
    function = "arn:aws:lambda:us-east-1:123456789012:function:test-{}-annotation:live"
    asked = request(
        UiConfig={"UiTemplateS3Uri": f"{files}/page.html"},
        PreHumanTaskLambdaArn=function.format("pre"),
        AnnotationConsolidationConfig={"AnnotationConsolidationLambdaArn": function.format("post")},
    )
    asked["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"] = f"{files}/in.manifest"
    asked["OutputConfig"]["S3OutputPath"] = "s3://test-bucket/test/labeling/jobs"
    world.objects.list = lambda uri: []  # type: ignore[method-assign]
    world.jobs.create(asked)
    assert world.ended()["status"] == "Completed"

    made = {(action, uri.replace("s3://", "arn:aws:s3:::")) for action, uri in world.objects.accesses}
    made |= {("lambda:InvokeFunction", arn) for arn in invoked}
    grants = [
        (a, r)
        for each in statements()
        if each.role == "LabelingRole"
        for a in each.actions
        for r in each.resources
    ]
    for action, arn in made:
        assert any(action == a and _covers(r, arn) for a, r in grants), (action, arn)
    own = {
        action
        for action, resource in grants
        if resource != "DataSourceArns" and not action.startswith("kms:")
    }
    # Without ListBucket a missing object would be AccessDenied.
    assert own == {action for action, _ in made} | {"s3:ListBucket"}


def _covers(pattern: str, arn: str) -> bool:
    return arn.startswith(pattern.removesuffix("*")) if pattern.endswith("*") else arn == pattern


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"LabelAttributeName": "labels-metadata"}, "cannot end with -metadata"),
    ({"LabelAttributeName": "labels-ref"}, "cannot end with -ref"),
    ({"LabelingJobAlgorithmsConfig": {"LabelingJobAlgorithmSpecificationArn": "arn:x"}}, "automated data"),
    ({"InputConfig": {"DataSource": {"SnsDataSource": {"SnsTopicArn": "arn:x"}}}}, "not streaming ones"),
    ({"OutputConfig": {"S3OutputPath": "s3://elsewhere/x"}}, "Could not access the output bucket elsewhere"),
]
REFUSED_TASKS: list[tuple[dict[str, Any], str]] = [
    ({"TaskTimeLimitInSeconds": 28_801}, "custom tasks take 28800 at most"),
    ({"TaskAvailabilityLifetimeInSeconds": 100}, "must be at least TaskTimeLimitInSeconds"),
    ({"PublicWorkforceTaskPrice": {"AmountInUsd": {"Cents": 1}}}, "Mechanical Turk is closed"),
    ({"WorkteamArn": "arn:aws:sagemaker:us-east-1:1:workteam/private-crowd/x"}, "Could not find workteam"),
    ({"UiConfig": {"UiTemplateS3Uri": "s3://bucket/other"}}, "Could not access the UI template"),
    ({"PreHumanTaskLambdaArn": "arn:missing"}, "Could not find the Lambda function arn:missing"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_what_ground_truth_refuses(change: dict[str, Any], message: str) -> None:
    """Before there is a job."""
    world = World(None)
    with pytest.raises(ApiError, match=message):
        world.jobs.create({**request(), **change})
    assert world.jobs.resources.all() == []


@pytest.mark.parametrize(("task", "message"), REFUSED_TASKS)
def test_what_ground_truth_refuses_of_a_task(task: dict[str, Any], message: str) -> None:
    """The same."""
    world = World(None)
    with pytest.raises(ApiError, match=message):
        world.create(**task)


def test_names_stay_taken(tmp_path: Path) -> None:
    """In any case of letters, also when the job has ended."""
    world = World(answered(tmp_path))
    world.create()
    world.ended()
    with pytest.raises(ApiError, match=r"^ResourceInUse: Labeling job name 'CALLS-1' already exists"):
        world.create("CALLS-1")


def test_answers_of_an_earlier_job_are_given_again(tmp_path: Path) -> None:
    """By source, then by file name; never out of the folder, and the first line of a source counts."""
    manifest = tmp_path / "manifests" / "output" / "output.manifest"
    manifest.parent.mkdir(parents=True)
    response = tmp_path / "annotations" / "worker-response" / "iteration-1" / "0" / "x.json"
    response.parent.mkdir(parents=True)
    response.write_text(json.dumps({"answers": [answer("a")]}))
    (tmp_path.parent / "secret.json").write_text(json.dumps({"answers": [answer("spy")]}))

    def line(source: str, reference: str) -> str:
        return json.dumps({"source-ref": source, "l": {}, "l-metadata": {"worker-response-ref": reference}})

    base = "s3://old/job/annotations"
    content = {"annotationsFromAllWorkers": [{"workerId": "z", "rawContent": '{"annotations": {}}'}]}
    lines = [
        line("s3://old/a.wav", f"{base}/worker-response/iteration-1/0/x.json"),
        json.dumps({"source-ref": "s3://old/u.wav", "n": "\u2028", "l": content}, ensure_ascii=False),
        line("s3://old/out.wav", f"{base}/../../secret.json"),
        line("s3://old/gone.wav", f"{base}/worker-response/iteration-1/9/x.json"),
        json.dumps({"source-ref": "s3://old/c.wav", "l": content, "l-metadata": {}}),
        line("s3://old/a.wav", f"{base}/worker-response/iteration-1/9/x.json"),
        "{no json",
        "[]",
        json.dumps({"source-ref": "s3://old/n.wav"}),
    ]
    manifest.write_text("\n".join(lines))
    found = AnswerFolder(tmp_path)
    assert found.of("s3://old/a.wav") == [answer("a")]
    assert found.of("s3://new/elsewhere/a.wav") == [answer("a")]
    assert found.of("s3://new/u.wav") is not None  # an end of a line in a text ends no line
    assert found.of("s3://new/c.wav") == [{"workerId": "z", "answerContent": {"annotations": {}}}]
    for nobody in ("out", "gone", "n", "unknown"):
        assert found.of(f"s3://old/{nobody}.wav") is None


def test_a_name_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    """Whatever the source is called."""
    answered(tmp_path / "answers", "in")
    answered(tmp_path, "out")
    folder = AnswerFolder(tmp_path / "answers")
    assert folder.of("in") is not None
    for source in ("../out", "s3://x/../out.wav", "..", "", "/"):
        assert folder.of(source) is None
