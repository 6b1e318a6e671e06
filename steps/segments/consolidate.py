"""Several workers' segments of one object become the moments that they agree on.

The rule of Ground Truth's own consolidation of text spans, carried over to time: segments of a track are
clustered by their intersection over union, a cluster has at most one segment of a worker, its boundaries
are the medians, its label is the majority's, and the share of the object's workers behind the label is its
support. A cluster of too few workers is set aside, a tie of labels is kept for a person: never a guess.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from steps.segments.model import NOTHING, Answer, Columns, Moment, Segment, columns, in_turn, new_moment


@dataclass(frozen=True)
class Consolidation:
    """`iou`: two segments mean the same from here on. `quorum`: a moment needs more of the workers."""

    iou: float = 0.5
    quorum: float = 0.5


class Divided(NamedTuple):
    """A cluster that gives no moment: why, and the segments in it, each with its worker."""

    reason: str
    detail: str
    members: tuple[tuple[str, Segment], ...]


Member = tuple[int, Segment]  # index of the worker, what it marked
Made = list[tuple[Moment, Sequence[Member]]]
# Columns by worker, and sorted starts and ends by group.
Aligned = tuple[list[tuple[Sequence[Any], ...]], list[list[float]], list[list[float]]]


Agreed = tuple[Sequence[Moment], list[Divided], int]


def consolidate(answers: Sequence[Answer], rule: Consolidation) -> Agreed:
    """Moments in the order of tracks and times, what gave none, and how many segments went into moments."""
    moments: Sequence[Moment] = ()
    divided: list[Divided] = []
    used = 0
    for name in dict.fromkeys([name for answer in answers for name in answer.tracks]):
        lists = [answer.tracks.get(name, ()) for answer in answers]
        if len(answers) == 1:
            found = _of_one(lists[0])
        else:
            aligned = _aligned(lists, rule.iou)
            found = _of_groups(aligned, lists, answers) if aligned else _of_clusters(lists, answers, rule)
        moments = [*moments, *found[0]] if moments else found[0]
        divided += found[1]
        used += found[2]
    return moments, divided, used


def _of_one(segments: Sequence[Segment]) -> Agreed:
    """What a worker alone says is what is agreed."""
    size = len(segments)
    return Columns(new_moment, (*columns(segments), (1,) * size, (1.0,) * size)), [], size


def _of_groups(aligned: Aligned, lists: Sequence[Sequence[Segment]], answers: Sequence[Answer]) -> Agreed:
    """The moments of stretches that all marked; a label on which they differ is looked at alone."""
    marked, starts, ends = aligned
    workers, size = len(answers), len(starts)
    (tracks, labels), words = marked[0][:2], marked[0][4:]
    if any(each[4:] != words for each in marked):
        words = tuple(zip(*map(_agreed_words, zip(*lists, strict=True)), strict=True))
    times = _medians(starts), _medians(ends)
    agreed = Columns(new_moment, (tracks, labels, *times, *words, (workers,) * size, (1.0,) * size))
    if all(each[1] == labels for each in marked):
        return agreed, [], workers * size
    moments, divided, tied = list(agreed), [], []
    said = enumerate(zip(*[each[1] for each in marked], strict=True))
    for place in [place for place, group in said if len(set(group)) > 1]:
        cluster = tuple(enumerate(each[place] for each in lists))
        result = _moment(cluster, answers, workers, 1)
        if isinstance(result, Divided):
            divided.append(result)
            tied.append(place)
        else:
            moments[place] = result
    for place in reversed(tied):
        del moments[place]
    return moments, divided, workers * len(moments)


def _of_clusters(
    lists: Sequence[Sequence[Segment]], answers: Sequence[Answer], rule: Consolidation
) -> Agreed:
    """The moments of stretches that some marked and others did not, or otherwise."""
    workers = len(answers)
    # More than the share, so that two clusters over the same time have a worker in common.
    least = min(workers, int(rule.quorum * workers + 1e-9) + 1)
    divided: list[Divided] = []
    made: Made = []
    for cluster in _matched(lists, rule.iou):
        result = _moment(cluster, answers, workers, least)
        if isinstance(result, Divided):
            divided.append(result)
        else:
            made.append((result, cluster))
    if all(map(in_turn, lists)):
        made, crossed = _parted(made)
        divided += (Divided(*_CROSSED, _named(cluster, answers)) for _, cluster in crossed)
    else:  # clusters come in the order in which they grew
        made.sort(key=lambda each: each[0][2:4])
    return [moment for moment, _ in made], divided, sum(len(cluster) for _, cluster in made)


def _aligned(lists: Sequence[Sequence[Segment]], iou: float) -> Aligned | None:
    """The groups of segments where all workers marked the same stretches, as they mostly do.

    What all segments of a group have in common is more than `iou` of what any covers, so each pair of them
    is above it; and as no worker's own segments overlap, a segment can be half of one counterpart only.
    With `iou` at 0.5 or more clustering pair by pair gives the same groups. None where that is not so.
    Column by column, because a loop over segments takes twice as long.
    """
    size = len(lists[0])
    if iou < 0.5 or not size or any(len(each) != size for each in lists):
        return None
    marked = [columns(each) for each in lists]
    if not all(map(in_turn, lists)):
        return None
    starts = list(map(sorted, zip(*[each[2] for each in marked], strict=True)))
    ends = list(map(sorted, zip(*[each[3] for each in marked], strict=True)))
    for start, end in zip(starts, ends, strict=True):
        if end[0] - start[-1] <= iou * (end[-1] - start[0]):
            return None
    return marked, starts, ends


def _medians(groups: Sequence[Sequence[float]]) -> list[float]:
    """The middle of each sorted group."""
    middle = len(groups[0]) >> 1
    if len(groups[0]) & 1:
        return [each[middle] for each in groups]
    return [(each[middle - 1] + each[middle]) / 2 for each in groups]


def _matched(lists: Sequence[Sequence[Segment]], iou: float) -> list[Sequence[Member]]:
    """Pairs of different workers by falling intersection over union; joined while no worker is in twice."""
    members = sorted(
        ((segment[2], segment[3], worker, segment) for worker, each in enumerate(lists) for segment in each),
        key=_order,
    )
    pairs = _pairs(members, iou)
    pairs.sort()
    cluster_of = list(range(len(members)))
    clusters = [[index] for index in cluster_of]
    present = [1 << member[2] for member in members]
    for _, left, right in pairs:
        a, b = cluster_of[left], cluster_of[right]
        if a == b or present[a] & present[b]:
            continue
        for index in clusters[b]:
            cluster_of[index] = a
        clusters[a] += clusters[b]
        present[a] |= present[b]
        clusters[b] = []
    found = (((members[i][2], members[i][3]) for i in cluster) for cluster in clusters if cluster)
    return [sorted(cluster, key=_worker) for cluster in found]


def _order(member: tuple[float, float, int, Segment]) -> tuple[float, float, int]:
    return member[:3]


def _worker(member: Member) -> int:
    return member[0]


def _pairs(members: Sequence[tuple[float, float, int, Segment]], iou: float) -> list[tuple[float, int, int]]:
    """(minus the intersection over union, index, index) of pairs of different workers that reach `iou`."""
    pairs = []
    count = len(members)
    for i, (start, end, worker, _) in enumerate(members):
        for j in range(i + 1, count):
            other_start, other_end, other, _ = members[j]
            if other_start >= end:
                break
            if other == worker:
                continue
            common = (end if end < other_end else other_end) - other_start
            covered = (end if end > other_end else other_end) - start
            if common >= iou * covered:
                pairs.append((-common / covered, i, j))
    return pairs


def _moment(
    cluster: Sequence[Member], answers: Sequence[Answer], workers: int, least: int
) -> Moment | Divided:
    """The moment of a cluster, or why it has none."""
    size = len(cluster)
    first = cluster[0][1]
    label, votes, segments = first[1], size, [member[1] for member in cluster]
    if size < least:
        detail = f"{size} of {workers} workers marked it, at least {least}"
        return Divided("no_quorum", detail, _named(cluster, answers))
    if any(segment[1] != label for segment in segments):
        counts = Counter(segment[1] for segment in segments)
        (label, votes), *rest = counts.most_common(2)
        if rest and rest[0][1] == votes:
            detail = " against ".join(f'{count} "{name}"' for name, count in sorted(counts.items()))
            return Divided("tie", detail, _named(cluster, answers))
        behind = [segment for segment in segments if segment[1] == label]
    else:
        behind = segments
    starts, ends = sorted(each[2] for each in segments), sorted(each[3] for each in segments)
    middle = size >> 1
    if size & 1:
        start, end = starts[middle], ends[middle]
    else:
        start, end = (starts[middle - 1] + starts[middle]) / 2, (ends[middle - 1] + ends[middle]) / 2
    text, emotion, extra = _agreed_words(behind)
    return new_moment((first[0], label, start, end, text, emotion, extra, votes, votes / workers))


def _named(cluster: Sequence[Member], answers: Sequence[Answer]) -> tuple[tuple[str, Segment], ...]:
    return tuple((answers[worker].worker, segment) for worker, segment in cluster)


def _agreed_words(behind: Sequence[Segment]) -> tuple[str, str, Mapping[str, Any]]:
    """Text, emotion and custom fields of those who gave the label."""
    first = behind[0]
    text, emotion, extra = first[4], first[5], first[6]
    same = True
    for segment in behind:
        if segment[4] != text or segment[5] != emotion or segment[6] is not extra:
            same = False
    if same:
        return text, emotion, extra
    text = agreed_text([segment[4] for segment in behind])
    emotion = _majority([segment[5] for segment in behind if segment[5]]) or ""
    keys = dict.fromkeys(key for segment in behind for key in segment[6])
    found = {key: _majority([each[6][key] for each in behind if key in each[6]]) for key in keys}
    return text, emotion, {key: value for key, value in found.items() if value is not None} or NOTHING


def agreed_text(texts: Sequence[str]) -> str:
    """The commonest text that is not empty; where all differ, the one of median length (then alphabet)."""
    written = [text for text in texts if text]
    if not written:
        return ""
    text, votes = Counter(written).most_common(1)[0]
    if votes > 1 or len(written) == 1:
        return text
    return sorted(written, key=lambda each: (len(each), each))[(len(written) - 1) // 2]


def _majority(values: Sequence[Any]) -> Any:
    """The value that most have; None where two are equally frequent."""
    if not values:
        return None
    by_text = {repr(value): value for value in values}
    counts = Counter(repr(value) for value in values).most_common(2)
    if len(counts) == 2 and counts[0][1] == counts[1][1]:
        return None
    return by_text[counts[0][0]]


_CROSSED: Final = ("crossed", "another agreed segment lies across it")


def _parted(made: Made) -> tuple[Made, Made]:
    """Medians of different workers may cross by a little: where no worker overlaps, no moment does.

    Two that cross are parted in the middle of what they share. Where that leaves nothing of one, the one of
    fewer votes is taken out; both are given back.
    """
    kept: Made = []
    crossed: Made = []
    for moment, cluster in sorted(made, key=lambda each: (each[0][2], each[0][3])):
        current = moment
        while kept and kept[-1][0].end > current.start:
            before, of_before = kept[-1]
            border = (before.end + current.start) / 2
            if before.start < border < current.end and before.end <= current.end:
                kept[-1] = before._replace(end=border), of_before
                current = current._replace(start=border)
            elif before.votes >= current.votes:
                break
            else:
                crossed.append(kept.pop())
        else:
            kept.append((current, cluster))
            continue
        crossed.append((moment, cluster))
    return kept, crossed
