"""Small labeling jobs in a folder, and the two steps run on them in this process."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from steps.convert.instance import Instance
from steps.convert.share import Share
from steps.merge import account
from steps.runtime.settings import Section
from steps.segments import settings

JSON = dict[str, Any]
PAGE: JSON = {
    "answers": [
        {
            "acceptanceTime": "2026-05-01T10:00:00.250Z",
            "answerContent": {
                "annotations": {
                    "categories": {"speech": ["Danish", "Greek"], "speaker": ["Customer", "Representative"]},
                    "startTimestamp": 1777629600000,
                    "startUTCTime": "Fri, 01 May 2026 10:00:00 GMT",
                    "streams": {
                        "speech": [
                            {"id": "Danish", "start": 0, "end": 12.5, "text": "Hej, æblerne mangler",
                             "emotion": "worried"},
                            {"id": "Greek", "start": 12.5, "end": 41.062517, "text": "Καλημέρα σας",
                             "emotion": "calm"},
                        ]
                    },
                    "endTimestamp": 1777629660000,
                    "endUTCTime": "Fri, 01 May 2026 10:01:00 GMT",
                    "elapsedTime": 60000,
                },
                "backgroundNoise": {"ambient": False, "music": True, "traffic": False},
                "emotiontag": "Neutral",
                "environmentalSounds": {"birdsChirping": False, "doorbell": True, "footsteps": False},
                "rate": {"1": False, "2": False, "3": False, "4": False, "5": True},
                "textTranslationFinal": "The apples are missing",
            },
        }
    ]
}  # fmt: skip
"""What the page of the segmentation sample sends: one answer, no worker, start as a whole number."""


def told(**changes: Any) -> Section:
    """Settings of the steps, with parts changed."""
    document: JSON = {
        "data": {
            "source": "test",
            "root": "",
            "format": "ground_truth",
            "manifest": "output.manifest",
            "responses": "worker-response",
            "attribute": None,
            "answer_field": "annotations",
            "id": "name",
            "recording": "recording",
            "duration": "duration",
            "fields": {"product": "product"},
        },
        "tracks": {},
        "questions": {"rate": "rating", "emotiontag": "ignore"},
        "checks": {
            "unknown_tracks": "keep",
            "minimum_seconds": 0.0,
            "tolerance_seconds": 0.25,
            "max_response_mb": 1,
            "max_rejected_share": 1.0,
        },
        "consolidation": {"iou": 0.5, "quorum": 0.5},
        "agreement": {"thresholds": [0.5, 0.7], "frame_seconds": 0.1},
        "split": {"validation": 0.2, "test": 0.2, "seed": 7},
        "targets": {"segments": {}},
        "card": {},
    }
    for key, value in changes.items():
        document[key] = {**document[key], **value} if isinstance(value, dict) and key != "targets" else value
    return Section(document, "")


def answer(worker: str, streams: Any, **fields: Any) -> JSON:
    """One worker's answer."""
    return {"workerId": worker, "answerContent": {"annotations": {"streams": streams}, **fields}}


def segment(start: Any, end: Any, label: Any = "A", text: str = "", **more: Any) -> JSON:
    """One segment as a page sends it."""
    return {"id": label, "start": start, "end": end, "text": text, "emotion": "", **more}


def line(number: int, **more: Any) -> JSON:
    """A labeled line; its answers are in the folder of its number."""
    return {
        "source-ref": f"s3://media/{number}.wav",
        "name": f"object-{number}",
        "labels": {},
        "labels-metadata": {
            "job_name": "job",
            "worker-response-ref": f"s3://out/job/annotations/worker-response/iteration-1/{number}/a.json",
        },
        **more,
    }


class Job:
    """A labeling job's output in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "manifest").mkdir(parents=True)
        (folder / "data").mkdir()
        self.lines: list[str] = []

    def add(self, document: Any, answers: Any = None) -> None:
        """A line (JSON, or a text as it is), and the file of its answers."""
        number = len(self.lines)
        self.lines.append(document if isinstance(document, str) else json.dumps(document))
        if answers is not None:
            path = self.folder / "data" / "iteration-1" / str(number) / "a.json"
            path.parent.mkdir(parents=True)
            body = answers if isinstance(answers, str) else json.dumps({"answers": answers})
            path.write_text(body, encoding="utf-8")

    def convert(
        self, section: Section | None = None, *, parts: int = 1, out: str = "out"
    ) -> tuple[JSON, list[JSON], list[JSON]]:
        """Runs both steps: the figures, what was set aside, the objects as the target `segments` has them."""
        wanted = settings.read(section or told())
        if self.lines:
            text = "\n".join(self.lines) + "\n"
            (self.folder / "manifest" / "output.manifest").write_text(text, encoding="utf-8")
        output = self.folder / out
        for part in range(parts):
            share = Share(
                wanted, self._folders(part, parts, output), Instance(f"algo-{part + 1}", part, parts)
            )
            share.write_books(share.convert())
        accounts = account.merged(output / "books", wanted.measure)
        account.gather(output / "books", output / "report", accounts)
        accounts.check_recordings(output / "books")
        if problem := account.verdict(accounts, wanted):
            raise problem
        figures = account.figures(accounts, wanted)
        return figures, rows(output / "report", "set_aside.jsonl"), rows(output / "targets" / "segments")

    def _folders(self, part: int, parts: int, output: Path) -> argparse.Namespace:
        data = self.folder / "data"
        if parts > 1:  # shared out by key, as S3 does
            shared = self.folder / f"data-{part}"
            for number, path in enumerate(sorted(data.rglob("*.json"))):
                if number % parts == part:
                    target = shared / path.relative_to(data)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(path.read_bytes())
            data = shared
        return argparse.Namespace(
            manifest=self.folder / "manifest", data=data, media=self.folder / "media", output=output
        )


def rows(folder: Path, pattern: str = "*.jsonl") -> list[JSON]:
    """All lines of the JSON Lines files of a folder."""
    return [
        json.loads(line)
        for path in sorted(folder.rglob(pattern))
        for line in path.read_text(encoding="utf-8").split("\n")  # other ends of lines are text
        if line
    ]


def reasons(aside: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """(what, reason) of everything set aside."""
    return sorted((each["what"], each["reason"]) for each in aside)
