"""Writes the sample: 72 calls to a shop, each labeled by three workers, as the output of a labeling job.

    true turns of a call -> what three workers marked (their clocks and ears differ) -> planted defects
        -> job/ (manifest, worker responses)  and  answer_key.json (what a conversion must find)
    the calls that can be labeled once more -> calls.csv (a table)  and  calls.manifest (input of a job)

Run `python data/calls-labels/generate.py` after a change. The output depends on nothing else: every choice
is made by a hash of what it is for. Nobody was recorded; names, products and texts are made up.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
CALLS = 72
WORKERS = ("worker-amber", "worker-birch", "worker-cedar")
JOB = "calls-segments"
BUCKET = "s3://calls-labels"
# Of the environment that a job is created in: what stands between at-signs is filled in then.
MEDIA = "s3://@bucket@/@prefix@/labeling/media/calls"
# Calls whose answers are planted as missing; one stays, so that a job has an object that nobody labels.
NOT_AGAIN = (12, 33, 41, 52, 60, 66)
PRODUCTS = ("lamp", "kettle", "radio", "router", "camera", "heater", "printer", "speaker", "clock", "scale")
SAID = {
    "Happy": (
        "thank you, the {p} works perfectly now",
        "this is wonderful, I love the new {p}",
        "great, that was quick help with my {p}",
        "I am delighted, the {p} is perfect",
    ),
    "Angry": (
        "this is the third broken {p} you sent me",
        "I am furious, nobody repaired the {p}",
        "that is unacceptable, I want my money back for the {p}",
        "your {p} is broken again and nobody answers",
    ),
    "Worried": (
        "I am afraid the {p} gets far too hot",
        "is it dangerous when the {p} makes that smell",
        "I am worried that the {p} is not safe for children",
        "could the {p} cause a fire, that smell scares me",
    ),
    "Sad": (
        "sadly the {p} was a present from my late aunt",
        "it is a pity, I miss the old {p}",
        "I am sorry to lose the {p}, it was a present",
        "unfortunately I must give the {p} away, what a pity",
    ),
}
ASKED = (
    "how can I help you with your {p} today",
    "let me look up the order of the {p}",
    "please tell me the number under the {p}",
    "I have noted that for the {p}, one moment please",
    "we will send you a new {p} tomorrow",
)
NAMES = (
    "Ada",
    "Bela",
    "Chen",
    "Dora",
    "Emil",
    "Farid",
    "Gita",
    "Hugo",
    "Ines",
    "Jun",
    "Kofi",
    "Lena",
    "Mira",
)
TOWNS = (
    "Aarhus",
    "Bergen",
    "Cork",
    "Delft",
    "Espoo",
    "Faro",
    "Graz",
    "Hull",
    "Izmir",
    "Jena",
    "Kiel",
    "Lodz",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EVENTS = ("Hold music", "Silence", "Crosstalk")


def rank(*key: object) -> int:
    """A number that depends on the key alone."""
    return int.from_bytes(hashlib.sha256("/".join(map(str, key)).encode()).digest()[:8], "big")


def pick(options: Sequence[T], *key: object) -> T:
    """One of the options, by the key."""
    return options[rank(*key) % len(options)]


def between(low: float, high: float, *key: object) -> float:
    """A number between the two, by the key, in hundredths."""
    return round(low + (high - low) * (rank(*key) % 10_000) / 10_000, 2)


def turns(call: int) -> list[dict[str, Any]]:
    """What was really said, turn by turn, without gaps of more than a second."""
    product, found, clock = pick(PRODUCTS, call, "product"), [], 0.0
    for number in range(8 + rank(call, "turns") % 4):
        customer = number % 2 == 1
        emotion = pick(tuple(SAID), call, number, "emotion") if customer else "Neutral"
        said = pick(SAID[emotion] if customer else ASKED, call, number, "text").format(p=product)
        name, town = pick(NAMES, call, number, "name"), pick(TOWNS, call, number, "town")
        text = f"{name} in {town} on {pick(DAYS, call, number, 'day')}, {said}"
        start = round(clock + between(0.2, 0.9, call, number, "gap"), 2)
        clock = round(start + between(2.5, 7.5, call, number, "length"), 2)
        who = "Customer" if customer else "Representative"
        found.append({"id": who, "start": start, "end": clock, "text": text, "emotion": emotion})
    return found


def marked(call: int, worker: str, truth: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The true turns as a worker marks them: a little early or late; one hears an emotion differently."""
    speaker = []
    for number, turn in enumerate(truth):
        start = round(turn["start"] + between(-0.09, 0.09, call, worker, number, "start"), 2)
        end = round(turn["end"] + between(-0.09, 0.09, call, worker, number, "end"), 2)
        emotion = turn["emotion"]
        if rank(call, number, "mishear") % 11 == 0 and worker == pick(WORKERS, call, number, "who"):
            emotion = "Neutral" if emotion != "Neutral" else "Worried"
        speaker.append({**turn, "start": max(0.0, start), "end": end, "emotion": emotion})
    streams = {"speaker": speaker}
    if rank(call, "event") % 3 == 0:
        event = pick(EVENTS, call, "which")
        start = round(truth[2]["start"] + between(0.3, 0.6, call, worker, "event"), 2)
        streams["event"] = [
            {"id": event, "start": start, "end": round(start + 2.0, 2), "text": "", "emotion": ""}
        ]
    return streams


