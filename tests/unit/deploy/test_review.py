"""What a reviewer is shown: figures, the comparison on the same rows, regressions, origin, the card."""

from __future__ import annotations

import dataclasses
import importlib
import json
from datetime import timedelta
from typing import Any

import pytest

from deploy.reviewing import model_card, registry
from deploy.reviewing.model_card import CardError
from deploy.reviewing.registry import Package
from deploy.reviewing.review import Review, review, store
from tests.unit.deploy.evaluated import add_package, as_json, folder, put, remove, row
from tests.unit.deploy.fakes import AT, BUCKET, FakeAws, FakeRun, execution_arn, project, step

GOOD = [1.0] * 40 + [0.0] * 20
BAD = [1.0] * 20 + [0.0] * 40


def reviewed(fake: FakeAws, version: int) -> Review:
    return review(project(), fake.aws, package(fake, version))


def package(fake: FakeAws, version: int) -> Package:
    return registry.find(project(), fake.aws, f"facts/{version}")


def two(new: list[float], old: list[float], **changes: Any) -> FakeAws:
    """Version 1 is approved, version 2 waits."""
    fake = FakeAws()
    add_package(fake, 1, f1=old, approval="Approved")
    add_package(fake, 2, f1=new, **changes)
    return fake


def test_a_better_model_is_told_with_interval_and_rows() -> None:
    """The difference is that of the means, the rows are counted, and no row is worse."""
    found = reviewed(two(GOOD, BAD), 2)
    assert (found.gaps, found.primary, found.figures["f1"]["mean"]) == ((), "f1", 0.666667)
    assert found.against is not None
    assert found.against.old.name == "local-facts/1"
    difference = found.against.differences["f1"]
    assert difference.mean == pytest.approx(1 / 3)
    assert 0.2 < difference.low < 1 / 3 < difference.high < 0.5
    assert difference.verdict() == "better"
    assert (found.against.won, found.against.lost, found.against.same) == (20, 0, 40)
    assert found.against.regressions == []
    assert found.against.means["f1"] == pytest.approx(1 / 3)


def test_the_worst_regressions_come_with_both_answers() -> None:
    """Sorted by how much was lost, at most twenty of them, with input and target."""
    fake = two([*BAD[:-1], 0.5], [*GOOD[:-1], 1.0])
    against = reviewed(fake, 2).against
    assert against is not None
    assert (against.lost, len(against.regressions)) == (21, 20)
    first = against.regressions[0]
    assert (first.id, first.input, first.target) == ("0000000000000014", "Question 20?", "yes")
    assert (first.score, first.old_score, first.output, first.old_output) == (0.0, 1.0, "no", "yes")
    assert {each.id for each in against.regressions} == {f"{number:016x}" for number in range(20, 40)}


def test_the_newest_other_approved_version_is_the_one_to_beat() -> None:
    """Not the package itself, not a rejected one, not one that waits."""
    fake = two(GOOD, BAD)
    add_package(fake, 3, f1=BAD, approval="Approved")
    add_package(fake, 4, f1=BAD, approval="Rejected")
    for version, beside in ((2, "local-facts/3"), (3, "local-facts/1"), (1, "local-facts/3")):
        against = reviewed(fake, version).against
        assert against is not None
        assert against.old.name == beside


def test_without_another_approved_package_nothing_is_compared() -> None:
    """The worst rows are shown instead."""
    fake = FakeAws()
    add_package(fake, 1, f1=[1.0, 0.5, 0.0], approval="Approved")
    found = reviewed(fake, 1)
    assert found.against is None
    assert [each.score for each in found.results.worst] == [0.0, 0.5, 1.0]
    assert found.results.distributions["f1"] == [1, 0, 0, 0, 0, 1, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("data", "other evaluation data: 60 rows with hash 0ther, before 60 rows with hash dddddddddddd"),
        ("manifest", "the evaluation manifest of local-facts/1 is missing"),
        ("results", "results of local-facts/1: the file is missing"),
        ("changed", "local-facts/1: its results are not those that its evaluation wrote"),
        ("own", "results of local-facts/2: the file is missing"),
    ],
)
def test_what_cannot_be_compared_says_why(broken: str, reason: str) -> None:
    """Other data, files missing or changed, on either side."""
    fake = two(GOOD, BAD, **({"data": "0ther"} if broken == "data" else {}))
    {
        "data": lambda: None,
        "manifest": lambda: remove(fake, f"{folder(1)}/report/manifest.json"),
        "results": lambda: remove(fake, f"{folder(1)}/report/results.jsonl"),
        "changed": lambda: put(fake, f"{folder(1)}/report/results.jsonl", as_json(row(1, 1.0))),
        "own": lambda: remove(fake, f"{folder(2)}/report/results.jsonl"),
    }[broken]()
    against = reviewed(fake, 2).against
    assert against is not None
    assert against.problem.startswith(reason)
    assert (against.differences, against.regressions) == ({}, ())


