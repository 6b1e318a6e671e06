"""Prepare as a process: files in, sets and reports out, or one reason why not."""

from __future__ import annotations

import csv
import json
import random
import unicodedata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fakes.steps import Ran, run_step

pytestmark = pytest.mark.functional

DATA = {
    "source": "s3://bucket/data",
    "format": "jsonl",
    "columns": {"question": "question", "context": "support", "answer": "correct_answer"},
    "prompt": "Answer.\n\n{question}\n{context}\n",
    "output": "{answer}",
    "group_by": None,
    "rows": {"training": 40, "validation": 8, "evaluation": 12},
    "validation": "channel",
    "seed": 42,
    "max_rejected_share": 0.2,
    "output_format": "csv",
    "tokenizer": None,
}
METALS = ("gold", "silver", "iron", "copper", "lead")
PROPERTIES = ("symbol", "colour", "density", "melting point", "use", "price", "ore", "history")


def facts(count: int = 100) -> list[dict[str, Any]]:
    """Questions about numbered samples; five of each metal share a group."""
    return [
        {
            "question": f"What is the {PROPERTIES[n % 8]} of sample {n}?",
            "support": f"Sample {n} is {METALS[n % 5]}, and much else can be said of it.",
            "correct_answer": METALS[n % 5],
            "passage": f"p{n // 5}",
            "unused": n,
        }
        for n in range(count)
    ]


def jsonl(folder: Path, rows: list[dict[str, Any]], *, more: bytes = b"") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "data.jsonl").write_bytes(lines.encode() + more)
    return folder


def prepare(folder: Path, data: Path, *, arguments: tuple[str, ...] = (), **changes: Any) -> Ran:
    """Runs the step; `changes` are those of the data settings, context_tokens that of the model."""
    model = {"context_tokens": changes.pop("context_tokens", 2048)}
    parameters = changes.pop("parameters", {})
    settings = {"data": {**DATA, **changes}, "model": model, "parameters": parameters}
    return run_step("prepare", folder, settings, data=data, arguments=arguments)


def read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_rows_become_three_sets_that_share_nothing(tmp_path: Path) -> None:
    """CSV with exactly input and output, evaluation as JSON Lines, prompts filled, no group on two sides."""
    ran = prepare(tmp_path, jsonl(tmp_path / "data", facts()), group_by="passage")
    assert (ran.code, ran.err) == (0, "")
    header, *training = read_csv(ran.output / "training" / "training.csv")
    _, *validation = read_csv(ran.output / "validation" / "validation.csv")
    evaluation = ran.lines("evaluation/evaluation.jsonl")
    assert header == ["input", "output"]
    assert (len(training), len(validation), len(evaluation)) == (40, 8, 12)
    assert set(evaluation[0]) == {"id", "input", "output", "group", "question"}
    names, *questions = read_csv(ran.output / "report" / "training_questions.csv")
    assert (names, len(questions)) == (["question", "prompt"], 40)
    assert not {row["question"] for row in evaluation} & {question for question, _ in questions}

    by_prompt = {f"Answer.\n\n{row['question']}\n{row['support']}\n": row for row in facts()}
    assert all(by_prompt[prompt]["correct_answer"] == answer for prompt, answer in training + validation)
    groups = [
        {by_prompt[prompt]["passage"] for prompt, _ in training},
        {by_prompt[prompt]["passage"] for prompt, _ in validation},
        {row["group"] for row in evaluation},
    ]
    assert not groups[0] & groups[1] | groups[0] & groups[2] | groups[1] & groups[2]


def test_equal_seeds_write_equal_bytes(tmp_path: Path) -> None:
    """Rows in another order, in two files, by two processes: the same data hash; another seed, another."""
    rows = facts(300)
    shuffled = random.Random(1).sample(rows, len(rows))
    two = jsonl(tmp_path / "two" / "a", shuffled[:100]).parent
    jsonl(two / "b", shuffled[100:])
    runs = [
        prepare(tmp_path / "1", jsonl(tmp_path / "one", rows)),
        prepare(tmp_path / "2", two, arguments=("--workers", "2")),
        prepare(tmp_path / "3", tmp_path / "one", seed=43),
    ]
    first, second, third = (ran.json("report/data_report.json")["data_hash"] for ran in runs)
    assert first == second != third


