"""Preprocess: the rows that are asked, in the shape that fmeval reads.

    python -m steps.preprocess --settings settings.json [--parameter EvaluationRows=300]

Takes the evaluation set that a training run put aside, its prompts as they are, or a data set of its own
with columns and templates. Writes evaluation_dataset.jsonl: id, model_input, target_output, group; and
overlap.json: how many of these rows stand in the training set.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from steps.runtime import settings as step_settings
from steps.runtime.outputs import write_json
from steps.runtime.process import base_folder, run

OUTPUT = "evaluation_dataset.jsonl"


def main() -> None:
    """The stages of the step."""
    arguments = parse()
    from steps.preprocess import choose, overlap, rows, settings

    wanted = settings.read(step_settings.load(arguments.settings, "preprocess", arguments.parameter))
    refused = rows.Refused()
    found = (
        rows.candidate_rows(arguments.data)
        if wanted.own is None
        else rows.own_rows(wanted.own, arguments.data, refused)
    )
    learned, out = overlap.read(arguments.training), arguments.output / "evaluation"
    look = (lambda _row: None) if learned is None else learned.look
    count = choose.write(out / OUTPUT, found, wanted.most, wanted.seed, look)
    refused.judge(count)
    choose.judge(count, wanted.least, wanted.source)
    sample = ", a sample" if wanted.sample_rows else ""
    print(f"wrote {count:,} rows to {OUTPUT}{sample}" + refused.told(), flush=True)
    if learned is not None:
        write_json(out / overlap.FILE, learned.document())
        print(learned.told(), flush=True)


def parse() -> argparse.Namespace:
    """Folders default to where SageMaker mounts them."""
    base = base_folder() / "processing"
    parser = argparse.ArgumentParser(prog="preprocess", description="The evaluation set for fmeval.")
    parser.add_argument("--settings", type=Path, default=base / "input" / "settings" / "settings.json")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--data", type=Path, default=base / "input" / "data")
    parser.add_argument("--training", type=Path, default=base / "input" / "training")
    parser.add_argument("--output", type=Path, default=base / "output")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