def test_own_results_that_were_changed_are_not_used() -> None:
    """The manifest has the hash of what the evaluation wrote."""
    fake = two(GOOD, BAD)
    put(fake, f"{folder(2)}/report/results.jsonl", as_json(row(1, 1.0)))
    found = reviewed(fake, 2)
    assert found.results.problem.startswith("its results are not those that its evaluation wrote")
    assert found.against is not None
    assert found.against.problem.startswith("results of local-facts/2: its results are not those")


def test_a_package_from_elsewhere_can_be_reviewed() -> None:
    """Nothing is known of it; everything says so."""
    fake = two(GOOD, BAD)
    arn = package(fake, 2).arn
    for member in ("CustomerMetadataProperties", "ModelMetrics"):
        del fake.sagemaker.packages[arn][member]
    found = reviewed(fake, 2)
    assert (found.figures, found.gates, found.primary, found.overlap) == ({}, [], "", None)
    assert len(found.gaps) == 3
    assert found.against is not None
    assert found.against.problem == "results of local-facts/2: it names no results"
    assert (found.lineage.training, found.lineage.job) == (None, None)


def ran(fake: FakeAws, pipeline: str, execution: str, began: int, ended: int) -> None:
    run = FakeRun(
        execution_arn(pipeline, execution),
        "Succeeded",
        [],
        {"Parameters": [{"Name": "EpochCount", "Type": "Integer", "DefaultValue": 8}], "Steps": []},
        {"Commit": "abc", "TrainingRows": "1200"},
        started=AT + timedelta(seconds=began),
    )
    fake.sagemaker.add_run(run)
    fake.sagemaker.ended[run.arn] = AT + timedelta(seconds=ended)


def test_the_origin_is_followed() -> None:
    """Both executions with their parameters and times, the job, the data report, the endpoint's cost."""
    fake = two(GOOD, BAD)
    ran(fake, "local-facts-training", "training0002", 0, 600)
    ran(fake, "local-facts-inference", "inference002", 700, 4200)
    tuning = {"TextGenerationHyperParameters": {"epochCount": "8"}}
    fake.sagemaker.jobs["training0002-1"] = {
        "CreationTime": AT,
        "EndTime": AT + timedelta(seconds=500),
        "AutoMLProblemTypeConfig": {"TextGenerationJobConfig": tuning},
    }
    report = f"s3://{BUCKET}/local/report/data_report.json"
    fake.s3.put_json(package(fake, 2).metadata["candidate"], {"data_report": report})
    fake.s3.put_json(report, {"data_hash": "x", "rows": {"read": 1800}})
    found = reviewed(fake, 2).lineage
    assert found.training is not None
    assert found.training.parameters == {"EpochCount": "8", "TrainingRows": "1200"}
    assert found.training.seconds == 600
    assert found.job is not None
    assert (found.job.seconds, found.job.hyperparameters) == (500, {"epochCount": "8"})
    assert found.data_report.content["rows"] == {"read": 1800}
    assert found.endpoint is not None
    assert [found.endpoint.seconds, found.endpoint.usd] == pytest.approx([3600, 7.09])


def test_what_is_gone_is_said() -> None:
    """A deleted pipeline takes its history along; the package is reviewed all the same."""
    found = reviewed(two(GOOD, BAD), 2).lineage
    assert found.training is not None
    assert (found.training.execution, found.training.seconds) == (None, None)
    assert found.job is not None
    assert (found.job.seconds, found.candidate.problem, found.endpoint) == (None, "is missing", None)


def test_the_page_is_stored_beside_the_package() -> None:
    """Under the environment's prefix, by group and version."""
    fake = two(GOOD, BAD)
    uri = store(project(), fake.aws, package(fake, 2), "<html>\u00e9</html>")
    assert uri == f"s3://{BUCKET}/local/reviews/local-facts/2/evidence.html"
    assert (
        fake.s3.objects[BUCKET, "local/reviews/local-facts/2/evidence.html"] == "<html>\u00e9</html>".encode()
    )


def card_of(fake: FakeAws) -> tuple[dict[str, Any], str]:
    """Content and status of the card that was last written."""
    name, request = fake.sagemaker.calls[-1]
    assert name == "update_model_package"
    assert set(request) == {"ModelPackageArn", "ModelCard"}
    return json.loads(request["ModelCard"]["ModelCardContent"]), request["ModelCard"]["ModelCardStatus"]


