"""How long a recording lasts, from the headers of its file: WAV, FLAC, MP3, MP4, QuickTime, Ogg and WebM.

None for others, and where the header does not say: a stream that was recorded as it came has no length in it,
an MP4 in fragments has one of zero. What is not known is reported as not checked; it is never a guess.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_BOXES = 10_000
_TAIL = 1 << 16
_MOVIE = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"})
_WAVES = {b"RIFF": b"WAVE", b"RF64": b"WAVE", b"BW64": b"WAVE"}


def duration(path: Path) -> float | None:
    """Seconds; None where the file is not there, is of another format, or is damaged."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
            file.seek(0)
            read = next((read for fits, read in _FORMATS if fits(head)), None)
            seconds = read(file) if read else None
    except (OSError, struct.error, ValueError, IndexError, OverflowError):
        return None
    return seconds or None


def _wav(file: BinaryIO) -> float | None:
    """Bytes of the data chunk over bytes a second of the fmt chunk.

    A chunk that claims more than there is goes to the file's end: so programs that write into a pipe leave
    it, and so RF64 marks a length of more than 4 GB.
    """
    file.seek(0, 2)
    last = file.tell()
    file.seek(12)
    rate = 0
    while len(head := file.read(8)) == 8:
        name, size = head[:4], struct.unpack("<I", head[4:])[0]
        if name == b"fmt ":
            rate = struct.unpack("<I", file.read(12)[8:])[0]
            file.seek(size - 12 + size % 2, 1)
        elif name == b"data":
            return min(size, last - file.tell()) / rate if rate else None
        else:
            file.seek(size + size % 2, 1)
    return None


def _flac(file: BinaryIO) -> float | None:
    """STREAMINFO is the first block: 20 bits of sample rate, then 36 bits of sample count."""
    file.seek(18)
    packed = int.from_bytes(file.read(8), "big")
    rate, samples = packed >> 44, packed & ((1 << 36) - 1)
    return samples / rate if rate and samples else None


def _mp3(file: BinaryIO) -> float | None:
    """Frames times their length: as the first one counts them (Xing, Info), else by going through them.

    A rate of bits says nothing about a file in which it varies. What is no frame, before the tags that may
    stand at the end, is damage.
    """
    head = file.read(10)
    place = 0
    if head[:3] == b"ID3":  # four times seven bits, and a footer as long as the header
        size = sum((byte & 127) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
        place = 10 + size + (10 if head[5] & 0x10 else 0)
    end, seconds = file.seek(0, 2), 0.0
    while True:
        file.seek(place)
        frame = _frame(head := file.read(4))
        if frame is None:
            return seconds if len(head) < 4 or head.startswith(_TAGS) else None
        length, lasts = frame
        if place + length > end:  # cut off, or no frame at all
            return seconds
        if not seconds and (found := _XING.search(file.read(min(length, 200)))):
            return int.from_bytes(found[1], "big") * lasts
        seconds += lasts
        place += length


_TAGS = (b"TAG", b"APET", b"LYRI")
_XING = re.compile(rb"(?:Xing|Info)\0\0\0[\x01\x03\x05\x07\x09\x0b\x0d\x0f](.{4})", re.DOTALL)
# Kilobits a second by layer, of MPEG 1 and of MPEG 2 and 2.5; samples a second of MPEG 1.
_BITS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLES = (44_100, 48_000, 32_000)


def _frame(head: bytes) -> tuple[int, float] | None:
    """Bytes and seconds of a frame of MPEG audio by its four bytes; None where they are none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bits, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or not 0 < bits < 15 or rate == 3:
        return None
    samples_a_second = _SAMPLES[rate] >> (3 - version if version else 2)
    bits_a_second = 1000 * _BITS[1 if version == 3 else 2, layer][bits - 1]
    samples = 384 if layer == 1 else 576 if layer == 3 and version != 3 else 1152
    slot = 4 if layer == 1 else 1
    length = (samples // 8 * bits_a_second // samples_a_second // slot + (head[2] >> 1 & 1)) * slot
    return length, samples / samples_a_second


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
            unknown = (1 << (64 if version else 32)) - 1
            return length / scale if scale and length != unknown else None
        # moov is gone into, everything else is skipped.
        place += body if name == b"moov" else max(size, 8)
    return None


def _ogg(file: BinaryIO) -> float | None:
    """The last page's position over the rate that the first one names; Opus always counts in 48 kHz."""
    head = file.read(256)
    begin, lead = head[28:92], 0
    if begin.startswith(b"\x01vorbis"):
        rate = struct.unpack("<I", begin[12:16])[0]
    elif begin.startswith(b"OpusHead"):
        rate, lead = 48_000, struct.unpack("<H", begin[10:12])[0]
    else:
        return None
    file.seek(0, 2)
    file.seek(max(0, file.tell() - _TAIL))
    tail = file.read(_TAIL)
    serial, place = head[14:18], len(tail)
    while (place := tail.rfind(b"OggS", 0, place)) >= 0:
        position = struct.unpack("<q", tail[place + 6 : place + 14])[0]
        if tail[place + 14 : place + 18] == serial and position > 0:  # -1: no packet ends on the page
            return max(0, position - lead) / rate if rate else None
    return None


def _webm(file: BinaryIO) -> float | None:
    """Duration times TimecodeScale of Segment/Info, which stands before the media (RFC 9559)."""
    head = file.read(_TAIL)
    place, scale, length = 0, 1_000_000, 0.0
    while place < len(head):
        name, place = _vint(head, place, keep=True)
        size, place = _vint(head, place, keep=False)
        body = head[place : place + min(size, 8)]
        if name == _TIMECODE_SCALE:
            scale = int.from_bytes(body, "big")
        elif name == _DURATION:
            length = struct.unpack(">f" if size == 4 else ">d", body)[0]
        elif name == _CLUSTER:
            break
        if name not in _GONE_INTO:
            place += size
    seconds = length * scale / 1e9
    return seconds if 0 < seconds < float("inf") else None


_TIMECODE_SCALE, _DURATION, _CLUSTER = 0x2AD7B1, 0x4489, 0x1F43B675
_GONE_INTO = frozenset({0x18538067, 0x1549A966})  # Segment, Info


def _vint(data: bytes, place: int, *, keep: bool) -> tuple[int, int]:
    """A number of EBML, with its length marker (in names) or without, and where what follows begins."""
    width = 9 - data[place].bit_length()
    value = int.from_bytes(data[place : place + width], "big")
    return value if keep else value & ((1 << 7 * width) - 1), place + width


_FORMATS: tuple[tuple[Callable[[bytes], bool], Callable[[BinaryIO], float | None]], ...] = (
    (lambda head: _WAVES.get(head[:4]) == head[8:12], _wav),
    (lambda head: head[:4] == b"fLaC", _flac),
    (lambda head: head[:3] == b"ID3" or _frame(head[:4]) is not None, _mp3),
    (lambda head: head[4:8] in _MOVIE, _mp4),
    (lambda head: head[:4] == b"OggS", _ogg),
    (lambda head: head[:4] == b"\x1a\x45\xdf\xa3", _webm),
)
