"""Which set an object belongs to: a function of its recording and the seed, and of nothing else.

So a recording is never on two sides, whatever the order, the number of instances, or what else there is.
One recording goes by one name however it is typed (`one_name`). Names that share a file are one recording
too: `joined` finds them among all lines, and they go where the first of them by its hash goes.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from xxhash import xxh3_64_intdigest

SETS = ("train", "validation", "test")
# What follows the name of a media file is a version or a signature; elsewhere a query may be the name.
_MEDIA = "wav|mp3|mp4|m4a|m4v|aac|flac|og[gav]|opus|amr|aiff?|wma|webm|mov|mkv|avi|mpe?g|3gp"
_QUERY = re.compile(rf"(\.(?:{_MEDIA}|txt|json))[?#].*")
_FILE = re.compile(rf".*\.(?:{_MEDIA})(?:[?#].*)?", re.IGNORECASE)
# Parameters that say which version is meant, or that one may have it.
_PASS = re.compile(
    r"(?:x-(?:amz|goog)-.*|versionid|awsaccesskeyid|expires|signature|key-pair-id|policy|sig)=.*"
)
_S3 = re.compile(r"(?:s3[an]?://|arn:aws[a-z-]*:s3:::)")
_S3_HOST = re.compile(
    r"(?:https?:)?//(?:([^/]+)\.)?s3(?:[.-][a-z0-9.-]*)?\.amazonaws\.com(?:\.cn)?\.?(?::\d+)?/+([^?#]*).*"
)
_HOST = re.compile(r"(?:https?:)?//([^/:]+?)\.?(?::(?:80|443))?(/.*|)")
# A name that nobody could type otherwise than in capitals: most are, and are looked at no further.
_SIMPLE = re.compile(r"(?:s3://)?[a-z0-9_-]+(?:[./][a-z0-9_-]+)*")
# What makes a name worth a closer look.
_ADDRESS = re.compile(r"//|[?#%+\\]|/\.|\./|^arn:|/upload/")
# Label Studio puts a random word before the name of a file, another one each time that it is uploaded.
_UPLOADED = re.compile(r"(?:https?://[^/]+)?/data/upload/\d+/[0-9a-f]{8}-")
# Nothing to see, and of no category of its own: joiners, fillers, variation selectors.
_FILLERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_LAYERS = 3
# So many numbers a set may hold: it takes ten times the memory of an array, and less time than to load numpy.
FEW = 1 << 18


@dataclass(frozen=True)
class Split:
    """Shares of the recordings; the rest is for training. `same`: hash of a name: that of its recording."""

    validation: float
    test: float
    seed: int
    same: Mapping[int, int] = field(default_factory=dict)

    def of(self, recording: str) -> str:
        """train, validation or test."""
        name = one_name(recording)
        if self.same and (first := self.same.get(xxh3_64_intdigest(name))) is not None:
            name = first.to_bytes(8, "big")
        place = xxh3_64_intdigest(name, self.seed) / 2**64
        if place < self.test:
            return "test"
        return "validation" if place < self.test + self.validation else "train"

    def group(self, recording: str) -> int:
        """The hash of what is divided: the recording, or all that are the same as it."""
        name = xxh3_64_intdigest(one_name(recording))
        return self.same.get(name, name)


def names_file(text: str) -> bool:
    """Whether a text is the path or URI of a recording."""
    return "\n" not in text and _FILE.fullmatch(text) is not None


@lru_cache(maxsize=64)  # an object asks several times, and its source is mostly its recording
def one_name(recording: str) -> bytes:
    """One name of a recording, however it was typed.

    Composed or not, in capitals or not, with any spaces and whatever cannot be seen; a path with or without
    what leads nowhere; a URI of S3 in any of its forms, escaped, with a query or without. Two recordings
    whose names differ in no more than that go to the same set, which does no harm.
    """
    if _SIMPLE.fullmatch(recording):
        return recording.encode()
    name = _seen(recording)
    if _ADDRESS.search(name.removeprefix("s3://")):
        name = _address(name)
    return name.encode("utf-8", "surrogatepass")


def _seen(name: str) -> str:
    """What people see of a name, in small letters."""
    if name.isascii() and name.isprintable():
        return " ".join(name.casefold().split())
    name = " ".join(unicodedata.normalize("NFKC", name).split())
    name = "".join(each for each in name if unicodedata.category(each) not in {"Cf", "Cc"})
    # By way of capitals, as some small letters share one.
    name = unicodedata.normalize("NFKC", _FILLERS.sub("", name).upper().casefold())
    return " ".join(name.split())


def _address(name: str) -> str:
    name = _QUERY.sub(r"\1", name.replace("\\", "/").removeprefix("file://"))
    name = _UPLOADED.sub("/data/upload/", name, count=1)
    if found := _S3_HOST.fullmatch(name):
        name = f"s3://{'/'.join(filter(None, found.groups()))}"
    elif found := _HOST.fullmatch(name):
        name = f"https://{''.join(found.groups())}"
    name, mark, query = _S3.sub("s3://", name, count=1).partition("?")
    if mark and (kept := sorted(each for each in query.split("&") if not _PASS.match(each))):
        name += f"?{'&'.join(kept)}"
    for _ in range(_LAYERS):
        name = unquote(name)
    # In forms, and in what S3 tells of events, a plus is a space.
    scheme, mark, path = _seen(name.replace("+", " ")).rpartition("://")
    path = re.sub(r"/(?:\.?/)+", "/", path).removeprefix("./").rstrip("/")
    return f"{scheme}{mark}{path}"


def joined(files: array[int], recordings: array[int]) -> dict[int, int]:
    """Recordings that share a file: each hash with the smallest of those that it is one with.

    `files[i]` was seen with `recordings[i]`. Sixteen bytes a line, and more only for what is joined.
    """
    if files == recordings:
        return {}
    import numpy as np

    file: Any = np.frombuffer(files, np.uint64)
    recording: Any = np.frombuffer(recordings, np.uint64)
    order = np.lexsort((recording, file))
    file, recording = file[order], recording[order]
    shared = (file[1:] == file[:-1]) & (recording[1:] != recording[:-1])
    first: dict[int, int] = {}
    for place in np.flatnonzero(shared).tolist():
        left, right = (_first(first, int(recording[row])) for row in (place, place + 1))
        if left != right:
            first[max(left, right)] = min(left, right)
    return {name: _first(first, name) for name in {*first, *first.values()}}


def _first(first: dict[int, int], name: int) -> int:
    """The end of a chain, which becomes shorter on the way."""
    while (before := first.get(name, name)) != name:
        first[name] = first.get(before, before)
        name = before
    return name
