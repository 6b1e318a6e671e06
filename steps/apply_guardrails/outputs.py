"""The text in one record of batch output, told by its shape, so that any family's output can be read.

    Converse, Nova   output.message.content[].text        Llama    generation
    Anthropic        content[] of type text               Titan    results[].outputText
    OpenAI-shaped    choices[].message.content

All text blocks count, in their order: reasoning and tool calls stand between them, and samples that take the
first or the last block get those instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

_CUT_OFF = {"max_tokens", "length", "model_context_window_exceeded"}


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
    choices = model_output.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], Mapping) else {}
    reasons = [model_output.get("stopReason"), model_output.get("stop_reason"), first.get("finish_reason")]
    return Output(text, any(isinstance(reason, str) and reason.lower() in _CUT_OFF for reason in reasons))


def _text(found: Mapping[str, Any]) -> str | None:
    output = found.get("output")
    if isinstance(output, Mapping) and isinstance(output.get("message"), Mapping):
        return _blocks(output["message"].get("content"))
    if isinstance(found.get("content"), list):
        blocks = found["content"]
        return _blocks([each for each in blocks if isinstance(each, Mapping) and each.get("type") == "text"])
    if isinstance(found.get("generation"), str):
        return str(found["generation"])
    if isinstance(found.get("results"), list):
        return _joined(each.get("outputText") for each in found["results"] if isinstance(each, Mapping))
    if isinstance(found.get("choices"), list):
        messages = [each.get("message") for each in found["choices"][:1] if isinstance(each, Mapping)]
        return _joined(each.get("content") for each in messages if isinstance(each, Mapping))
    return None


def _blocks(content: Any) -> str | None:
    if not isinstance(content, list):
        return None
    return _joined(each.get("text") for each in content if isinstance(each, Mapping))


def _joined(texts: Iterable[Any]) -> str:
    return "".join(text for text in texts if isinstance(text, str))
