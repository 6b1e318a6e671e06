"""The metrics of a candidate, by the names Autopilot has for them (AutoMLMetricExtendedEnum)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from local.training.fit import Fit

# rouge_score's own tokenizer knows a to z only: any other script would score 0.
_WORD = re.compile(r"[぀-ヿ㐀-䶿一-鿿豈-﫿]|[^\W_]+")
_ROUGE = {"rouge1": "Rouge1", "rouge2": "Rouge2", "rougeL": "RougeL", "rougeLsum": "RougeLSum"}


class Words:
    """Lower-case words of any script; Chinese and Japanese signs one by one."""

    def tokenize(self, text: str) -> list[str]:
        return _WORD.findall(text.lower())


def candidate_metrics(fit: Fit, answers: Sequence[str], targets: Sequence[str]) -> dict[str, float]:
    """Losses, perplexity, and the mean F-measure of each ROUGE between answers and targets."""
    return {
        "TrainingLoss": fit.training_loss,
        "ValidationLoss": fit.validation_loss,
        "Perplexity": math.exp(min(fit.validation_loss, 700)),
        **rouge(answers, targets),
    }


def rouge(answers: Sequence[str], targets: Sequence[str]) -> dict[str, float]:
    """Mean F-measures from 0 to 1."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(list(_ROUGE), tokenizer=Words())
    scores = [scorer.score(target, answer) for target, answer in zip(targets, answers, strict=True)]
    return {ours: sum(s[name].fmeasure for s in scores) / len(scores) for name, ours in _ROUGE.items()}
