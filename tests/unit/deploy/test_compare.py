"""Two executions side by side: differences, nothing else, and what cannot be compared."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest

from deploy import executions
from deploy.observing.compare import Comparison, IncomparableError, check_comparable, compare
from deploy.observing.costs import Usage
from deploy.observing.outputs import File
from deploy.observing.summary import Summary
from tests.unit.deploy.fakes import AT, BUCKET, FakeAws, FakeRun, execution_arn, project, step

HASHES = ("a" * 64, "b" * 64)


def definition(code: str, volume: int, *more: dict[str, Any]) -> dict[str, Any]:
    """One processing step with its code, its disk and whatever else."""
    inputs = [{"InputName": "code", "S3Input": {"S3Uri": f"s3://{BUCKET}/local/code/{code}"}}]
    arguments = {"ProcessingInputs": inputs, "Disk": volume}
    return {"Steps": [{"Name": "prepare", "Type": "Processing", "Arguments": arguments}, *more]}


def side(
    number: int, document: dict[str, Any], *, pipeline: str = "local-facts-training", **more: Any
) -> Summary:
    """An execution as it is summed up."""
    fake = FakeAws()
    arn = execution_arn(pipeline, "abcdefghijkl"[number] * 12)
    seconds = more.pop("seconds", 10)
    ended = AT + timedelta(seconds=seconds)
    steps = [step("prepare", "Succeeded", {"ProcessingJob": {"Arn": "x"}}, EndTime=ended)]
    fake.sagemaker.add_run(FakeRun(arn, more.pop("status", "Succeeded"), steps, document))
    whole: dict[str, Any] = {"values": {}, "gates": (), **more}
    return Summary(executions.look(fake.aws, arn), **whole)


def difference(a: Summary, b: Summary) -> Comparison:
    """What is different."""
    return compare(FakeAws().aws, a, b)


def told(found: Comparison) -> dict[str, list[tuple[str, Any, Any]]]:
    """The parts that differ, as plain values."""
    return {
        what: [(each.name, each.a, each.b) for each in listed]
        for what, listed in found.differences.items()
        if listed
    }


def test_two_alike_have_no_difference() -> None:
    """Whatever is named after one execution alone does not count."""
    document = definition(HASHES[0], 30)
    a = side(0, document, values={"EpochCount": "8", "EndpointName": "local-a"})
    b = side(1, copy.deepcopy(document), values={"EpochCount": "8", "EndpointName": "local-b"})
    assert difference(a, b).is_empty


def test_every_part_tells_of_its_differences() -> None:
    """Parameters, arguments by path, code by hash, figures with their change, times, cost."""
    usage = Usage("prepare", "job", "ml.m5.xlarge", 1, 3600, 0.5)
    extra = {"Name": "audit", "Type": "Lambda", "Arguments": {}, "FunctionArn": "x:function:audit:3"}
    a = side(
        0,
        definition(HASHES[0], 30),
        values={"EpochCount": "8", "Commit": "c1"},
        metrics={"metrics": {"f1": {"mean": 0.5}}},
        candidate={"perplexity": 4.0},
        usages=(usage,),
    )
    b = side(
        1,
        definition(HASHES[1], 60, extra),
        values={"EpochCount": "3", "Commit": "c2", "New": "1"},
        metrics={"metrics": {"f1": {"mean": 0.75}}},
        candidate={"perplexity": 4.0},
        seconds=25,
    )
    found = difference(a, b)
    assert told(found) == {
        "parameters": [("EpochCount", "8", "3"), ("New", None, "1")],
        "definition": [("prepare: Arguments.Disk", 30, 60), ("audit", None, "there")],
        "code": [
            ("Commit", "c1", "c2"),
            ("prepare: code", "a" * 12, "b" * 12),
            ("audit: function", None, "audit:3"),
        ],
        "metrics": [("f1", 0.5, 0.75)],
        "durations": [("prepare", 10.0, 25.0)],
        "cost": [("USD", 0.5, None)],
    }
    assert found.differences["metrics"][0].change == 0.25
    assert found.differences["parameters"][0].change is None


def test_times_that_hardly_differ_are_no_difference() -> None:
    """A second and a tenth are needed."""
    document = definition(HASHES[0], 30)
    assert difference(side(0, document, seconds=10), side(1, document, seconds=10.9)).is_empty
    assert difference(side(0, document, seconds=1000), side(1, document, seconds=1050)).is_empty


def test_a_running_endpoint_is_no_cost_of_its_execution() -> None:
    """It goes on costing, and would make every two executions differ."""
    document = definition(HASHES[0], 30)
    endpoint = Usage("wait-endpoint", "endpoint", "ml.g5.12xlarge", 1, 60, 0.1)
    assert difference(side(0, document, usages=(endpoint,)), side(1, document)).is_empty


def test_pipelines_of_one_kind_are_compared_without_their_names() -> None:
    """A pipeline's own name in a path is no difference."""

    def named(name: str) -> dict[str, Any]:
        place = f"s3://{BUCKET}/local/executions/{name}/x"
        return {"Steps": [{"Name": "prepare", "Type": "Processing", "Arguments": {"Out": place}}]}

    a = side(0, named("local-facts-training"))
    b = side(1, named("local-sciq-training"), pipeline="local-sciq-training")
    assert difference(a, b).is_empty
    check_comparable(project(), "local-facts-training", "local-sciq-training")


@pytest.mark.parametrize(
    ("other", "what"),
    [("local-facts-inference", "of kind inference"), ("somebodys", "not of this repository")],
)
def test_other_kinds_cannot_be_compared(other: str, what: str) -> None:
    """One clear error."""
    with pytest.raises(IncomparableError, match=f'cannot be compared: .*"{other}" is {what}') as caught:
        check_comparable(project(), "local-facts-training", other)
    assert caught.value.exit_code == 2


def test_figures_of_other_rows_and_unfinished_runs_are_warned_of() -> None:
    """The notes say what to beware of."""
    document = definition(HASHES[0], 30)
    a = side(0, document, values={"SampleRows": "40", "DataHash": "1"})
    b = side(1, document, values={"SampleRows": "0", "DataHash": "2"}, status="Executing")
    notes = difference(a, b).notes
    assert "they ran on different numbers of rows (SampleRows)" in notes
    assert "their models were trained on different data" in notes
    assert any(note.startswith("bbbbbbbbbbbb is not over") for note in notes)


def test_pipelines_without_gates_are_compared_by_their_metrics_file() -> None:
    """Counts of a labeling by path; what is equal is left out."""
    fake, sides = FakeAws(), []
    for number, converted in enumerate((70, 72)):
        uri = f"s3://{BUCKET}/local/{number}/labeling_metrics.json"
        fake.s3.put_json(uri, {"objects": {"in": 72, "converted": converted}, "source": "x"})
        files = (File("merge", uri, uri, 1),)
        sides.append(side(number, definition(HASHES[0], 30), files=files))
    found = compare(fake.aws, *sides)
    assert told(found) == {"metrics": [("objects.converted", 70, 72)]}
