"""The spine as a user runs it: one command trains, evaluates, gates, registers; another misses the gate."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from commands.shapes import SHAPES, misfits
from tests.functional.repository import Done, Repository, clone

pytestmark = [pytest.mark.functional, pytest.mark.timeout(900)]

BUCKET = "local-pipelines-123456789012-us-east-1"


@dataclass(frozen=True)
class Spine:
    """A clone in which the sample was run, with what the command said."""

    repository: Repository
    done: Done

    def client(self, service: str) -> Any:
        """A stranger's client, pointed at the stand-in by what `local env` says."""
        exports = self.repository.run("local", "env", "--output", "json", code=0).json["set"]
        return boto3.client(
            service,
            endpoint_url=exports["AWS_ENDPOINT_URL"],
            region_name=exports["AWS_REGION"],
            aws_access_key_id=exports["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=exports["AWS_SECRET_ACCESS_KEY"],
        )

    def status(self, pipeline: str) -> dict[str, Any]:
        """The newest execution of a pipeline."""
        document: dict[str, Any] = self.repository.run("status", pipeline, "--output", "json", code=0).json
        return document


@pytest.fixture(scope="module")
def spine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spine]:
    """`run facts-training facts-inference` in a fresh clone, as shipped: the slowest fixture of all."""
    repository = clone(tmp_path_factory.mktemp("spine"))
    done = repository.run("run", "facts-training", "facts-inference", timeout=600, code=0)
    yield Spine(repository, done)
    repository.run("local", "down", code=0)


@pytest.fixture(scope="module")
def missed(spine: Spine) -> Spine:
    """The same on a model that was hardly trained, its endpoint kept: the shipped gate stands in the way."""
    spine.repository.change(
        "config/pipelines/facts-training.yaml", "after_evaluation: delete", "after_evaluation: keep"
    )
    small = ("-p", "TrainingRows=60", "-p", "EpochCount=1")
    done = spine.repository.run("run", "facts-training", "facts-inference", *small, timeout=600, code=5)
    return Spine(spine.repository, done)


def test_the_summary_tells_what_came_of_it(spine: Spine) -> None:
    """Steps with status and time, figures against the gate, package, endpoint, files: on stdout."""
    out = spine.done.out
    training, inference = spine.status("facts-training"), spine.status("facts-inference")
    for document in (training, inference):
        assert re.search(rf"^{document['pipeline']}  {document['id']}  Succeeded  \d", out, re.MULTILINE)
        for step in document["steps"]:
            row = rf"^  {step['name']} +{step['type']} +\d.*Succeeded"
            assert re.search(row, out, re.MULTILINE), step
    assert re.search(r"^evaluation of 300 rows, 0 without an answer$", out, re.MULTILINE)
    assert re.search(r"^  f1 +0\.\d+ +0\.\d+ to 0\.\d+ +at least 0\.5 +passed$", out, re.MULTILINE)
    assert "model package  local-facts/1  PendingManualApproval\n" in out
    assert '  decide: run_pipeline.py registry approve local-facts/1 --reason "..."\n' in out
    assert f"endpoint  local-{training['id']}\n  deleted\n" in out


def test_the_files_of_the_summary_can_be_opened(spine: Spine) -> None:
    """Data report, evaluation report, every answer, figures, candidate: paths from the clone's folder."""
    listed = spine.done.out.partition("\nfiles\n")[2].splitlines()
    places = {line[2:19].strip(): line[21:] for line in listed}
    assert list(places) == ["data report", "evaluation report", "every answer", "figures", "candidate"]
    for place in places.values():
        assert (spine.repository.folder / place).stat().st_size > 0
    answers = (spine.repository.folder / places["every answer"]).read_text(encoding="utf-8").splitlines()
    assert len(answers) == 300


def test_progress_is_on_stderr_line_by_line(spine: Spine) -> None:
    """Without a terminal: what was made ready with its time, each step's beginning and end."""
    err = spine.done.err
    for doing in ("stand-in", "compiling", "infrastructure", "pipelines"):
        assert re.search(rf"^{doing}: \d", err, re.MULTILINE)
    assert re.search(r"^\d\d:\d\d:\d\d  facts-training  prepare Succeeded \(", err, re.MULTILINE)
    assert re.search(r"^\d\d:\d\d:\d\d  facts-inference  register Succeeded", err, re.MULTILINE)
    assert "\x1b" not in err + spine.done.out


