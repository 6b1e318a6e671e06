"""Evaluate: asks the endpoint for every row, scores the answers with fmeval, reports.

    python -m steps.evaluate --endpoint-name E --model-data-url s3://... --region R --settings settings.json

Refuses unless the endpoint serves the model data that would be registered. Writes metrics/
evaluation_metrics.json, and report/ with the page, every row's result, the failed rows and a manifest.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import os
import time
from pathlib import Path

from steps.runtime import settings as step_settings
from steps.runtime.outputs import sha256
from steps.runtime.process import base_folder, run


def main() -> None:
    """The stages of the step."""
    arguments = parse()
    started = time.monotonic()
    os.environ.setdefault("AWS_DEFAULT_REGION", arguments.region)  # the SDK behind fmeval asks for one
    from steps.evaluate import clients, dataset, endpoint, offline, settings

    wanted = settings.read(step_settings.load(arguments.settings, "evaluate", arguments.parameter))
    rows = dataset.read(arguments.data)
    models = arguments.models.resolve() if arguments.models.is_dir() else None
    places = [path.resolve() for path in (arguments.output / "metrics", arguments.output / "report")]
    data = (arguments.data / dataset.FILE).resolve()
    client = clients.client("sagemaker", arguments.region, wanted.asking)
    endpoint.check(client, arguments.endpoint_name, arguments.model_data_url)
    with offline.workplace(models):
        from steps.evaluate import approved, runner
        from steps.evaluate.evaluation import evaluate, load
        from steps.evaluate.results import write

        asked = runner.BoundedRunner(arguments.endpoint_name, arguments.region, wanted.asking)
        scorers = load(wanted, rows)
        seconds = {"start_up": time.monotonic() - started}
        print(f"asking {arguments.endpoint_name} for {len(rows):,} rows", flush=True)
        found = evaluate(wanted, rows, asked.ask, scorers, seconds)
        found = dataclasses.replace(
            found,
            data={"sha256": sha256(data), "rows": len(rows)},
            overlap=dataset.overlap(data.parent),
        )
        if found.problem() is None:
            storage = clients.client("s3", arguments.region, wanted.asking)
            found = approved.held_against(found, client, storage)
        problem = write(
            found,
            metrics=places[0],
            report=places[1],
            endpoint=arguments.endpoint_name,
            model_data_url=arguments.model_data_url,
            region=arguments.region,
            data_file=data.name,
            seconds=seconds,
            now=datetime.datetime.now(datetime.UTC),
        )
    if problem:
        raise problem


def parse() -> argparse.Namespace:
    """Folders default to where SageMaker mounts them."""
    base = base_folder() / "processing"
    parser = argparse.ArgumentParser(prog="evaluate", description="Asks an endpoint and scores its answers.")
    parser.add_argument("--settings", type=Path, default=base / "input" / "settings" / "settings.json")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--endpoint-name", required=True)
    parser.add_argument("--model-data-url", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--data", type=Path, default=base / "input" / "data")
    parser.add_argument("--models", type=Path, default=base / "input" / "models")
    parser.add_argument("--output", type=Path, default=base / "output")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
