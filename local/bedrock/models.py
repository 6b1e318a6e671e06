"""What models take and answer: Converse, and the native bodies of Anthropic, Nova, Titan and Llama.

A body is checked as strictly as the facts go; a body of the wrong shape is a ValidationException (400), which
in a batch is an error line of that record. Sources: the pages model-parameters-anthropic-claude-messages,
-nova, -titan-text, -meta, and botocore's shape of Converse.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.api import ApiError
from local.bedrock.place import refused
from local.bedrock.summaries import CHARACTERS_PER_TOKEN, subject, summarize, tokens
from local.protocol import operation_model, validate

Body = Mapping[str, Any]
ANTHROPIC_VERSION = "bedrock-2023-05-31"
# Of cross-region inference profiles: us.anthropic..., global.anthropic...
PROFILE = re.compile(r"(?:us|us-gov|eu|apac|au|jp|ca|global)\.(?=[a-z0-9-]+\.)")


@dataclass(frozen=True)
class Asked:
    """What any body comes down to."""

    prompt: str
    most_tokens: int


@dataclass(frozen=True)
class Answer:
    text: str
    input_tokens: int
    output_tokens: int
    cut: bool  # at the most tokens


@dataclass(frozen=True)
class Family:
    read: Callable[[Body], Asked]
    write: Callable[[str, Answer], dict[str, Any]]  # model id and answer


def base_model(model_id: str) -> str:
    """The model behind an ARN or a cross-region inference profile: what quotas are counted by."""
    return PROFILE.sub("", model_id.rpartition("/")[2] if model_id.startswith("arn:") else model_id, count=1)


def family(model_id: str) -> Family:
    """By the provider in the model's id; ApiError where none is known here."""
    name = base_model(model_id)
    for start, found in FAMILIES.items():
        if name.startswith(start):
            return found
    raise refused(f"The provided model identifier is invalid: '{model_id}'.")


def check_converses(model_id: str) -> None:
    """ApiError where no provider of that model is known: Converse has one shape for all of them."""
    if not base_model(model_id).startswith(OTHER_PROVIDERS):
        family(model_id)


def converse(model_id: str, body: Body) -> dict[str, Any]:
    """Converse's answer to a request's body."""
    check_converses(model_id)
    answer = answered(_converse(body))
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": answer.text}]}},
        "stopReason": "max_tokens" if answer.cut else "end_turn",
        "usage": _usage(answer),
        "metrics": {"latencyMs": 1},
    }


def invoke(model_id: str, body: Body) -> dict[str, Any]:
    """The native answer to a native body."""
    found = family(model_id)
    return found.write(base_model(model_id), answered(found.read(body)))


def answered(asked: Asked) -> Answer:
    whole = summarize(subject(asked.prompt))
    text = whole[: asked.most_tokens * CHARACTERS_PER_TOKEN]
    return Answer(text, tokens(asked.prompt), tokens(text), cut=len(text) < len(whole))


# ---- Converse ----------------------------------------------------------------------------------------------


def _converse(body: Body) -> Asked:
    if not isinstance(body, dict):
        raise refused("Malformed input request: #: expected type: JSONObject, please reformat your input.")
    members = operation_model("bedrock-runtime", "Converse").input_shape.members
    unknown = sorted(set(body) - set(members) | ({"modelId"} & set(body)))
    if unknown:
        raise refused(f"Malformed input request: #: extraneous key [{unknown[0]}] is not permitted.")
    validate(operation_model("bedrock-runtime", "Converse"), {"modelId": "a.b", **body})
    messages = body.get("messages") or []
    _check_turns(messages)
    texts = [block["text"] for message in messages for block in message["content"] if "text" in block]
    limits = body.get("inferenceConfig") or {}
    _number(limits, "maxTokens", 1, None)
    _number(limits, "temperature", 0, 1)
    _number(limits, "topP", 0, 1)
    return Asked("\n\n".join(texts), int(limits.get("maxTokens") or 4096))


def _check_turns(messages: list[Any]) -> None:
    if not messages:
        raise refused("The messages field must contain at least one message.")
    if messages[0].get("role") != "user":
        raise refused(
            "A conversation must start with a user message. Try again with a conversation that "
            "starts with a user message."
        )
    for message in messages:
        content = message.get("content")
        blank = isinstance(content, str) and not content.strip()
        if not content or blank:
            raise refused(
                "The content field in the Message object is empty. Add a ContentBlock object to the "
                "content field and try again."
            )
        for block in content if isinstance(content, list) else ():
            if isinstance(block, dict) and "text" in block and not str(block["text"]).strip():
                raise refused(
                    "The text field in the ContentBlock object is blank. Add text to the text field, "
                    "and try again."
                )


def _usage(answer: Answer) -> dict[str, int]:
    total = answer.input_tokens + answer.output_tokens
    return {"inputTokens": answer.input_tokens, "outputTokens": answer.output_tokens, "totalTokens": total}


# ---- Native bodies -----------------------------------------------------------------------------------------