def test_a_model_package_waits_for_a_decision(spine: Spine) -> None:
    """A stranger's client finds it: image and data of the candidate, figures, and where it comes from."""
    sagemaker = spine.client("sagemaker")
    (listed,) = sagemaker.list_model_packages(ModelPackageGroupName="local-facts")["ModelPackageSummaryList"]
    package = sagemaker.describe_model_package(ModelPackageName=listed["ModelPackageArn"])
    training, inference = spine.status("facts-training"), spine.status("facts-inference")
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    (container,) = package["InferenceSpecification"]["Containers"]
    assert container["ModelDataUrl"] == inference["parameters"]["ModelDataUrl"]
    assert container["Image"] == inference["parameters"]["ModelImage"]
    metadata = package["CustomerMetadataProperties"]
    assert metadata["training_execution"] == training["arn"]
    assert metadata["execution"] == inference["arn"]
    assert metadata["data_hash"] == inference["parameters"]["DataHash"]
    assert metadata["commit"] == training["parameters"]["Commit"]
    assert max(map(len, metadata.values())) <= 256
    figures = package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]
    body = spine.client("s3").get_object(Bucket=BUCKET, Key=figures.partition(f"{BUCKET}/")[2])["Body"]
    assert json.loads(body.read())["metrics"]["f1"]["mean"] == inference["gates"][0]["value"]


def test_the_candidate_hands_over(spine: Spine) -> None:
    """candidate.json of the training is what the inference ran with."""
    training, inference = spine.status("facts-training"), spine.status("facts-inference")
    content = json.loads(_file(spine, inference["parameters"]["CandidateUri"]).read_text(encoding="utf-8"))
    assert content["pipeline_execution_arn"] == training["arn"]
    assert content["endpoint_name"] == inference["parameters"]["EndpointName"]
    assert content["metrics"]["perplexity"] > 1
    assert inference["parameters"]["TrainingExecution"] == training["arn"]


def test_training_and_evaluation_share_no_question(spine: Spine) -> None:
    """What is asked was not learned."""
    uri = spine.status("facts-inference")["parameters"]["EvaluationData"]
    lines = _file(spine, f"{uri.rstrip('/')}/evaluation.jsonl").read_text(encoding="utf-8").splitlines()
    asked = {json.loads(line)["input"] for line in lines}
    learned = _file(spine, uri.replace("evaluation", "training") + "/training.csv").read_text(
        encoding="utf-8"
    )
    assert len(asked) == 300
    assert not [question for question in asked if question.replace('"', '""') in learned]


def test_nothing_is_left_that_costs(spine: Spine) -> None:
    """Endpoint, configuration and model went with the evaluation."""
    assert spine.client("sagemaker").list_endpoints()["Endpoints"] == []
    assert spine.repository.run("cleanup", code=0).out == 'nothing is left behind in environment "local"\n'


def test_a_candidate_without_its_endpoint_is_refused_at_once(spine: Spine) -> None:
    """Exit code 2, before anything starts, with what to do."""
    done = spine.repository.run("start", "facts-inference", "--from-training", "latest", code=2)
    assert done.out == ""
    assert "is gone: after_evaluation is" in done.err
    assert "hint: train again (run_pipeline.py run facts-training)" in done.err


def test_the_decision_is_kept_with_its_reason(spine: Spine) -> None:
    """Approved on the command line, seen by any client, shown with the reason."""
    done = spine.repository.run("registry", "approve", "facts/1", "--reason", "f1 is fine", code=0)
    assert done.out == "local-facts/1: PendingManualApproval -> Approved\n"
    shown = spine.repository.run("registry", "show", "facts", "--output", "json", code=0).json
    assert misfits(shown, SHAPES["registry show"]) == []
    assert (shown["package"], shown["approval"], shown["reason"]) == (
        "local-facts/1",
        "Approved",
        "f1 is fine",
    )
    # The decision leaves what was known of the package as it was.
    assert shown["metadata"]["training_execution"] == spine.status("facts-training")["arn"]
    logged = spine.repository.run("registry", "log", "facts", "--output", "json", code=0).json
    assert misfits(logged, SHAPES["registry log"]) == []
    [decision] = logged["decisions"]
    assert (decision["by"], decision["reason"], decision["sequence"]) == ("local", "f1 is fine", 1)
    assert decision["launcher"]["arn"].endswith(":user/local")
    assert len(decision["evidence"]) == 4
    assert logged["disagreements"] == []
    text = spine.repository.run("registry", "show", "local-facts/1", code=0).out
    assert "reason: f1 is fine\n" in text
    assert spine.repository.run("registry", "list", "--status", "Rejected", code=0).out == (
        'no model packages in environment "local"\n'
    )


