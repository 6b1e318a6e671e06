"""What a client may ask of a text-generation container, and how the answer looks.

Two containers are stood in for. Hugging Face's Text Generation Inference (Falcon models) takes

    {"inputs": "...", "parameters": {"max_new_tokens": 16, "details": true, ...}}

and djl-inference with SageMaker's handler (the other models of Autopilot) takes

    {"text_inputs": "...", "parameters": {...}}       or the parameters beside text_inputs

Both answer [{"generated_text": "..."}], with "details" where asked. AWS documents the keys of the requests
(Developer Guide, page autopilot-llms-finetuning-deploy-models) and not the answers of djl-inference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_NEW_TOKENS = 30


class RequestError(Exception):
    """A request that the container refuses; answered with 400 and the text."""


@dataclass(frozen=True)
class Generation:
    """How to go on from a prompt. Requests that share one can be answered in one batch."""

    max_new_tokens: int = DEFAULT_NEW_TOKENS
    do_sample: bool = False
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    details: bool = False
    return_full_text: bool = False


@dataclass(frozen=True)
class Request:
    """One call: one prompt or several, and one way to go on."""

    prompts: tuple[str, ...]
    generation: Generation


def parse(body: Any) -> Request:
    """Reads a request's JSON; raises RequestError with the reason."""
    if not isinstance(body, Mapping):
        raise RequestError("the body must be a JSON object with 'inputs' or 'text_inputs'")
    key = next((name for name in ("text_inputs", "inputs") if name in body), None)
    if key is None:
        raise RequestError("missing field 'inputs' (or 'text_inputs')")
    prompts = [body[key]] if isinstance(body[key], str) else body[key]
    if not isinstance(prompts, list) or not prompts or not all(isinstance(p, str) for p in prompts):
        raise RequestError(f"{key!r} must be a string or a list of strings")
    given = body.get("parameters") or {}
    if not isinstance(given, Mapping):
        raise RequestError("'parameters' must be an object")
    beside = {name: value for name, value in body.items() if name not in (key, "parameters")}
    return Request(tuple(prompts), _generation({**beside, **given}))


def _generation(given: Mapping[str, Any]) -> Generation:
    """Unknown parameters are ignored, as the containers do."""
    stop = given.get("stop") or given.get("stop_sequences") or ()
    stop = [stop] if isinstance(stop, str) else stop
    if not isinstance(stop, (list, tuple)) or not all(isinstance(text, str) and text for text in stop):
        raise RequestError("'stop' must be a list of strings")
    tokens = _number(given, "max_new_tokens", int, least=1)
    top_p = _number(given, "top_p", float, above=0)
    if top_p is not None and top_p > 1:
        raise RequestError("'top_p' must be > 0 and <= 1")
    return Generation(
        max_new_tokens=DEFAULT_NEW_TOKENS if tokens is None else int(tokens),
        do_sample=_flag(given, "do_sample"),
        temperature=_number(given, "temperature", float, above=0),
        top_k=_whole(_number(given, "top_k", int, least=1)),
        top_p=top_p,
        repetition_penalty=_number(given, "repetition_penalty", float, above=0),
        seed=_whole(_number(given, "seed", int, least=0)),
        stop=tuple(stop),
        details=_flag(given, "details"),
        return_full_text=_flag(given, "return_full_text"),
    )


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _flag(given: Mapping[str, Any], name: str) -> bool:
    value = given.get(name)
    if value not in (None, True, False):
        raise RequestError(f"{name!r} must be true or false")
    return bool(value)


def _number(
    given: Mapping[str, Any],
    name: str,
    kind: type[int] | type[float],
    *,
    least: float | None = None,
    above: float | None = None,
) -> float | None:
    value = given.get(name)
    if value is None:
        return None
    wanted = "a whole number" if kind is int else "a number"
    if isinstance(value, bool) or not isinstance(value, int if kind is int else (int, float)):
        raise RequestError(f"{name!r} must be {wanted}")
    if least is not None and value < least:
        raise RequestError(f"{name!r} must be {wanted} >= {least}")
    if above is not None and value <= above:
        raise RequestError(f"{name!r} must be {wanted} > {above}")
    return value
