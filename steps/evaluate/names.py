"""The names of metrics, as the YAML, the gates and the property file have them."""

from __future__ import annotations

# By task: what fmeval computes from the texts alone.
METRICS = {
    "question_answering": (
        "f1",
        "exact_match",
        "quasi_exact_match",
        "precision_over_words",
        "recall_over_words",
    ),
    "summarization": ("rouge1", "rouge2", "rougeL"),
}
# fmeval's names for those of question answering.
FMEVAL_NAMES = {
    "f1": "f1_score",
    "exact_match": "exact_match_score",
    "quasi_exact_match": "quasi_exact_match_score",
    "precision_over_words": "precision_over_words",
    "recall_over_words": "recall_over_words",
}
# Further fmeval algorithms that look at rows like ours; bertscore, meteor and toxicity need models or word
# lists that no package holds.
ALGORITHMS = ("bertscore", "classification_accuracy", "factual_knowledge", "meteor", "toxicity")
