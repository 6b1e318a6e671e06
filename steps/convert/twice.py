"""One look at all lines: objects that come twice, and recordings that are one under several names.

Eight bytes a line for each question: hashes in arrays, sorted once.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from xxhash import xxh3_64_intdigest

from steps.segments.model import Key
from steps.segments.split import FEW, joined, one_name


@dataclass(frozen=True)
class Surveyed:
    """How many lines there are, how many are labeled, which repeat an earlier object or its id (line: first).

    `blank`: lines with nothing in them, which count as lines and hold no object. `same`: hashes of the names
    of recordings that share a file, with that which stands for all of them.
    """

    lines: int
    blank: tuple[int, ...]
    labeled: int
    repeated: dict[int, int]
    same_id: dict[int, int]
    same: dict[int, int]


def survey(keys: Iterable[tuple[int, Key | None]], media: Callable[[str], bytes | None]) -> Surveyed:
    """Goes through the keys of all lines; None stands for a line that is not labeled and says nothing.

    `media` tells the file of a source, by a name that files of the same bytes share.
    """
    placed, objects, ids = array("Q"), array("Q"), array("Q")
    files, recordings = array("Q"), array("Q")
    blank: list[int] = []
    lines = labeled = 0
    for line, key in keys:
        if line != lines:
            blank += range(lines, line)
        lines = line + 1
        if key is None:
            continue
        name, identity, recorded, source, is_labeled = key
        labeled += is_labeled
        recording = xxh3_64_intdigest(one_name(recorded))
        if source:
            files.append(recording if source is recorded else xxh3_64_intdigest(one_name(source)))
            recordings.append(recording)
        if file := media(source):
            files.append(xxh3_64_intdigest(file))
            recordings.append(recording)
        if name is None:
            continue
        placed.append(line)
        objects.append(_hash(name))
        ids.append(objects[-1] if identity is name else _hash(identity))
    repeated = _repeated(objects, placed)
    same_id = {} if ids == objects else _repeated(ids, placed)
    same_id = {each: first for each, first in same_id.items() if each not in repeated}
    return Surveyed(lines, tuple(blank), labeled, repeated, same_id, joined(files, recordings))


def _hash(name: str) -> int:
    return xxh3_64_intdigest(name.encode("utf-8", "surrogatepass"))


def _repeated(hashes: array[int], lines: array[int]) -> dict[int, int]:
    """Lines whose name an earlier line has, and which."""
    if len(hashes) <= FEW and len(set(hashes)) == len(hashes):
        return {}
    import numpy as np

    found: Any = np.frombuffer(hashes, np.uint64)
    order: Any = np.argsort(found, kind="stable")  # equal ones stay in the order of their lines
    ordered = found[order]
    repeated: dict[int, int] = {}
    places: list[int] = (np.flatnonzero(ordered[1:] == ordered[:-1]) + 1).tolist()
    for place in places:
        before, current = lines[int(order[place - 1])], lines[int(order[place])]
        repeated[current] = repeated.get(before, before)
    return repeated
