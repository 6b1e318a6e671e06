"""Bodies of requests by family of models, and the check that a body has its family's shape.

The service accepts any JSON as `modelInput` and finds out record by record that a body is wrong, after the
job was queued, so every line is checked before it is sent.

    converse   messages[].content[].text, inferenceConfig{maxTokens, temperature, topP}
    anthropic  anthropic_version, max_tokens, messages[].content[{type: text, text}]
    nova       messages[].content[].text, inferenceConfig{max_new_tokens, temperature, top_p}
    llama      prompt, max_gen_len, temperature, top_p
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]
BodyMaker = Callable[[str], Body]
ANTHROPIC_VERSION = "bedrock-2023-05-31"


@dataclass(frozen=True)
class Generation:
    """How the model generates; `top_p` None leaves its own."""

    max_tokens: int
    temperature: float
    top_p: float | None = None


def body_maker(family: str, generation: Generation) -> BodyMaker:
    """A function from a prompt to a body."""
    return _MAKERS[family](generation)


def _sampling(generation: Generation, top_p: str) -> dict[str, float]:
    rest = {} if generation.top_p is None else {top_p: generation.top_p}
    return {"temperature": generation.temperature, **rest}


def _converse(generation: Generation) -> BodyMaker:
    config = {"maxTokens": generation.max_tokens, **_sampling(generation, "topP")}
    return lambda prompt: {
        "messages": [{"role": "user", "content": [{"text": prompt}]}],
        "inferenceConfig": config,
    }


def _anthropic(generation: Generation) -> BodyMaker:
    rest = {"max_tokens": generation.max_tokens, **_sampling(generation, "top_p")}
    return lambda prompt: {
        "anthropic_version": ANTHROPIC_VERSION,
        **rest,
        "messages": [{"role": "user", "content": [{"type": "text", "text": prompt}]}],
    }


def _nova(generation: Generation) -> BodyMaker:
    config = {"max_new_tokens": generation.max_tokens, **_sampling(generation, "top_p")}
    return lambda prompt: {
        "messages": [{"role": "user", "content": [{"text": prompt}]}],
        "inferenceConfig": config,
    }


# The native body takes the prompt as the tokenizer wants it (Meta, "Llama 3 prompt formats").
_LLAMA_TURN = (
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n%s<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n"
)


def _llama(generation: Generation) -> BodyMaker:
    rest = {"max_gen_len": generation.max_tokens, **_sampling(generation, "top_p")}
    return lambda prompt: {"prompt": _LLAMA_TURN % prompt.replace("<|", "< |"), **rest}


_MAKERS: Mapping[str, Callable[[Generation], BodyMaker]] = {
    "converse": _converse,
    "anthropic": _anthropic,
    "nova": _nova,
    "llama": _llama,
}


def fault(family: str, body: Any) -> str | None:
    """What of the body does not fit its family; None where it fits."""
    if not isinstance(body, dict):
        return "the body is no object"
    unknown = sorted(set(body) - _MEMBERS[family])
    if unknown:
        return f'"{unknown[0]}" is no member of a {family} body'
    return _FAULTS[family](body)


_MEMBERS: Mapping[str, frozenset[str]] = {
    "converse": frozenset(
        [
            "messages",
            "system",
            "inferenceConfig",
            "guardrailConfig",
            "additionalModelRequestFields",
            "promptVariables",
            "additionalModelResponseFieldPaths",
            "requestMetadata",
            "performanceConfig",
            "serviceTier",
            "outputConfig",
        ]
    ),
    "anthropic": frozenset(
        [
            "anthropic_version",
            "anthropic_beta",
            "max_tokens",
            "messages",
            "system",
            "temperature",
            "top_p",
            "top_k",
            "stop_sequences",
            "tools",
            "tool_choice",
            "thinking",
            "metadata",
        ]
    ),
    "nova": frozenset(["schemaVersion", "messages", "system", "inferenceConfig", "toolConfig"]),
    "llama": frozenset(["prompt", "max_gen_len", "temperature", "top_p", "images"]),
}


def _messages_fault(body: Body, *, typed: bool) -> str | None:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return '"messages" is no list of messages'
    for message in messages:
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            return "a message has no role"
        content = message.get("content")
        if not isinstance(content, list) or not content:
            return "a message has no content"
        for block in content:
            if (
                not isinstance(block, dict)
                or not isinstance(block.get("text"), str)
                or not block["text"].strip()
            ):
                return "a message has an empty text"
            if typed != ("type" in block):
                return 'a text block has "type: text" for Anthropic and for no other family'
    return None if messages[0]["role"] == "user" else "the first message is not the user's"


def _number_fault(values: Any, name: str, low: float, high: float, kind: type = float) -> str | None:
    if not isinstance(values, dict):
        return "the settings of generation are no object"
    value = values.get(name)
    if value is None:
        return None
    fits = isinstance(value, int) if kind is int else isinstance(value, int | float)
    if not fits or isinstance(value, bool) or not low <= value <= high:
        return f'"{name}" is not from {low:g} to {high:g}'
    return None


def _nested(tokens: str, top_p: str) -> Callable[[Body], str | None]:
    def check(body: Body) -> str | None:
        config = body.get("inferenceConfig", {})
        return (
            _messages_fault(body, typed=False)
            or _number_fault(config, tokens, 1, 1_000_000, int)
            or _number_fault(config, "temperature", 0, 1)
            or _number_fault(config, top_p, 0, 1)
        )

    return check


def _anthropic_fault(body: Body) -> str | None:
    if body.get("anthropic_version") != ANTHROPIC_VERSION:
        return f'"anthropic_version" is not {ANTHROPIC_VERSION}'
    if body.get("max_tokens") is None:
        return '"max_tokens" is missing'
    return (
        _messages_fault(body, typed=True)
        or _number_fault(body, "max_tokens", 1, 1_000_000, int)
        or _number_fault(body, "temperature", 0, 1)
        or _number_fault(body, "top_p", 0, 1)
    )


def _llama_fault(body: Body) -> str | None:
    if not isinstance(body.get("prompt"), str) or not body["prompt"].strip():
        return '"prompt" is no text'
    return (
        _number_fault(body, "max_gen_len", 1, 1_000_000, int)
        or _number_fault(body, "temperature", 0, 1)
        or _number_fault(body, "top_p", 0, 1)
    )


_FAULTS: Mapping[str, Callable[[Body], str | None]] = {
    "converse": _nested("maxTokens", "topP"),
    "anthropic": _anthropic_fault,
    "nova": _nested("max_new_tokens", "top_p"),
    "llama": _llama_fault,
}
