"""apply_guardrails and prepare_batch as processes, on days when the service is not well."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import guardrail_job as job

pytestmark = pytest.mark.functional
COUNT = 300
SECRETS = ("PROMPT", "@example", "Caller", "quoted text")


def _text(number: int) -> str:
    return (
        f"Caller {number} wrote from user{number}@example.com."
        if number % 5 == 0
        else f"Caller {number} rang."
    )


def _data(folder: Path, extra: str = "") -> list[str]:
    lines = [job.output_line(f"c{number}", _text(number)) for number in range(COUNT)]
    path = folder / "000/0/abcdefabcdef/000.jsonl.out"
    path.parent.mkdir(parents=True)
    path.write_text("".join(lines) + extra, encoding="utf-8")
    return [f"c{number}" for number in range(COUNT)]


def _results(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "out/results/results.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    "faults",
    [{"500": 0.1, "503": 0.1}, {"storm": 0.3}, {"cut": 0.1}, {"expired": 0.02}],
    ids=["faults", "throttling storm", "connections cut", "credentials expire"],
)
def test_what_passes_is_outlived(faults: dict[str, float], tmp_path: Path) -> None:
    """Every record has its result after all, and the log says nothing of a text."""
    ids = _data(tmp_path / "data")
    with job.service(faults=faults) as service:
        retries = {"attempts": 12, "deadline_seconds": 60}
        code, printed = job.finished(
            job.start_apply(service, tmp_path / "a", tmp_path / "data", retries=retries)
        )
        assert code == 0, printed
        merged, told = job.finished(job.start_merge(service, tmp_path / "m", ids, max_failed_share=0.0))
        assert merged == 0, told
    results = _results(tmp_path / "m")
    assert sorted(each["id"] for each in results) == sorted(ids)
    assert sum(each["action"] == "masked" for each in results) == COUNT // 5
    assert not [secret for secret in SECRETS if secret in printed + told]


def test_a_guardrail_that_is_gone_is_one_clear_error(tmp_path: Path) -> None:
    """The step names the guardrail and what to look at; nothing is written as a result."""
    _data(tmp_path / "data")
    with job.service(gone=True) as service:
        code, printed = job.finished(job.start_apply(service, tmp_path / "a", tmp_path / "data"))
        assert service.objects("run/results/") == {}
    assert code == 1
    assert 'error: guardrail "gr1abc", version 3: ResourceNotFoundException' in printed
    assert "Traceback" not in printed


def test_a_service_that_is_down_ends_the_step_and_a_retry_finishes_it(tmp_path: Path) -> None:
    """What failed for a passing reason is asked again by the next job; the results are whole."""
    ids = _data(tmp_path / "data")
    with job.service(faults={"500": 1.0}) as service:
        retries = {"attempts": 1, "deadline_seconds": 5}
        code, printed = job.finished(
            job.start_apply(service, tmp_path / "a", tmp_path / "data", retries=retries)
        )
        assert code == 1
        assert "calls of ApplyGuardrail in a row failed, the last one: service_error" in printed
        service.told(faults={})
        assert job.finished(job.start_apply(service, tmp_path / "b", tmp_path / "data"))[0] == 0
        code, printed = job.finished(job.start_merge(service, tmp_path / "m", ids, max_failed_share=0.0))
        assert code == 0, printed
    assert len(_results(tmp_path / "m")) == COUNT


def test_records_that_are_refused_are_named_and_go_nowhere(tmp_path: Path) -> None:
    """A refusal fails its records alone; their texts are in no result, no log, no report."""
    ids = _data(tmp_path / "data", '{"recordId": "half", "modelOutput": {"gener')
    with job.service(faults={"refused": 0.1}) as service:
        code, printed = job.finished(
            job.start_apply(service, tmp_path / "a", tmp_path / "data", pack={"records": 1})
        )
        assert code == 0, printed
        process = job.start_merge(
            service, tmp_path / "m", [*ids, "lost"], [{"id": "x", "reason": "empty"}], max_failed_share=0.9
        )
        merged, told = job.finished(process)
        assert merged == 0, told
        ledger = b"".join(service.objects("run/ledger/").values()).decode()
        failures = b"".join(service.objects("run/failed/").values()).decode()
    results = _results(tmp_path / "m")
    failed = [each for each in results if each["action"] == "failed"]
    assert len(results) == COUNT + 2
    assert len(failed) > 5
    assert all(each["text"] is None for each in failed)
    assert {each["reason"] for each in failed} == {"validation", "no_output"}
    metrics = (tmp_path / "m/out/metrics/guardrails_metrics.json").read_text()
    report = (tmp_path / "m/out/report/guardrails_report.html").read_text()
    assert json.loads(metrics)["lines_without_id"] == 1
    assert "The books balance" in report
    for place in (printed, told, ledger, failures, metrics, report):
        assert not [secret for secret in SECRETS if secret in place]


def test_a_stopped_job_keeps_what_it_has(tmp_path: Path) -> None:
    """SIGTERM, which SageMaker sends first, leaves all answered records in the ledger."""
    _data(tmp_path / "data")
    with job.service(latency=0.05) as service:
        ledger = {"every_records": 1000, "every_seconds": 600}
        changes: dict[str, Any] = {"pack": {"records": 1}, "ledger": ledger, "concurrency": 2}
        process = job.start_apply(service, tmp_path / "a", tmp_path / "data", **changes)
        while service.stats()["counts"].get("answered", 0) < 20:
            time.sleep(0.05)
        assert service.objects("run/ledger/") == {}
        process.send_signal(signal.SIGTERM)
        code, _ = job.finished(process)
        entries = [json.loads(body) for body in service.objects("run/ledger/").values()]
    assert code == 128 + signal.SIGTERM
    done = sum(last - first + 1 for entry in entries for first, last in entry["done"])
    assert done >= 18


def test_inputs_are_masked_before_the_model_sees_them(tmp_path: Path) -> None:
    """also_input: every value of the prompt goes masked to the batch files, blocked records are set aside."""
    rows = [_text(number) for number in range(50)]
    rows[7] = "My number is 123-45-6789."
    (tmp_path / "data").mkdir()
    body = "".join(
        json.dumps({"id": f"c{number}", "t": text, "n": f"sent from note{number}@example.com"}) + "\n"
        for number, text in enumerate(rows)
    )
    (tmp_path / "data/calls.jsonl").write_text(body)
    settings = {
        "data": {"format": "jsonl", "columns": {"id": "id", "text": "t", "note": "n"}},
        "model": {"format": "converse", "max_tokens": 10, "temperature": 0.0},
        "prompt": {"template": "{text} ({note})", "guidelines": []},
        "batch": {"max_records_per_job": 1000, "min_records_per_job": 10, "max_bytes_per_file": 10**6},
        "apply": job.apply_settings(also_input=True),
    }
    arguments: list[str | Path] = [
        "--batch-uri",
        "s3://bucket/batch",
        "--data",
        tmp_path / "data",
        "--output",
        tmp_path / "out",
    ]
    arguments += [
        "--guardrail-id",
        job.GUARDRAIL,
        "--guardrail-version",
        job.VERSION,
        "--region",
        "us-east-1",
    ]
    with job.service() as service:
        code, printed = job.finished(
            job.start(service, tmp_path / "p", "prepare_batch", settings, *arguments)
        )
        assert code == 0, printed
    batch = (tmp_path / "out/batch/000/000.jsonl").read_text()
    assert [json.loads(line)["recordId"] for line in batch.splitlines()] == [
        f"c{number}" for number in range(50) if number != 7
    ]
    assert "@example" not in batch
    assert batch.count("{EMAIL}") == 10 + 49
    assert batch.count("Caller 3 rang. (sent from {EMAIL})") == 1
    assert json.loads((tmp_path / "out/set_aside/set_aside.jsonl").read_text()) == {
        "id": "c7",
        "reason": "blocked_input",
    }
