"""From what a model said to figures: answers cut out, text normalised, intervals, gates, reasons."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from steps.evaluate import endpoint
from steps.evaluate.answers import answer, without_echo
from steps.evaluate.asking import Outcome
from steps.evaluate.bootstrap import Interval, intervals
from steps.evaluate.dataset import EvaluationRow
from steps.evaluate.outcome import Evaluation, ScoredRow
from steps.evaluate.scores import normalized
from steps.evaluate.settings import EvaluateSettings, Gate, read
from steps.evaluate.unicode import normalize
from steps.runtime.errors import SettingsError, StepError
from steps.runtime.settings import Section

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
MODEL = "s3://bucket/model.tar.gz"


@given(prompt=TEXTS, said=st.text("abc xyz", min_size=1))
def test_an_echoed_prompt_is_cut_off(prompt: str, said: str) -> None:
    """Whatever the prompt, its exact echo leaves what the model said after it."""
    assume(prompt.strip())
    assert without_echo(prompt + said, prompt) == said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What  is\ngold? Au", "Au"),
        (" What is gold?\n\nAu", "Au"),
        ("<s> What is gold? Au</s>", "Au"),
        ("Au</s></s>", "Au"),
        ("Au<|endoftext|>", "Au"),
        ("Au\nQ: and silver?", "Au"),
        ("What is silver? Ag", "What is silver? Ag"),
        ("a < b</s>", "a < b"),
    ],
)
def test_the_answer_is_what_was_said_of_it(text: str, expected: str) -> None:
    """Echo, special tokens and what follows a stop are no part of the answer; nothing else is cut."""
    assert answer(text, prompt="What is gold? ", stop=["\nQ:"]) == expected


def test_an_answer_can_be_left_as_it_is() -> None:
    """Without strip_prompt an echo is part of the answer."""
    assert answer("What is gold? Au", prompt=None, stop=[]) == "What is gold? Au"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("金。", "金"),
        ("सोना।", "सोना"),
        ("Ｇｏｌｄ", "gold"),
        (unicodedata.normalize("NFD", "Österreich"), "österreich"),
        ("«l’or»", "lor"),
        ("1,234", "1234"),
        ("a\u200bb", "ab"),
    ],
)
def test_normalization_ignores_what_readers_ignore(one: str, other: str) -> None:
    """Punctuation of any script, width, Unicode form and invisible marks make no difference."""
    assert normalize(one) == normalize(other)


def test_unspaced_scripts_count_by_character() -> None:
    """Chinese and Thai become words of one letter, with its marks; Korean keeps its words."""
    assert normalize("金是黄色").split() == ["金", "是", "黄", "色"]
    assert normalize("ที่นี่ 5").split() == ["ที่", "นี่", "5"]
    assert normalize("노란 금속").split() == ["노란", "금속"]


@given(text=TEXTS)
def test_normalised_text_stays_as_it_is(text: str) -> None:
    """Normalising twice changes nothing that scores could see."""
    once = normalize(text)
    assert "".join(normalize(once).split()) == "".join(once.split())


def exact(given: str, target: str) -> dict[str, float]:
    return {"exact_match": float(any(given == one for one in target.split("<OR>")))}


@pytest.mark.parametrize(
    ("given", "target", "expected"),
    [
        ("金。", "银<OR>金", 1.0),
        ("", "", 1.0),
        ("", "gold", 0.0),
        ("?", "?", 1.0),
        ("?", "!", 0.0),
    ],
)
def test_normalised_scores_know_alternatives_and_emptiness(given: str, target: str, expected: float) -> None:
    """Alternatives are normalised one by one; two empty sides are equal, different marks are not."""
    assert normalized(exact, "<OR>")(given, target) == {"exact_match": expected}


def test_intervals_hold_the_mean_and_repeat_with_the_seed() -> None:
    """A seeded bootstrap of a hundred coin flips: the mean, bounds a tenth away, the same every time."""
    rows = [{"f1": float(number % 2), "exact_match": 1.0} for number in range(100)]
    found = intervals(rows, 1)
    assert found == intervals(rows, 1)
    assert found["exact_match"] == Interval(1.0, 1.0, 1.0)
    assert found["f1"].mean == 0.5
    assert 0.35 < found["f1"].low < 0.45
    assert 0.55 < found["f1"].high < 0.65
    assert intervals([], 1) == {}
    assert intervals([{"f1": 0.25}], 1)["f1"] == Interval(0.25, 0.25, 0.25)


def settings_of(**evaluation: Any) -> EvaluateSettings:
    gates = [{"metric": "f1", "at_least": 0.5, "at_most": None}]
    return read(Section({"evaluation": {"metrics": ["f1"], **evaluation}, "gates": gates}, ""))


def evaluation(outcomes: list[Outcome], **changes: Any) -> Evaluation:
    rows = [
        ScoredRow(
            EvaluationRow(str(number), "q", "t"), outcome, outcome.output or "", {"f1": 0.4}, {"f1": 0.6}
        )
        for number, outcome in enumerate(outcomes)
    ]
    low, high = Interval(0.4, 0.3, 0.5), Interval(0.6, 0.5, 0.7)
    return Evaluation(settings_of(**changes), rows, {"f1": low}, {"f1": high})


def test_gates_read_the_scores_that_the_yaml_names() -> None:
    """The same figures miss the gate as they are and pass it after normalization."""
    assert [holds for _, _, holds in evaluation([Outcome("x")]).gates()] == [False]
    assert [holds for _, _, holds in evaluation([Outcome("x")], normalization="unicode").gates()] == [True]


def test_a_gate_holds_at_its_bound() -> None:
    """At least and at most include the figure itself."""
    assert Gate("f1", 0.5, 0.5).holds(0.5)
    assert not Gate("f1", 0.5, None).holds(0.499999)


def test_the_property_file_has_both_sets_of_figures() -> None:
    """Means and bounds where the pipeline's gate looks for them."""
    document = evaluation(
        [Outcome("x"), Outcome(None, "timeout", "late", 2)], max_failed_share=0.5
    ).property_file()
    assert document["metrics"]["f1"] == {"mean": 0.4, "low": 0.3, "high": 0.5}
    assert document["unicode_metrics"]["f1"]["mean"] == 0.6
    assert (document["rows"], document["failed"]) == (2, 1)


