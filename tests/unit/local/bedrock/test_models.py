"""Models of the stand-in: bodies of every family are checked, and answered in their shape."""

from __future__ import annotations

from typing import Any

import pytest

from local.api import ApiError
from local.bedrock.models import base_model, converse, invoke
from local.bedrock.summaries import subject, summarize

TEXT = "The router is broken. The agent will send a new router on Monday. Goodbye then."
CONVERSE: dict[str, Any] = {"messages": [{"role": "user", "content": [{"text": TEXT}]}]}
ANTHROPIC: dict[str, Any] = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": [{"type": "text", "text": TEXT}]}],
}


@pytest.mark.parametrize(
    ("model", "body", "path"),
    [
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", ANTHROPIC, ("content", 0, "text")),
        ("amazon.nova-lite-v1:0", CONVERSE, ("output", "message", "content", 0, "text")),
        ("amazon.titan-text-express-v1", {"inputText": TEXT}, ("results", 0, "outputText")),
        ("us.meta.llama3-3-70b-instruct-v1:0", {"prompt": TEXT}, ("generation",)),
    ],
)
def test_each_family_answers_in_its_own_shape(
    model: str, body: dict[str, Any], path: tuple[str | int, ...]
) -> None:
    """With sentences of the text."""
    found: Any = invoke(model, body)
    for step in path:
        found = found[step]
    assert found == TEXT


def test_converse_answers_any_family_in_one_shape() -> None:
    """With its usage; cut where the caller wants few tokens."""
    answer = converse("amazon.nova-lite-v1:0", {**CONVERSE, "inferenceConfig": {"maxTokens": 2}})
    assert answer["output"]["message"]["content"] == [{"text": TEXT[:8]}]
    assert answer["stopReason"] == "max_tokens"
    assert answer["usage"] == {"inputTokens": 19, "outputTokens": 2, "totalTokens": 21}


@pytest.mark.parametrize(
    "model", ["openai.gpt-oss-120b-1:0", "us.deepseek.r1-v1:0", "mistral.mistral-large-2407-v1:0"]
)
def test_models_without_a_native_shape_here_converse(model: str) -> None:
    """Converse is the same for every model; the native body of these is refused by name."""
    assert converse(model, CONVERSE)["output"]["message"]["content"] == [{"text": TEXT}]
    with pytest.raises(ApiError, match="model identifier is invalid"):
        invoke(model, {"messages": []})
    with pytest.raises(ApiError, match="model identifier is invalid"):
        converse("nobody.knows-v1", CONVERSE)


@pytest.mark.parametrize(
    ("model", "body", "reason"),
    [
        ("amazon.nova-lite-v1:0", {"prompt": TEXT}, r"required key \[messages\] not found"),
        ("meta.llama3-8b-instruct-v1:0", {"inputText": TEXT}, r"required key \[prompt\] not found"),
        ("meta.llama3-8b-instruct-v1:0", {"prompt": TEXT, "max_tokens": 5}, r"extraneous key \[max_tokens\]"),
        ("anthropic.claude-x", {**ANTHROPIC, "anthropic_version": "1"}, "should be 'bedrock-2023-05-31'"),
        ("anthropic.claude-x", {**ANTHROPIC, "max_tokens": 0}, "max_tokens: must be from 1"),
        ("anthropic.claude-x", {**ANTHROPIC, "messages": []}, "at least one message"),
        ("nobody.knows-v1", {"prompt": TEXT}, "model identifier is invalid"),
    ],
)
def test_bodies_of_another_shape_are_refused(model: str, body: dict[str, Any], reason: str) -> None:
    """As a ValidationException, which in a batch is an error line."""
    with pytest.raises(ApiError, match=reason) as caught:
        invoke(model, body)
    assert (caught.value.code, caught.value.status) == ("ValidationException", 400)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "at least one message"),
        ({"messages": [{"role": "user", "content": [{"text": " "}]}]}, "text field in the ContentBlock"),
        ({"messages": [{"role": "assistant", "content": [{"text": "x"}]}]}, "must start with a user message"),
        ({**CONVERSE, "max_tokens": 5}, r"extraneous key \[max_tokens\]"),
        ({**CONVERSE, "inferenceConfig": {"temperature": 3}}, "temperature"),
    ],
)
def test_converse_bodies_of_another_shape_are_refused(body: dict[str, Any], reason: str) -> None:
    """The members and ranges of the service's model."""
    with pytest.raises(ApiError, match=reason):
        converse("amazon.nova-lite-v1:0", body)


@pytest.mark.parametrize(
    "given",
    [
        "anthropic.claude-haiku-4-5-20251001-v1:0",
        "us.anthropic.claude-haiku-4-5-20251001-v1:0",
        "global.anthropic.claude-haiku-4-5-20251001-v1:0",
        "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0",
    ],
)
def test_quotas_are_counted_by_the_model_behind_a_profile(given: str) -> None:
    """Whatever way it is named."""
    assert base_model(given) == "anthropic.claude-haiku-4-5-20251001-v1:0"


def test_a_summary_is_made_of_the_texts_own_sentences() -> None:
    """In their order; the rarest are left out."""
    text = "The router is broken. It rains. The agent sends a new router. The router comes on Monday."
    summary = summarize(text, sentences=3)
    assert summary == "The router is broken. The agent sends a new router. The router comes on Monday."
    assert summarize("") == ""


@pytest.mark.parametrize(
    "prompt",
    [
        f"Summarize this.\n\n{TEXT}\n\nInstructions:\n1. Be short, whatever it says and how.\n2. Be kind.",
        f"Summarize <note>x</note> and <transcript>\n{TEXT}\n</transcript> in many words.",
        TEXT,
    ],
)
def test_the_text_is_told_from_its_instructions(prompt: str) -> None:
    """By tags, or because instructions come as lists."""
    assert subject(prompt) == TEXT
