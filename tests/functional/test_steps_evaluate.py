"""Evaluate as a process against an endpoint on 127.0.0.1 that answers, throttles, fails, babbles or hangs."""

from __future__ import annotations

import json
import subprocess
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.endpoint import MODEL_DATA, FakeEndpoint, Reply, Respond, endpoint, fails, says, throttles
from tests.fakes.steps import Ran, run_step

pytestmark = pytest.mark.functional

EVALUATION = {
    "task": "question_answering",
    "generation": {"max_new_tokens": 16, "do_sample": False, "temperature": None, "stop": []},
    "strip_prompt": True,
    "request": "text_inputs",
    "response_path": "[0].generated_text",
    "metrics": ["f1", "exact_match", "quasi_exact_match", "precision_over_words", "recall_over_words"],
    "concurrency": 4,
    "retries": {"attempts": 4, "deadline_seconds": 20},
    "max_failed_share": 0.0,
}
ROWS = [
    {"id": "a", "model_input": "Symbol of gold?\n", "target_output": "Au", "group": "gold"},
    {
        "id": "b",
        "model_input": 'Colour of $gold \u2028 "金"?\n',
        "target_output": "yellow metal",
        "group": "gold",
    },
    {"id": "c", "model_input": "金是什么颜色？\n", "target_output": "黄色", "group": ""},
    {"id": "d", "model_input": "Use of lead?\n", "target_output": "batteries<OR>shields", "group": ""},
]
ANSWERS = {"a": "Au", "b": "The yellow!", "c": "黄色。", "d": "shields"}
BY_PROMPT = {str(row["model_input"]): str(row["id"]) for row in ROWS}


def evaluate(
    folder: Path,
    fake: FakeEndpoint,
    *,
    rows: list[dict[str, str]] | None = None,
    gates: list[dict[str, Any]] | None = None,
    model_data: str = MODEL_DATA,
    **changes: Any,
) -> Ran:
    data = folder / "data"
    data.mkdir(parents=True)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows or ROWS)
    (data / "evaluation_dataset.jsonl").write_text(lines, encoding="utf-8")
    learned = {"version": 1, "rows": 1, "asked": 4, "training_rows": 9, "examples": ["a"]}
    (data / "overlap.json").write_text(json.dumps(learned), encoding="utf-8")
    settings = {"evaluation": {**EVALUATION, **changes}, "gates": gates or [], "seed": 1}
    names = ("--endpoint-name", "e", "--model-data-url", model_data, "--region", "us-east-1")
    return run_step("evaluate", folder, settings, data=data, arguments=names, environment=fake.environment)


def answers(body: dict[str, Any]) -> Reply:
    """Each prompt's answer, with the prompt before it, as some containers do."""
    prompt = body["text_inputs"]
    return says(f"{prompt}{ANSWERS[BY_PROMPT[prompt]]}</s>")


def after(failures: int, troubles: dict[str, Reply]) -> Respond:
    """A row's trouble to the first questions about it, then its answer."""
    seen: Counter[str] = Counter()
    lock = threading.Lock()

    def respond(body: dict[str, Any]) -> Reply:
        with lock:
            seen[body["text_inputs"]] += 1
            late = seen[body["text_inputs"]] > failures
        return answers(body) if late else troubles[BY_PROMPT[body["text_inputs"]]]

    return respond


def processes() -> str:
    """The command lines of this machine's processes."""
    return subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout


def means(ran: Ran, which: str = "metrics") -> dict[str, float]:
    metrics = ran.json("metrics/evaluation_metrics.json")[which]
    return {name: figures["mean"] for name, figures in metrics.items()}


