"""The fine-tuning program: `python -m local.training.main JOB_FOLDER`.

    JOB_FOLDER/job.json  ->  progress lines on stdout, the model in the job's model folder, result.json

It runs in an environment that has torch, transformers, tokenizers and rouge-score (and pyarrow for Parquet),
not in the platform's, and imports nothing of the platform. Exit code 0: result.json holds the metrics; 1: it
holds the reason of the failure. The same job gives the same weights on the same machine.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.language.imports import hide_unused
from local.language.threads import use_threads
from local.training.dataset import Row, read_channels
from local.training.job import FineTuningError, Hyperparameters, TrainingJob, TrainingResult

if TYPE_CHECKING:
    from local.training.examples import Example
    from local.training.fit import Fit

_MOST_ANSWER_TOKENS = 64
_MOST_ROWS_FOR_ROUGE = 200  # writing answers costs more than the loss on them


def _say(text: str) -> None:
    print(text, flush=True)


def run(job: TrainingJob) -> TrainingResult:
    """Reads, trains, measures, saves."""
    training, validation = read_channels(job)  # before the heavy imports: a bad dataset fails at once
    _say(f"dataset: {len(training)} training rows, {len(validation)} validation rows")
    return _tune(job, training, validation)


def _tune(job: TrainingJob, training: Sequence[Row], validation: Sequence[Row]) -> TrainingResult:
    hide_unused()
    import torch

    from local.training import examples, model
    from local.training.fit import fit

    torch.manual_seed(job.seed)
    network, tokenizer = _begin(job, training)
    context = min(job.context_tokens, getattr(network.config, "max_position_embeddings", job.context_tokens))
    learn = examples.encode(training, tokenizer, context_tokens=context)
    check = examples.encode(validation, tokenizer, context_tokens=context)
    cut = examples.check_truncation([*learn, *check])
    _say(f"tokens: longest row {max(e.length for e in learn)}, context {context}, rows truncated {cut}")
    settings = Hyperparameters.read(job.hyperparameters, pretrained=job.base_model is not None)
    pad = tokenizer.pad_token_id
    outcome = fit(network, learn, check, settings, pad=pad, seed=job.seed, say=_say)
    metrics = _measure(outcome, network, tokenizer, check, validation, seed=job.seed)
    model.save(network, tokenizer, job.model_folder)
    return TrainingResult(metrics)


def _begin(job: TrainingJob, training: Sequence[Row]) -> tuple[Any, Any]:
    """The model that is to be tuned, and its tokenizer."""
    from local.training import model

    started = time.monotonic()
    if job.base_model:
        network, tokenizer = model.load_folder(job.base_model)
    else:
        texts = [text for row in training for text in (row.input, row.output)]
        network, tokenizer = model.small_llama(texts, context_tokens=job.context_tokens)
    use_threads(network)
    _say(f"model: {network.num_parameters():,} parameters, ready after {time.monotonic() - started:.1f} s")
    return network, tokenizer


def _measure(
    outcome: Fit, network: Any, tokenizer: Any, check: Sequence[Example], rows: Sequence[Row], *, seed: int
) -> dict[str, float]:
    """The candidate's metrics; ROUGE over a sample of the validation rows."""
    from local.training.generate import answers
    from local.training.metrics import candidate_metrics

    chance = random.Random(seed)  # noqa: S311
    places = sorted(chance.sample(range(len(check)), min(len(check), _MOST_ROWS_FOR_ROUGE)))
    most = min(_MOST_ANSWER_TOKENS, max(len(check[at].answer) for at in places))
    found = answers(network, tokenizer, [check[at] for at in places], most_tokens=most)
    metrics = candidate_metrics(outcome, found, [rows[at].output for at in places])
    _say("metrics: " + ", ".join(f"{name} {value:.4f}" for name, value in metrics.items()))
    return metrics


def main(folder: Path) -> int:
    """Exit code of the program."""
    try:
        result = run(TrainingJob.read(folder / "job.json"))
    except FineTuningError as failure:
        result = TrainingResult({}, str(failure))
        _say(f"failed: {failure}")
    result.write(folder / "result.json")
    return 1 if result.failure else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
