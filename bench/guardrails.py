"""ApplyGuardrail over batch output, beside the recipe of AWS's post and a plain thread pool.

    python -m bench.guardrails [--records 4000] [--large 1000000] [--prepare 200000]

A server on loopback answers after 150 ms and enforces 100 requests and 1,000 text units a second, as
documented for the largest regions. Records have 1,500 characters, two text units; 0, 10 or 90 % of them hold
an e-mail address. `used` is the part of the quota that binds, between the first answer and the last.
Targets of ours: 97 % of that quota with 0.5 % of calls throttled at most; a million records in 300 MB;
20,000 records a second of a core prepared with the shipped prompt; two shards 1.8 times as fast as one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3

from tests.fakes import guardrail_job as job

LATENCY, REQUESTS, UNITS = 0.15, 100.0, 1000.0
PAUSE = 3.0  # of the post's recipe
TARGET_USED, TARGET_THROTTLED, TARGET_MEGABYTES = 0.97, 0.005, 300.0
TARGET_PREPARED, TARGET_SHARDS = 20_000.0, 1.8
QUOTAS = {"requests_per_second": REQUESTS, "text_units_per_second": {"sensitive_information": UNITS}}
FILLER = "The line had been down for two days and the agent sent a technician on Tuesday. " * 18


def texts(count: int, hit: float) -> Iterator[str]:
    """Records of 1,500 characters; `hit` of them with an address."""
    chance = random.Random(7)
    for number in range(count):
        address = f"user{number}@example.com" if chance.random() < hit else "an address"
        yield f"Caller {number} wrote from {address}. {FILLER}"[:1500]


def write_output(folder: Path, count: int, hit: float, files: int = 1) -> None:
    """Batch output as jobs leave it."""
    handles = []
    for place in range(files):
        path = folder / f"{place:03d}" / "0" / "abcdefabcdef" / "000.jsonl.out"
        path.parent.mkdir(parents=True)
        handles.append(path.open("w", encoding="utf-8"))
    for number, text in enumerate(texts(count, hit)):
        handles[number % files].write(job.output_line(f"R{number:010d}", text))
    for handle in handles:
        handle.close()


def ours(service: job.Service, folder: Path, records: int) -> Callable[[int, float], None]:
    """The step, as a process, with so many records in a call at most."""

    def run(count: int, hit: float) -> None:
        write_output(folder / "data", count, hit)
        ledger = {"every_records": 1000, "every_seconds": 10}
        changes = {**QUOTAS, "pack": {"records": records}, "ledger": ledger, "concurrency": 48}
        code, printed = job.finished(job.start_apply(service, folder / "disk", folder / "data", **changes))
        if code:
            raise SystemExit(printed)

    return run


def thread_pool(service: job.Service, _folder: Path, _records: int) -> Callable[[int, float], None]:
    """What one writes first: 32 threads, botocore's own retries, every result in memory."""

    def run(count: int, hit: float) -> None:
        from botocore.config import Config

        config = Config(max_pool_connections=32, retries={"mode": "adaptive", "max_attempts": 20})
        client = boto3.client("bedrock-runtime", config=config, **service.access())
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(lambda text: _ask(client, text), texts(count, hit)))

    return run


def recipe(service: job.Service, _folder: Path, _records: int) -> Callable[[int, float], None]:
    """The post's: one thread, and a record every three seconds."""

    def run(count: int, hit: float) -> None:
        client = boto3.client("bedrock-runtime", **service.access())
        for text in texts(min(count, 5), hit):
            started = time.monotonic()
            _ask(client, text)
            time.sleep(max(0.0, PAUSE - (time.monotonic() - started)))

    return run


def _ask(client: Any, text: str) -> Any:
    return client.apply_guardrail(
        guardrailIdentifier="g", guardrailVersion="1", source="OUTPUT", content=[{"text": {"text": text}}]
    )


WAYS = (
    ("the post's recipe", recipe, 1),
    ("thread pool", thread_pool, 1),
    ("ours, one by one", ours, 1),
    ("ours, packed", ours, 10),
)


def side_by_side(count: int) -> bool:
    """Every way at every share of records that are hit; whether ours kept to their targets."""
    kept = True
    print(f"{'':20}{'hit':>6}{'records/s':>12}{'calls/s':>10}{'units/s':>10}{'used':>8}{'throttled':>11}")
    for hit in (0.0, 0.1, 0.9):
        for name, way, records in WAYS:
            with tempfile.TemporaryDirectory() as folder, _limited() as service:
                way(service, Path(folder), records)(count, hit)
                asked = min(count, 5) if way is recipe else count
                figures, used, throttled = _figures(service.stats(), asked)
                print(f"{name:20}{hit:>6.0%}{figures}", flush=True)
            kept &= way is not ours or (used >= TARGET_USED and throttled <= TARGET_THROTTLED)
    print(f"target of ours: used {TARGET_USED:.0%}, throttled {TARGET_THROTTLED:.1%} at most")
    return kept


def _limited() -> Any:
    return job.service(latency=LATENCY, requests=REQUESTS, units=UNITS, keep_texts=False)