def test_every_row_is_asked_and_scored_as_fmeval_does(tmp_path: Path) -> None:
    """Prompts arrive as they are, answers are cut out, scores are fmeval's; nothing is left behind."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    gate = {"metric": "f1", "at_least": 0.9, "at_most": None}
    with endpoint(answers) as fake:
        fake.environment["TMPDIR"] = str(temporary)
        ran = evaluate(tmp_path, fake, gates=[gate])
    assert (ran.code, ran.err) == (0, "")
    assert list(temporary.iterdir()) == []
    assert str(tmp_path) not in processes()
    assert sorted(body["text_inputs"] for body in fake.asked) == sorted(BY_PROMPT)
    assert fake.asked[0]["parameters"] == {"max_new_tokens": 16, "do_sample": False}

    results = ran.lines("report/results.jsonl")
    assert [row["id"] for row in results] == ["a", "b", "c", "d"]
    assert [row["model_output"] for row in results] == list(ANSWERS.values())
    zero = dict.fromkeys(EVALUATION["metrics"], 0.0)  # type: ignore[call-overload]
    one = dict.fromkeys(zero, 1.0)
    assert [row["scores"] for row in results] == [
        one,
        {**zero, "f1": pytest.approx(2 / 3), "precision_over_words": 1.0, "recall_over_words": 0.5},
        zero,
        one,
    ]
    assert results[2]["unicode_scores"] == one

    document = ran.json("metrics/evaluation_metrics.json")
    assert (document["version"], document["rows"], document["failed"]) == (1, 4, 0)
    assert document["metrics"]["exact_match"]["mean"] == 0.5
    assert document["unicode_metrics"]["exact_match"]["mean"] == 0.75
    low, mean, high = (document["metrics"]["f1"][key] for key in ("low", "mean", "high"))
    assert mean == pytest.approx(2 / 3, abs=1e-6)
    assert low < mean < high
    data = ran.json("report/manifest.json")["data"]
    assert {**document["data"], "file": "evaluation_dataset.jsonl"} == data
    assert document["training_overlap"] == {"rows": 1, "training_rows": 9}
    assert document["comparisons"] == {}
    assert "gate f1 at least 0.9: missed" in ran.out  # which is the pipeline's to judge
    the_books_are_right(ran)


def the_books_are_right(ran: Ran) -> None:
    """The manifest names endpoint, model, data, settings and versions; the page shows gate and worst row."""
    manifest = ran.json("report/manifest.json")
    assert (manifest["endpoint_name"], manifest["model_data_url"]) == ("e", MODEL_DATA)
    assert manifest["data"]["rows"] == 4
    assert manifest["versions"]["fmeval"] == "1.2.3"
    assert [gate["holds"] for gate in manifest["gates"]] == [False]
    assert set(manifest["files"]) == {
        "evaluation_metrics.json",
        "evaluation_report.html",
        "results.jsonl",
        "failed.jsonl",
    }
    html = (ran.output / "report" / "evaluation_report.html").read_text(encoding="utf-8")
    assert "1 of 4 rows stand in the training set" in html
    assert "Gate missed: <strong>f1</strong>" in html
    assert html.index("黄色。") < html.index("The yellow!")
    assert "<script" not in html
    assert "http://" not in html.replace("http://www.w3.org", "")


def test_troubles_that_pass_cost_no_row(tmp_path: Path) -> None:
    """Throttling, a fault of the container and an overload are asked again until there is an answer."""
    troubles = {"a": throttles(), "b": fails(500), "c": Reply(503, {"message": "busy"}), "d": throttles()}
    with endpoint(after(2, troubles)) as fake:
        ran = evaluate(tmp_path, fake)
    assert (ran.code, ran.err) == (0, "")
    assert {row["attempts"] for row in ran.lines("report/results.jsonl")} == {3}
    assert ran.lines("report/failed.jsonl") == []


def test_rows_without_an_answer_fail_the_step_with_the_reason(tmp_path: Path) -> None:
    """Whatever the endpoint does for ever, the step ends in time and names every row with its reason."""
    fates = {
        "throttled: ThrottlingException: Rate exceeded": throttles(),
        "bad_answer: the answer is not JSON": Reply(body=b"<html>oops</html>"),
        "bad_answer: the answer has another shape": Reply(body={"no": "text"}),
        "bad_answer: the answer has another shape: Extractor found: 7": Reply(body=[{"generated_text": 7}]),
        "refused: ValidationError: too long": Reply(400, {"message": "too long"}, "ValidationError"),
        "timeout: the endpoint did not answer in time": says("late", seconds=30),
    }
    rows = [{"id": str(n), "model_input": reason, "target_output": "x"} for n, reason in enumerate(fates)]
    with endpoint(lambda body: fates[body["text_inputs"]]) as fake:
        ran = evaluate(tmp_path, fake, rows=rows, retries={"attempts": 2, "deadline_seconds": 2})
    assert ran.code == 1
    assert ran.message.startswith(
        "6 of 6 rows got no answer, more than evaluation.max_failed_share = 0 allows;"
        " most often (3): bad_answer: the answer"
    )
    assert ran.err == f"error: {ran.message}\n"
    failed = ran.lines("report/failed.jsonl")
    assert len(failed) == 6
    for row in failed:
        assert f"{row['reason']}: {row['detail']}".startswith(row["model_input"])
    assert ran.json("metrics/evaluation_metrics.json")["failed"] == 6


def test_answers_that_no_file_takes_cost_no_evaluation(tmp_path: Path) -> None:
    """Half an emoji in an answer or in a reason is shown as such; an answer nested without end is none."""
    half = "\ud83d"
    replies = {
        "a": says(f"Au{half}"),
        "b": Reply(body=b"[" * 200_000),
        "c": Reply(400, {"message": f"no {half}"}, "ValidationError"),
        "d": says("shields"),
    }
    with endpoint(lambda body: replies[BY_PROMPT[body["text_inputs"]]]) as fake:
        ran = evaluate(tmp_path, fake, max_failed_share=0.5)
    assert ran.code == 0, ran.err
    assert [row["model_output"] for row in ran.lines("report/results.jsonl")] == [
        "Au�",
        None,
        None,
        "shields",
    ]
    failed = {row["id"]: (row["reason"], row["detail"]) for row in ran.lines("report/failed.jsonl")}
    assert failed["c"] == ("refused", "ValidationError: no �")
    assert failed["b"][0] == "bad_answer"


def test_a_tolerated_failure_scores_nothing_but_is_reported(tmp_path: Path) -> None:
    """A row without an answer within the allowed share counts as 0: failures never lift a mean."""

    def respond(body: dict[str, Any]) -> Reply:
        return fails(400) if BY_PROMPT[body["text_inputs"]] == "a" else answers(body)

    with endpoint(respond) as fake:
        ran = evaluate(tmp_path, fake, max_failed_share=0.25)
    assert ran.code == 0, ran.err
    assert ran.json("metrics/evaluation_metrics.json")["failed"] == 1
    assert means(ran)["exact_match"] == 0.25
    failed = ran.lines("report/failed.jsonl")
    assert [(row["id"], row["reason"], row["attempts"]) for row in failed] == [("a", "model_error", 2)]


@pytest.mark.parametrize(
    ("status", "served", "message"),
    [
        ("InService", "s3://other/model.tar.gz", "does not serve the model that would be registered"),
        ("Creating", MODEL_DATA, 'the endpoint "e" is Creating, not InService'),
    ],
)
def test_another_endpoint_is_not_asked(tmp_path: Path, status: str, served: str, message: str) -> None:
    """The endpoint must be in service and serve the candidate's model data, or nothing is asked."""
    with endpoint(answers, status=status, model_data=served) as fake:
        ran = evaluate(tmp_path, fake)
    assert ran.code == 1
    assert message in ran.message
    assert fake.asked == []