def test_unusable_rows_are_set_aside_by_reason(tmp_path: Path) -> None:
    """Every kind of bad row is counted, named with its place, and absent from the sets; the step goes on."""
    bad: list[dict[str, Any]] = [
        {"question": None, "support": "x", "correct_answer": "y"},
        {"question": "Empty?", "support": "  ", "correct_answer": "y"},
        {"question": "Long?", "support": "word " * 3000, "correct_answer": "y"},
        {"question": "Nul\0?", "support": "x", "correct_answer": "y"},
        {"question": "List?", "support": ["x"], "correct_answer": "y"},
        facts()[3] | {"question": "WHAT  is the melting point of sample 3 ?".replace(" ?", "?")},
    ]
    broken = b'{"question": "\xff"}\n{broken\n\n{"question": "\\ud800 half"}\n'
    ran = prepare(tmp_path, jsonl(tmp_path / "data", [*facts(), *bad], more=broken))
    assert (ran.code, ran.err) == (0, "")
    report = ran.json("report/data_report.json")
    assert report["rejected"] == {
        "missing": 1,
        "empty": 1,
        "not_text": 1,
        "invalid_text": 3,
        "unreadable": 1,
        "over_context": 1,
        "duplicate": 1,
    }
    assert report["rows"]["read"] == 109
    rejected = ran.lines("report/rejected.jsonl")
    assert sorted((line["row"], line["reason"]) for line in rejected) == [
        (101, "missing"),
        (102, "empty"),
        (103, "over_context"),
        (104, "invalid_text"),
        (105, "not_text"),
        (106, "duplicate"),
        (107, "invalid_text"),
        (108, "unreadable"),
        (110, "invalid_text"),
    ]
    duplicate = next(line for line in rejected if line["reason"] == "duplicate")
    assert duplicate["first"] == {"file": "data.jsonl", "row": 4}


