"""What the model server takes and refuses, in the words of the containers it stands in for."""

from __future__ import annotations

from typing import Any

import pytest

from local.serving.model import Answer
from local.serving.requests import DEFAULT_NEW_TOKENS, Generation, Request, RequestError, parse


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": "Hi", "parameters": {"max_new_tokens": 4, "top_k": 3}},
        {"text_inputs": "Hi", "parameters": {"max_new_tokens": 4, "top_k": 3}},
        {"text_inputs": "Hi", "max_new_tokens": 4, "top_k": 3},
    ],
)
def test_both_containers_shapes_mean_the_same(body: dict[str, Any]) -> None:
    """TGI's, djl-inference's, and djl-inference's with the parameters beside the text."""
    assert parse(body) == Request(("Hi",), Generation(max_new_tokens=4, top_k=3))


def test_the_recipes_parameters_are_all_known() -> None:
    """A null is as good as nothing; what is not known is ignored, as the containers do."""
    parameters = {
        "max_new_tokens": 16,
        "do_sample": True,
        "temperature": 0.5,
        "top_k": None,
        "top_p": 0.9,
        "details": True,
        "stop": ["\n"],
        "decoder_input_details": True,
    }
    expected = Generation(16, do_sample=True, temperature=0.5, top_p=0.9, details=True, stop=("\n",))
    assert parse({"inputs": ["a", "b"], "parameters": parameters}) == Request(("a", "b"), expected)
    assert parse({"inputs": ""}).generation.max_new_tokens == DEFAULT_NEW_TOKENS


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([], "must be a JSON object"),
        ({"prompt": "a"}, "missing field 'inputs'"),
        ({"inputs": 1}, "'inputs' must be a string or a list of strings"),
        ({"inputs": []}, "'inputs' must be a string or a list of strings"),
        ({"inputs": "a", "parameters": 3}, "'parameters' must be an object"),
        (
            {"inputs": "a", "parameters": {"max_new_tokens": 0}},
            "'max_new_tokens' must be a whole number >= 1",
        ),
        ({"inputs": "a", "parameters": {"max_new_tokens": 1.5}}, "'max_new_tokens' must be a whole number"),
        ({"inputs": "a", "parameters": {"max_new_tokens": True}}, "'max_new_tokens' must be a whole number"),
        ({"inputs": "a", "parameters": {"temperature": 0}}, "'temperature' must be a number > 0"),
        ({"inputs": "a", "parameters": {"top_p": 1.1}}, "'top_p' must be > 0 and <= 1"),
        ({"inputs": "a", "parameters": {"do_sample": "yes"}}, "'do_sample' must be true or false"),
        ({"inputs": "a", "parameters": {"stop": [1]}}, "'stop' must be a list of strings"),
    ],
)
def test_a_bad_request_is_refused_with_the_reason(body: Any, reason: str) -> None:
    """It becomes the 400 that SageMaker wraps in a ModelError."""
    with pytest.raises(RequestError, match=reason):
        parse(body)


def test_an_answer_shows_what_was_asked_for() -> None:
    """The prompt in front and the details are optional, and off."""
    token = {"id": 1, "text": "x", "logprob": -0.1, "special": False}
    answer = Answer(" x", "length", (token,))
    assert answer.document("p", Generation()) == {"generated_text": " x"}
    full = answer.document("p", Generation(return_full_text=True, details=True, seed=3))
    assert full["generated_text"] == "p x"
    assert full["details"] == {
        "finish_reason": "length",
        "generated_tokens": 1,
        "seed": 3,
        "prefill": [],
        "tokens": [token],
    }