def answer(call: int, worker: str, streams: Any, length: float) -> dict[str, Any]:
    """One answer as a page sends it; the annotations come as an object, as JSON, or as JSON in JSON."""
    began = 1_777_000_000_000 + 600_000 * call
    annotations: Any = {
        "categories": {"speaker": ["Customer", "Representative"], "event": list(EVENTS)},
        "startTimestamp": began,
        "streams": streams,
        "endTimestamp": began + int(length * 2500),
        "elapsedTime": int(length * 2500),
    }
    layers = rank(call, worker, "layers") % 3 if isinstance(streams, dict) else 0
    for _ in range(layers):
        annotations = json.dumps(annotations, ensure_ascii=False)
    stars = min(5, max(1, 1 + rank(call, "stars") % 5 + rank(call, worker, "stars") % 2))
    return {
        "acceptanceTime": f"2026-05-0{1 + call % 9}T09:{call % 60:02d}:00.000Z",
        "answerContent": {
            "annotations": annotations,
            "backgroundNoise": {"ambient": rank(call, "noise") % 2 == 0, "music": False, "traffic": False},
            "better": {"a": rank(call, "better") % 2 == 0, "b": rank(call, "better") % 2 == 1},
            "emotiontag": "Neutral",
            "label": "",
            "rate": {str(number): number == stars for number in range(1, 6)},
            "textTranslationFinal": "",
        },
        "submissionTime": f"2026-05-0{1 + call % 9}T10:{call % 60:02d}:00.000Z",
        "timeSpentInSeconds": round(length * 2.5, 1),
        "workerId": worker,
        "workerMetadata": {"identityData": {"identityProviderType": "Cognito", "sub": f"sub-{worker}"}},
    }


