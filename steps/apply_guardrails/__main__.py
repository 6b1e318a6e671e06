"""Apply guardrails: every output of the batch jobs through ApplyGuardrail, results to S3 as they come.

    python -m steps.apply_guardrails --guardrail-id I --guardrail-version 1 --region R
        --ledger s3://.../ledger --results s3://.../results --failed s3://.../failed --settings settings.json

Reads its shard of the batch output below the data folder. Killed at any moment and started again, on an
empty disk or on another number of instances, it goes on where the ledger ends. Texts go to the results and
nowhere else; a text without a verdict goes nowhere.
"""

from __future__ import annotations

import argparse
import time
import uuid
from pathlib import Path
from typing import Any

from steps.runtime import settings as step_settings
from steps.runtime.errors import StepError
from steps.runtime.outputs import write_json
from steps.runtime.process import base_folder, run, without_texts


def main() -> None:
    """Connects, reads the quotas, applies the guardrail, says what came of it."""
    arguments = parse()
    import boto3
    from botocore.config import Config

    from steps.apply_guardrails import quotas, records, settings, work
    from steps.apply_guardrails.desk import Desk
    from steps.apply_guardrails.ledger import Ledger
    from steps.runtime.guardrail import asking, calls
    from steps.runtime.guardrail.buckets import Limiter
    from steps.runtime.guardrail.places import Prefix
    from steps.runtime.guardrail.tally import Tally

    wanted = settings.read(step_settings.load(arguments.settings, "apply_guardrails", arguments.parameter))
    host, shards = settings.shards(base_folder())
    region = arguments.region

    def connect() -> Any:
        # Own retries: the ones of botocore know neither the buckets nor the ledger.
        config = Config(
            retries={"total_max_attempts": 1}, max_pool_connections=wanted.concurrency, read_timeout=30
        )
        return boto3.session.Session().client("bedrock-runtime", region_name=region, config=config)

    storage = boto3.client(
        "s3", region_name=region, config=Config(retries={"mode": "standard", "max_attempts": 8})
    )
    if wanted.requests_per_second is None:
        found = quotas.read_quotas(boto3.client("service-quotas", region_name=region))
    else:
        found = {calls.REQUESTS: wanted.requests_per_second, **wanted.text_units_per_second}
    chosen = {
        name: rate / shards for name, rate in found.items() if name in (calls.REQUESTS, *wanted.policies)
    }
    guardrail = calls.Guardrail(arguments.guardrail_id, arguments.guardrail_version)
    version = f"{arguments.guardrail_id.rpartition('/')[2]}-{arguments.guardrail_version}"
    entries, results, failed = (
        Prefix.of(storage, uri).below(version)
        for uri in (arguments.ledger, arguments.results, arguments.failed)
    )
    ledger = Ledger(entries, results, failed, run=uuid.uuid4().hex[:8])
    tally, started = Tally(), time.monotonic()
    unit_rate = min((rate for name, rate in chosen.items() if name != calls.REQUESTS), default=float("inf"))
    # A request of more units than a second gives would never be let through.
    limits = asking.Limits(max(1, int(min(wanted.limits.units, unit_rate))), wanted.limits.records)
    size = asking.PackSize(limits.records, unit_rate / chosen[calls.REQUESTS])
    caller = calls.Caller(
        connect,
        guardrail,
        Limiter(chosen),
        patience=wanted.patience,
        breaker=calls.Breaker(max(10, 2 * wanted.concurrency)),
        tally=tally,
        means=calls.Means(),
    )
    files = records.files(arguments.data)
    print(f"{host}: {len(files)} files, guardrail {version}, quotas {told(chosen)}", flush=True)
    pace = Pace(started)
    desk = Desk(ledger, tally, wanted.rhythm, written=pace.add)
    worker = work.Worker(asking.Asker(caller, limits, size, tally), limits, desk, wanted.concurrency)
    work.apply(files, ledger, worker, asking.Packer(limits, size))
    summary = {
        "host": host,
        "guardrail": version,
        "files": len(files),
        "records": pace.records,
        "seconds": time.monotonic() - started,
        "quotas": chosen,
    }
    write_json(arguments.output / "summary" / f"{host}.json", summary)
    if desk.unlucky > wanted.max_failed_share * pace.records:
        raise StepError(
            f"{desk.unlucky:,} of {pace.records:,} records have no answer, which another day may bring",
            hint="retry the execution: they are asked again, and what is done is not",
        )
    print(f"{host}: {pace.records:,} records in {time.monotonic() - started:.1f} s", flush=True)


class Pace:
    """A line in the log now and then."""

    def __init__(self, started: float) -> None:
        self.records = 0
        self._started = self._told = started

    def add(self, records: int) -> None:
        """So many more are durable."""
        self.records += records
        if (now := time.monotonic()) - self._told >= 30:
            self._told = now
            rate = self.records / (now - self._started)
            print(f"{self.records:,} records, {rate:,.0f} a second", flush=True)


def told(quotas: dict[str, float]) -> str:
    """Quotas for the log."""
    return ", ".join(f"{name.replace('_', ' ')} {rate:g}/s" for name, rate in quotas.items())


def parse() -> argparse.Namespace:
    """Folders default to where SageMaker mounts them."""
    base = base_folder() / "processing"
    parser = argparse.ArgumentParser(prog="apply_guardrails", description="ApplyGuardrail over batch output.")
    parser.add_argument("--settings", type=Path, default=base / "input" / "settings" / "settings.json")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--guardrail-id", required=True)
    parser.add_argument("--guardrail-version", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--ledger", required=True, help="s3:// prefix of the ledger")
    parser.add_argument("--results", required=True, help="s3:// prefix of the results")
    parser.add_argument("--failed", required=True, help="s3:// prefix of the failed ids")
    parser.add_argument("--data", type=Path, default=base / "input" / "data")
    parser.add_argument("--output", type=Path, default=base / "output")
    return parser.parse_args()


if __name__ == "__main__":
    run(lambda: without_texts(main))