def test_a_missed_gate_is_exit_code_5_with_its_figures(missed: Spine) -> None:
    """A model that was hardly trained misses the shipped gate; nothing new is registered."""
    fact, hint = missed.done.err.splitlines()[-2:]
    execution = missed.status("facts-inference")
    figure = execution["gates"][0]
    assert (figure["passed"], figure["bound"]) == (False, 0.5)
    assert figure["value"] < 0.5
    assert fact.startswith('gate of "facts-inference" missed: f1 = ')
    assert fact.endswith(", needs at least 0.5; nothing was registered")
    assert hint == f"hint: run_pipeline.py outputs {execution['id']} lists the answers and the report"
    assert execution["status"] == "Failed"
    assert execution["exit_code"] == 5
    assert execution["reason"]
    assert re.search(r"^  f1 +\d.*at least 0\.5 +missed$", missed.done.out, re.MULTILINE)
    listed = missed.repository.run("registry", "list", "--output", "json", code=0).json
    assert misfits(listed, SHAPES["registry list"]) == []
    assert [each["package"] for each in listed["packages"]] == ["local-facts/1"]


def test_another_threshold_needs_only_the_evaluation_again(missed: Spine) -> None:
    """The kept endpoint is evaluated once more, now with gates that it passes: exit code 0, version 2."""
    before = missed.status("facts-training")["id"]
    comparing = "gates:\n  - {metric: f1, better_than: approved, margin: -1, confidence: 0.9}"
    missed.repository.change("config/pipelines/facts-inference.yaml", "^gates:$", comparing)
    words = ("run", "facts-inference", "-p", "MinimumF1=0", "--output", "json")
    document = missed.repository.run(*words, timeout=300, code=0).json
    assert misfits(document, SHAPES["run"]) == []
    (execution,) = document["executions"]
    assert execution["model_package"].endswith(":model-package/local-facts/2")
    bound, compared = execution["gates"]
    assert (bound["comparison"], compared["comparison"]) == ("at least", "better than approved")
    assert (compared["passed"], compared["bound"]) == (True, -1)
    assert compared["value"] < 0
    assert compared["detail"].startswith("worse, -0.")
    assert "against local-facts/1 (" in compared["detail"]
    assert execution["endpoint"] == {"name": f"local-{before}", "status": "InService"}
    text = missed.repository.run("status", "facts-inference", code=0).out
    assert (
        f"endpoint  local-{before}\n  InService, kept until you delete it (7.09 USD an hour on AWS)\n" in text
    )
    assert missed.status("facts-training")["id"] == before
    cleaned = missed.repository.run("cleanup", "--yes", code=0)
    assert f"  delete endpoint local-{before}\n" in cleaned.err


