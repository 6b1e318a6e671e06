"""What a definition leaves to be uploaded."""

from __future__ import annotations

from pathlib import Path

from pipelines.assets import Asset


def test_bytes_and_files_are_read_alike(tmp_path: Path) -> None:
    """With their sizes."""
    (tmp_path / "data.csv").write_bytes(b"abc")
    made, file = Asset("key", b"ab"), Asset("key", tmp_path / "data.csv")

    assert (made.read(), made.size) == (b"ab", 2)
    assert (file.read(), file.size) == (b"abc", 3)
