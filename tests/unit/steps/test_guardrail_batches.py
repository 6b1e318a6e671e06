"""Prepare and merge: bodies, records set aside, jobs cut by quotas, books."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.merge_results.answer_key import compare
from steps.merge_results.books import Books, BooksError
from steps.prepare_batch import settings as prepare_settings
from steps.prepare_batch.bodies import Generation, body_maker, fault
from steps.prepare_batch.jobs import Cutter
from steps.prepare_batch.records import records
from steps.prepare_batch.settings import Quotas
from steps.runtime.errors import StepError
from steps.runtime.process import without_texts
from steps.runtime.settings import Section

FAMILIES = ("converse", "anthropic", "nova", "llama")


@pytest.mark.parametrize("family", FAMILIES)
@given(prompt=st.text(min_size=1).filter(str.strip), top_p=st.none() | st.floats(0.1, 1))
def test_every_body_has_the_shape_of_its_family_alone(family: str, prompt: str, top_p: float | None) -> None:
    """A body fits its own family, and no other where the shapes differ."""
    body = body_maker(family, Generation(100, 0.5, top_p))(prompt)
    assert fault(family, body) is None
    if family in ("anthropic", "llama"):
        assert all(fault(other, body) is not None for other in FAMILIES if other != family)


@pytest.mark.parametrize(
    ("family", "body", "wrong"),
    [
        (
            "converse",
            {"messages": [{"role": "user", "content": [{"text": "a", "type": "text"}]}]},
            "text block",
        ),
        ("converse", {"messages": []}, "messages"),
        ("converse", {"prompt": "a"}, '"prompt" is no member'),
        (
            "anthropic",
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}]},
            "version",
        ),
        ("nova", {"messages": [{"role": "user", "content": [{"text": " "}]}]}, "empty text"),
        ("llama", {"prompt": "a", "temperature": 3}, '"temperature" is not from 0 to 1'),
    ],
)
def test_a_wrong_body_is_told(family: str, body: dict[str, Any], wrong: str) -> None:
    """What would be a 400 for every record of a job is found before it is sent."""
    assert wrong in (fault(family, body) or "")


def _settings(*, sample_rows: int = 0, **data: Any) -> prepare_settings.BatchSettings:
    return prepare_settings.read(
        Section(
            {
                "sample_rows": sample_rows,
                "data": {
                    "format": "jsonl",
                    "columns": {"id": "id", "text": "t"},
                    "max_characters": 20,
                    **data,
                },
                "batch": {"max_records_per_job": 10, "min_records_per_job": 2, "max_bytes_per_file": 10_000},
                "model": {"format": "converse", "max_tokens": 10, "temperature": 0.0},
                "prompt": {
                    "template": "Say: {text}",
                    "guidelines": [{"name": "a", "version": "1", "text": "Be kind."}],
                },
            },
            "",
        )
    )


def test_unusable_records_are_set_aside_with_their_reasons(tmp_path: Path) -> None:
    """Each bad record has a reason and a name that tells nothing; the good ones are asked for."""
    lines = [
        {"id": "a", "t": "fine"},
        {"id": "a", "t": "again"},
        {"id": None, "t": "x"},
        {"id": "b", "t": "  "},
        {"id": "c", "t": "x" * 21},
        {"id": "d", "t": ["x"]},
        {"id": "e", "t": None},
        {"id": "f", "t": "\0"},
    ]
    body = "".join(json.dumps(line) + "\n" for line in lines) + '{"id": "g", "t"\n'
    (tmp_path / "t.jsonl").write_text(body)
    found = list(records(_settings(), tmp_path))
    assert [(each.id, each.reason) for each in found] == [
        ("a", None),
        ("R0000000002", "duplicate_id"),
        ("R0000000003", "no_id"),
        ("b", "empty"),
        ("c", "too_long"),
        ("d", "not_text"),
        ("e", "missing"),
        ("f", "invalid_text"),
        ("R0000000009", "unreadable"),
    ]


def test_a_made_up_id_is_no_record_s_own(tmp_path: Path) -> None:
    """Records that bring ids of the same form keep them apart from those made up for others."""
    ids = ["R0000000002", None, "R0000000003x", "R0000000004", None, "R0000000005"]
    lines = [{"id": each, "t": "fine"} for each in ids]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = list(records(_settings(), tmp_path))
    assert [(each.id, each.reason) for each in found] == [
        ("R0000000002", None),
        ("R0000000002x", "no_id"),
        ("R0000000003x", None),
        ("R0000000004", None),
        ("R0000000005", "no_id"),
        ("R0000000006", "duplicate_id"),
    ]


@pytest.mark.parametrize(
    "first",
    ["ann.lee@example.com,Ann Lee rang", "Ann Lee,Ann Lee", "Ann Lee;rang on Monday"],
    ids=["no header", "a value twice", "other separator"],
)
def test_a_file_without_a_header_does_not_tell_its_first_row(first: str, tmp_path: Path) -> None:
    """What stands where the names of columns should is data: the error names the file and what was wanted."""
    (tmp_path / "calls.csv").write_text(f"{first}\n{first}\n")
    with pytest.raises(StepError, match=r'^calls\.csv does not name the columns "id", "t"') as caught:
        list(records(_settings(format="csv"), tmp_path))
    assert not {"Ann", "ann", "Lee"} & set(re.findall(r"\w+", str(caught.value)))
    assert caught.value.__cause__ is None


def test_files_of_another_format_are_told_by_their_endings(tmp_path: Path) -> None:
    """Files of texts may be named after people."""
    for name in ("Ann Lee.txt", "Bo Lee.txt", "notes.md"):
        (tmp_path / name).write_text("x")
    with pytest.raises(StepError, match=r"holds no jsonl file \(it holds: \*\.md, \*\.txt\)"):
        list(records(_settings(), tmp_path))


def test_a_fault_of_the_code_is_told_without_what_it_says() -> None:
    """Type and place alone: the text of an exception may quote a text."""

    def stages() -> None:
        raise KeyError("ann.lee@example.com")

    with pytest.raises(StepError, match=r"^internal error: KeyError at test_guardrail_batches\.py:\d+$"):
        without_texts(stages)


def test_text_files_are_records(tmp_path: Path) -> None:
    """Every file is one record, named by its path; one that is no UTF-8 is set aside."""
    (tmp_path / "day").mkdir()
    (tmp_path / "day/a.txt").write_text("hello")
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe\xfa")
    found = list(records(_settings(format="text", columns={}), tmp_path))
    assert [(each.id, each.values, each.reason) for each in found] == [
        ("b.txt", {}, "invalid_text"),
        ("day/a.txt", {"text": "hello"}, None),
    ]


@pytest.mark.parametrize("kind", ["jsonl", "text"])
def test_a_sample_is_the_first_records(tmp_path: Path, kind: str) -> None:
    """Good and bad ones alike, so that the books of the sample balance."""
    if kind == "jsonl":
        lines = [{"id": "a", "t": " "}, {"id": "b", "t": "x"}, {"id": "c", "t": "x"}]
        (tmp_path / "t.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    else:
        for name in "abc":
            (tmp_path / name).write_text("" if name == "a" else "x")
    columns: dict[str, Any] = {"columns": {}} if kind == "text" else {}
    found = list(records(_settings(sample_rows=2, format=kind, **columns), tmp_path))
    assert [(each.id, each.reason) for each in found] == [("a", "empty"), ("b", None)]


def test_guidelines_follow_where_the_template_does_not_place_them() -> None:
    """The prompt ends with them."""
    wanted = _settings()
    prompt = wanted.template.fill({"text": "hello", "guidelines": wanted.guidelines})
    assert prompt == "Say: hello\n\n- Be kind.\n"


@settings(max_examples=50, deadline=None)
@given(
    count=st.integers(1, 70),
    quotas=st.builds(Quotas, st.integers(4, 20), st.integers(1, 4), st.integers(20, 200), st.integers(1, 4)),
)
def test_jobs_keep_the_quotas_and_lose_nothing(
    tmp_path_factory: pytest.TempPathFactory, count: int, quotas: Quotas
) -> None:
    """Every line is in one file, no job and no file is over its quota, none is below the minimum."""
    folder = tmp_path_factory.mktemp("jobs")
    cutter = Cutter(folder, quotas)
    lines = [f'{{"n": {number}}}\n'.encode() for number in range(count)]
    for line in lines:
        cutter.write(line)
    jobs, on_demand = cutter.finish(on_demand=True)
    read = [line for path in folder.rglob("*.jsonl") for line in path.read_bytes().splitlines(keepends=True)]
    assert Counter(read) == Counter(lines)
    assert all(quotas.records_at_least <= job.records <= quotas.records_per_job for job in jobs)
    assert sum(job.records for job in jobs) + (on_demand.records if on_demand else 0) == count
    for job in [*jobs, *([on_demand] if on_demand else [])]:
        written = sum(len(path.read_bytes().splitlines()) for path in job.folder.glob("*.jsonl"))
        assert written == job.records
    assert on_demand is None or on_demand.records < quotas.records_at_least


def test_too_few_records_are_refused_in_words(tmp_path: Path) -> None:
    """Where on demand is not allowed, the step says what to write."""
    cutter = Cutter(tmp_path, Quotas(10, 5, 1000, 1))
    cutter.write(b"{}\n")
    with pytest.raises(StepError, match=r"1 records are fewer than the 5 that a batch job needs") as caught:
        cutter.finish(on_demand=False)
    assert "on_demand_below_minimum" in (caught.value.hint or "")


IDS = st.lists(st.text(min_size=1, max_size=4), unique=True, max_size=30)


@given(IDS, st.data())
def test_books_balance_whatever_comes_in_whatever_order(identities: list[str], data: st.DataObject) -> None:
    """A success counts once and stands above failures; what nothing is known of has failed."""
    books = Books.of(identities)
    some = st.lists(st.sampled_from(identities), max_size=20) if identities else st.just([])
    good, bad = data.draw(some), data.draw(some)
    books.fail(bad, ["throttled"] * len(bad))
    counted = books.succeed(good, ["masked"] * len(good))
    books.fail(bad, ["throttled"] * len(bad))
    assert sum(counted) == len(set(good)) == books.actions["masked"]
    reasons = {identity: books.reason(identity) for identity in identities}
    for identity, reason in reasons.items():
        expected = None if identity in good else "throttled" if identity in bad else "no_output"
        assert reason == expected
    failed = sum(reason is not None for reason in reasons.values())
    books.check(set_aside=0, written=Counter(masked=len(set(good)), failed=failed))


def test_results_from_elsewhere_and_lost_records_are_told() -> None:
    """The books do not balance with a record that nobody asked for, or one too few."""
    books = Books.of(["a"])
    with pytest.raises(BooksError, match="1 records in, 0 out"):
        books.check(set_aside=0, written=Counter())
    books.succeed(["stranger"], ["passed"])
    with pytest.raises(BooksError, match="1 results are of records that were never asked for"):
        books.check(set_aside=0, written=Counter(failed=1))


def test_what_stood_in_the_reasoning_alone_was_not_found_by_the_guardrail(tmp_path: Path) -> None:
    """The key is held against the answer that was guarded, not against all that the model wrote."""
    planted = [{"type": "EMAIL", "form": "plain", "text": text} for text in ("a@b.com", "c@d.com", "e@f.com")]
    (tmp_path / "key.jsonl").write_text(json.dumps({"id": "r", "planted": planted}))
    answer = {"choices": [{"message": {"content": "<reasoning>a@b.com</reasoning>c@d.com e@f.com"}}]}
    (tmp_path / "raw.jsonl.out").write_text(json.dumps({"recordId": "r", "modelOutput": answer}))
    (tmp_path / "results.jsonl").write_text(json.dumps({"id": "r", "text": "{EMAIL} e@f.com"}))
    found = compare(tmp_path / "key.jsonl", tmp_path / "raw.jsonl.out", tmp_path / "results.jsonl")
    assert found["total"] == {"planted": 3, "in_answers": 2, "found": 1, "missed": 1}
