"""An execution's batch by hand: a plan in the bucket, jobs that tests end, outputs that tests write."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from start_batch.plan import start
from waiting import batch
from waiting.decision import Look
from waiting.inputs import Inputs

from tests.unit.lambdas.fakes import EXECUTION_ARN, EXECUTION_ID, Aws

BUCKET = "test-bucket"
INPUT = f"test/executions/calls/{EXECUTION_ID}/prepare-batch/batch"
OUTPUT = f"test/raw/calls/{EXECUTION_ID}/batch-output"
WORK = f"test/raw/calls/{EXECUTION_ID}/wait-batch"
STATE_URI = f"s3://{BUCKET}/{WORK}/state.json"
PLAN = f"test/executions/calls/{EXECUTION_ID}/prepare-batch/plan/plan.json"
EVENT: dict[str, Any] = {
    "pipeline_execution_id": EXECUTION_ID,
    "pipeline_execution_arn": EXECUTION_ARN,
    "plan_uri": f"s3://{BUCKET}/{PLAN}",
    "output_uri": f"s3://{BUCKET}/{OUTPUT}",
    "model_id": "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "role_arn": "arn:aws:iam::123456789012:role/test-batch",
    "invocation_type": "Converse",
    "timeout_hours": 24,
    "max_concurrent_jobs": 2,
    "minimum_records": 3,
    "retry_unfinished": "1",
    "on_demand": "true",
    "kms_key": "",
    "tags": '{"team": "care"}',
}


def body(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"text": text}]}]}


def jsonl(records: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


class BatchWorld:
    """`jobs` by name with their record ids; `small`: ids that go on demand."""

    def __init__(self, jobs: dict[str, list[str]], small: Iterable[str] = (), **changes: Any) -> None:
        self.aws = Aws()
        self.event = {**EVENT, **changes}
        parts = {**jobs, "small": list(small)}
        for name, ids in parts.items():
            self.put(f"{INPUT}/{name}/000.jsonl", [{"recordId": i, "modelInput": body(i)} for i in ids])
        plan = [
            {"name": name, "prefix": f"s3://{BUCKET}/{INPUT}/{name}/", "records": len(ids)}
            for name, ids in parts.items()
        ]
        on_demand = plan.pop() if parts["small"] else plan.pop() and None
        records = sum(map(len, parts.values()))
        content = {"version": 1, "jobs": plan, "on_demand": on_demand, "records": records}
        self.aws.s3.objects[f"{BUCKET}/{PLAN}"] = json.dumps(content).encode()

    def put(self, key: str, records: Iterable[dict[str, Any]]) -> None:
        self.aws.s3.objects[f"{BUCKET}/{key}"] = jsonl(records)

    def start(self) -> dict[str, Any]:
        return start(Inputs(self.event), self.aws.tools)

    def look(self) -> Look:
        return batch.look(STATE_URI, batch.describe(self.aws.tools, STATE_URI))

    def status(self, job: str, attempt: int = 1) -> str:
        return str(self.aws.bedrock.jobs[f"{EXECUTION_ID}-{job}-{attempt}"]["status"])

    def end(self, job: str, status: str = "Completed", attempt: int = 1, **outcome: Any) -> None:
        """`done`: ids with an answer; `errors`: ids with an error of this code."""
        done, failed = outcome.pop("done", ()), outcome.pop("failed", {})
        found = self.aws.bedrock.end(f"{EXECUTION_ID}-{job}-{attempt}", status, errors=len(failed), **outcome)
        lines = [{"recordId": each, "modelInput": {}, "modelOutput": {}} for each in done]
        lines += [
            {"recordId": each, "modelInput": {}, "error": {"errorCode": code, "errorMessage": ""}}
            for each, code in failed.items()
        ]
        target = found["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"].removeprefix(f"s3://{BUCKET}/")
        if lines:
            self.put(f"{target}{found['jobArn'].rpartition('/')[2]}/000.jsonl.out", lines)

    def ids(self, key: str) -> list[str]:
        lines = self.aws.s3.objects[f"{BUCKET}/{key}"].splitlines()
        return [json.loads(line)["recordId"] for line in lines]

    def names(self) -> list[str]:
        return [name.removeprefix(f"{EXECUTION_ID}-") for name in self.aws.bedrock.jobs]
