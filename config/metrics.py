"""What an evaluation can measure, by task. All of it lies between 0 and 1, and more is better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

METRICS: Final[Mapping[str, tuple[str, ...]]] = {
    "question_answering": (
        "f1",
        "exact_match",
        "quasi_exact_match",
        "precision_over_words",
        "recall_over_words",
    ),
    "summarization": ("rouge1", "rouge2", "rougeL"),
}

# fmeval's algorithms beside those metrics; bertscore, meteor and toxicity need models or word lists at hand.
ALGORITHMS: Final = (
    "bertscore",
    "classification_accuracy",
    "factual_knowledge",
    "meteor",
    "toxicity",
)
