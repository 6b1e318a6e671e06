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
    """A bound on a metric's mean (one of the two is set), or a comparison with the approved package."""

    metric: str
    at_least: float | None
    at_most: float | None
    better_than: str = ""
    margin: float = 0.0
    confidence: float = 0.95

    @property
    def compares(self) -> bool:
        """Whether it is held against another model, not against a figure."""
        return bool(self.better_than)

    def holds(self, mean: float) -> bool:
        """Whether a mean passes the bounds; the bound itself does."""
        return (self.at_least is None or mean >= self.at_least) and (
            self.at_most is None or mean <= self.at_most
        )

    def told(self) -> str:
        """The bound in words."""
        parts = [f"at least {self.at_least:g}"] if self.at_least is not None else []
        parts += [f"at most {self.at_most:g}"] if self.at_most is not None else []
        if self.compares:
            more = f" by more than {self.margin:g}" if self.margin > 0 else ""
            less = f"at most {-self.margin:g} worse than" if self.margin < 0 else "better than"
            parts.append(f"{less} the {self.better_than} package{more}")
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
    group: str = ""  # of model packages; empty where no gate compares


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
        group=settings.text("group", ""),
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
        compared = gate.choice("better_than", ("", "approved"), "") if values.get("better_than") else ""
        margin, confidence = _strictness(gate)
        found.append(
            Gate(gate.text("metric"), bounds["at_least"], bounds["at_most"], compared, margin, confidence)
        )
    return tuple(found)


def _strictness(gate: Section) -> tuple[float, float]:
    """Margin and confidence of a comparison."""
    margin, confidence = (
        default if gate.values.get(key) is None else gate.number(key)
        for key, default in (("margin", Gate.margin), ("confidence", Gate.confidence))
    )
    if not 0 < confidence < 1:
        raise SettingsError(f'"{gate.place}.confidence" is {confidence:g}, it must be between 0 and 1')
    return margin, confidence
