"""Prepare: records to the input files of Bedrock batch jobs, every body checked before it is sent.

    python -m steps.prepare_batch --settings settings.json --batch-uri s3://.../batch [--parameter Name=Value]

Writes batch/<job>/<file>.jsonl, plan/plan.json, records/records.jsonl (the ids that are asked for), and
set_aside/set_aside.jsonl (ids of the others, with reasons; no texts).
"""

from __future__ import annotations

import argparse
import gc
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steps.runtime import settings as step_settings
from steps.runtime.errors import SettingsError, StepError
from steps.runtime.outputs import json_line, text_file, write_json
from steps.runtime.process import base_folder, run, without_texts

if TYPE_CHECKING:
    from steps.prepare_batch.jobs import Cutter, Job
    from steps.prepare_batch.records import Record
    from steps.prepare_batch.settings import BatchSettings

PLAN_VERSION = 1


def main() -> None:
    """The stages of the step."""
    arguments = parse()
    from steps.prepare_batch import jobs, records, settings

    wanted = settings.read(step_settings.load(arguments.settings, "prepare_batch", arguments.parameter))
    started = time.monotonic()
    # Rows make no cycles.
    gc.freeze()
    gc.set_threshold(200_000)
    out: Path = arguments.output
    cutter = jobs.Cutter(out / "batch", wanted.quotas)
    found = records.records(wanted, arguments.data)
    if wanted.also_input:
        found = masked(found, arguments)
    asked, aside = write(found, wanted, cutter, out)
    judge(asked, aside, wanted.max_set_aside_share)
    batch, on_demand = cutter.finish(on_demand=wanted.on_demand)
    write_json(out / "plan" / "plan.json", plan(arguments.batch_uri, batch, on_demand, wanted))
    seconds = time.monotonic() - started
    made = "1 job" if len(batch) == 1 else f"{len(batch)} jobs"
    print(f"{asked:,} records in {made} in {seconds:.1f} s{told(aside)}", flush=True)
    if on_demand is not None:
        least = wanted.quotas.records_at_least
        print(f"{on_demand.records} records go on demand: fewer than the {least} of a batch job", flush=True)


def write(
    found: Iterable[Record], wanted: BatchSettings, cutter: Cutter, out: Path
) -> tuple[int, Counter[str]]:
    """Writes every record to its place; how many are asked for, and why the others are not."""
    import orjson

    from steps.prepare_batch.bodies import fault

    fill, make, family = wanted.template.filler(), wanted.make_body, wanted.family
    dumps, guidelines, longest = orjson.dumps, wanted.guidelines, wanted.quotas.bytes_per_file
    asked, aside = 0, Counter[str]()
    with (
        text_file(out / "records" / "records.jsonl") as ids,
        text_file(out / "set_aside" / "set_aside.jsonl") as others,
    ):
        for record in found:
            reason, line = record.reason, b""
            if reason is None:
                body = make(fill({**record.values, "guidelines": guidelines}))
                if (wrong := fault(family, body)) is not None:
                    # Every body is made in the same way: this is the settings' fault, not the record's.
                    raise StepError(f"the bodies would be refused by a {family} model: {wrong}")
                line = dumps({"recordId": record.id, "modelInput": body}, option=orjson.OPT_APPEND_NEWLINE)
                reason = "too_long" if len(line) > longest else None
            if reason is None:
                cutter.write(line)
                ids.write(json_line({"id": record.id}))
                asked += 1
            else:
                others.write(json_line({"id": record.id, "reason": reason}))
                aside[reason] += 1
    return asked, aside


def masked(found: Iterator[Record], arguments: argparse.Namespace) -> Iterator[Record]:
    """The records with their texts masked by the guardrail; blocked and failed ones are set aside."""
    from steps.prepare_batch.masking import mask

    if not (arguments.guardrail_id and arguments.guardrail_version and arguments.region):
        raise SettingsError("apply.also_input needs --guardrail-id, --guardrail-version and --region")
    document = step_settings.load(arguments.settings, "prepare_batch", arguments.parameter)
    return mask(found, document, arguments.guardrail_id, arguments.guardrail_version, arguments.region)


def judge(asked: int, aside: Counter[str], most: float) -> None:
    """Fails where too many records are set aside to go on without a word."""
    count = sum(aside.values())
    if not asked + count:
        raise StepError("the data set is empty: it has no records")
    if count > most * (asked + count):
        raise StepError(
            f"{count} of {asked + count} records are set aside, more than data.max_set_aside_share ="
            f" {most:g} allows{told(aside)}",
            hint="set_aside.jsonl names every one with its reason",
        )


def told(aside: Counter[str]) -> str:
    """The reasons as the end of a sentence."""
    counts = ", ".join(f"{count:,} {reason}" for reason, count in aside.most_common())
    return f"; set aside: {counts}" if counts else ""


def plan(uri: str, batch: list[Job], on_demand: Job | None, wanted: BatchSettings) -> dict[str, Any]:
    """What start_batch and the wait read."""
    asked = [{"name": job.name, "prefix": f"{uri}/{job.name}/", "records": job.records} for job in batch]
    rest = on_demand and {"prefix": f"{uri}/{on_demand.name}/", "records": on_demand.records}
    return {
        "version": PLAN_VERSION,
        "jobs": asked,
        "on_demand": rest,
        "records": sum(job.records for job in batch) + (on_demand.records if on_demand else 0),
        "guidelines": list(wanted.versions),
        "sample_rows": wanted.sample_rows,
    }


def parse() -> argparse.Namespace:
    """Folders default to where SageMaker mounts them."""
    base = base_folder() / "processing"
    parser = argparse.ArgumentParser(prog="prepare_batch", description="Records to batch input.")
    parser.add_argument("--settings", type=Path, default=base / "input" / "settings" / "settings.json")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--batch-uri", required=True, help="s3:// prefix that the folder batch goes to")
    parser.add_argument("--guardrail-id", help="only with apply.also_input")
    parser.add_argument("--guardrail-version")
    parser.add_argument("--region")
    parser.add_argument("--data", type=Path, default=base / "input" / "data")
    parser.add_argument("--output", type=Path, default=base / "output")
    return parser.parse_args()


if __name__ == "__main__":
    run(lambda: without_texts(main))