def _anthropic(body: Body) -> Asked:
    _keys(
        body,
        required=("anthropic_version", "max_tokens", "messages"),
        optional=(
            "system",
            "temperature",
            "top_p",
            "top_k",
            "stop_sequences",
            "tools",
            "tool_choice",
            "thinking",
            "anthropic_beta",
            "metadata",
            "output_config",
        ),
    )
    if body["anthropic_version"] != ANTHROPIC_VERSION:
        raise refused(f"anthropic_version: Input should be '{ANTHROPIC_VERSION}'")
    _number(body, "max_tokens", 1, None)
    _number(body, "temperature", 0, 1)
    _number(body, "top_p", 0, 1)
    messages = _messages(body)
    texts = []
    for message in messages:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for number, block in enumerate(blocks):
            if not isinstance(block, dict) or "type" not in block:
                raise refused(f"messages.0.content.{number}.type: Field required")
            if block["type"] == "text":
                texts.append(_text(block.get("text"), f"messages.0.content.{number}.text"))
    return Asked("\n\n".join(texts), int(body["max_tokens"]))


def _anthropic_answer(model: str, answer: Answer) -> dict[str, Any]:
    return {
        "id": "msg_bdrk_stand_in",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": answer.text}],
        "stop_reason": "max_tokens" if answer.cut else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": answer.input_tokens, "output_tokens": answer.output_tokens},
    }


def _nova(body: Body) -> Asked:
    _keys(body, required=("messages",), optional=("schemaVersion", "system", "inferenceConfig", "toolConfig"))
    limits = body.get("inferenceConfig") or {}
    known = ("max_new_tokens", "maxTokens", "temperature", "top_p", "topP", "top_k", "topK", "stopSequences")
    _keys(limits, optional=known)
    texts = []
    for message in _messages(body):
        if not isinstance(message["content"], list):
            raise refused("Malformed input request: #/messages/0/content: expected type: JSONArray")
        texts += [_text(block["text"], "text") for block in message["content"] if "text" in block]
    most = limits.get("max_new_tokens") or limits.get("maxTokens") or 4096
    return Asked("\n\n".join(texts), int(most))


def _nova_answer(_model: str, answer: Answer) -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": answer.text}]}},
        "stopReason": "max_tokens" if answer.cut else "end_turn",
        "usage": _usage(answer),
    }


def _titan(body: Body) -> Asked:
    _keys(body, required=("inputText",), optional=("textGenerationConfig",))
    limits = body.get("textGenerationConfig") or {}
    _keys(limits, optional=("maxTokenCount", "temperature", "topP", "stopSequences"))
    return Asked(_text(body["inputText"], "inputText"), int(limits.get("maxTokenCount") or 512))


def _titan_answer(_model: str, answer: Answer) -> dict[str, Any]:
    reason = "LENGTH" if answer.cut else "FINISH"
    result = {"tokenCount": answer.output_tokens, "outputText": answer.text, "completionReason": reason}
    return {"inputTextTokenCount": answer.input_tokens, "results": [result]}


def _llama(body: Body) -> Asked:
    _keys(body, required=("prompt",), optional=("temperature", "top_p", "max_gen_len", "images"))
    prompt = re.sub(r"<\|[^|]*\|>(?:\w+)?", "\n", _text(body["prompt"], "prompt"))
    return Asked(prompt, int(body.get("max_gen_len") or 512))


def _llama_answer(_model: str, answer: Answer) -> dict[str, Any]:
    return {
        "generation": answer.text,
        "prompt_token_count": answer.input_tokens,
        "generation_token_count": answer.output_tokens,
        "stop_reason": "length" if answer.cut else "stop",
    }


# Whose native bodies are not known here (page batch-inference-supported).
OTHER_PROVIDERS = (
    "ai21.",
    "cohere.command",
    "deepseek.",
    "google.",
    "minimax.",
    "mistral.",
    "moonshot",
    "nvidia.",
    "openai.",
    "qwen.",
    "zai.",
)
FAMILIES: Mapping[str, Family] = {
    "anthropic.": Family(_anthropic, _anthropic_answer),
    "amazon.nova-": Family(_nova, _nova_answer),
    "amazon.titan-text-": Family(_titan, _titan_answer),
    "meta.llama": Family(_llama, _llama_answer),
}


def _keys(body: Any, *, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> None:
    if not isinstance(body, dict):
        raise refused("Malformed input request: #: expected type: JSONObject, please reformat your input.")
    for key in required:
        if key not in body:
            raise refused(
                f"Malformed input request: #: required key [{key}] not found, please reformat your "
                "input and try again."
            )
    for key in body:
        if key not in (*required, *optional):
            raise refused(
                f"Malformed input request: #: extraneous key [{key}] is not permitted, please "
                "reformat your input and try again."
            )


def _messages(body: Body) -> list[dict[str, Any]]:
    messages = body["messages"]
    good = isinstance(messages, list) and all(
        isinstance(each, dict) and each.get("role") in ("user", "assistant") and "content" in each
        for each in messages
    )
    if not good:
        raise refused(
            "Malformed input request: #/messages: expected a list of messages with role and content"
        )
    _check_turns(messages)
    return list(messages)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise refused(f"{name}: Input should be a valid string")
    return value


def _number(body: Body, name: str, least: float, most: float | None) -> None:
    value = body.get(name)
    if value is None:
        return
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not good or value < least or (most is not None and value > most):
        raise ApiError(
            "ValidationException", f"{name}: must be from {least}" + (f" to {most}" if most else "")
        )
