"""A conversion that is ended in the middle leaves nothing that looks finished, and the next run is whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.unit.labeling.jobs import Job, answer, line, segment, told

ROOT = Path(__file__).parents[3]
TARGETS: dict[str, Any] = {
    "segments": {}, "rttm": {}, "webvtt": {}, "srt": {}, "audiofolder": {}, "nemo": {},
    "automl": {"prompt": "{text}", "output": "{labels}"},
}  # fmt: skip


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_outputs_are_whole_or_absent(tmp_path: Path, sent: signal.Signals) -> None:
    """The step waits for the fourth answer when it is ended; then it runs again in the same folders."""
    job = Job(tmp_path)
    for number in range(5):
        job.add(line(number, duration=9), [answer("w", {"t": [segment(0.0, 2.0, text="word")]})])
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "0.wav").write_bytes(b"some")
    waiting = tmp_path / "data" / "iteration-1" / "3" / "a.json"
    content = waiting.read_text()
    waiting.unlink()
    os.mkfifo(waiting)
    (tmp_path / "manifest" / "output.manifest").write_text("\n".join(job.lines) + "\n")
    process = subprocess.Popen(command(tmp_path), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 30
        while not list((tmp_path / "out").rglob("object-2.srt")) and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.05)  # nobody writes into the fourth answer: the step stands where it opens it
        process.send_signal(sent)
        assert process.wait(30) != 0
    finally:
        process.kill()
        process.communicate()
    left = files(tmp_path / "out")
    assert all("/.part/" in name or name.endswith(".part") for name in left)
    if sent is signal.SIGTERM:
        assert left == []

    waiting.unlink()
    waiting.write_text(content)
    done = subprocess.run(command(tmp_path), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    whole = files(tmp_path / "out")
    assert not [name for name in whole if ".part" in name]
    assert len([name for name in whole if name.endswith((".rttm", ".vtt", ".srt", ".wav"))]) == 5 * 3 + 1
    assert any(name.endswith("books-part.json") for name in whole)


def command(folder: Path) -> list[str]:
    """The step on the folder's job."""
    document = {"step": "convert", "version": 1, "parameters": {}, **told(targets=TARGETS).values}
    settings = folder / "settings.json"
    settings.write_text(json.dumps(document))
    words = [
        sys.executable,
        "-m",
        "steps.convert",
        "--settings",
        str(settings),
        "--output",
        str(folder / "out"),
    ]
    for name in ("manifest", "data", "media"):
        words += [f"--{name}", str(folder / name)]
    return words


def files(folder: Path) -> list[str]:
    """All files below a folder, once nothing changes any more."""
    time.sleep(0.05)
    return sorted(path.as_posix() for path in folder.rglob("*") if path.is_file())
