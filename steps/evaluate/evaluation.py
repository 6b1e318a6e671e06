"""From rows to an evaluation: ask for every one, cut out the answers, score them, average."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from steps.evaluate import algorithms as further
from steps.evaluate import scores
from steps.evaluate.answers import answer
from steps.evaluate.asking import Limits, Means, Outcome, ask_all
from steps.evaluate.bootstrap import intervals
from steps.evaluate.dataset import EvaluationRow
from steps.evaluate.outcome import Evaluation, ScoredRow
from steps.evaluate.settings import EvaluateSettings

PROGRESS_SECONDS = 5.0


@dataclass(frozen=True)
class Scorers:
    """Ways to score an answer against its target."""

    plain: scores.Scorer
    unicode: scores.Scorer
    algorithms: Mapping[str, further.Score]


def load(settings: EvaluateSettings, rows: Sequence[EvaluationRow]) -> Scorers:
    """Imports fmeval's metrics and the models of further algorithms, before anything is asked."""
    delimiter = settings.target_delimiter
    plain, unicode = scores.scorer(settings.task, settings.metrics, delimiter)
    targets = [row.target_output for row in rows]
    return Scorers(plain, unicode, further.load(settings.algorithms, targets, delimiter))


def evaluate(
    settings: EvaluateSettings,
    rows: Sequence[EvaluationRow],
    ask: Callable[[str], str],
    scorers: Scorers,
    seconds: dict[str, float],
) -> Evaluation:
    """Asks and scores; notes the seconds that each took in `seconds`."""
    asking, started = settings.asking, time.monotonic()
    limits = Limits(asking.concurrency, asking.attempts, asking.deadline_seconds)
    outcomes = ask_all(
        [row.model_input for row in rows], ask, limits, progress=Progress(len(rows)), means=Means()
    )
    seconds["asking"] = time.monotonic() - started
    scored = [score(settings, row, outcome, scorers) for row, outcome in zip(rows, outcomes, strict=True)]
    found = Evaluation(
        settings=settings,
        rows=scored,
        metrics=intervals([row.scores for row in scored], settings.seed),
        unicode_metrics=intervals([row.unicode_scores for row in scored], settings.seed),
        algorithms=intervals(_further(scored, scorers.algorithms), settings.seed),
    )
    seconds["scoring"] = time.monotonic() - started - seconds["asking"]
    return found


def score(settings: EvaluateSettings, row: EvaluationRow, outcome: Outcome, scorers: Scorers) -> ScoredRow:
    """One row with its scores; without an answer it scores 0, so that failures never lift a mean."""
    if outcome.output is None:
        zeros = dict.fromkeys(settings.metrics, 0.0)
        return ScoredRow(row, outcome, "", zeros, zeros)
    prompt = row.model_input if settings.asking.strip_prompt else None
    text = answer(outcome.output, prompt=prompt, stop=settings.asking.stop)
    target = row.target_output
    return ScoredRow(row, outcome, text, scorers.plain(text, target), scorers.unicode(text, target))


def _further(rows: Sequence[ScoredRow], algorithms: Mapping[str, further.Score]) -> list[dict[str, float]]:
    """The scores of further algorithms over the answered rows; empty where none is wanted."""
    if not algorithms:
        return []
    return [
        {
            name: value
            for each in algorithms.values()
            for name, value in each(row.answer, row.row.target_output).items()
        }
        for row in rows
        if not row.outcome.failed
    ]


class Progress:
    """Says how far asking is, every few seconds and at the end; called by many threads, one at a time."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._next = time.monotonic() + PROGRESS_SECONDS

    def __call__(self, asked: int, failed: int) -> None:
        now = time.monotonic()
        if now >= self._next or asked == self._rows:
            self._next = now + PROGRESS_SECONDS
            without = f", {failed:,} without an answer" if failed else ""
            print(f"asked {asked:,} of {self._rows:,} rows{without}", flush=True)