class Sample:
    """The job's output, call by call, and the key to what is planted in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.rows: list[dict[str, Any]] = []
        self.key: dict[str, Any] = {"set_aside": [], "turns": {}}

    def plant(self, what: str, reason: str, count: int = 1, **where: Any) -> None:
        """Notes what a conversion must set aside."""
        self.key["set_aside"].append({"what": what, "reason": reason, "count": count, **where})

    def add(self, call: int) -> None:
        """One call: its line and its answers, with the defect that is meant for it."""
        truth = turns(call)
        length = round(truth[-1]["end"] + 0.8, 2)
        name = f"call-{call:03d}"
        streams = {worker: marked(call, worker, truth) for worker in WORKERS}
        answers = [answer(call, worker, streams[worker], length) for worker in WORKERS]
        line = self._line(call, name, length)
        if call not in NOT_AGAIN:
            self.rows.append({"source-ref": f"{MEDIA}/{name}.wav", **_without_source(line)})
        kept = self._defects(call, line, answers, streams)
        if isinstance(kept, dict):
            self._write(call, line, answers)
            self.lines.append(json.dumps(kept, ensure_ascii=False))
        else:
            self.lines.append(kept)
        if not any(each["what"] == "object" and each["line"] == call for each in self.key["set_aside"]):
            self.key["turns"][name] = [[t["id"], t["start"], t["end"], t["text"]] for t in truth]

    def _line(self, call: int, name: str, length: float) -> dict[str, Any]:
        # Two clips of one recording, every ninth call: they must stay on one side of the split.
        recording = f"recording-{call - 1:03d}" if call % 9 == 4 else f"recording-{call:03d}"
        product = pick(PRODUCTS, call, "product")
        return {
            "source-ref": f"s3://calls-recordings/2026/{name}.wav",
            "call-id": name,
            "recording": recording,
            "duration": length,
            "product": product,
            "reply-a": f"We will replace your {product} at no cost.",
            "reply-b": f"Please read the manual of the {product}.",
        }

    def _place(self, call: int) -> str:
        return f"worker-response/iteration-1/{call}/2026-05-0{1 + call % 9}_10-{call % 60:02d}-00.json"

    def _write(self, call: int, line: dict[str, Any], answers: list[dict[str, Any]]) -> None:
        reference = f"{BUCKET}/{JOB}/annotations/{self._place(call)}"
        metadata = {
            "job_name": JOB,
            "type": "groundTruth/custom",
            "human-annotated": "yes",
            "creation_date": f"2026-05-0{1 + call % 9}T10:{call % 60:02d}:30.000000",
        }
        if call == 12:
            reference = f"{BUCKET}/{JOB}/annotations/worker-response/iteration-1/../../../../etc/passwd.json"
        if call in (20, 41):
            return  # nobody labeled them: the line is as it came
        if call in (30, 31):  # with a post-annotation Lambda, as the sample of the post leaves it
            content = [
                {"workerId": each["workerId"], "rawContent": json.dumps(each["answerContent"])}
                for each in answers
            ]
            line |= {"labels": {"annotationsFromAllWorkers": content}, "labels-metadata": metadata}
            return
        # Call 33 has no reference: its answers are found by the number of its line.
        line |= {"labels": {}, "labels-metadata": metadata}
        if call != 33:
            metadata["worker-response-ref"] = reference
        if call == 52:
            return  # the file is missing
        path = self.folder / "job" / "annotations" / self._place(call)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"answers": answers}, ensure_ascii=False), encoding="utf-8")

    def _defects(
        self, call: int, line: dict[str, Any], answers: list[dict[str, Any]], streams: dict[str, Any]
    ) -> dict[str, Any] | str:
        """Plants what is meant for this call; the line, or the text that stands in its place."""
        objects = {
            12: "response_outside",
            20: "unlabeled",
            41: "unlabeled",
            52: "response_missing",
            60: "labeled_twice",
            66: "unreadable",
        }
        if call in objects:
            self.plant("object", objects[call], line=call)
        if call == 60:
            line["source-ref"] = "s3://calls-recordings/2026/call-059.wav"
        if call == 66:
            return '{"source-ref": "s3://calls-recordings/2026/call-066.wav", "call-id":'
        if call == 45:
            answers[1]["answerContent"]["annotations"] = '{"streams": {"speaker": ['
            self.plant("answer", "unreadable_answer", line=call, worker=WORKERS[1])
            # Two workers are left, and they do not agree who speaks first.
            streams[WORKERS[2]]["speaker"][0]["id"] = "Customer"
            self._again(call, answers, streams, 2)
            self.plant("segment", "tie", 2, line=call)
        self._segment_defects(call, answers, streams)
        return line

    def _segment_defects(  # noqa: PLR0912 - a branch each
        self, call: int, answers: list[dict[str, Any]], streams: dict[str, Any]
    ) -> None:
        place = call // 3 % 3
        worker = WORKERS[place]
        speaker = streams[worker]["speaker"]
        first, last = speaker[0], speaker[-1]
        # A turn of one worker is spoiled: two workers remain for it, and the turn stays.
        spoiled: dict[int, tuple[str, dict[str, Any]]] = {
            2: ("end_before_start", {"start": first["end"], "end": first["start"]}),
            5: ("zero_length", {"end": first["start"]}),
            8: ("negative_time", {"start": -0.5}),
            14: ("not_a_number", {"start": "soon"}),
            17: ("missing_text", {"text": ""}),
            23: ("unknown_label", {"id": "Dog"}),
            26: ("malformed", {"end": None}),
        }
        if call in spoiled:
            reason, change = spoiled[call]
            first |= change
            self.plant("segment", reason, line=call, worker=worker)
        elif call == 29:
            last |= {"end": last["end"] + 30.0}
            self.plant("segment", "beyond_end", line=call, worker=worker)
        elif call == 35:
            speaker.append(dict(speaker[1]))
            self.plant("segment", "duplicate", line=call, worker=worker)
        elif call == 38:
            extra = {**first, "start": round(first["start"] + 0.4, 2), "id": "Customer"}
            speaker.append(extra)
            self.plant("segment", "overlap", line=call, worker=worker)
        elif call == 44:
            streams[worker]["weather"] = [{"id": "Rain", "start": 1.0, "end": 2.0, "text": "", "emotion": ""}]
            self.plant("segment", "unknown_track", line=call, worker=worker)
        elif call == 47:
            for each in speaker:
                each |= {"start": each["start"] * 1000, "end": each["end"] * 1000}
            count = sum(map(len, streams[worker].values()))
            self.plant("segment", "wrong_unit", count, line=call, worker=worker)
        elif call == 50:
            streams[worker].setdefault("event", []).append(
                {"id": "Silence", "start": 0.0, "end": 0.15, "text": "", "emotion": ""}
            )
            self.plant("segment", "no_quorum", line=call, worker=worker)
        elif call in (53, 56, 59):  # one of three hears the other speaker: the majority decides
            first["id"] = "Customer"
        elif call in (10, 11):  # every script survives
            for each in streams.values():
                each["speaker"][1]["text"] = ("Größe über 30 °C? 🙂", "电话很好，谢谢。")[call - 10]
        else:
            return
        for number in range(3) if call in (10, 11) else [place]:
            self._again(call, answers, streams, number)

    def _again(self, call: int, answers: list[dict[str, Any]], streams: dict[str, Any], place: int) -> None:
        length = answers[place]["timeSpentInSeconds"] / 2.5
        answers[place] = answer(call, WORKERS[place], streams[WORKERS[place]], length)


def _without_source(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key != "source-ref"}


def write_input(folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    """The calls as a table, and as `labeling manifest` makes an input manifest of it."""
    with (folder / "calls.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, ["file", *_without_source(rows[0])], lineterminator="\n")
        table.writeheader()
        for row in rows:
            table.writerow({"file": row["source-ref"].rpartition("/")[2], **_without_source(row)})
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "calls.manifest").write_text(text, encoding="utf-8")


def main() -> None:
    """Writes everything anew."""
    folder = Path(__file__).resolve().parent
    shutil.rmtree(folder / "job", ignore_errors=True)
    sample = Sample(folder)
    for call in range(CALLS):
        sample.add(call)
    manifest = folder / "job" / "manifests" / "output" / "output.manifest"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("\n".join(sample.lines) + "\n", encoding="utf-8")
    write_input(folder, sample.rows)
    text = json.dumps(sample.key, ensure_ascii=False, indent=1)
    (folder / "answer_key.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
