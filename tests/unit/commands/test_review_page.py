"""The evidence page: what it shows, and that nothing in the data can do harm to who reads it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.review_document import document_of
from commands.review_page import render, visible
from commands.shapes import SHAPES, misfits
from deploy.reviewing import registry
from deploy.reviewing.review import Review, review
from tests.unit.deploy.evaluated import add_package, folder, put, row
from tests.unit.deploy.fakes import FakeAws, project

GOOD = [1.0] * 40 + [0.0] * 20
BAD = [1.0] * 20 + [0.5] * 10 + [0.0] * 30


def reviewed(fake: FakeAws, version: int = 2) -> Review:
    return review(project(), fake.aws, registry.find(project(), fake.aws, f"facts/{version}"))


def two(**changes: Any) -> FakeAws:
    fake = FakeAws()
    add_package(fake, 1, f1=GOOD, approval="Approved")
    add_package(fake, 2, f1=BAD, **changes)
    return fake


class Reader(HTMLParser):
    """Tags with their attributes, the text outside of styles, and anchors."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.said.append(" ")
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" not in self._inside:
            self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.said).split())


def test_the_page_tells_what_the_evidence_comes_to() -> None:
    """Verdict, figures, gates, comparison, regressions with both answers, data, origin."""
    said = Reader(render(reviewed(two()))).text
    for part in (
        "local-facts/2",
        "The evidence is complete",
        "Worse than the approved local-facts/1 by f1: -0.250 on the same 60 rows",
        "f1 at least 0.5 ✓ passed",
        "By f1, 0 rows are better than before, 20 worse, 40 the same.",
        "target yes this model no before yes",
        "hash of the training data 0123456789abcdef",
        "learned of them 0 of 60",
        "base model Llama2-7B",
        "commit 0123456789abcdef0123456789abcdef01234567",
        "(the service knows it no more)",
    ):
        assert part in said


def test_gaps_come_first_with_what_to_do() -> None:
    """A package that cannot be decided on says so at the top."""
    page = Reader(render(reviewed(two(overlap={"rows": 3, "training_rows": 9})))).text
    assert "The evidence is complete" not in page
    assert page.index("It cannot be decided on like this.") < page.index("Figures and gates")
    assert "3 rows that were asked stand in its training set" in page
    assert "run_pipeline.py run facts-training facts-inference" in page


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ({"data": "0ther"}, "Not comparable with the approved local-facts/1: other evaluation data"),
        ({"approval": "Rejected"}, "Nothing else is approved in its group"),
    ],
)
def test_without_a_comparison_the_page_says_why(old: dict[str, Any], said: str) -> None:
    """And shows the worst rows instead of regressions."""
    fake = FakeAws()
    add_package(fake, 1, **{"f1": GOOD, "approval": "Approved", **old})
    add_package(fake, 2, f1=BAD)
    text = Reader(render(reviewed(fake))).text
    assert said in text
    assert "The worst rows by f1" in text


def test_a_package_of_which_nothing_is_known_has_a_page() -> None:
    """No figures, no rows, no origin."""
    fake = two()
    arn = reviewed(fake).package.arn
    for member in ("CustomerMetadataProperties", "ModelMetrics"):
        del fake.sagemaker.packages[arn][member]
    text = Reader(render(reviewed(fake))).text
    assert "There are no figures" in text
    assert "No results: it names no results." in text


def test_figures_of_a_strange_shape_break_nothing() -> None:
    """A file that somebody else wrote."""
    fake = two()
    strange = {
        "normalization": 7,
        "rows": "many",
        "metrics": {"f1": {"mean": "high"}, "<b>": 1, "rouge1": {"mean": 0.5, "low": 0.4, "high": 0.6}},
        "comparisons": {"f1": 3, "rouge1": {"told": "<i>"}},
        "training_overlap": [],
    }
    put(fake, f"{folder(2)}/metrics/evaluation_metrics.json", json.dumps(strange).encode())
    manifest = {"gates": [{"metric": None}, 4, {"metric": "<u>", "bound": 9, "holds": "yes"}], "data": 1}
    put(fake, f"{folder(2)}/report/manifest.json", json.dumps(manifest).encode())
    page = render(reviewed(fake))
    assert "<u>" not in page
    assert "<i>" not in page
    assert "0.500" in page


HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</dd></article></main><style>body{display:none}</style>",
    '" onmouseover="alert(1)',
    "{{ 7 * 7 }}{% raw %}",
    "approved \u202etxt.exe \u2066hidden\u2069",
    "half a pair \ud800, a NUL \x00, a bell \x07, an escape \x1b[31m",
    "x" * 200_000,
    "\u200f\u05e9\u05dc\u05d5\u05dd, \u0645\u0631\u062d\u0628\u0627, \u4f60\u597d",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_rows_are_harmless(text: str) -> None:
    """In inputs, targets, both outputs, ids and groups: no element, no handler, nothing turned around."""
    fake = FakeAws()
    texts = {"model_input": text, "model_output": text, "target_output": text, "group": text}
    for version, score in ((1, 1.0), (2, 0.0)):
        rows = [row(number, score, **texts, id=f"{number}{text[:50]}") for number in range(25)]
        add_package(fake, version, rows=rows, approval="Approved" if version == 1 else "Rejected")
    html = render(reviewed(fake))
    plain = Reader(render(reviewed(two())))
    page = Reader(html)
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags}
    assert {name for _, each in page.tags for name in each if name.startswith("on")} == set()
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f]", html)
    assert len(html.encode()) < 2_000_000
    assert ("{{ 7 * 7 }}" in page.text) is ("{{ 7 * 7 }}" in text)


def test_directions_and_controls_are_shown() -> None:
    """As their code points, so that a reader sees that they are there; other scripts stay as they are."""
    assert str(visible("a\u202eb\x07")) == (
        'a<span class="control">U+202E</span>b<span class="control">U+0007</span>'
    )
    assert str(visible("\u0645\u0631\u062d\u0628\u0627 \u200d <&>\n")) == (
        "\u0645\u0631\u062d\u0628\u0627 \u200d &lt;&amp;&gt;\n"
    )


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    """Without a tag of its own, and as UTF-8."""
    shown = re.sub(r'<span class="control">U\+[0-9A-F]{4,6}</span>', "", str(visible(text)))
    assert "<" not in shown
    shown.encode()


def test_the_page_stands_alone() -> None:
    """Nothing is loaded, no script runs, and a policy says so."""
    page = Reader(render(reviewed(two())))
    loaded = [each.get(name) for _, each in page.tags for name in ("src", "href", "xlink:href")]
    assert all(target.startswith("#") for target in loaded if target)
    assert "script" not in {tag for tag, _ in page.tags}
    policies = [each["content"] for tag, each in page.tags if each.get("http-equiv")]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]


def test_the_page_can_be_read_by_keyboard_and_aloud() -> None:
    """Every link has its target, what scrolls takes the focus and has a name, as pictures have."""
    page = Reader(render(reviewed(two())))
    ids = {each["id"] for _, each in page.tags if each.get("id")}
    assert {str(each["href"])[1:] for tag, each in page.tags if tag == "a"} <= ids
    scrolling = [each for _, each in page.tags if each.get("class") == "scroll"]
    assert scrolling
    assert all(each.get("tabindex") == "0" and each.get("aria-label") for each in scrolling)
    pictures = [each for tag, each in page.tags if tag == "svg"]
    assert pictures
    assert all(each.get("role") == "img" and each.get("aria-label") for each in pictures)
    assert ("html", {"lang": "en"}) in page.tags
    assert all(each.get("scope") for tag, each in page.tags if tag == "th")


def test_the_json_has_its_shape() -> None:
    """With and without something to compare it with; what the command adds is the page's place."""
    for version in (1, 2):
        written = json.dumps(document_of(reviewed(two(), version)), default=str)
        document = {**json.loads(written), "page": "x", "stored": ""}
        assert misfits(document, SHAPES["registry review"]) == []
        assert document["package"] == f"local-facts/{version}"


def test_hostile_names_of_metrics_are_harmless() -> None:
    """They are keys of a file, and as good a place as any."""
    fake = FakeAws()
    bad = ('"><script>alert(1)</script>', "$\\frac$", "</text>")
    for version, score in ((1, 1.0), (2, 0.5)):
        scores = {"f1": score, **dict.fromkeys(bad, score)}
        rows = [row(number, score, scores=scores, unicode_scores=scores) for number in range(25)]
        add_package(fake, version, rows=rows, approval="Approved" if version == 1 else "Rejected")
    html = render(reviewed(fake))
    assert "script" not in {tag for tag, _ in Reader(html).tags}
    assert "&lt;script&gt;" in html
