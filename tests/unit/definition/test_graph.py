"""A definition drawn as text, Mermaid and SVG."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from definition.graph import as_mermaid, as_svg, as_text
from definition.graph_model import Arrow, graph_of
from definition.graph_svg import HEIGHT, WIDTH
from tests.unit.definition.examples import callback, function, good, processing, with_steps

SVG = "{http://www.w3.org/2000/svg}"


def test_the_text_shows_order_types_data_and_branches() -> None:
    """One line a step; steps of branches are indented."""
    assert as_text(good()) == (
        "prepare     Processing\n"
        "start       Lambda         <- prepare (metrics)\n"
        "gate        Condition      <- prepare (metrics)\n"
        "wait        Callback       <- start (job_name)\n"
        "  register  RegisterModel  if gate is true\n"
        "  missed    Fail           if gate is false\n"
    )


def test_mermaid_has_a_shape_per_type_and_dotted_data_from_further_up() -> None:
    """Readable by any Mermaid viewer."""
    last = function("last", Arguments={"a": {"Get": "Steps.prepare.ProcessingJobArn"},
                                       "b": {"Get": "Steps.wait.OutputParameters['status']"}})  # fmt: skip

    assert as_mermaid(with_steps(processing(), function(), callback(), last)) == (
        "flowchart TD\n"
        '  s0["prepare<br/><small>Processing</small>"]\n'
        '  s1("start<br/><small>Lambda</small>")\n'
        '  s2[/"wait<br/><small>Callback</small>"/]\n'
        '  s3("last<br/><small>Lambda</small>")\n'
        '  s0 -->|"metrics"| s1\n'
        '  s0 -.->|"ProcessingJobArn"| s3\n'
        '  s1 -->|"job_name"| s2\n'
        '  s2 -->|"status"| s3\n'
    )


def test_data_from_further_up_is_not_part_of_the_flow() -> None:
    """The longest way is the flow."""
    definition = with_steps(processing(), function(), callback(DependsOn=["prepare"]))

    assert graph_of(definition).arrows == (
        Arrow("prepare", "start", ("metrics",), flow=True),
        Arrow("prepare", "wait", (), flow=False),
        Arrow("start", "wait", ("job_name",), flow=True),
    )


def boxes(text: str) -> list[tuple[float, float]]:
    root = ElementTree.fromstring(text)
    found = [each for each in root.iter(f"{SVG}rect") if each.get("class") == "box"]
    return [(float(each.attrib["x"]), float(each.attrib["y"])) for each in found]


def test_the_picture_is_well_formed_and_names_every_step() -> None:
    """Each step's name and type stand in it, and the title for screen readers."""
    text = as_svg(good(), "the <good> one")
    root = ElementTree.fromstring(text)
    words = {each.text for each in root.iter(f"{SVG}text")}

    assert {"prepare", "start", "gate", "register", "missed", "RegisterModel", "true", "false"} <= words
    assert root.findtext(f"{SVG}title") == "the <good> one"
    assert "prefers-color-scheme: dark" in text


@pytest.mark.parametrize("count", [1, 2, 5])
def test_boxes_do_not_overlap_and_lie_inside_the_picture(count: int) -> None:
    """Also where many steps run at once and one waits for all of them."""
    jobs = [processing(f"job-{number}") for number in range(count)]
    text = as_svg(with_steps(*jobs, processing("last", DependsOn=[job["Name"] for job in jobs])))
    left, top, width, height = map(float, re.search(r'viewBox="([^"]*)"', text)[1].split())  # type: ignore[index]
    placed = boxes(text)

    assert len(placed) == count + 1
    for x, y in placed:
        assert left <= x
        assert x + WIDTH <= left + width
        assert top <= y
        assert y + HEIGHT <= top + height
    for index, (x, y) in enumerate(placed):
        assert all(abs(x - x2) >= WIDTH or abs(y - y2) >= HEIGHT for x2, y2 in placed[index + 1 :])


def test_drawings_do_not_change_from_one_time_to_the_next() -> None:
    """Pictures in the README are compared with what is generated."""
    assert as_svg(good()) == as_svg(good())


def test_an_empty_pipeline_is_an_empty_picture() -> None:
    """Nothing to draw is no error."""
    assert as_text({"Steps": []}) == "\n"
    assert boxes(as_svg({"Steps": []})) == []
