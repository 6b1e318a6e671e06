"""Logs of the stand-in: what is kept of a program's output."""

from __future__ import annotations

from pathlib import Path

from local.logs import Logs


def test_a_stream_does_not_grow_without_end(tmp_path: Path) -> None:
    """What was printed first stays, then one line says that the rest is not kept; other streams go on."""
    logs = Logs(
        account="123456789012",
        region="us-east-1",
        folder=tmp_path,
        save=lambda: None,
        largest_stream=3 * 510,
    )
    for number in range(5):
        logs.append("group", "long", [f"line {number:05}"])
    logs.append("group", "other", ["still heard"])
    kept = logs.read("group", "long")
    assert kept[:3] == ["line 00000", "line 00001", "line 00002"]
    assert kept[3:] == ["the stand-in keeps no more of this stream: it has grown too large"]
    assert logs.read("group", "other") == ["still heard"]
    lines = (tmp_path / "group" / "@streams" / "long.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 4
