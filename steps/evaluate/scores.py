"""fmeval's scores of one answer, and the same after Unicode-aware normalization.

The scores of question answering come from fmeval's QAAccuracyScores transform called record by record: the
numbers of its `evaluate`, without ray. Those of summarization come from its RougeScore.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from steps.evaluate.names import FMEVAL_NAMES
from steps.evaluate.unicode import normalize

Scores = dict[str, float]
Scorer = Callable[[str, str], Scores]
# Stands between alternatives once they are normalised: no normalised text holds an angle bracket.
_BETWEEN = "<OR>"


def scorer(task: str, metrics: Sequence[str], delimiter: str) -> tuple[Scorer, Scorer]:
    """Two functions of (answer, target): fmeval's scores, and those after normalization."""
    if task == "question_answering":
        plain = question_answering(metrics, delimiter)
        return plain, normalized(question_answering(metrics, _BETWEEN), delimiter)
    plain = summarization(metrics, delimiter, words=None)
    return plain, normalized(summarization(metrics, _BETWEEN, words=str.split), delimiter)


def question_answering(metrics: Sequence[str], delimiter: str) -> Scorer:
    """The five scores over words; of several right answers the best counts, per score."""
    from fmeval.eval_algorithms.qa_accuracy import QAAccuracyScores

    transform = QAAccuracyScores(target_output_delimiter=delimiter)

    def score(answer: str, target: str) -> Scores:
        record = transform({"model_output": answer, "target_output": target})
        return {metric: float(record[FMEVAL_NAMES[metric]]) for metric in metrics}

    return score


def summarization(metrics: Sequence[str], delimiter: str, words: Callable[[str], list[str]] | None) -> Scorer:
    """ROUGE F-measures with stemming; `words` replaces the tokenizer, which knows a-z and 0-9 only."""
    transforms = {metric: _rouge(metric, words) for metric in metrics}

    def score(answer: str, target: str) -> Scores:
        targets = target.split(delimiter)
        return {
            metric: max(float(compute(one, answer)) for one in targets)
            for metric, compute in transforms.items()
        }

    return score


def _rouge(metric: str, words: Callable[[str], list[str]] | None) -> Callable[[str, str], float]:
    if words is None:
        from fmeval.transforms.summarization_accuracy_metrics import RougeScore

        transform: Any = RougeScore(["target_output"], ["model_output"], [metric], False, rouge_type=metric)
        compute: Callable[[str, str], float] = transform.compute_metric
        return compute
    from rouge_score import rouge_scorer
    from rouge_score.tokenizers import Tokenizer

    split = words

    class Words(Tokenizer):  # type: ignore[misc]
        def tokenize(self, text: str) -> list[str]:
            return split(text)

    scores = rouge_scorer.RougeScorer([metric], tokenizer=Words())
    return lambda target, answer: float(scores.score(target, answer)[metric].fmeasure)


def normalized(score: Scorer, delimiter: str) -> Scorer:
    """`score` after normalization of both sides; two empty sides are equal, as a reader would say.

    Where normalization leaves nothing (marks alone), the texts are compared as they are.
    """

    def normalized_score(answer: str, target: str) -> Scores:
        given, targets = normalize(answer), [normalize(one) for one in target.split(delimiter)]
        if given or any(targets):
            return score(given, _BETWEEN.join(targets))
        same = any(answer.strip() == one.strip() for one in target.split(delimiter))
        return dict.fromkeys(score(given, given), float(same))

    return normalized_score