def test_wild_text_comes_through_unchanged(tmp_path: Path) -> None:
    """Scripts, line separators, quotes and both Unicode forms are written as they were read."""
    wild = ['He said "x", then\r\nleft', "a\u2028b\u2029c", "金是什么？", "सोना\u200dक्या", "😀" * 3]
    wild += [unicodedata.normalize("NFD", "Österreich é"), "a,b;c\td", "{braces} and %s"]
    rows = [
        {"question": f"{text} {n}", "support": text, "correct_answer": text} for n, text in enumerate(wild)
    ]
    ran = prepare(
        tmp_path,
        jsonl(tmp_path / "data", rows),
        rows={"training": 6, "validation": 1, "evaluation": 1},
        prompt="{question}|{context}",
    )
    assert ran.code == 0, ran.err
    sets = read_csv(ran.output / "training" / "training.csv")[1:]
    sets += read_csv(ran.output / "validation" / "validation.csv")[1:]
    sets += [[row["input"], row["output"]] for row in ran.lines("evaluation/evaluation.jsonl")]
    assert sorted(sets) == sorted([f"{text} {n}|{text}", text] for n, text in enumerate(wild))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_every_format_gives_the_same_sets(tmp_path: Path, kind: str) -> None:
    """CSV and Parquet with the rows of a JSON Lines file give its very data hash."""
    rows = facts()
    folder = tmp_path / kind
    folder.mkdir()
    if kind == "csv":
        with (folder / "data.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        pq.write_table(pa.Table.from_pylist(rows), folder / "data.parquet", row_group_size=30)
    other = prepare(tmp_path / "other", folder, format=kind)
    lines = prepare(tmp_path / "lines", jsonl(tmp_path / "data", rows))
    assert other.code == 0, other.err
    assert (
        other.json("report/data_report.json")["data_hash"]
        == lines.json("report/data_report.json")["data_hash"]
    )


def test_parquet_can_be_written(tmp_path: Path) -> None:
    """Two string columns, input and output, no more."""
    ran = prepare(tmp_path, jsonl(tmp_path / "data", facts()), output_format="parquet")
    assert ran.code == 0, ran.err
    table = pq.read_table(ran.output / "training" / "training.parquet")
    assert (table.column_names, table.num_rows) == (["input", "output"], 40)
    assert all(str(field.type) == "string" for field in table.schema)


def test_a_dataset_that_the_library_loads_is_read(tmp_path: Path) -> None:
    """hf:// goes through datasets.load_dataset: here a folder, which it takes as it takes a name."""
    folder = jsonl(tmp_path / "own" / "set", facts())
    ran = prepare(
        tmp_path / "job", folder, source=f"hf://{folder}", huggingface={"split": "train"}, format=None
    )
    assert ran.code == 0, ran.err
    assert ran.json("report/data_report.json")["rows"]["training"] == 40
    missing = prepare(tmp_path / "none", folder, source="hf://no-such/set", format=None)
    assert missing.code == 1
    assert 'the data set "no-such/set" (split train) could not be loaded' in missing.message


def test_lengths_are_exact_with_a_tokenizer(tmp_path: Path) -> None:
    """A tokenizer of whole words counts words; the report says that it was counted, not estimated."""
    tokenizer = tmp_path / "tokenizer"
    tokenizer.mkdir()
    vocabulary = {"[UNK]": 0}
    model = {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"}
    document: dict[str, Any] = {
        "version": "1.0",
        "model": model,
        "pre_tokenizer": {"type": "WhitespaceSplit"},
    }
    document |= {"truncation": None, "padding": None, "added_tokens": [], "normalizer": None}
    document |= {"post_processor": None, "decoder": None}
    (tokenizer / "tokenizer.json").write_text(json.dumps(document))
    rows = facts()
    rows[0]["support"] = "word " * 30
    ran = prepare(
        tmp_path,
        jsonl(tmp_path / "data", rows),
        arguments=("--tokenizer", str(tokenizer)),
        tokenizer="s3://bucket/tokenizer",
        context_tokens=40,
    )
    assert ran.code == 0, ran.err
    report = ran.json("report/data_report.json")
    assert report["context"] == {"tokens": 40, "method": "tokenizer"}
    assert report["rejected"] == {"over_context": 1}
    assert report["lengths"]["output_tokens"]["max"] == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"rows": {"training": 500, "validation": 10, "evaluation": 10}},
            "(500 training, 10 validation, 10 evaluation), 100 of 100 rows are usable and distinct,",
        ),
        (
            {"columns": {"question": "query", "context": "support", "answer": "correct_answer"}},
            'data.jsonl has no column "query" (its columns: question, support, correct_answer,',
        ),
        ({"prompt": "{nothing}"}, '"data.prompt" uses {nothing}'),
        ({"group_by": "passages"}, 'did you mean "passage"?'),
        (
            {"context_tokens": 20},
            "(100.0%) are unusable, more than data.max_rejected_share = 0.2 allows: 100 over_context",
        ),
    ],
)
def test_data_that_will_not_do_has_one_reason(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    """The reason has figures and a hint, goes to stderr and to SageMaker, and comes without a traceback."""
    ran = prepare(tmp_path, jsonl(tmp_path / "data", facts()), **changes)
    assert ran.code in (1, 2)
    assert message in ran.message
    assert ran.err == f"error: {ran.message}\n"
    assert not (ran.output / "training").exists()


def test_an_empty_data_set_is_said(tmp_path: Path) -> None:
    """Blank lines are no rows."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "data.jsonl").write_text("\n\n")
    ran = prepare(tmp_path, tmp_path / "data")
    assert (ran.code, ran.message) == (1, "the data set is empty: s3://bucket/data has no rows")


def test_parameters_fill_the_settings(tmp_path: Path) -> None:
    """An override on the command line decides how many rows are trained on."""
    ran = prepare(
        tmp_path,
        jsonl(tmp_path / "data", facts()),
        rows={"training": {"parameter": "TrainingRows"}, "validation": 5, "evaluation": 0},
        parameters={"TrainingRows": "Integer"},
        arguments=("--parameter", "TrainingRows=17"),
    )
    assert ran.code == 0, ran.err
    rows = ran.json("report/data_report.json")["rows"]
    assert (rows["training"], rows["validation"], rows["evaluation"]) == (17, 5, 0)
    assert (ran.output / "evaluation" / "evaluation.jsonl").read_text() == ""


def test_the_report_is_one_page_that_loads_nothing(tmp_path: Path) -> None:
    """Plots and styles are inside, markup of the data is escaped, and a failed step has its page too."""
    rows = facts()
    ran = prepare(tmp_path, jsonl(tmp_path / "data", rows), source="s3://b/<script>alert(1)</script>")
    html = (ran.output / "report" / "data_report.html").read_text(encoding="utf-8")
    assert html.count("<svg") == 2
    assert "<script" not in html
    assert "<h1>data.jsonl</h1>" in html
    assert "s3://b/&lt;script&gt;alert(1)" in html
    assert "http://" not in html.replace("http://www.w3.org", "")
    failed = prepare(tmp_path / "failed", tmp_path / "data", context_tokens=20)
    page = (failed.output / "report" / "data_report.html").read_text(encoding="utf-8")
    assert "The step failed." in page


def test_a_sample_is_as_large_as_it_was_asked_for_and_says_so(tmp_path: Path) -> None:
    """Its rows are among those of the whole draw's data, and report, figures and log call it a sample."""
    data = jsonl(tmp_path / "data", facts())
    settings = {"data": DATA, "model": {"context_tokens": 2048}, "sample_rows": 15}
    ran = run_step("prepare", tmp_path, settings, data=data)
    assert ran.code == 0, ran.err
    figures = ran.json("report/data_report.json")
    assert figures["sample_rows"] == 15
    assert [figures["rows"][name] for name in ("training", "validation", "evaluation")] == [10, 2, 3]
    assert "a sample of 15 rows" in (ran.output / "report/data_report.html").read_text(encoding="utf-8")
    assert ran.out.strip().endswith("a sample of 15 rows")


def test_several_right_answers(tmp_path: Path) -> None:
    """One is learned and measured against the context, the evaluation keeps them all."""
    rows = facts()
    for row in rows:
        row["correct_answer"] += "<OR>" + "the metal it is made of " * 20
    data = jsonl(tmp_path / "data", rows)
    ran = prepare(tmp_path / "run", data, answer_delimiter="<OR>", context_tokens=60)
    assert ran.code == 0, ran.err
    training = read_csv(ran.output / "training" / "training.csv")[1:]
    assert {answer for _, answer in training} <= set(METALS)
    evaluation = (ran.output / "evaluation" / "evaluation.jsonl").read_text(encoding="utf-8").splitlines()
    assert all("<OR>the metal" in json.loads(line)["output"] for line in evaluation)


def test_answers_that_nobody_divides_are_told(tmp_path: Path) -> None:
    """Without a delimiter "<OR>" is learned, which the evaluation would not take: log and report say so."""
    rows = facts()
    for row in rows:
        row["correct_answer"] += "<OR>metal"
    ran = prepare(tmp_path / "run", jsonl(tmp_path / "data", rows))
    assert ran.code == 0, ran.err
    assert ran.json("report/data_report.json")["undivided_answers"] == 40
    note = 'note: 40 answers to learn hold "<OR>": data.answer_delimiter: "<OR>" learns one of the answers'
    assert note in ran.out.splitlines()[-1]
    assert "40 answers to learn hold" in (ran.output / "report/data_report.html").read_text(encoding="utf-8")
    given = prepare(tmp_path / "other", jsonl(tmp_path / "data", rows), answer_delimiter="|")
    assert given.json("report/data_report.json")["undivided_answers"] == 0
    assert "note:" not in given.out


def test_parquet_values_that_python_lacks_cost_their_row(tmp_path: Path) -> None:
    """The year 300,000 sets its row aside; numbers of 32 bits and nanoseconds read as they were written."""
    moments = pa.array([1_600_000_000_123_456_789 + n for n in range(30)], pa.timestamp("ns"))
    days = pa.array([109_572_000 if n == 4 else n for n in range(30)], pa.date32())
    table = {
        "question": [f"Sample {n}?" for n in range(30)],
        "support": moments,
        "day": days,
        "correct_answer": pa.array([n / 10 for n in range(30)], pa.float32()),
    }
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table(table), tmp_path / "data" / "data.parquet")
    columns = {"question": "question", "context": "support", "day": "day", "answer": "correct_answer"}
    ran = prepare(
        tmp_path,
        tmp_path / "data",
        format="parquet",
        columns=columns,
        prompt="{question} {context} {day}",
        rows={"training": 29, "evaluation": 0},
        validation="fraction",
    )
    assert ran.code == 0, ran.err
    aside = [(row["reason"], row["row"]) for row in ran.lines("report/rejected.jsonl")]
    assert aside == [("unreadable", 5)]
    written = dict(read_csv(ran.output / "training" / "training.csv")[1:])
    assert set(written.values()) == {str(n / 10) for n in range(30) if n != 4}
    assert written["Sample 1? 2020-09-13 12:26:40.123456790 1970-01-02"] == "0.1"
