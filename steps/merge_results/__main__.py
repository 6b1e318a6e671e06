"""Merge: one result per record, metrics as a property file, a report; fails unless the books balance.

    python -m steps.merge_results --guardrail-id I --guardrail-version 1 --region R
        --ledger s3://.../ledger --results s3://.../results --failed s3://.../failed --settings settings.json

Writes results/results.jsonl, metrics/guardrails_metrics.json and report/guardrails_report.html.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from steps.runtime import settings as step_settings
from steps.runtime.errors import StepError
from steps.runtime.outputs import write_json
from steps.runtime.process import base_folder, run, without_texts


def main() -> None:
    """The stages of the step."""
    arguments = parse()
    import boto3
    from botocore.config import Config

    from steps.merge_results import answer_key, entries, figures, report, settings
    from steps.merge_results.merge import merge
    from steps.runtime.guardrail.places import Prefix

    wanted = settings.read(step_settings.load(arguments.settings, "merge_results", arguments.parameter))
    config = Config(retries={"mode": "standard", "max_attempts": 8}, max_pool_connections=16)
    storage = boto3.client("s3", region_name=arguments.region, config=config)
    version = f"{arguments.guardrail_id.rpartition('/')[2]}-{arguments.guardrail_version}"
    ledger, results, failed = (
        Prefix.of(storage, uri).below(version)
        for uri in (arguments.ledger, arguments.results, arguments.failed)
    )
    work = entries.read_entries(ledger)
    out: Path = arguments.output
    merged = merge(
        out / "results" / "results.jsonl",
        arguments.records / "records.jsonl",
        arguments.set_aside / "set_aside.jsonl",
        work,
        results=results,
        failures=failed,
    )
    allowed = figures.quotas(arguments.summary)
    document = figures.metrics(
        merged,
        work.figures,
        wanted,
        guardrail={"id": arguments.guardrail_id, "version": arguments.guardrail_version},
        allowed=allowed,
    )
    document["answer_key"] = None  # of samples alone
    if arguments.answer_key.is_dir():
        results_file = out / "results" / "results.jsonl"
        document["answer_key"] = answer_key.compare(arguments.answer_key, arguments.raw, results_file)
    control = boto3.client("bedrock", region_name=arguments.region, config=config)
    document["not_looked_for"] = not_looked_for(control, arguments.guardrail_id, arguments.guardrail_version)
    problem = judge(document["records"], document["failed"], wanted.max_failed_share)
    write_json(out / "metrics" / "guardrails_metrics.json", document)
    report.write(out / "report" / "guardrails_report.html", document, work.figures, problem)
    if problem:
        raise problem
    print(", ".join(f"{count:,} {name}" for name, count in document["records"].items()), flush=True)


def not_looked_for(bedrock: Any, guardrail: str, version: str) -> list[str]:
    """What the service says it does not do of the guardrail's configuration; none of a guardrail that is
    gone by now, or that this job's role may not describe."""
    from botocore.exceptions import ClientError

    try:
        found = bedrock.get_guardrail(guardrailIdentifier=guardrail, guardrailVersion=version)
    except ClientError as error:
        print(f"the guardrail cannot be described: {error.response['Error']['Code']}", flush=True)
        return []
    return list(found.get("statusReasons") or ())


def judge(records: dict[str, int], reasons: dict[str, int], most: float) -> StepError | None:
    """Why too many records have no result; None where they are few enough."""
    asked = records["in"] - records["set_aside"]
    if records["failed"] <= most * asked:
        return None
    told = ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())
    return StepError(
        f"{records['failed']:,} of {asked:,} records have no result, more than apply.max_failed_share ="
        f" {most:g} allows: {told}",
        hint="the report lists the reasons; mend the records, or raise apply.max_failed_share",
    )


def parse() -> argparse.Namespace:
    """Folders default to where SageMaker mounts them."""
    base = base_folder() / "processing"
    parser = argparse.ArgumentParser(prog="merge_results", description="Results, books, report.")
    parser.add_argument("--settings", type=Path, default=base / "input" / "settings" / "settings.json")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--guardrail-id", required=True)
    parser.add_argument("--guardrail-version", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--ledger", required=True, help="s3:// prefix of the ledger")
    parser.add_argument("--results", required=True, help="s3:// prefix of the results")
    parser.add_argument("--failed", required=True, help="s3:// prefix of the failed ids")
    parser.add_argument("--records", type=Path, default=base / "input" / "records")
    parser.add_argument("--set-aside", type=Path, default=base / "input" / "set_aside")
    parser.add_argument("--summary", type=Path, default=base / "input" / "summary")
    parser.add_argument("--answer-key", type=Path, default=base / "input" / "answer_key")
    parser.add_argument("--raw", type=Path, default=base / "input" / "raw", help="what the model answered")
    parser.add_argument("--output", type=Path, default=base / "output")
    return parser.parse_args()


if __name__ == "__main__":
    run(lambda: without_texts(main))
