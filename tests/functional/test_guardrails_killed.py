"""apply_guardrails as a process, killed at random moments and started again on an empty disk."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
from pathlib import Path

import pytest

from tests.fakes import guardrail_job as job

pytestmark = pytest.mark.functional
RECORDS, OPEN_CALLS = 1200, 40


def _text(number: int) -> str:
    kinds = [
        f"The caller {number} asked about a bill and it was explained.",
        f"Customer number {number} wrote from user{number}@example.com about it.",
        f"Number {number} can be reached at +44 123 {number:07d} after work.",
        f"Number {number} said that 123-45-{number % 10000:04d} is theirs.",
    ]
    return kinds[number % 7] if number % 7 < 4 else kinds[0]


def _batch_output(folder: Path, seed: int) -> list[str]:
    """Three files, records in any order, as jobs leave them; returns the ids."""
    numbers = list(range(RECORDS))
    random.Random(seed).shuffle(numbers)
    for place in range(3):
        lines = [job.output_line(f"c-{number}", _text(number)) for number in numbers[place::3]]
        path = folder / f"00{place}" / "1" / "abcdefabcdef" / "000.jsonl.out"
        path.parent.mkdir(parents=True)
        path.write_text("".join(lines), encoding="utf-8")
        (path.parent / "manifest.json.out").write_text("{}", encoding="utf-8")
    return [f"c-{number}" for number in numbers]


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 9))])
def test_killed_at_random_every_record_counts_once(seed: int, tmp_path: Path) -> None:
    """However often it is killed: the books balance, no call is repeated beyond the limit, nothing leaks."""
    chance = random.Random(seed)
    ids = _batch_output(tmp_path / "data", seed)
    kills = 0
    with job.service(latency=0.02) as service:
        while True:
            process = job.start_apply(
                service,
                tmp_path / f"disk{kills}",
                tmp_path / "data",
                ledger={"every_records": OPEN_CALLS, "every_seconds": 1},
            )
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0.5, 1.6) if kills < 6 else 60)
            if process.poll() is not None:
                code, printed = job.finished(process)
                assert code == 0, printed
                break
            process.kill()
            process.communicate()
            kills += 1
        answered = service.stats()["counts"]["answered"]
        asked = service.stats()["asked"]
        merged = job.start_merge(service, tmp_path / "merge", ids)
        code, printed = job.finished(merged)
        assert code == 0, printed
        entries = [json.loads(body) for body in service.objects("run/ledger/").values()]
        ledger = "".join(body.decode() for body in service.objects("run/ledger/").values())
    assert kills >= 2
    results = [
        json.loads(line) for line in (tmp_path / "merge/out/results/results.jsonl").read_text().splitlines()
    ]
    assert sorted(each["id"] for each in results) == sorted(ids)
    for each in results:
        number = int(each["id"].removeprefix("c-"))
        _assert_judged(number, each)
    durable = sum(entry["figures"].get("calls", 0) for entry in entries)
    assert answered - durable <= kills * OPEN_CALLS
    assert set(asked) == {_text(number) for number in range(RECORDS)}
    for secret in ("PROMPT", "@example", "+44", "123-45", "caller", "Customer"):
        assert secret not in ledger
    metrics = json.loads((tmp_path / "merge/out/metrics/guardrails_metrics.json").read_text())
    counts = metrics["records"]
    assert counts["in"] == RECORDS == counts["passed"] + counts["masked"] + counts["blocked"]
    assert counts["masked"] == sum(number % 7 in (1, 2) for number in range(RECORDS))
    assert counts["blocked"] == sum(number % 7 == 3 for number in range(RECORDS))


def _assert_judged(number: int, result: dict[str, object]) -> None:
    kind = number % 7
    if kind in (1, 2):
        assert result["action"] == "masked"
        assert ("{EMAIL}" if kind == 1 else "{PHONE}") in str(result["text"])
    elif kind == 3:
        assert (result["action"], result["text"]) == ("blocked", "This summary was withheld.")
    else:
        assert (result["action"], result["text"]) == ("passed", _text(number))


def test_a_second_job_at_the_same_time_does_no_harm(tmp_path: Path) -> None:
    """Two jobs over the same ledger: one of them ends with the reason, and each record counts once."""
    ids = _batch_output(tmp_path / "data", 9)
    with job.service(latency=0.02) as service:
        both = [job.start_apply(service, tmp_path / f"job{each}", tmp_path / "data") for each in range(2)]
        ends = [job.finished(each) for each in both]
        assert any("another job is working on" in printed for _, printed in ends), ends
        last = job.start_apply(service, tmp_path / "last", tmp_path / "data")
        assert job.finished(last)[0] == 0
        code, printed = job.finished(job.start_merge(service, tmp_path / "merge", ids))
        assert code == 0, printed
    results = (tmp_path / "merge/out/results/results.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["id"] for line in results) == sorted(ids)
