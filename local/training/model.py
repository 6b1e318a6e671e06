"""The model that is tuned: a Hugging Face folder where one is given, else a small Llama from nothing.

The small one learns to find the answer in a short text on a CPU in a minute. Its shape was measured, not
chosen: 2 layers of 4 heads, width 128 and an initial spread of 0.05 learned with every seed tried; a spread
of 0.02, more heads, more layers or a smaller width hung on the seed or learned nothing in that time.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from local.training.job import FineTuningError
from local.training.tokenizer import train_tokenizer


def small_llama(texts: Iterable[str], *, context_tokens: int) -> tuple[Any, Any]:
    """A model that knows nothing, and a tokenizer trained on the texts. Seed torch first."""
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = train_tokenizer(texts, context_tokens=context_tokens)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=context_tokens,
        initializer_range=0.05,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    return LlamaForCausalLM(config), tokenizer


def load_folder(folder: Path) -> tuple[Any, Any]:
    """Model and tokenizer of a Hugging Face folder; nothing is downloaded and no code of it is run."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, padding_side="left")
        model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise FineTuningError(
            f"{folder.name} cannot be loaded as a causal language model: {error}"
        ) from error
    if tokenizer.eos_token_id is None:
        raise FineTuningError(f"The tokenizer of {folder.name} has no end token: an answer would never end.")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer


def save(model: Any, tokenizer: Any, folder: Path) -> None:
    """Hugging Face format: config.json, model.safetensors, tokenizer.json."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
