"""A graph as SVG: boxes in rows, the flow straight down, data from further up in lanes beside it.

[prepare] ----------+      A lane leaves a box at its side, runs down beside all boxes that are
    |               |      lower, and enters its target from the side. Lanes that span less lie
[start-automl]      |      further in. Colours follow the reader's light or dark scheme.
    |               |
[publish] <---------+
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from definition.graph_model import Arrow, Graph

WIDTH: Final = 208
HEIGHT: Final = 54
GAP: Final = 40  # between boxes of a row
ROW: Final = 112  # from row to row
LANE: Final = 30  # from lane to lane
MARGIN: Final = 24
_LETTER: Final = 6.2  # average width of a letter of a label

# One hue per kind of work: jobs, functions, waits, decisions, the registry, the end.
_COLOURS: Final[Mapping[str, str]] = {
    "Processing": "#2563eb",
    "Training": "#2563eb",
    "Transform": "#2563eb",
    "Lambda": "#d97706",
    "Callback": "#7c3aed",
    "Condition": "#0891b2",
    "RegisterModel": "#059669",
    "Model": "#059669",
    "Fail": "#dc2626",
}
_OTHER: Final = "#64748b"

_STYLE: Final = """
text { font-family: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.page { fill: #ffffff; } .box { fill: #f8fafc; stroke: #cbd5e1; stroke-width: 1.2; }
.name { font-size: 14px; font-weight: 600; fill: #0f172a; } .type { font-size: 11px; fill: #64748b; }
.flow { fill: none; stroke: #64748b; stroke-width: 1.6; }
.data { fill: none; stroke: #94a3b8; stroke-width: 1.2; stroke-dasharray: 4 4; }
.head { fill: #64748b; }
.label { font-size: 11px; fill: #475569; stroke: #ffffff; stroke-width: 4px; paint-order: stroke;
  stroke-linejoin: round; }
@media (prefers-color-scheme: dark) {
  .page { fill: #0d1117; } .box { fill: #161b22; stroke: #30363d; } .name { fill: #e6edf3; }
  .type { fill: #8b949e; } .flow { stroke: #8b949e; } .data { stroke: #6e7681; } .head { fill: #8b949e; }
  .label { fill: #c9d1d9; stroke: #0d1117; }
}
"""


@dataclass(frozen=True)
class Box:
    """A step's place: the middle of the box."""

    x: float
    y: float

    def side(self, direction: int) -> float:
        """x of the right (1) or left (-1) edge."""
        return self.x + direction * WIDTH / 2


@dataclass(frozen=True)
class Lane:
    """An arrow that runs beside the rows, ``direction`` 1 right and -1 left, at ``x``.

    ``entry``: how far from the middle of the target's side it enters, so that arrows do not meet there.
    """

    arrow: Arrow
    direction: int
    x: float
    entry: float

    @property
    def room(self) -> float:
        """Width of the lane and the labels at its outer side."""
        longest = max((len(label) for label in self.arrow.labels), default=0)
        return max(LANE, longest * _LETTER + 18)


def svg(graph: Graph, title: str) -> str:
    """A self-contained SVG document; ``title`` is its accessible name."""
    boxes = _boxes(graph)
    lanes = _lanes(graph, boxes)
    straight = [arrow for arrow in graph.arrows if arrow not in {lane.arrow for lane in lanes}]
    left, top, width, height = _frame(boxes.values(), lanes)
    body = [
        *(_lane(lane, boxes) for lane in lanes),
        *(_straight(arrow, boxes) for arrow in straight),
        *(_box(name, graph.steps[name].type, box) for name, box in boxes.items()),
        *(_lane_label(lane, boxes) for lane in lanes),
        *_straight_labels(straight, boxes),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}"'
        f' width="{_n(width)}" height="{_n(height)}"'
        f' viewBox="{_n(left)} {_n(top)} {_n(width)} {_n(height)}">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n"
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9"'
        ' markerUnits="userSpaceOnUse" orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>\n'
        f'<rect class="page" x="{_n(left)}" y="{_n(top)}" width="{_n(width)}" height="{_n(height)}"'
        ' rx="10"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _boxes(graph: Graph) -> dict[str, Box]:
    """Rows from the top, each centred; in a row a box lies near the ones it waits for."""
    boxes: dict[str, Box] = {}
    for row, names in enumerate(graph.by_row):
        ordered = sorted(names, key=lambda name: _wish(graph, boxes, name))
        first = -(len(ordered) - 1) * (WIDTH + GAP) / 2
        for index, name in enumerate(ordered):
            boxes[name] = Box(first + index * (WIDTH + GAP), row * ROW)
    return boxes


def _wish(graph: Graph, boxes: Mapping[str, Box], name: str) -> float:
    wanted = [boxes[arrow.source].x for arrow in graph.arrows if arrow.target == name and arrow.flow]
    return sum(wanted) / len(wanted) if wanted else 0


def _lanes(graph: Graph, boxes: Mapping[str, Box]) -> list[Lane]:
    """Lanes for all arrows that skip a row; those that span least lie innermost."""
    skipping = [arrow for arrow in graph.arrows if graph.rows[arrow.target] - graph.rows[arrow.source] > 1]
    outermost = max((abs(box.side(1)) for box in boxes.values()), default=0)
    lanes: list[Lane] = []
    for arrow in sorted(skipping, key=lambda arrow: graph.rows[arrow.target] - graph.rows[arrow.source]):
        direction = -1 if boxes[arrow.target].x < 0 else 1
        inner = [lane for lane in lanes if lane.direction == direction]
        x = outermost + LANE + sum(lane.room for lane in inner)
        entering = sum(lane.arrow.target == arrow.target for lane in inner)
        lanes.append(Lane(arrow, direction, direction * x, min(entering * 14 - 14, HEIGHT / 2 - 8)))
    return lanes


def _frame(boxes: Iterable[Box], lanes: Sequence[Lane]) -> tuple[float, float, float, float]:
    """(left, top, width, height) around boxes, lanes and the lanes' labels."""
    placed = list(boxes)
    lefts = [box.side(-1) for box in placed] + [lane.x - lane.room for lane in lanes if lane.direction < 0]
    rights = [box.side(1) for box in placed] + [lane.x + lane.room for lane in lanes if lane.direction > 0]
    left, right = min(lefts, default=0) - MARGIN, max(rights, default=0) + MARGIN
    top = -HEIGHT / 2 - MARGIN
    bottom = max((box.y for box in placed), default=0) + HEIGHT / 2 + MARGIN
    return left, top, right - left, bottom - top


def _box(name: str, step_type: str, box: Box) -> str:
    x, y = box.side(-1), box.y - HEIGHT / 2
    colour = _COLOURS.get(step_type, _OTHER)
    return (
        f'<rect class="box" x="{_n(x)}" y="{_n(y)}" width="{WIDTH}" height="{HEIGHT}" rx="9"/>'
        f'<rect x="{_n(x + 10)}" y="{_n(y + 12)}" width="4" height="{HEIGHT - 24}" rx="2" fill="{colour}"/>'
        f'<text class="name" x="{_n(x + 26)}" y="{_n(box.y - 2)}">{escape(_cut(name))}</text>'
        f'<text class="type" x="{_n(x + 26)}" y="{_n(box.y + 15)}">{escape(step_type)}</text>'
    )


def _cut(name: str) -> str:
    return name if len(name) <= 21 else name[:20] + "…"


def _straight(arrow: Arrow, boxes: Mapping[str, Box]) -> str:
    start, end = boxes[arrow.source], boxes[arrow.target]
    y1, y2 = start.y + HEIGHT / 2, end.y - HEIGHT / 2
    middle = (y1 + y2) / 2
    path = (
        f"M{_n(start.x)} {_n(y1)}C{_n(start.x)} {_n(middle)} {_n(end.x)} {_n(middle)}"
        f" {_n(end.x)} {_n(y2 - 1)}"
    )
    return _path(path, flow=arrow.flow)


def _straight_labels(arrows: Iterable[Arrow], boxes: Mapping[str, Box]) -> Iterator[str]:
    for arrow in arrows:
        start, end = boxes[arrow.source], boxes[arrow.target]
        if arrow.labels:
            # Nearer to the target where arrows fan out, so that labels do not meet.
            share = 0.5 if start.x == end.x else 0.62
            x = start.x + (end.x - start.x) * share
            y = start.y + ROW * 0.5 + 4
            yield _text(_shown(arrow), x, y, "middle")


def _shown(arrow: Arrow) -> str:
    text = ", ".join(arrow.labels)
    return text if len(text) <= 34 else f"{arrow.labels[0]} and {len(arrow.labels) - 1} more"


def _lane(lane: Lane, boxes: Mapping[str, Box]) -> str:
    start, end, side = boxes[lane.arrow.source], boxes[lane.arrow.target], lane.direction
    y1, y2, bend = start.y + 10, end.y + lane.entry, 12 * side
    x1, x2 = start.side(side), end.side(side)
    path = (
        f"M{_n(x1)} {_n(y1)}H{_n(lane.x - bend)}Q{_n(lane.x)} {_n(y1)} {_n(lane.x)} {_n(y1 + 12)}"
        f"V{_n(y2 - 12)}Q{_n(lane.x)} {_n(y2)} {_n(lane.x - bend)} {_n(y2)}H{_n(x2 + side)}"
    )
    return _path(path, flow=lane.arrow.flow)


def _lane_label(lane: Lane, boxes: Mapping[str, Box]) -> str:
    y = (boxes[lane.arrow.source].y + boxes[lane.arrow.target].y) / 2 - 7 * (len(lane.arrow.labels) - 1)
    anchor = "start" if lane.direction > 0 else "end"
    return "".join(
        _text(label, lane.x + 6 * lane.direction, y + 14 * index + 4, anchor)
        for index, label in enumerate(lane.arrow.labels)
    )


def _path(path: str, *, flow: bool) -> str:
    return f'<path class="{"flow" if flow else "data"}" d="{path}" marker-end="url(#head)"/>'


def _text(text: str, x: float, y: float, anchor: str) -> str:
    return f'<text class="label" x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}">{escape(text)}</text>'


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
