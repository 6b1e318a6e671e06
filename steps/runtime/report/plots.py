"""Plots as inline SVG whose colours are those of the page, so that light, dark and print all fit."""

from __future__ import annotations

import html
import io
import itertools
import logging
import re
from collections.abc import Callable, Sequence
from typing import Any

# Colours that matplotlib draws with stand for the page's, and are exchanged in the SVG.
_INK, _LINE, _ACCENT, _GOOD, _BAD = "#010101", "#020202", "#030303", "#040404", "#050505"
_PAGE = {
    _INK: "currentColor",
    _LINE: "var(--line)",
    _ACCENT: "var(--accent)",
    _GOOD: "var(--good)",
    _BAD: "var(--bad)",
}
_STYLE = {
    "axes.edgecolor": _LINE,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelcolor": _INK,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.dpi": 96,
    "font.size": 9,
    "grid.color": _LINE,
    "grid.linewidth": 0.6,
    "svg.fonttype": "none",
    "svg.hashsalt": "steps",
    "text.color": _INK,
    "text.parse_math": False,  # names may hold dollar signs
    "xtick.color": _INK,
    "ytick.color": _INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}
_BARS = 30
_SIZE = (3.5, 2.1)  # inches: about the width on the page, so that letters keep their size there


def histogram(
    heights: Sequence[float],
    edges: Sequence[float],
    *,
    label: str,
    mark: tuple[float, str] | None = None,
    level: tuple[float, str] | None = None,
    counted: str = "rows",
    name: str,
) -> str:
    """Bars between `edges`; `mark` is a value with its name, drawn as a line where it is in sight.

    `level` is a height with its name, drawn across; `counted` says what the heights are.
    """

    def draw(axes: Any) -> None:
        widths = [right - left for left, right in itertools.pairwise(edges)]
        axes.bar(edges[:-1], heights, widths, align="edge", color=_ACCENT, linewidth=0)
        axes.set_xlabel(label)
        axes.set_ylabel(counted)
        axes.grid(axis="x", visible=False)
        _whole_numbers(axes.yaxis)
        if edges[-1] > 10:
            _whole_numbers(axes.xaxis)
        if level:
            axes.axhline(level[0], color=_BAD, linewidth=1.2, linestyle=(0, (4, 2)))
            axes.annotate(
                level[1],
                (1, level[0]),
                xycoords=("axes fraction", "data"),
                xytext=(-2, 3),
                textcoords="offset points",
                ha="right",
                color=_BAD,
            )
            axes.set_ylim(0, 1.2 * max(level[0], *heights))
        if mark and mark[0] <= edges[-1]:
            axes.axvline(mark[0], color=_BAD, linewidth=1.2, linestyle=(0, (4, 2)))
            axes.annotate(
                mark[1],
                (mark[0], 1),
                xycoords=("data", "axes fraction"),
                xytext=(-4, -2),
                textcoords="offset points",
                ha="right",
                va="top",
                color=_BAD,
            )

    return _svg(draw, name, _SIZE)


def bars(
    names: Sequence[str], values: Sequence[float], *, label: str, bad: Sequence[bool] = (), name: str
) -> str:
    """Horizontal bars with their values; those flagged `bad` in that colour."""

    def draw(axes: Any) -> None:
        colours = [_BAD if flag else _ACCENT for flag in bad] or _ACCENT
        drawn = axes.barh(list(names), values, color=colours, height=0.55)
        axes.bar_label(drawn, labels=[f"{value:,}" for value in values], padding=3)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.margins(x=0.18)
        axes.set_xlabel(label)
        axes.grid(axis="y", visible=False)
        _whole_numbers(axes.xaxis, ticks=4)

    return _svg(draw, name, (_SIZE[0], 0.3 * len(names) + 0.65))


def intervals(
    names: Sequence[str],
    means: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    *,
    gates: Sequence[tuple[int, float, bool]] = (),
    name: str,
) -> str:
    """A dot and a 95 % interval a metric; `gates` are (index of the metric, threshold, passed)."""

    def draw(axes: Any) -> None:
        places = range(len(names))
        for place, mean, low, high in zip(places, means, lows, highs, strict=True):
            axes.plot([low, high], [place, place], color=_ACCENT, linewidth=2.5, solid_capstyle="round")
            axes.plot([mean], [place], "o", color=_ACCENT, markersize=6)
        for place, threshold, passed in gates:
            axes.plot(
                [threshold] * 2, [place - 0.32, place + 0.32], color=_GOOD if passed else _BAD, linewidth=2
            )
        axes.set_yticks(list(places), list(names))
        axes.set_xlim(min(-0.02, *lows), max(1.02, *highs))
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.grid(axis="y", visible=False)

    return _svg(draw, name, (_SIZE[0], 0.36 * len(names) + 0.6))


