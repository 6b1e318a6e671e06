"""The training loop: loss on the answers only, the best epoch by validation loss is what is kept."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from local.training.examples import IGNORED, Example, batches, tensors
from local.training.job import FineTuningError, Hyperparameters

# Learning comes as a sudden transition after some flat epochs: patience must outlast these.
PATIENCE = 3
# Below this nothing is left to learn, and a further epoch is only time.
GOOD_ENOUGH = 0.01
_VALIDATION_BATCH = 32


@dataclass(frozen=True)
class Fit:
    """Losses per answer token (natural logarithm) of the epoch that was kept, and how many were run."""

    training_loss: float
    validation_loss: float
    epochs: int


def fit(
    model: Any,
    training: Sequence[Example],
    validation: Sequence[Example],
    settings: Hyperparameters,
    *,
    pad: int,
    seed: int,
    say: Callable[[str], None],
) -> Fit:
    """Trains in place; afterwards the model has the weights of the best epoch."""
    import torch

    steps = settings.epochs * math.ceil(len(training) / settings.batch_size)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings.learning_rate, weight_decay=0.01, fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _rate(settings, steps))
    chance = random.Random(seed)  # noqa: S311
    best, best_weights, best_epoch = Fit(math.inf, math.inf, 0), None, 0
    for epoch in range(1, settings.epochs + 1):
        started = time.monotonic()
        training_loss = _epoch(
            model, batches(training, settings.batch_size, shuffle=chance), optimizer, schedule, pad
        )
        loss = validation_loss(model, validation, pad=pad)
        took = time.monotonic() - started
        say(
            f"epoch {epoch} of {settings.epochs}: training loss {training_loss:.4f}, "
            f"validation loss {loss:.4f}, {took:.1f} s"
        )
        if not math.isfinite(training_loss) or not math.isfinite(loss):
            raise FineTuningError(
                f"The loss became {loss} in epoch {epoch}:"
                f" the learning rate {settings.learning_rate} is too high."
            )
        if loss < best.validation_loss:
            best, best_epoch = Fit(training_loss, loss, epoch), epoch
            best_weights = {name: value.detach().clone() for name, value in model.state_dict().items()}
        if loss < GOOD_ENOUGH or epoch - best_epoch >= PATIENCE:
            break
    if best_weights is not None:
        model.load_state_dict(best_weights)
    return Fit(best.training_loss, best.validation_loss, epoch)


def validation_loss(model: Any, examples: Sequence[Example], *, pad: int) -> float:
    """Mean cross entropy of the answers' tokens."""
    import torch

    model.eval()
    total = count = 0.0
    with torch.inference_mode():
        for batch in batches(examples, _VALIDATION_BATCH):
            ids, labels = tensors(batch, pad)
            tokens = int((labels != IGNORED).sum())
            total += float(answer_loss(model, ids, labels)) * tokens
            count += tokens
    return total / count


def answer_loss(model: Any, ids: Any, labels: Any) -> Any:
    """Cross entropy where there are labels. The head, the widest layer, is computed only there."""
    import torch

    states = model.base_model(
        input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False
    ).last_hidden_state
    wanted = labels[:, 1:] != IGNORED
    logits = model.get_output_embeddings()(states[:, :-1][wanted])
    return torch.nn.functional.cross_entropy(logits.float(), labels[:, 1:][wanted])


def _epoch(model: Any, epoch_batches: Any, optimizer: Any, schedule: Any, pad: int) -> float:
    import torch

    model.train()
    losses = []
    for batch in epoch_batches:
        loss = answer_loss(model, *tensors(batch, pad))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        schedule.step()
        losses.append(float(loss.detach()))
    return sum(losses) / len(losses)


def _rate(settings: Hyperparameters, steps: int) -> Callable[[int], float]:
    """The share of the learning rate at a step: a straight rise, then half a cosine down to nothing."""
    warmup = min(settings.warmup_steps, steps - 1)

    def share(step: int) -> float:
        if step < warmup:
            return (step + 1) / (warmup + 1)
        return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))

    return share
