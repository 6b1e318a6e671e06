"""Everything that AWS would refuse in one definition, as one error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from config.errors import PlatformError


@dataclass(frozen=True)
class Problem:
    """One thing wrong: the step (None: the pipeline itself), the place in it, what is wrong, what to do."""

    step: str | None
    place: str
    message: str
    hint: str | None = None

    @property
    def fact(self) -> str:
        """Step, place and message on one line."""
        where = f'step "{self.step}"' if self.step is not None else "the pipeline"
        return ": ".join(part for part in (where, self.place, self.message) if part)

    def __str__(self) -> str:
        return f"{self.fact}\n  hint: {self.hint}" if self.hint else self.fact


class DefinitionError(PlatformError):
    """A definition that AWS would refuse, with all that is wrong in it."""

    def __init__(self, pipeline: str, problems: Sequence[Problem]) -> None:
        self.pipeline = pipeline
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        listed = "".join(f"\n- {problem}" for problem in self.problems)
        super().__init__(
            f'SageMaker would refuse the pipeline "{pipeline}": {count}{listed}',
            hint="correct the pipeline's or the environment's YAML, then: run_pipeline.py definition "
            + pipeline,
        )


class StartError(PlatformError):
    """Values for one execution that AWS would refuse, at the start or later in a step."""

    def __init__(self, pipeline: str, problems: Sequence[Problem]) -> None:
        self.pipeline = pipeline
        self.problems = tuple(problems)
        listed = "".join(f"\n- {problem}" for problem in self.problems)
        super().__init__(f'an execution of "{pipeline}" would fail with these values:{listed}')
