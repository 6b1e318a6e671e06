"""A tokenizer trained on the job's own data: whole words where they repeat, pieces and bytes where not.

The recipe of Llama's tokenizer (byte-pair merges over text whose spaces became "▁", bytes for what is
unknown), trained until every word seen twice is one token. Word-level tokens are what a very small model
learns from; merges and bytes see to it that no text is unreadable and none is lost:

    "Iron's block\\nis d"  ->  ▁Iron ' s ▁block \\n ▁is ▁d       (words, marks and line ends)
    "中国人 lebt"          ->  ▁ 中 国 人 ▁lebt                   (a script without spaces: one sign a token)
    "Qo'noS"               ->  ▁ Q o ' no S                       (unseen: pieces, then bytes)
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

PAD, START, END = "<pad>", "<s>", "</s>"
LARGEST_VOCABULARY = 8_000
LARGEST_ALPHABET = 3_000  # rarer signs are written in bytes

# Scripts that put no space between words.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_TOKEN = (
    rf"▁(?=[{_UNSPACED}])|[{_UNSPACED}]\p{{M}}*"
    rf"|▁?(?:(?![{_UNSPACED}])[\p{{L}}\p{{M}}])+|▁?\p{{N}}+|▁?#+|▁?[^\p{{L}}\p{{M}}\p{{N}}]"
)


def train_tokenizer(texts: Iterable[str], *, context_tokens: int) -> Any:
    """A transformers tokenizer; the same texts give the same one."""
    from tokenizers import trainers
    from transformers import PreTrainedTokenizerFast

    learner = _empty()
    trainer = trainers.BpeTrainer(
        vocab_size=LARGEST_VOCABULARY,
        min_frequency=2,
        limit_alphabet=LARGEST_ALPHABET,
        special_tokens=[PAD, START, END],
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=_with_bytes(learner),
        pad_token=PAD,
        bos_token=START,
        eos_token=END,
        padding_side="left",
        model_max_length=context_tokens,
        clean_up_tokenization_spaces=False,
    )


def _with_bytes(tokenizer: Any) -> Any:
    """The 256 tokens that unknown signs are written in; as special tokens, decoding would drop them."""
    from tokenizers import Tokenizer

    state = json.loads(tokenizer.to_str())
    vocabulary = state["model"]["vocab"]
    for byte in range(256):
        vocabulary.setdefault(f"<0x{byte:02X}>", len(vocabulary))
    return Tokenizer.from_str(json.dumps(state))


def _empty() -> Any:
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.BPE(byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(r"[ \t\r]*\n[ \t\r]*"), "\n"),
            normalizers.Replace(Regex(r"\A(?=[^\n])|(?<=\n)(?=[^\n])"), " "),  # a line starts as a word does
            normalizers.Replace(" ", "▁"),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_TOKEN), "isolated")
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Replace(Regex(r"(\A|(?<=\n)) "), ""),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A", special_tokens=[(START, 1)]
    )
    return tokenizer
