"""BERTScore for `evaluate.load("bertscore")` without the hub: importing fmeval loads it, few ever use it.

One import a line: the library finds a module's imports by splitting lines at spaces.
"""

from typing import Any

import datasets
import evaluate


class BERTScore(evaluate.Metric):  # type: ignore[misc]
    """The scores that the hub's module gives; the model is loaded when the first text is scored."""

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        features = datasets.Features({"predictions": text, "references": text})
        return evaluate.MetricInfo(
            description="BERTScore", citation="", inputs_description="", features=features
        )

    def compute(
        self, *, predictions: list[str], references: list[str], model_type: str
    ) -> dict[str, list[float]]:
        """F1 of each prediction; overrides the way over a file that the base class takes."""
        scorer = _scorer(model_type)
        _, _, f1 = scorer.score(predictions, references)
        return {"f1": f1.tolist()}


_scorers: dict[str, Any] = {}


def _scorer(model_type: str) -> Any:
    if model_type not in _scorers:
        import bert_score

        layers = bert_score.utils.model2layers[model_type]
        _scorers[model_type] = bert_score.BERTScorer(model_type=model_type, num_layers=layers)
    return _scorers[model_type]
