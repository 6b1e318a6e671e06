"""The text in one record of batch output, told by its shape, so that any family's output can be read.

    Converse, Nova   output.message.content[].text        Llama            generation
    Anthropic        content[] of type text, completion   Titan            results[].outputText
    OpenAI-shaped    choices[].message.content, .text     Mistral          outputs[].text
    Cohere           generations[].text, text             AI21 Jurassic    completions[].data.text

All text blocks count, in their order: reasoning and tool calls stand between them, and samples that take the
first or the last block get those instead. Of several answers to one prompt the first counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

_CUT_OFF = {"max_tokens", "length", "model_context_window_exceeded"}
_REASONS = ("stopReason", "stop_reason", "finish_reason", "completionReason")
# Lists whose first element is the answer.
_ANSWERS = ("choices", "outputs", "generations", "completions", "results")


class Output(NamedTuple):
    """The model's text, and whether the model was cut off before its end."""

    text: str
    cut_off: bool


def output_of(model_output: Any) -> Output | None:
    """None where no known shape fits."""
    if not isinstance(model_output, Mapping):
        return None
    text = _text(model_output)
    if text is None:
        return None
    return Output(text, any(reason in _CUT_OFF for reason in _reasons(model_output)))


def _reasons(found: Mapping[str, Any]) -> Iterable[str]:
    """Why the model ended, wherever a family says so."""
    for place in (found, *(_first(found.get(name)) for name in _ANSWERS)):
        finish = place.get("finishReason")
        named = [place.get(name) for name in _REASONS] + [_mapping(finish).get("reason")]
        yield from (reason.lower() for reason in named if isinstance(reason, str))


def _text(found: Mapping[str, Any]) -> str | None:
    message = _mapping(found.get("output")).get("message")
    if isinstance(message, Mapping):
        return _blocks(message.get("content"))
    if isinstance(found.get("content"), list):
        return _blocks(_of_type_text(found["content"]))
    if isinstance(found.get("results"), list):
        return _joined(each.get("outputText") for each in found["results"] if isinstance(each, Mapping))
    for name in _ANSWERS:
        if isinstance(found.get(name), list):
            return _answer(_first(found[name]))
    texts = (found.get(name) for name in ("generation", "completion", "text"))
    return next((text for text in texts if isinstance(text, str)), None)


def _answer(found: Mapping[str, Any]) -> str:
    """The text of one of several answers."""
    content = _mapping(found.get("message")).get("content")
    if isinstance(content, list):
        return _blocks(_of_type_text(content)) or ""
    return _joined([content, found.get("text"), _mapping(found.get("data")).get("text")])


def _of_type_text(blocks: Iterable[Any]) -> list[Any]:
    return [each for each in blocks if isinstance(each, Mapping) and each.get("type") == "text"]


def _first(values: Any) -> Mapping[str, Any]:
    return _mapping(values[0]) if isinstance(values, list) and values else {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _blocks(content: Any) -> str | None:
    if not isinstance(content, list):
        return None
    return _joined(each.get("text") for each in content if isinstance(each, Mapping))


def _joined(texts: Iterable[Any]) -> str:
    return "".join(text for text in texts if isinstance(text, str))