def _figures(stats: dict[str, Any], count: int) -> tuple[str, float, float]:
    """The line, the part of the quota that was used, the share of calls that were throttled."""
    counts = stats["counts"]
    # From the first answer to the last there is one call less than there are answers.
    seconds = max(stats["seconds"], 0.001) * counts["answered"] / max(1, counts["answered"] - 1)
    calls, units = counts["answered"] / seconds, counts["units"] / seconds
    used = max(calls / REQUESTS, units / UNITS)
    throttled = counts.get("throttled", 0) / counts["requests"]
    line = f"{count / seconds:>12.2f}{calls:>10.1f}{units:>10.1f}{used:>8.1%}{throttled:>11.2%}"
    return line, used, throttled


def large(count: int) -> bool:
    """Memory of the step with many records, on a server that is as fast as it can."""
    with tempfile.TemporaryDirectory() as name, job.service(keep_texts=False) as service:
        folder = Path(name)
        write_output(folder / "data", count, 0.01)
        ledger = {"every_records": 10_000, "every_seconds": 10}
        changes = {"pack": {"records": 10}, "ledger": ledger, "concurrency": 8, "requests_per_second": 1e6}
        changes["text_units_per_second"] = {"sensitive_information": 1e6}
        started = time.monotonic()
        process = job.start_apply(service, folder / "disk", folder / "data", **changes)
        printed = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
        if process.returncode:
            raise SystemExit(printed)
        megabytes = usage.ru_maxrss / 1024
        print(
            f"{count:,} records: {megabytes:.0f} MB resident, target {TARGET_MEGABYTES:g};"
            f" {count / seconds:,.0f} records/s"
        )
        return bool(megabytes < TARGET_MEGABYTES)


def shards(count: int) -> bool:
    """Two processes, a core and half the quota each, against one process with one core and its quota."""
    rates = []
    for instances in (1, 2):
        with tempfile.TemporaryDirectory() as name, job.service(latency=LATENCY, keep_texts=False) as service:
            folder, running = Path(name), []
            for shard in range(instances):
                write_output(folder / f"data{shard}", count, 0.1)
                # The ledger knows files by name: shards have different ones.
                os.rename(folder / f"data{shard}" / "000", folder / f"data{shard}" / f"00{shard}")
                changes = {**QUOTAS, "requests_per_second": 150.0, "pack": {"records": 1}, "concurrency": 48}
                changes["ledger"] = {"every_records": 1000, "every_seconds": 10}
                started = job.start_apply(
                    service, folder / f"disk{shard}", folder / f"data{shard}", **changes
                )
                os.sched_setaffinity(started.pid, {shard % (os.cpu_count() or 1)})
                running.append(started)
            for started in running:
                code, printed = job.finished(started)
                if code:
                    raise SystemExit(printed)
            rates.append(instances * count / service.stats()["seconds"])
    times = rates[1] / rates[0]
    print(
        f"one shard {rates[0]:.1f} records/s, two shards {rates[1]:.1f}:"
        f" {times:.2f} times, target {TARGET_SHARDS}"
    )
    return bool(times >= TARGET_SHARDS)


def prepare(count: int) -> bool:
    """Transcripts of 2 KB to checked batch input with the shipped prompt, on one core."""
    settings = {
        "data": {"format": "jsonl", "columns": {"id": "id", "text": "transcript"}},
        "model": {"format": "converse", "max_tokens": 300, "temperature": 0.0},
        "prompt": shipped_prompt(),
        "batch": {
            "max_records_per_job": 50_000,
            "min_records_per_job": 100,
            "max_bytes_per_file": 200_000_000,
        },
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        transcript = (FILLER * 2)[:2000]
        with (folder / "data" / "calls.jsonl").open("w", encoding="utf-8") as file:
            for number in range(count):
                file.write(json.dumps({"id": f"c{number}", "transcript": transcript}) + "\n")
        document = {"step": "prepare_batch", "version": 1, "parameters": {}, **settings}
        (folder / "settings.json").write_text(json.dumps(document), encoding="utf-8")
        command = [sys.executable, "-m", "steps.prepare_batch", "--batch-uri", "s3://bucket/batch"]
        command += ["--settings", str(folder / "settings.json"), "--data", str(folder / "data")]
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run([*command, "--output", str(folder / "out")], check=True, cwd=job.ROOT)
        seconds, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        cores = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(
            f"prepare: {count / cores:,.0f} records per second of a core, target {TARGET_PREPARED:,.0f};"
            f" {count / seconds:,.0f} by the clock"
        )
        return bool(count / cores >= TARGET_PREPARED)


def shipped_prompt() -> dict[str, Any]:
    """Template and guidelines of calls-guardrails, as its step is told them."""
    golden = job.ROOT / "tests" / "golden" / "calls-guardrails.settings.json"
    told: dict[str, Any] = json.loads(golden.read_text(encoding="utf-8"))
    return dict(told["prepare_batch"]["prompt"])


def main() -> int:
    """All of it; returns 1 when a target was missed."""
    parser = argparse.ArgumentParser(description="ApplyGuardrail in bulk, measured.")
    parser.add_argument("--records", type=int, default=4000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--prepare", type=int, default=200_000)
    parser.add_argument("--only", choices=("prepare", "shards", "ways", "large"), help="one part of it")
    told = parser.parse_args()
    parts: dict[str, Callable[[], bool]] = {
        "prepare": lambda: prepare(told.prepare),
        "shards": lambda: shards(1500),
        "ways": lambda: side_by_side(told.records),
        "large": lambda: large(told.large),
    }
    kept = [part() for name, part in parts.items() if told.only in (None, name)]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