def test_the_card_links_the_page_and_keeps_what_others_wrote() -> None:
    """Our entry is replaced, theirs stay, and so does the status; the SDK's own shapes accept it."""
    fake = two(GOOD, BAD)
    theirs = {
        "intended_uses": {"purpose_of_model": "answers"},
        "evaluation_details": [{"name": "fairness"}, {"name": "evidence", "metric_groups": []}],
        "additional_information": {"caveats_and_recommendations": "none", "custom_details": {"team": "x"}},
    }
    fake.sagemaker.packages[package(fake, 2).arn]["ModelCard"] = {
        "ModelCardContent": json.dumps(theirs),
        "ModelCardStatus": "PendingReview",
    }
    model_card.link(fake.aws, reviewed(fake, 2), "s3://bucket/evidence.html")
    content, status = card_of(fake)
    assert status == "PendingReview"
    assert content["intended_uses"] == theirs["intended_uses"]
    assert [each["name"] for each in content["evaluation_details"]] == ["fairness", "evidence"]
    assert content["additional_information"] == {
        "caveats_and_recommendations": "none",
        "custom_details": {"team": "x", "evidence_page": "s3://bucket/evidence.html"},
    }
    evidence = content["evaluation_details"][1]
    assert evidence["evaluation_observation"].startswith(
        "The evidence is complete. f1 against local-facts/1: +0.3333 ("
    )
    assert [group["name"] for group in evidence["metric_groups"]] == [
        "metrics",
        "against the approved package",
    ]
    shapes = importlib.import_module("sagemaker.core.shapes.model_card_shapes")
    assert shapes.ModelCardContent.model_validate(content).evaluation_details[1].name == "evidence"


def test_the_card_holds_nothing_of_the_rows() -> None:
    """Texts of rows may be personal; the card is read by more people than the bucket."""
    fake = two(BAD, GOOD)
    model_card.link(fake.aws, reviewed(fake, 2), "s3://bucket/evidence.html")
    assert "Question" not in json.dumps(card_of(fake)[0])


def test_an_unchanged_card_is_not_written_again() -> None:
    """A second review makes no write call."""
    fake = two(GOOD, BAD)
    model_card.link(fake.aws, reviewed(fake, 2), "s3://bucket/evidence.html")
    fake.sagemaker.packages[package(fake, 2).arn]["ModelCard"] = fake.sagemaker.calls[-1][1]["ModelCard"]
    fake.sagemaker.calls.clear()
    model_card.link(fake.aws, reviewed(fake, 2), "s3://bucket/evidence.html")
    assert fake.sagemaker.calls == []


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        ("[]", "the model card of local-facts/2 is no JSON object"),
        ("{", "the model card of local-facts/2 is no JSON object"),
        (json.dumps({"intended_uses": "x" * 99_990}), "characters, the registry takes 100,000"),
    ],
)
def test_a_card_that_cannot_take_it_is_left_alone(content: str, fact: str) -> None:
    """One fact, and nothing is written."""
    fake = two(GOOD, BAD)
    fake.sagemaker.packages[package(fake, 2).arn]["ModelCard"] = {"ModelCardContent": content}
    with pytest.raises(CardError, match=fact) as caught:
        model_card.link(fake.aws, reviewed(fake, 2), "s3://bucket/evidence.html")
    assert caught.value.hint is not None
    assert fake.sagemaker.calls == []


def test_an_archived_card_stays_as_it_is() -> None:
    """No more updates should be made to one."""
    fake = two(GOOD, BAD)
    archived = {"ModelCardContent": "{}", "ModelCardStatus": "Archived"}
    fake.sagemaker.packages[package(fake, 2).arn]["ModelCard"] = archived
    assert model_card.link(fake.aws, reviewed(fake, 2), "s3://bucket/evidence.html") is False
    assert fake.sagemaker.calls == []


def test_jobs_are_counted_where_their_price_is_known() -> None:
    """An hour of an instance that the environment has a price for; another one is not counted."""
    fake = two(GOOD, BAD)
    ran(fake, "local-facts-inference", "inference002", 700, 4200)
    run = fake.sagemaker.runs[execution_arn("local-facts-inference", "inference002")]
    for name, kind in (("preprocess", "ml.m5.xlarge"), ("evaluate", "ml.m5.2xlarge")):
        job = {"ProcessingJob": {"Arn": f"arn:aws:sagemaker:us-east-1:1:processing-job/{name}-1"}}
        run.steps.append(step(name, "Succeeded", job))
        fake.sagemaker.jobs[f"{name}-1"] = {
            "ProcessingStartTime": AT,
            "ProcessingEndTime": AT + timedelta(hours=1),
            "ProcessingResources": {"ClusterConfig": {"InstanceType": kind, "InstanceCount": 2}},
        }
    environment = project().environment
    prices = environment.prices.model_copy(update={"usd_per_hour": {"ml.m5.xlarge": 0.25}})
    priced = dataclasses.replace(project(), environment=environment.model_copy(update={"prices": prices}))
    found = review(priced, fake.aws, package(fake, 2)).lineage
    assert [(each.step, each.usd) for each in found.usages] == [("preprocess", 0.5), ("evaluate", None)]
