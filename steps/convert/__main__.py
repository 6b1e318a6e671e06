"""Convert: labels of audio and video to fine-tuning data, one instance's share of the objects.

    python -m steps.convert --settings settings.json

Reads the manifest whole and the answers that lie in this instance's part of the folder; checks, consolidates
and writes every target. Writes targets/<target>/<set>/..., and books/, of which `merge` makes the accounts,
the report and the data card.
"""

from __future__ import annotations

import argparse
import gc
import time
from pathlib import Path

from steps.runtime import settings as step_settings
from steps.runtime.process import base_folder, run


def main() -> None:
    """The stages of the step."""
    arguments = parse()
    from steps.convert.instance import Instance
    from steps.convert.share import Share
    from steps.segments import settings

    # Objects come and go in the order they were made; looking for cycles among them finds none.
    gc.freeze()
    gc.set_threshold(200_000)
    wanted = settings.read(step_settings.load(arguments.settings, "convert", arguments.parameter))
    started = time.monotonic()
    instance = Instance.of(arguments.resources)
    share = Share(wanted, arguments, instance)
    books = share.convert()
    share.write_books(books)
    spent = time.monotonic() - started
    print(
        f"{instance.name}: converted {books.converted:,} of {books.objects:,} objects,"
        f" {books.segments_used:,} of {books.segments:,} segments in {spent:.1f} s",
        flush=True,
    )


def parse() -> argparse.Namespace:
    """Folders default to where SageMaker mounts them."""
    base = base_folder() / "processing"
    parser = argparse.ArgumentParser(prog="convert", description="Labels to fine-tuning data.")
    parser.add_argument("--settings", type=Path, default=base / "input" / "settings" / "settings.json")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--manifest", type=Path, default=base / "input" / "manifest")
    parser.add_argument("--data", type=Path, default=base / "input" / "data")
    parser.add_argument("--media", type=Path, default=base / "input" / "media")
    parser.add_argument("--output", type=Path, default=base / "output")
    parser.add_argument(
        "--resources", type=Path, default=base_folder() / "config" / "resourceconfig.json",
        help="who the instances are, as SageMaker tells",
    )  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
