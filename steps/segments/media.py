"""How long a recording lasts, from the header of its file: WAV, FLAC, MP4 and QuickTime. None for others."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

_BOXES = 10_000


def duration(path: Path) -> float | None:
    """Seconds; None where the file is not there, is of another format, or is damaged."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
            file.seek(0)
            if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
                return _wav(file)
            if head[:4] == b"fLaC":
                return _flac(file)
            if head[4:8] == b"ftyp":
                return _mp4(file)
    except (OSError, struct.error, ZeroDivisionError):
        return None
    return None


def _wav(file: BinaryIO) -> float | None:
    """Bytes of the data chunk over bytes a second of the fmt chunk."""
    file.seek(12)
    rate = 0
    while len(head := file.read(8)) == 8:
        name, size = head[:4], struct.unpack("<I", head[4:])[0]
        if name == b"fmt ":
            rate = struct.unpack("<I", file.read(12)[8:])[0]
            file.seek(size - 12 + size % 2, 1)
        elif name == b"data":
            return float(size / rate) if rate else None
        else:
            file.seek(size + size % 2, 1)
    return None


def _flac(file: BinaryIO) -> float | None:
    """STREAMINFO is the first block: 20 bits of sample rate, then 36 bits of sample count."""
    file.seek(18)
    packed = int.from_bytes(file.read(8), "big")
    rate, samples = packed >> 44, packed & ((1 << 36) - 1)
    return samples / rate if rate and samples else None


def _mp4(file: BinaryIO) -> float | None:
    """Duration over time scale of moov/mvhd, which may stand behind the media."""
    file.seek(0, 2)
    end, place = file.tell(), 0
    for _ in range(_BOXES):
        if place + 8 > end:
            return None
        file.seek(place)
        size, name = struct.unpack(">I4s", file.read(8))
        body = 8
        if size == 1:
            size, body = struct.unpack(">Q", file.read(8))[0], 16
        elif size == 0:
            size = end - place
        if name == b"mvhd":
            version = file.read(4)[0]
            file.seek(16 if version else 8, 1)
            scale, length = struct.unpack(">IQ" if version else ">II", file.read(12 if version else 8))
            return float(length / scale) if scale else None
        # moov is gone into, everything else is skipped.
        place += body if name == b"moov" else max(size, 8)
    return None
