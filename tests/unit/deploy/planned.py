"""An account that was bootstrapped and upserted with small pipelines, to be planned against."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from definition.compile import CompiledPipeline
from definition.origin import Origin
from deploy.infrastructure.bootstrap import bootstrap
from deploy.infrastructure.stacks import Waiting
from deploy.planning.explanation import Explanation, explain
from deploy.planning.upsert import carry_out
from deploy.planning.whole_plan import WholePlan, plan_all
from pipelines.assets import Asset
from pipelines.bundles import archive
from tests.unit.deploy.fakes import FakeAws, project

WAITING = Waiting(clock=lambda: 0.0, sleep=lambda _: None, tell=lambda _: None)
ORIGIN = Origin("file", "content", "platform", "3.26.0")
GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "facts-inference.local.json"
OLD, NEW = "a" * 64, "b" * 64


def definition(digest: str = OLD, *, threshold: float = 0.5) -> dict[str, Any]:
    """The shipped inference pipeline with its code, settings and data under one hash."""
    made: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8").replace("<sha256>", digest))
    made["Parameters"][1]["DefaultValue"] = threshold
    return made


def compiled(digest: str = OLD, *, threshold: float = 0.5, origin: Origin = ORIGIN) -> CompiledPipeline:
    """It, compiled; its code says its hash."""
    content = definition(digest, threshold=threshold)
    return CompiledPipeline(
        name="local-facts-inference",
        config_name="facts-inference",
        kind="inference",
        text=json.dumps(content),
        definition=content,
        assets=tuple(_assets(digest)),
        description="Answers",
        parallelism=None,
        tags={},
        origin=origin,
    )


def _assets(digest: str) -> list[Asset]:
    found = []
    for step in ("preprocess", "evaluate"):
        folder = f"local/code/{step}/{digest}"
        files = {f"steps/{step}/rows.py": digest.encode(), "steps/same.py": b"same"}
        found += [
            Asset(f"{folder}/source.tar.gz", body=archive(files)),
            Asset(f"{folder}/entrypoint.py", body=b"start"),
        ]
    settings = json.dumps({"step": "evaluate", "rows": digest}).encode()
    return [*found, Asset(f"local/settings/{digest}/settings.json", body=settings)]


def deployed_account() -> FakeAws:
    """Bootstrapped, and the pipeline upserted."""
    fake = FakeAws()
    bootstrap(project(), fake.aws, report=lambda _: None, waiting=WAITING)
    bring(fake, compiled())
    return fake


def bring(fake: FakeAws, *pipelines: CompiledPipeline, **how: Any) -> WholePlan:
    """Plans and carries out."""
    made = plan_all(project(), fake.aws, pipelines)
    carry_out(project(), fake.aws, made.pipelines, pipelines, report=lambda _: None, **how)
    return made


def explained(fake: FakeAws, *pipelines: CompiledPipeline) -> tuple[WholePlan, Explanation]:
    """A plan and what it means."""
    made = plan_all(project(), fake.aws, pipelines)
    return made, explain(project(), fake.aws, made, pipelines)


def writes(fake: FakeAws) -> Sequence[Any]:
    """Every writing call since the last `forget`."""
    return [*fake.sagemaker.writes(), *fake.s3.written, *fake.cloudformation.calls]


def forget(fake: FakeAws) -> None:
    """Starts counting anew."""
    for calls in (fake.sagemaker.calls, fake.s3.written, fake.cloudformation.calls):
        calls.clear()


def with_origin(pipeline: CompiledPipeline, origin: Origin) -> CompiledPipeline:
    """It, compiled from something else."""
    return dataclasses.replace(pipeline, origin=origin)
