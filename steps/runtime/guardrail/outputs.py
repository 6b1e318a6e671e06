"""The text in one record of batch output, told by its shape, so that any family's output can be read.

    Converse, Nova   output.message.content[].text        Llama            generation
    Anthropic        content[] of type text, completion   Titan            results[].outputText
    OpenAI-shaped    choices[].message.content, .text     Mistral          outputs[].text
    Cohere           message.content[], text,             AI21 Jurassic    completions[].data.text
                     generations[].text

All text blocks count, in their order: reasoning and tool calls stand between them, and samples that take the
first or the last block get those instead. Of several answers to one prompt the first counts.

Reasoning is no part of the text, in whatever way it comes: it repeats the prompt, and nobody asked for it.
InvokeModel puts that of gpt-oss, Qwen and DeepSeek into the text itself, between tags before the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

_CUT_OFF = {"max_tokens", "length", "model_context_window_exceeded"}
_REASONS = ("stopReason", "stop_reason", "finish_reason", "completionReason")
# Lists whose first element is the answer.
_ANSWERS = ("choices", "outputs", "generations", "completions", "results")
# Why there is no text, by how the model ended.
_SILENT = {
    **dict.fromkeys(("refusal", "content_filter", "content_filtered", "guardrail_intervened"), "refused"),
    **dict.fromkeys(("tool_use", "tool_calls"), "tool_call"),
    **dict.fromkeys(_CUT_OFF, "cut_off"),
}
_REASONING = re.compile(r"\s*<(think|thinking|reasoning)>")


class Output(NamedTuple):
    """The model's text, whether it was cut off before its end, and why there is none where it is empty."""

    text: str
    cut_off: bool
    silent: str = "empty_output"


def output_of(model_output: Any) -> Output | None:
    """None where no known shape fits."""
    if not isinstance(model_output, Mapping):
        return None
    text = _text(model_output)
    if text is None:
        return None
    reasons = list(_reasons(model_output))
    silent = next((_SILENT[reason] for reason in reasons if reason in _SILENT), "empty_output")
    return Output(_without_reasoning(text), any(reason in _CUT_OFF for reason in reasons), silent)


def _without_reasoning(text: str) -> str:
    """The answer alone; empty where the model was cut off in its reasoning."""
    if opened := _REASONING.match(text):
        return text.partition(f"</{opened[1]}>")[2].lstrip()
    # The prompt of DeepSeek-R1 ends with the opening tag, so that its answer has the closing one alone.
    _, closed, answer = text.partition("</think>")
    return answer.lstrip() if closed else text


def _reasons(found: Mapping[str, Any]) -> Iterable[str]:
    """Why the model ended, wherever a family says so."""
    for place in (found, *(_first(found.get(name)) for name in _ANSWERS)):
        finish = place.get("finishReason")
        named = [place.get(name) for name in _REASONS] + [_mapping(finish).get("reason")]
        yield from (reason.lower() for reason in named if isinstance(reason, str))
        if _mapping(place.get("message")).get("refusal"):
            yield "refusal"


def _text(found: Mapping[str, Any]) -> str | None:
    message = _mapping(found.get("output")).get("message")
    if isinstance(message, Mapping):
        return _blocks(message.get("content"))
    for content in (found.get("content"), _mapping(found.get("message")).get("content")):
        if isinstance(content, list):
            return _blocks(_of_type_text(content))
    for name in _ANSWERS:
        if isinstance(found.get(name), list):
            return _answer(_first(found[name]))
    texts = (found.get(name) for name in ("generation", "completion", "text"))
    return next((text for text in texts if isinstance(text, str)), None)


def _answer(found: Mapping[str, Any]) -> str | None:
    """The text of one of several answers."""
    message = found.get("message")
    content = _mapping(message).get("content")
    if isinstance(content, list):
        return _blocks(_of_type_text(content))
    texts = (content, found.get("text"), found.get("outputText"), _mapping(found.get("data")).get("text"))
    text = next((each for each in texts if isinstance(each, str)), None)
    # A message without content is a refusal or a call of a tool; anything else is no answer at all.
    return "" if text is None and isinstance(message, Mapping) else text


def _of_type_text(blocks: Iterable[Any]) -> list[Any]:
    return [each for each in blocks if isinstance(each, Mapping) and each.get("type") == "text"]


def _first(values: Any) -> Mapping[str, Any]:
    return _mapping(values[0]) if isinstance(values, list) and values else {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _blocks(content: Any) -> str | None:
    if not isinstance(content, list):
        return None
    texts = (_block(each) for each in content if isinstance(each, Mapping))
    return "".join(text for text in texts if isinstance(text, str))


def _block(block: Mapping[str, Any]) -> Any:
    """The text of one block; what is said with sources has blocks of its own."""
    cited = _mapping(block.get("citationsContent")).get("content")
    return block.get("text") if cited is None else _blocks(cited)
