"""Further fmeval algorithms, each asked for by name; where a model is absent the error names it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from steps.runtime.errors import StepError

Score = Callable[[str, str], dict[str, float]]
BERT_MODEL = "roberta-large-mnli"
TOXIGEN_MODEL = "tomh/toxigen_roberta"


def load(names: Iterable[str], targets: Sequence[str], delimiter: str) -> dict[str, Score]:
    """Functions of (answer, target) by algorithm; raises where a model or word list cannot be had."""
    return {name: _load(name, targets, delimiter) for name in names}


def _load(name: str, targets: Sequence[str], delimiter: str) -> Score:
    try:
        return _ALGORITHMS[name](targets, delimiter)
    except Exception as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise StepError(
            f'the algorithm "{name}" cannot be used: {_NEEDS.get(name, "fmeval cannot load it")} ({reason})',
            hint=f'take "{name}" out of evaluation.algorithms, or give the job what it needs',
        ) from error


def _factual_knowledge(_targets: Sequence[str], delimiter: str) -> Score:
    from fmeval.eval_algorithms.factual_knowledge import FactualKnowledge, FactualKnowledgeConfig

    algorithm = FactualKnowledge(FactualKnowledgeConfig(target_output_delimiter=delimiter))
    return lambda answer, target: _values(algorithm.evaluate_sample(target, answer))


def _classification_accuracy(targets: Sequence[str], delimiter: str) -> Score:
    from fmeval.eval_algorithms.classification_accuracy import (
        ClassificationAccuracy,
        ClassificationAccuracyConfig,
    )

    labels = sorted({target.split(delimiter)[0].strip().lower() for target in targets})
    algorithm = ClassificationAccuracy(ClassificationAccuracyConfig(valid_labels=labels))
    return lambda answer, target: _values(
        algorithm.evaluate_sample(target.split(delimiter)[0].strip().lower(), answer)
    )


def _bertscore(_targets: Sequence[str], delimiter: str) -> Score:
    from fmeval.eval_algorithms.helper_models.helper_model import BertscoreHelperModel

    model = BertscoreHelperModel(BERT_MODEL)
    model.get_helper_scores("loads", "the model")
    return lambda answer, target: {
        "bertscore": max(float(model.get_helper_scores(one, answer)) for one in target.split(delimiter))
    }


def _meteor(_targets: Sequence[str], delimiter: str) -> Score:
    from fmeval.transforms.summarization_accuracy_metrics import MeteorScore

    transform = MeteorScore(["target_output"], ["model_output"], ["meteor"], False, load_modules=False)
    transform.compute_metric("needs word lists", "needs word lists")
    return lambda answer, target: {
        "meteor": max(float(transform.compute_metric(one, answer)) for one in target.split(delimiter))
    }


def _toxicity(_targets: Sequence[str], _delimiter: str) -> Score:
    from fmeval.eval_algorithms.toxicity import Toxicity, ToxicityConfig

    algorithm = Toxicity(ToxicityConfig(model_type="toxigen"))
    return lambda answer, _target: _values(algorithm.evaluate_sample(answer or " "))


def _values(scores: Iterable[Any]) -> dict[str, float]:
    return {score.name: float(score.value) for score in scores}


_ALGORITHMS: dict[str, Callable[[Sequence[str], str], Score]] = {
    "bertscore": _bertscore,
    "classification_accuracy": _classification_accuracy,
    "factual_knowledge": _factual_knowledge,
    "meteor": _meteor,
    "toxicity": _toxicity,
}
_NEEDS = {
    "bertscore": f"it needs the model {BERT_MODEL}, from the Hugging Face hub or the job's models folder",
    "meteor": "it needs NLTK's wordnet and punkt_tab (NLTK_DATA names their folder)",
    "toxicity": f"it needs the model {TOXIGEN_MODEL}, from the Hugging Face hub or the job's models folder",
}
