"""Merge: the books of all instances become one account, the report, and the data card.

    python -m steps.merge --settings settings.json

Fails where the books do not balance, where more is unusable than the YAML allows, and where a recording
stands in two sets. Writes metrics/labeling_metrics.json, dataset/ (dataset.json, README.md) and report/.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from steps.runtime import settings as step_settings
from steps.runtime.outputs import write_json, write_text
from steps.runtime.process import base_folder, run


def main() -> None:
    """The stages of the step."""
    arguments = parse()
    from steps.merge import account, card, report
    from steps.segments import settings

    wanted = settings.read(step_settings.load(arguments.settings, "merge", arguments.parameter))
    out: Path = arguments.output
    accounts = account.merged(arguments.books, wanted.measure)
    account.gather(arguments.books, out / "report", accounts)
    accounts.check_recordings(arguments.books)
    problem = account.verdict(accounts, wanted)
    figures = account.figures(accounts, wanted)
    write_json(out / "metrics" / "labeling_metrics.json", figures)
    report.write(out / "report" / "labeling_report.html", figures, accounts.books.timelines, problem)
    if problem:
        raise problem
    write_json(out / "dataset" / "dataset.json", card.dataset(figures, wanted, arguments.targets))
    write_text(out / "dataset" / "README.md", card.card(figures, wanted))
    print(account.summary(figures), flush=True)


def parse() -> argparse.Namespace:
    """Folders default to where SageMaker mounts them."""
    base = base_folder() / "processing"
    parser = argparse.ArgumentParser(prog="merge", description="Accounts, report and card of a conversion.")
    parser.add_argument("--settings", type=Path, default=base / "input" / "settings" / "settings.json")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--books", type=Path, default=base / "input" / "books")
    parser.add_argument("--targets", default="", help="S3 prefix of the targets, for dataset.json")
    parser.add_argument("--output", type=Path, default=base / "output")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
