"""What the evaluate step is told, typed: how to ask, how to score, what must be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steps.evaluate.names import ALGORITHMS, METRICS
from steps.runtime.errors import SettingsError
from steps.runtime.settings import Section


@dataclass(frozen=True)
class Asking:
    """How the endpoint is asked."""

    request: str
    response_path: str
    parameters: Mapping[str, Any]
    stop: tuple[str, ...]
    strip_prompt: bool
    concurrency: int
    attempts: int
    deadline_seconds: int


@dataclass(frozen=True)
class Gate:
    """A bound on a metric's mean; one of the two is set."""

    metric: str
    at_least: float | None
    at_most: float | None

    def holds(self, mean: float) -> bool:
        """Whether a mean passes; the bound itself does."""
        return (self.at_least is None or mean >= self.at_least) and (
            self.at_most is None or mean <= self.at_most
        )

    def told(self) -> str:
        """The bound in words."""
        parts = [f"at least {self.at_least:g}"] if self.at_least is not None else []
        parts += [f"at most {self.at_most:g}"] if self.at_most is not None else []
        return " and ".join(parts)


@dataclass(frozen=True)
class EvaluateSettings:
    """The whole of it."""

    task: str
    asking: Asking
    metrics: tuple[str, ...]
    algorithms: tuple[str, ...]
    normalization: str
    target_delimiter: str
    max_failed_share: float
    gates: tuple[Gate, ...]
    seed: int
    sample_rows: int = 0


def read(settings: Section) -> EvaluateSettings:
    """Takes the settings apart."""
    part = settings.section("evaluation")
    task = part.choice("task", tuple(METRICS), "question_answering")
    return EvaluateSettings(
        task=task,
        asking=_asking(part),
        metrics=_known(part, "metrics", METRICS[task]) or METRICS[task],
        algorithms=_known(part, "algorithms", ALGORITHMS),
        normalization=part.choice("normalization", ("none", "unicode"), "none"),
        target_delimiter=part.text("target_delimiter", "<OR>"),
        max_failed_share=part.share("max_failed_share", 0.0),
        gates=_gates(settings),
        seed=settings.integer("seed", 42),
        sample_rows=settings.integer("sample_rows", 0),
    )


def _asking(part: Section) -> Asking:
    generation, retries = part.optional_section("generation"), part.optional_section("retries")
    given = {key: value for key, value in generation.values.items() if value is not None}
    if not given.get("stop"):
        given.pop("stop", None)
    if not given.get("details"):
        given.pop("details", None)
    return Asking(
        request=part.choice("request", ("text_inputs", "inputs"), "text_inputs"),
        response_path=part.text("response_path", "[0].generated_text"),
        parameters=given,
        stop=generation.texts("stop"),
        strip_prompt=part.flag("strip_prompt", True),
        concurrency=part.integer("concurrency", 8, minimum=1),
        attempts=retries.integer("attempts", 4, minimum=1),
        deadline_seconds=retries.integer("deadline_seconds", 120, minimum=1),
    )


def _known(part: Section, key: str, known: tuple[str, ...]) -> tuple[str, ...]:
    names = part.texts(key)
    for name in names:
        if name not in known:
            raise SettingsError(f'"{part.place}.{key}" names "{name}", known are: {", ".join(known)}')
    return tuple(dict.fromkeys(names))


def _gates(settings: Section) -> tuple[Gate, ...]:
    found = []
    for index, values in enumerate(settings.values.get("gates") or ()):
        gate = Section(values, f"gates[{index}]")
        bounds = {
            key: None if values.get(key) is None else gate.number(key) for key in ("at_least", "at_most")
        }
        found.append(Gate(gate.text("metric"), bounds["at_least"], bounds["at_most"]))
    return tuple(found)
