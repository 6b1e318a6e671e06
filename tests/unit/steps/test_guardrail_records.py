"""Batch output of any family and in any state, and the ledger's arithmetic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.apply_guardrails.ledger import Progress, ranges
from steps.apply_guardrails.quotas import read_quotas
from steps.apply_guardrails.records import OutputFile, files
from steps.runtime.errors import StepError
from steps.runtime.guardrail.outputs import output_of

SHAPES: list[tuple[dict[str, Any], str, bool]] = [
    ({"output": {"message": {"content": [{"text": "a"}]}}, "stopReason": "end_turn"}, "a", False),
    (
        {
            "output": {"message": {"content": [{"reasoningContent": {}}, {"text": "a"}, {"text": "b"}]}},
            "stopReason": "max_tokens",
        },
        "ab",
        True,
    ),
    (
        {
            "content": [{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "a"}],
            "stop_reason": "max_tokens",
        },
        "a",
        True,
    ),
    ({"generation": "a", "stop_reason": "length"}, "a", True),
    ({"results": [{"outputText": "a"}]}, "a", False),
    ({"results": [{"outputText": "a", "completionReason": "LENGTH"}]}, "a", True),
    ({"choices": [{"message": {"content": "a"}, "finish_reason": "length"}]}, "a", True),
    (
        {"choices": [{"message": {"content": [{"type": "text", "text": "a"}, {"type": "refusal"}]}}]},
        "a",
        False,
    ),
    ({"choices": [{"text": "a"}, {"text": "b"}]}, "a", False),
    ({"outputs": [{"text": "a", "stop_reason": "length"}]}, "a", True),
    ({"generations": [{"text": "a", "finish_reason": "MAX_TOKENS"}], "prompt": "p"}, "a", True),
    ({"text": "a", "finish_reason": "COMPLETE"}, "a", False),
    ({"completion": "a", "stop_reason": "max_tokens"}, "a", True),
    ({"completions": [{"data": {"text": "a"}, "finishReason": {"reason": "length"}}]}, "a", True),
    (
        {"message": {"content": [{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "a"}]}},
        "a",
        False,
    ),
    (
        {
            "output": {
                "message": {
                    "content": [{"citationsContent": {"content": [{"text": "a"}]}}, {"text": "b"}],
                }
            }
        },
        "ab",
        False,
    ),
    # Reasoning between tags: gpt-oss, Qwen, DeepSeek-R1 (whose prompt has the opening tag), and one cut off.
    ({"choices": [{"message": {"content": "<reasoning>x</reasoning>a"}}]}, "a", False),
    ({"choices": [{"message": {"content": "\n<think>\nx\n</think>\n\na </think>"}}]}, "a </think>", False),
    ({"choices": [{"text": "x\n</think>\n\na", "stop_reason": "stop"}]}, "a", False),
    ({"generation": "<think>x", "stop_reason": "length"}, "", True),
    ({"choices": [{"message": {"content": "a", "reasoning_content": "x"}}]}, "a", False),
]


@pytest.mark.parametrize(("model_output", "text", "cut_off"), SHAPES)
def test_every_family_is_read(model_output: dict[str, Any], text: str, cut_off: bool) -> None:
    """The text of all text blocks, and whether the model was cut off."""
    output = output_of(model_output)
    assert output is not None
    assert (output.text, output.cut_off) == (text, cut_off)


@pytest.mark.parametrize(
    ("model_output", "reason"),
    [
        ({"content": [], "stop_reason": "refusal"}, "refused"),
        ({"content": [{"type": "tool_use", "input": {"text": "x"}}], "stop_reason": "tool_use"}, "tool_call"),
        ({"results": [{"outputText": "", "completionReason": "CONTENT_FILTERED"}]}, "refused"),
        ({"choices": [{"message": {"content": None, "refusal": "x"}, "finish_reason": "stop"}]}, "refused"),
        ({"choices": [{"message": {"content": None}, "finish_reason": "tool_calls"}]}, "tool_call"),
        (
            {
                "choices": [
                    {"message": {"content": "<reasoning>x"}, "finish_reason": "length"},
                ]
            },
            "cut_off",
        ),
        ({"output": {"message": {"content": [{"reasoningContent": {}}]}}}, "empty_output"),
        ({"embedding": [0.1], "inputTextTokenCount": 3}, "unknown_output_shape"),
        ({"embeddings": [[0.1]], "texts": ["x"]}, "unknown_output_shape"),
        ({"results": [{"index": 0, "relevance_score": 0.1}]}, "unknown_output_shape"),
        ({"type": "error", "error": {"message": "x"}}, "unknown_output_shape"),
    ],
)
def test_an_output_without_a_text_says_why(model_output: dict[str, Any], reason: str, tmp_path: Path) -> None:
    """Refused, a call of a tool, cut off in its reasoning, or nothing that a text could be read from."""
    path = tmp_path / "000.jsonl.out"
    # As tools write it that begin files with a byte order mark and end lines with CRLF.
    line = json.dumps({"recordId": "a", "modelOutput": model_output}).encode()
    path.write_bytes(b"\xef\xbb\xbf" + line + b"\r\n")
    (record,) = OutputFile("f", path, path.stat().st_size).records()
    assert (record.id, record.text, record.reason) == ("a", None, reason)


KEYS = (
    "recordId modelOutput error output message content text type generation results choices "
    "outputs completions data finishReason reason"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS.split()),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.lists(
        st.one_of(JSON.map(json.dumps), st.text(max_size=20).filter(lambda text: "\n" not in text)),
        max_size=8,
    )
)
def test_wild_lines_keep_their_place(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    """Whatever a line holds, it is a record with a text, or one with a reason; none is lost, none raises."""
    path = tmp_path_factory.mktemp("wild") / "000.jsonl.out"
    body = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
    path.write_bytes(body)
    found = list(OutputFile("f", path, path.stat().st_size).records())
    expected = [place for place, line in enumerate(body.split(b"\n")) if line.strip()]
    assert [record.line for record in found] == expected
    for record in found:
        assert (record.text is None) != (record.reason is None)
        assert record.id is not None or record.text is None


def test_errors_and_truncation_have_reasons(tmp_path: Path) -> None:
    """An error line tells its code and not its message; half a line is unreadable, not lost."""
    lines = [
        '{"recordId": "a", "modelInput": {}, "error": {"errorCode": 400, "errorMessage": "SECRET"}}',
        '{"recordId": "b", "modelOutput": {"output": {"message": {"content": [{"text": "  "}]}}}}',
        '{"recordId": "h", "modelOutput": {"generation": "fine \\ud83d"}}',
        '{"modelOutput": {"generation": "x"}}',
        '{"recordId": "c", "modelOutput": {"generation": "x"',
    ]
    (tmp_path / "000.jsonl.out").write_text("\n".join(lines))
    (tmp_path / "manifest.json.out").write_text("{}")
    (file,) = files(tmp_path)
    assert [(record.id, record.reason) for record in file.records()] == [
        ("a", "model_error_400"),
        ("b", "empty_output"),
        ("h", "invalid_text"),
        (None, "no_record_id"),
        (None, "unreadable_line"),
    ]


def test_a_stray_file_is_refused(tmp_path: Path) -> None:
    """What is no batch output is named, and not skipped."""
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(StepError, match=r'"notes.txt" is no batch output'):
        files(tmp_path)


@given(st.sets(st.integers(0, 500)))
def test_the_ledger_knows_exactly_the_lines_it_was_told(lines: set[int]) -> None:
    """Runs of lines and back: every line that was done, and no other."""
    progress = Progress(bytearray())
    for first, last in ranges(lines):
        progress.add(first, last)
    assert {line for line in range(600) if progress.has(line)} == lines
    assert progress.records == len(lines)


class _Quotas:
    """A client of Service Quotas with these quotas."""

    def __init__(self, quotas: list[tuple[str, str, float]]) -> None:
        self._quotas = quotas

    def get_paginator(self, _name: str) -> _Quotas:
        return self

    def paginate(self, **_request: Any) -> list[dict[str, Any]]:
        return [
            {"Quotas": [{"QuotaCode": code, "QuotaName": name, "Value": value}]}
            for code, name, value in self._quotas
        ]


def test_quotas_of_the_account_are_read() -> None:
    """Requests and text units by policy; of two tiers the lower one; others are left alone."""
    client = _Quotas(
        [
            ("L-9072D6F0", "On-demand ApplyGuardrail requests per second", 50),
            (
                "L-CFCAAB0E",
                "On-demand ApplyGuardrail Sensitive information filter policy text units per second",
                200,
            ),
            ("L-1", "On-demand ApplyGuardrail Content filter policy text units per second (Classic)", 25),
            ("L-2", "On-demand ApplyGuardrail Content filter policy text units per second (Standard)", 50),
            ("L-3", "On-demand InvokeModel requests per minute for Nova", 9),
        ]
    )
    assert read_quotas(client) == {"requests": 50, "sensitive_information": 200, "content": 25}


def test_quotas_that_are_not_told_are_asked_for() -> None:
    """An account that names none gives a reason and what to write."""
    with pytest.raises(StepError, match="names no quota of ApplyGuardrail requests"):
        read_quotas(_Quotas([]))