def test_chosen_steps_run_on_the_results_of_another_execution(missed: Spine, tmp_path: Path) -> None:
    """--from with --skip: nothing is asked again, only the gate decides anew; then compared and fetched."""
    before = missed.status("facts-inference")
    words = ("start", "facts-inference", "--from", before["id"], "--skip", "evaluate")
    estimate = missed.repository.run(*words, "--estimate", "--output", "json", code=0).json
    assert misfits(estimate, SHAPES["start"]) == []
    assert (estimate["arn"], estimate["selection"]["reused"]) == (None, ["preprocess", "evaluate"])
    done = missed.repository.run(*words, "-p", "MinimumF1=0.99", "--wait", code=5)
    execution = done.out.splitlines()[0].rpartition("/")[2]
    assert f"  taken from {before['id']}: preprocess, evaluate\n" in done.err
    assert "  MinimumF1=0.99                        -p\n" in done.err
    assert f"  EvaluationRows=300                    execution {before['id']}\n" in done.err
    after = missed.status("facts-inference")
    assert {step["name"]: bool(step["reused_from"]) for step in after["steps"]} == {
        "preprocess": True,
        "evaluate": True,
        "gate": False,
        "gate-missed": False,
    }
    told = missed.repository.run("why", execution, code=0).out
    assert re.search(r"^  f1 = [\d.]+, needs at least 0\.99$", told, re.MULTILINE)
    compared = missed.repository.run("compare", before["id"], execution, "--output", "json", code=0).json
    assert misfits(compared, SHAPES["compare"]) == []
    assert compared["differences"]["parameters"] == [
        {"name": "MinimumF1", "a": "0.0", "b": "0.99", "change": None}
    ]
    assert (compared["differences"]["metrics"], compared["differences"]["definition"]) == ([], [])
    fetched = missed.repository.run("outputs", before["id"], "--to", str(tmp_path / "to"), code=0)
    assert fetched.err.endswith(f", in {tmp_path / 'to'}\n")
    assert (tmp_path / "to/evaluate/report/evaluation_report.html").stat().st_size > 1000


def test_the_evidence_of_the_second_model_is_against_it(missed: Spine) -> None:
    """Worse than the approved one on the same rows, by page, JSON and model card; overlap counted, no gap."""
    done = missed.repository.run("registry", "review", "facts/2", "--output", "json", timeout=120, code=0)
    assert misfits(done.json, SHAPES["registry review"]) == []
    assert (done.json["gaps"], done.json["overlap"]) == ([], {"rows": 0, "training_rows": 60})
    assert (done.json["against"]["package"], done.json["against"]["reason"]) == ("local-facts/1", "")
    assert done.json["against"]["metrics"]["f1"]["verdict"] == "worse"
    assert done.json["regressions"][0]["approved_score"] > done.json["regressions"][0]["score"]
    page = Path(done.json["page"]).read_text(encoding="utf-8")
    assert "Worse" in page
    assert _file(missed, done.json["stored"]).read_text(encoding="utf-8") == page
    package = missed.client("sagemaker").describe_model_package(ModelPackageName=done.json["arn"])
    assert done.json["stored"] in package["ModelCard"]["ModelCardContent"]
    text = missed.repository.run("registry", "review", "facts/2", "--no-store", code=0).out
    assert "\nthe evidence is complete\n" in text


def test_what_a_sample_leaves_is_marked_as_one(missed: Spine) -> None:
    """Sets, candidate and package: none passes for the whole, and no gate compares it with the whole."""
    repository = missed.repository
    small = ("run", "facts-training", "facts-inference", "--sample", "60", "-p", "EpochCount=1")
    done = repository.run(*small, "-p", "MinimumF1=0", timeout=600, code=5)
    assert "other evaluation data: 10 rows" in done.err
    repository.change("config/pipelines/facts-inference.yaml", r"^  - \{metric: f1, better_than.*\n", "")
    repository.run("run", "facts-inference", "-p", "MinimumF1=0", timeout=300, code=0)
    training = missed.status("facts-training")
    assert training["parameters"]["SampleRows"] == "60"
    folder = f"s3://{BUCKET}/local/executions/local-facts-training/{training['id']}"
    report = json.loads(_file(missed, f"{folder}/prepare/report/data_report.json").read_text())
    assert report["sample_rows"] == 60
    assert sum(report["rows"][name] for name in ("training", "validation", "evaluation")) == 60
    assert json.loads(_file(missed, f"{folder}/candidate.json").read_text())["sample_rows"] == 60
    evaluated = missed.status("facts-inference")
    assert evaluated["parameters"]["SampleRows"] == "60"  # from the candidate: nobody typed it
    package = repository.run("registry", "show", "facts/3", "--output", "json", code=0).json
    assert package["metadata"]["sample_rows"] == "60"


def _file(spine: Spine, uri: str) -> Path:
    """The file in which the stand-in keeps an object."""
    return spine.repository.folder / ".local" / "s3" / uri.removeprefix("s3://")