def differences(
    names: Sequence[str], means: Sequence[float], bounds: Sequence[tuple[float, float]], *, name: str
) -> str:
    """A dot and an interval a metric around nothing; in the good colour above it, in the bad one below."""

    def draw(axes: Any) -> None:
        for place, (mean, (low, high)) in enumerate(zip(means, bounds, strict=True)):
            colour = _GOOD if low > 0 else _BAD if high < 0 else _ACCENT
            axes.plot([low, high], [place, place], color=colour, linewidth=2.5, solid_capstyle="round")
            axes.plot([mean], [place], "o", color=colour, markersize=6)
        axes.axvline(0, color=_INK, linewidth=1)
        axes.set_yticks(range(len(names)), list(names))
        widest = max([0.01, *(abs(bound) for pair in bounds for bound in pair)])
        axes.set_xlim(-1.1 * widest, 1.1 * widest)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.set_xlabel("difference")
        axes.grid(axis="y", visible=False)

    return _svg(draw, name, (_SIZE[0], 0.36 * len(names) + 0.8))


def side_by_side(
    heights: Sequence[tuple[str, Sequence[float]]], edges: Sequence[float], *, label: str, name: str
) -> str:
    """Bars of one or two series between the same edges, the second one pale; two are named in a legend."""

    def draw(axes: Any) -> None:
        width = (edges[1] - edges[0]) * 0.88 / len(heights)
        for number, (called, values) in enumerate(heights):
            places = [edge + 0.06 * (edges[1] - edges[0]) + number * width for edge in edges[:-1]]
            shade = 1 if number == 0 else 0.4
            colour = _ACCENT if number == 0 else _INK
            axes.bar(
                places, values, width, align="edge", color=colour, alpha=shade, linewidth=0, label=called
            )
        axes.set_xlabel(label)
        axes.set_ylabel("rows")
        axes.grid(axis="x", visible=False)
        _whole_numbers(axes.yaxis)
        if len(heights) > 1:
            axes.legend(
                loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(heights), fontsize=8, frameon=False
            )

    return _svg(draw, name, _SIZE)


def timeline(
    rows: Sequence[tuple[str, Sequence[tuple[int, float, float]]]],
    labels: Sequence[str],
    last: float,
    *,
    name: str,
) -> str:
    """A row of bars a person: (index of the label, start, end) in seconds; labels differ by their shade."""

    def draw(axes: Any) -> None:
        for place, (_, bars_of_row) in enumerate(rows):
            for label, start, end in bars_of_row:
                shade = 1 - 0.75 * label / max(1, len(labels) - 1) if len(labels) > 1 else 1
                axes.barh(place, end - start, 0.6, left=start, color=_ACCENT, alpha=shade, linewidth=0)
        for number, called in enumerate(labels):
            shade = 1 - 0.75 * number / max(1, len(labels) - 1) if len(labels) > 1 else 1
            axes.barh([0], [0], color=_ACCENT, alpha=shade, label=called, linewidth=0)
        axes.set_yticks(range(len(rows)), [each for each, _ in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(0, last)
        axes.set_xlabel("seconds")
        axes.grid(axis="y", visible=False)
        # Of the figure and not of the axes, which names of workers push to the right: there it was cut off.
        axes.figure.legend(loc="outside lower center", ncols=2, fontsize=8, frameon=False)

    return _svg(draw, name, (_SIZE[0], 0.3 * len(rows) + 0.2 * ((len(labels) + 1) // 2) + 0.9))


def bin_histogram(counts: Any) -> tuple[list[int], list[float]]:
    """Counts by whole value, gathered into at most 30 bars of equal, round width: heights, edges."""
    import numpy as np

    top = int(np.flatnonzero(counts)[-1]) + 1 if counts.any() else 1
    width = _round_width(max(1, -(-top // _BARS)))
    edges: Any = np.arange(0, top + width, width)
    padded: Any = np.zeros(len(edges[:-1]) * width, dtype=np.int64)
    padded[:top] = counts[:top]
    return padded.reshape(-1, width).sum(axis=1).tolist(), edges.tolist()


def _round_width(width: int) -> int:
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor >= width:
                return step * factor
        step *= 10


def _whole_numbers(axis: Any, ticks: int = 5) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(ticks, integer=True))
    axis.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:,.0f}"))


def _svg(draw: Callable[[Any], None], name: str, size: tuple[float, float]) -> str:
    """Draws on one pair of axes; `name` is what a screen reader says."""
    # On a slow first use it would tell stderr that it builds a cache of fonts.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size, layout="constrained")
        figure.patch.set_alpha(0)
        axes = figure.subplots()
        axes.patch.set_alpha(0)
        draw(axes)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return page_colours(buffer.getvalue(), name)


def page_colours(svg: str, name: str) -> str:
    """The SVG element alone, sized by the page, with the page's colours and fonts."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    head, rest = svg.split(">", 1)
    box = re.search(r'viewBox="[^"]+"', head)
    head = f'<svg {box[0] if box else ""} role="img" aria-label="{html.escape(name)}" xmlns:xlink="http://www.w3.org/1999/xlink"'
    for drawn, page in _PAGE.items():
        rest = rest.replace(drawn, page)
    rest = re.sub(r"font: ([\d.]+)px [^;\"]+", r"font-size: \1px", rest)
    return f"{head}>{rest}"
