"""A causal language model of a Hugging Face folder, and how it goes on from prompts."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.language.imports import hide_unused
from local.language.padding import left_padded
from local.language.threads import use_threads
from local.serving.requests import Generation, RequestError


class ModelFolderError(Exception):
    """The folder holds no model that can be served; the text says why."""


@dataclass(frozen=True)
class Answer:
    """What was generated, and how it ended: "eos_token", "length" or "stop_sequence"."""

    text: str
    ended: str
    tokens: tuple[dict[str, Any], ...]  # id, text, logprob, special; where details were asked for

    def document(self, prompt: str, generation: Generation) -> dict[str, Any]:
        made: dict[str, Any] = {"generated_text": (prompt if generation.return_full_text else "") + self.text}
        if generation.details:
            made["details"] = {
                "finish_reason": self.ended,
                "generated_tokens": len(self.tokens),
                "seed": generation.seed,
                "prefill": [],
                "tokens": list(self.tokens),
            }
        return made


class TextModel:
    """Loads once. `encode` is for any thread, `answer` for one at a time."""

    def __init__(self, folder: Path) -> None:
        if not (folder / "config.json").is_file():
            raise ModelFolderError("the model archive has no config.json: it is not a Hugging Face model")
        hide_unused()
        from transformers import AutoModelForCausalLM, AutoTokenizer

        try:
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            raise ModelFolderError(f"the model archive holds no causal language model: {error}") from error
        if self._tokenizer.eos_token_id is None:
            raise ModelFolderError("the tokenizer of the model has no end token: an answer would never end")
        if self._tokenizer.pad_token_id is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        use_threads(self._model)
        self._model.eval()
        self._lock = threading.Lock()
        self._context: int | None = getattr(self._model.config, "max_position_embeddings", None)

    def encode(self, prompt: str, generation: Generation) -> list[int]:
        """The prompt's tokens; RequestError where they leave no room for the answer, as in the containers."""
        with self._lock:  # the tokenizer is not made for several threads at once
            tokens: list[int] = self._tokenizer(prompt)["input_ids"]
        if self._context is not None and len(tokens) + generation.max_new_tokens > self._context:
            raise RequestError(
                f"inputs tokens + max_new_tokens must be <= {self._context}."
                f" Given: {len(tokens)} inputs tokens and {generation.max_new_tokens} max_new_tokens"
            )
        return tokens

    def answer(self, prompts: Sequence[Sequence[int]], generation: Generation) -> list[Answer]:
        """One answer a prompt, in their order. Greedy unless sampling is asked for."""
        import torch

        inputs = left_padded(prompts, self._tokenizer.pad_token_id)
        if generation.seed is not None:
            torch.manual_seed(generation.seed)
        with torch.inference_mode():
            made = self._model.generate(
                **inputs,
                **_options(generation),
                pad_token_id=self._tokenizer.pad_token_id,
                return_dict_in_generate=True,
                output_logits=generation.details,
            )
        width = inputs["input_ids"].shape[1]
        scores = self._log_probabilities(made) if generation.details else None
        rows = made.sequences[:, width:].tolist()
        return [
            self._finished(row, generation, scores[at].tolist() if scores is not None else None)
            for at, row in enumerate(rows)
        ]

    def _log_probabilities(self, made: Any) -> Any:
        return self._model.compute_transition_scores(made.sequences, made.logits, normalize_logits=True)

    def _finished(self, row: list[int], generation: Generation, scores: list[float] | None) -> Answer:
        end = self._tokenizer.eos_token_id
        ended = "eos_token" if end in row else "length"
        kept = row[: row.index(end) + 1] if end in row else row
        text = self._tokenizer.decode(kept, skip_special_tokens=True)
        places = [at for at in (text.find(stop) for stop in generation.stop) if at >= 0]
        if places:
            text, ended = text[: min(places)], "stop_sequence"
        return Answer(text, ended, tuple(self._details(kept, scores)) if scores is not None else ())

    def _details(self, kept: list[int], scores: list[float]) -> list[dict[str, Any]]:
        special = set(self._tokenizer.all_special_ids)
        return [
            {
                "id": token,
                "text": self._tokenizer.convert_ids_to_tokens(token),
                "logprob": score,
                "special": token in special,
            }
            for token, score in zip(kept, scores, strict=False)  # scores go on behind a row's end
        ]


def _options(generation: Generation) -> Mapping[str, Any]:
    """The settings of `generate`; those of sampling only where it samples, or transformers warns."""
    options: dict[str, Any] = {"max_new_tokens": generation.max_new_tokens, "do_sample": generation.do_sample}
    sampling = {
        "temperature": generation.temperature,
        "top_k": generation.top_k,
        "top_p": generation.top_p,
    }
    if generation.do_sample:
        options |= {name: value for name, value in sampling.items() if value is not None}
    if generation.repetition_penalty is not None:
        options["repetition_penalty"] = generation.repetition_penalty
    return options
