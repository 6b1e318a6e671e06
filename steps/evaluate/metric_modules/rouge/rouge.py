"""ROUGE for `evaluate.load("rouge")` without the hub: the same package behind it, no cache of records.

One import a line: the library finds a module's imports by splitting lines at spaces.
"""

import datasets
import evaluate
from rouge_score import rouge_scorer


class Rouge(evaluate.Metric):  # type: ignore[misc]
    """The scores that the hub's module gives for one prediction and one reference."""

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        features = datasets.Features({"predictions": text, "references": text})
        return evaluate.MetricInfo(description="ROUGE", citation="", inputs_description="", features=features)

    def compute(
        self,
        *,
        predictions: list[str],
        references: list[str],
        rouge_types: list[str],
        use_stemmer: bool,
    ) -> dict[str, float]:
        """F-measure by ROUGE type; overrides the way over a file that the base class takes."""
        scorer = rouge_scorer.RougeScorer(rouge_types=rouge_types, use_stemmer=use_stemmer)
        scores = scorer.score(references[0], predictions[0])
        return {name: scores[name].fmeasure for name in rouge_types}
