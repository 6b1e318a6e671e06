"""The sample guardrails pipeline as a user runs it: real batch jobs, a real detector, a key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.functional.repository import ROOT, Repository, clone

pytestmark = [pytest.mark.functional, pytest.mark.timeout(900)]

BUCKET = "local-pipelines-123456789012-us-east-1"
NAME = "local-calls-guardrails"
# Shorter ones ("74", "9279") stand in logs and figures by chance.
TELLING = 7


@dataclass(frozen=True)
class Sample:
    repository: Repository
    out: str

    @property
    def bucket(self) -> Path:
        return self.repository.folder / ".local" / "s3" / BUCKET / "local"

    @property
    def execution(self) -> str:
        status = self.repository.run("status", "calls-guardrails", "--output", "json", code=0).json
        return str(status["arn"]).rpartition("/")[2]

    @property
    def folder(self) -> Path:
        return self.bucket / "executions" / NAME / self.execution

    def results(self) -> dict[str, dict[str, Any]]:
        path = self.folder / "merge-results" / "results" / "results.jsonl"
        found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert len({each["id"] for each in found}) == len(found)
        return {each["id"]: each for each in found}

    def metrics(self) -> dict[str, Any]:
        path = self.folder / "merge-results" / "metrics" / "guardrails_metrics.json"
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return document

    def raw_files(self) -> list[str]:
        folder = self.bucket / "raw" / NAME / self.execution / "batch-output"
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.out"))


def key() -> list[dict[str, Any]]:
    """Every planted thing: id, type, form, text."""
    lines = (ROOT / "data" / "calls" / "answer_key.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        {"id": record["id"], **planted} for record in map(json.loads, lines) for planted in record["planted"]
    ]


def stands_in(planted: dict[str, Any], text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(planted['text'])}(?!\w)", text) is not None


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """`run calls-guardrails` in a fresh clone, as shipped: what `make run-guardrails` does."""
    repository = clone(tmp_path_factory.mktemp("guardrails"))
    done = repository.run("run", "calls-guardrails", timeout=600, code=0)
    yield Sample(repository, done.out)
    repository.run("local", "down", code=0)


def test_every_call_has_one_result(sample: Sample) -> None:
    """In = passed + masked + blocked + failed + set aside; nothing failed."""
    records = sample.metrics()["records"]
    assert records["in"] == 240 == len(sample.results())
    assert records["in"] == sum(records[name] for name in records if name != "in")
    assert (records["failed"], records["set_aside"]) == (0, 0)
    assert min(records["passed"], records["masked"], records["blocked"]) > 5


def test_the_results_hold_exactly_the_misses_that_the_report_lists(sample: Sample) -> None:
    """Found by a search of our own, not by the step's."""
    results = sample.results()
    missed = [each for each in key() if stands_in(each, results[each["id"]]["text"] or "")]
    told = sample.metrics()["answer_key"]
    listed = sorted((each["id"], each["type"], each["form"]) for each in told["missed"])
    assert listed == sorted((each["id"], each["type"], each["form"]) for each in missed)
    assert told["total"]["missed"] == len(missed) > 20
    assert told["total"]["found"] > 100


def test_common_forms_are_all_found_and_spoken_ones_are_missed(sample: Sample) -> None:
    """Masking is real, and so are its limits."""
    missed = {(each["type"], each["form"]) for each in sample.metrics()["answer_key"]["missed"]}
    plain = (
        "EMAIL",
        "CREDIT_DEBIT_CARD_NUMBER",
        "IP_ADDRESS",
        "INTERNATIONAL_BANK_ACCOUNT_NUMBER",
        "PASSWORD",
    )
    assert not missed & {(kind, "plain") for kind in plain}
    assert {("EMAIL", "spoken"), ("NAME", "plain"), ("PASSWORD", "spoken")} <= missed


def test_the_report_names_what_was_not_looked_for(sample: Sample) -> None:
    """Types that need a language model, where none is named."""
    reasons = sample.metrics()["not_looked_for"]
    assert [reason.partition(" ")[0] for reason in reasons] == ["NAME", "ADDRESS"]
    report = (sample.folder / "merge-results" / "report" / "guardrails_report.html").read_text(
        encoding="utf-8"
    )
    assert "NAME is not looked for by the stand-in" in report


def test_no_planted_text_is_in_logs_ledger_metrics_or_report(sample: Sample) -> None:
    """Only the data, the raw batch (which expires, input and output) and the results may hold texts."""
    logs = sample.repository.folder / ".local" / "logs"
    places = [path.relative_to(sample.bucket) for path in sample.bucket.rglob("*") if path.is_file()]
    told = [each for each in places if each.parts[0] not in ("data", "raw") and "results" not in each.parts]
    paths = [path for path in logs.rglob("*") if path.is_file()] + [sample.bucket / each for each in told]
    assert {"ledger", "summary", "plan", "set_aside", "metrics", "report"} <= {
        part for each in told for part in each.parts
    }
    assert len(paths) > 10
    texts = [each["text"].encode() for each in key() if len(each["text"]) >= TELLING]
    assert len(texts) > 200
    bodies = ((path.name, path.read_bytes()) for path in paths)
    leaks = [(name, text) for name, body in bodies for text in texts if text in body]
    assert leaks == []


def test_a_second_run_publishes_no_new_version(sample: Sample) -> None:
    """The guardrail's configuration is the same."""
    done = sample.repository.run("upsert", "calls-guardrails", code=0)
    assert "guardrail" not in done.err
    assert done.out == "calls-guardrails: unchanged\n"


def test_jobs_that_run_out_of_time_and_records_that_fail_cost_nothing(sample: Sample) -> None:
    """PartiallyCompleted jobs and passing errors: further attempts, the last records on demand."""
    before = {identity: each["text"] for identity, each in sample.results().items()}
    sample.repository.run("local", "down", code=0)
    sample.repository.change(
        "config/environments/local.yaml",
        r"batch: \{queue_seconds.*",
        "batch: {queue_seconds: 0.1, records_per_second: 100, hour_seconds: 0.05, error_share: 0.2}",
    )
    sample.repository.run("run", "calls-guardrails", timeout=300, code=0)
    files = sample.raw_files()
    assert any(name.startswith("000/2/") for name in files)
    assert any(name.startswith("on-demand/000/") for name in files)
    after = {identity: each["text"] for identity, each in sample.results().items()}
    assert after == before