def test_too_many_failures_name_the_commonest_reason() -> None:
    """Rows that were never asked do not hide why the others failed."""
    outcomes = [Outcome(None, "not_asked", "")] * 5 + [Outcome(None, "throttled", "Rate exceeded", 4)] * 2
    problem = evaluation([*outcomes, Outcome("x")]).problem()
    assert problem is not None
    assert problem.fact == (
        "7 of 8 rows got no answer, more than evaluation.max_failed_share = 0 allows;"
        " most often (2): throttled: Rate exceeded"
    )
    assert evaluation([Outcome("x")]).problem() is None


def test_unknown_metrics_are_refused() -> None:
    """A metric of another task is named with those that there are."""
    with pytest.raises(SettingsError, match=r'"evaluation.metrics" names "rouge1", known are: f1, '):
        settings_of(metrics=["rouge1"])


class FakeSageMaker:
    """The three lookups, answered from what the test says is deployed."""

    def __init__(self, status: str = "InService", container: dict[str, Any] | None = None) -> None:
        self._status, self._container = status, container or {"ModelDataUrl": MODEL}

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        return {"EndpointStatus": self._status, "EndpointConfigName": "c", "FailureReason": "no capacity"}

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:
        return {"ProductionVariants": [{"VariantName": "v", "ModelName": "m"}]}

    def describe_model(self, ModelName: str) -> dict[str, Any]:
        return {"PrimaryContainer": self._container}


@pytest.mark.parametrize(
    "container",
    [{"ModelDataUrl": MODEL}, {"ModelDataSource": {"S3DataSource": {"S3Uri": MODEL + "/"}}}],
)
def test_the_candidates_endpoint_is_accepted(container: dict[str, Any]) -> None:
    """Model data named in either field is recognised."""
    endpoint.check(FakeSageMaker(container=container), "e", MODEL)


@pytest.mark.parametrize(
    ("client", "message"),
    [
        (
            FakeSageMaker(container={"ModelDataUrl": "s3://other"}),
            "it serves s3://other, the candidate is s3://bucket",
        ),
        (FakeSageMaker(container={"Image": "i"}), "it serves no model data"),
        (FakeSageMaker(status="Failed"), 'the endpoint "e" is Failed, not InService: no capacity'),
    ],
)
def test_another_model_is_refused(client: FakeSageMaker, message: str) -> None:
    """An endpoint of another model, or of none, or out of service, is not asked."""
    with pytest.raises(StepError, match=message):
        endpoint.check(client, "e", MODEL)
