"""A review as one HTML page: what the template needs, made of what was gathered.

The page is drawn like those of the steps, with their shell, styles and plots. It loads nothing, and what
comes from data is escaped, with the characters that would turn text around or hide it shown as what they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.review_document import against_document

if TYPE_CHECKING:
    from deploy.reviewing.lineage import Lineage, Ran
    from deploy.reviewing.review import Review

TEMPLATE = Path(__file__).parent / "review_page.html.j2"
VERDICTS = {"better": "good", "worse": "bad", "not enough evidence": ""}
# Unicode's explicit formatting characters: embeddings, overrides, isolates and their ends.
DIRECTING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
# The plots' library reads some marks in a name as formulas; ours have none.
DRAWABLE = re.compile(r"\w{1,64}")
SETS = ("training", "validation", "evaluation")
DIRT = {"true": " with local changes", "false": ""}
EDGES = [place / 10 for place in range(11)]


def render(review: Review) -> str:
    """The page as text."""
    from steps.runtime.report.page import render as page

    return page(TEMPLATE, context_of(review))


def context_of(review: Review) -> dict[str, Any]:
    """What review_page.html.j2 shows."""
    package, against = review.package, review.against
    return {
        "kind": "Evidence for a decision",
        "title": package.name,
        "subtitle": package.description or package.arn,
        "package": package,
        "review": review,
        "gaps": review.gaps,
        "cards": _cards(review),
        "against": against,
        "compared": against_document(review, against)["metrics"] if against is not None else {},
        "tones": VERDICTS,
        "plots": _plots(review),
        "rows": against.regressions if against is not None and not against.problem else review.results.worst,
        "metrics": _metrics(review),
        "data": _data(review),
        "lineage": _lineage(review),
        "parameters": _parameters(review.lineage),
        "cost": _cost(review.lineage),
        "visible": visible,
    }


def visible(text: Any) -> Any:
    """Escaped text in which control and direction characters stand as their code points."""
    from markupsafe import Markup, escape

    parts = [
        Markup('<span class="control">U+{:04X}</span>').format(ord(letter)) if _hides(letter) else letter
        for letter in _plain(text)
    ]
    joined: list[Any] = []
    for part in parts:  # runs of plain letters are escaped at once
        if joined and not isinstance(part, Markup) and not isinstance(joined[-1], Markup):
            joined[-1] += part
        else:
            joined.append(part)
    return Markup("").join(escape(part) for part in joined)


def _plain(text: Any) -> str:
    """Half a surrogate pair is no UTF-8 and could not be written."""
    return str(text).encode("utf-8", "backslashreplace").decode("utf-8")


def _hides(letter: str) -> bool:
    """Controls but for line ends and tabs, and marks of direction: they change how other text reads."""
    if letter in "\n\t":
        return False
    return unicodedata.bidirectional(letter) in DIRECTING or unicodedata.category(letter) == "Cc"


def _cards(review: Review) -> list[dict[str, Any]]:
    from steps.runtime.report.page import number

    figure = review.figures.get(review.primary, {})
    cards = [_card("decision", _status(review.package.approval))]
    if figure:
        bounds = f"{figure.get('low', 0):.3f} to {figure.get('high', 0):.3f}"
        cards.append(_card(_spaced(review.primary), number(figure.get("mean")), bounds))
    found = review.against.differences.get(review.primary) if review.against is not None else None
    if found is not None and review.against is not None:
        bounds, tone = f"{found.low:+.3f} to {found.high:+.3f}", VERDICTS[found.verdict()]
        cards.append(_card(f"against {review.against.old.name}", f"{found.mean:+.3f}", bounds, tone))
    cards.append(_card("rows asked", number(review.rows), _unanswered(review)))
    if review.overlap is not None:
        rows = review.overlap["rows"]
        cards.append(_card("of them learned", number(rows), "in the training set", "bad" if rows else ""))
    return cards


def _card(label: str, value: str, note: str = "", tone: str = "") -> dict[str, Any]:
    return {"label": label, "value": value, "note": note, "tone": tone}


def _status(approval: str) -> str:
    return {"PendingManualApproval": "pending"}.get(approval, approval.lower() or "none")


def _unanswered(review: Review) -> str:
    return "" if review.failed is None else f"{review.failed:,} without an answer"


def _metrics(review: Review) -> list[dict[str, Any]]:
    return [
        {
            "name": _spaced(name),
            "mean": figure["mean"],
            "bounds": f"{figure['low']:.3f} to {figure['high']:.3f}",
        }
        for name, figure in review.figures.items()
    ]


def _plots(review: Review) -> list[tuple[str, str]]:
    from steps.runtime.report import plots

    against, own = review.against, review.results.distributions
    drawn = []
    found = (
        {}
        if against is None
        else {name: each for name, each in against.differences.items() if DRAWABLE.fullmatch(name)}
    )
    if against is not None and found:
        svg = plots.differences(
            [_spaced(name) for name in found],
            [each.mean for each in found.values()],
            [(each.low, each.high) for each in found.values()],
            name="Difference of every metric with its 95 % interval",
        )
        drawn.append((svg, f"Difference against {against.old.name}; right of the line is better"))
    for name, heights in own.items():
        if sum(heights[1:-1]) == 0 or not DRAWABLE.fullmatch(name):
            continue  # right or wrong: the mean says it all
        series = [("this", heights)]
        if against is not None and name in against.distributions:
            series.append((f"version {against.old.version}", against.distributions[name]))
        svg = plots.side_by_side(series, EDGES, label=_spaced(name), name=f"Rows by {_spaced(name)}")
        drawn.append((svg, f"Rows by {_spaced(name)}"))
    return drawn


def _data(review: Review) -> list[tuple[str, str]]:
    """What it was trained and evaluated on."""
    report = review.lineage.data_report
    rows = _mapping(report.content.get("rows"))
    found = [("hash of the training data", review.package.metadata.get("data_hash", ""))]
    if report.problem:
        found.append(("data report", report.problem))
    else:
        found += [
            ("source", str(report.content.get("source", ""))),
            ("rows read", _count(rows.get("read"))),
            ("set aside", _count(rows.get("rejected"))),
            *((f"{name} set", f"{_count(rows.get(name))} rows") for name in SETS),
        ]
        if report.content.get("data_hash") != review.package.metadata.get("data_hash"):
            found.append(("careful", "the data report has another hash than the package"))
    asked = _mapping(review.manifest.content.get("data"))
    found += [
        ("hash of the rows asked", str(asked.get("sha256", ""))),
        ("learned of them", _overlap(review)),
        ("data report", str(review.lineage.candidate.content.get("data_report", ""))),
    ]
    return [each for each in found if each[1]]


def _overlap(review: Review) -> str:
    if review.overlap is None:
        return "nobody counted"
    return f"{review.overlap['rows']:,} of {review.rows or 0:,}"


def _lineage(review: Review) -> list[tuple[str, str]]:
    known, found = review.package.metadata, review.lineage
    dirty = DIRT.get(known.get("dirty_tree", ""), ", local changes unknown")
    figures = _mapping(found.candidate.content.get("metrics"))
    told = {name: value for name, value in figures.items() if isinstance(value, int | float)}
    said = ", ".join(f"{_spaced(name)} {value:.4g}" for name, value in told.items())
    rows = [
        ("base model", known.get("base_model", "")),
        ("fine-tuning job", _with_time(found.job.name, found.job.seconds) if found.job else ""),
        ("its own figures", said),
        ("training", _execution(found.training)),
        ("evaluation", _execution(found.inference)),
        ("commit", f"{known['commit']}{dirty}" if known.get("commit") else ""),
        ("image", review.package.image),
        ("model data", review.package.model_data),
        ("registered", review.package.created.isoformat(sep=" ", timespec="seconds")),
        ("results by row", review.places.results),
        ("ARN", review.package.arn),
    ]
    return [row for row in rows if row[1]]


def _execution(ran: Ran | None) -> str:
    if ran is None:
        return ""
    if ran.execution is None:
        return f"{ran.arn} (the service knows it no more)"
    person = f", {ran.execution.description}" if ran.execution.description else ""
    return f"{_with_time(ran.arn, ran.seconds)}, {ran.execution.status}{person}"


def _with_time(name: str, seconds: float | None) -> str:
    from commands.tables import duration

    return name if seconds is None else f"{name}, {duration(seconds)}"


def _parameters(found: Lineage) -> Sequence[tuple[str, str, str]]:
    """(of what, name, value)."""
    parts: dict[str, Mapping[str, str]] = {
        "fine-tuning": found.job.hyperparameters if found.job else {},
        "training": found.training.parameters if found.training else {},
        "evaluation": found.inference.parameters if found.inference else {},
    }
    return [(of, name, value) for of, values in parts.items() for name, value in values.items()]


def _cost(found: Lineage) -> list[tuple[str, str]]:
    """Of jobs and the endpoint, as far as their prices are known."""
    from commands.costs import dollars
    from commands.tables import duration

    rows = [
        (
            each.step,
            f"{dollars(each.usd)}: {each.instances} x {each.instance_type}, {duration(each.seconds or 0)}",
        )
        for each in found.usages
        if each.usd is not None
    ]
    used = found.endpoint
    if used is not None:
        told = (
            f"{dollars(used.usd)}: {used.instance}, {duration(used.seconds)}, {used.usd_per_hour:.2f} an hour"
        )
        rows.append(("endpoint, until the evaluation's end", told))
    return rows


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else "not known"


def _spaced(name: str) -> str:
    return name.replace("_", " ")