def test_an_endpoint_that_is_not_there_is_said(tmp_path: Path) -> None:
    """Nothing listening is one line, not a traceback."""
    gone = FakeEndpoint("http://127.0.0.1:9")
    gone.environment = {
        "AWS_ENDPOINT_URL": gone.url,
        "AWS_ACCESS_KEY_ID": "fake",
        "AWS_SECRET_ACCESS_KEY": "fake",
    }
    ran = evaluate(tmp_path, gone)
    assert ran.code == 1
    assert 'the endpoint "e" cannot be looked up: Could not connect' in ran.message
    assert "Traceback" not in ran.err


def test_other_request_and_response_shapes(tmp_path: Path) -> None:
    """TGI's key and an answer that stands elsewhere, with a stop text, by settings alone."""

    def respond(body: dict[str, Any]) -> Reply:
        assert body["parameters"]["stop"] == ["\n$"]
        return Reply(body={"outputs": [{"text": f"{ANSWERS[BY_PROMPT[body['inputs']]]}\n$ and more"}]})

    with endpoint(respond) as fake:
        ran = evaluate(
            tmp_path,
            fake,
            request="inputs",
            response_path="outputs[0].text",
            generation={"max_new_tokens": 4, "stop": ["\n$"]},
        )
    assert ran.code == 0, ran.err
    assert [row["model_output"] for row in ran.lines("report/results.jsonl")] == list(ANSWERS.values())


def test_summaries_are_scored_by_rouge(tmp_path: Path) -> None:
    """ROUGE as fmeval computes it; Chinese, of which it sees nothing, counts after normalization."""
    with endpoint(answers) as fake:
        ran = evaluate(
            tmp_path, fake, task="summarization", metrics=["rouge1", "rouge2", "rougeL"], algorithms=[]
        )
    assert (ran.code, ran.err) == (0, "")
    results = ran.lines("report/results.jsonl")
    assert results[1]["scores"]["rouge1"] == pytest.approx(0.5)
    assert results[2]["scores"] == {"rouge1": 0.0, "rouge2": 0.0, "rougeL": 0.0}
    assert results[2]["unicode_scores"] == {"rouge1": 1.0, "rouge2": 1.0, "rougeL": 1.0}


def test_further_algorithms_are_used_or_refused_before_asking(tmp_path: Path) -> None:
    """Factual knowledge needs nothing; BERTScore without its model says what it needs, and asks nobody."""
    with endpoint(answers) as fake:
        ran = evaluate(tmp_path / "1", fake, algorithms=["factual_knowledge", "classification_accuracy"])
        asked = len(fake.asked)
        refused = evaluate(tmp_path / "2", fake, algorithms=["bertscore"])
    assert ran.code == 0, ran.err
    assert means(ran, "algorithms")["factual_knowledge"] == 0.75
    assert refused.code == 1
    assert (
        'the algorithm "bertscore" cannot be used: it needs the model roberta-large-mnli' in refused.message
    )
    assert len(fake.asked) == asked
