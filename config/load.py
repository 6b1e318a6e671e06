"""Loads a project: an environment and every pipeline file, checked together.

Precedence of a parameter's value, written once and here: ``-p`` on the command line, then the ``--params``
file, then the environment file (``parameters: {pipeline: {Name: value}}``), then the pipeline file's
default. With ``EpochCount`` 3 in the pipeline file, 2 in the environment file and ``-p EpochCount=5``, an
execution trains 5 epochs; without the ``-p`` 2, and 2 is the default that the definition carries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.checking import CheckedPipeline, check_pipeline, problems_of
from config.document import Document
from config.environment_values import environment_findings, with_environment
from config.errors import ConfigurationError, Problem, UnknownNameError
from config.explain import explain
from config.models.environment import Environment
from config.models.inference import InferenceConfig
from config.models.pipeline import PipelineConfig
from config.models.project import Project
from config.places import environment_file, label_of, pipeline_files, repository_root
from config.reading import read_file
from config.rules.environment import RULES as ENVIRONMENT_RULES
from config.rules.project import project_findings
from config.rules.rule import Surroundings, findings, placed_findings
from config.suggest import did_you_mean, quoted
from config.validation import validate


def load_project(environment: str, root: Path | None = None, *, names: Collection[str] = ()) -> Project:
    """The checked configuration for ``environment``; raises ConfigurationError with every problem.

    With ``names``, only problems of these pipelines, of those they refer to and of the environment count;
    a pipeline file that somebody else is in the middle of does not stand in the way.
    """
    base = (root or repository_root()).resolve()
    env, env_document, env_problems = _environment(environment, base)
    loaded = _Loaded.of(base, env)
    wanted = loaded.wanted(names)
    problems = [*env_problems, *loaded.problems(wanted)]
    if env is not None and env_document is not None:
        problems += problems_of(env_document, environment_findings(env, loaded.complete))
    if problems or env is None:
        raise ConfigurationError(problems)
    pipelines = {
        name: with_environment(config, env.parameters.get(name, {}))
        for name, config in sorted(loaded.complete.items())
        if loaded.is_sound(name)
    }
    return Project(base, env, pipelines, {name: loaded.by_name[name][0].document.file for name in pipelines})


@dataclass(frozen=True)
class _Loaded:
    """Every pipeline file, checked; several may claim one name."""

    by_name: dict[str, list[CheckedPipeline]]
    unreadable: dict[str, list[Problem]]  # file stem: problems of files that are no YAML at all
    own: dict[str, list[Problem]]  # name: problems of its files, those between files included

    @classmethod
    def of(cls, base: Path, env: Environment | None) -> _Loaded:
        loaded = cls(defaultdict(list), {}, defaultdict(list))
        around = Surroundings(env, base) if env is not None else None
        for file in pipeline_files(base):
            loaded._read(file, base, around)
        loaded._check_together()
        return loaded

    @property
    def complete(self) -> dict[str, PipelineConfig]:
        """Pipelines that fit their model, by name."""
        found = {name: checked[0].config for name, checked in self.by_name.items()}
        return {name: config for name, config in found.items() if config is not None}

    def is_sound(self, name: str) -> bool:
        """Whether nothing is wrong with a pipeline."""
        return not self.own[name]

    def wanted(self, names: Collection[str]) -> Collection[str]:
        """The names asked for and those they refer to; all of them when none is asked for."""
        everything = [*self.by_name, *self.unreadable]
        for name in names:
            if name not in everything:
                hint = self._called_otherwise(name) or did_you_mean(name, everything)
                raise UnknownNameError("pipeline", name, sorted(everything), hint)
        referred = [
            config.training
            for name, config in self.complete.items()
            if name in names and isinstance(config, InferenceConfig)
        ]
        return {*names, *referred} if names else everything

    def _called_otherwise(self, stem: str) -> str | None:
        """The hint for whoever copied a file and named the copy, but not the pipeline in it."""
        for name, files in self.by_name.items():
            for checked in files:
                if Path(checked.document.file).stem == stem:
                    return f"{checked.document.file} says name: {name}; write name: {stem} there"
        return None

    def problems(self, names: Collection[str]) -> list[Problem]:
        """What is wrong with these pipelines."""
        own = [problem for name in names for problem in self.own.get(name, ())]
        return own + [problem for name in names for problem in self.unreadable.get(name, ())]

    def _read(self, file: Path, base: Path, around: Surroundings | None) -> None:
        document, problems = read_file(file, label_of(file, base))
        if document is None:
            self.unreadable[file.stem] = problems
            return
        checked = check_pipeline(document, around)
        self.by_name[checked.name].append(checked)
        self.own[checked.name] += [*problems, *checked.problems]

    def _check_together(self) -> None:
        for name, checked in self.by_name.items():
            self.own[name] += _repeated_names(checked)
        self._check_spelling()
        values = {name: checked[0].values for name, checked in self.by_name.items() if not self.own[name]}
        sound = {name: config for name, config in values.items() if config is not None}
        for name, finding in project_findings(sound, self._kinds()):
            self.own[name] += problems_of(self.by_name[name][0].document, [finding])

    def _kinds(self) -> dict[str, str] | None:
        """The kind of every file by name; None when a file does not tell."""
        every = [checked for files in self.by_name.values() for checked in files]
        if self.unreadable or not all(checked.is_identified for checked in every):
            return None
        return {checked.name: checked.kind for checked in every}

    def _check_spelling(self) -> None:
        """SageMaker's ARNs are in lower case: names that differ in case only are one."""
        first: dict[str, str] = {}
        for name, checked in self.by_name.items():
            other = first.setdefault(name.casefold(), name)
            if other != name:
                message = f'"{name}" differs from "{other}" in upper and lower case only'
                self.own[name].append(checked[0].document.problem(("name",), message, "choose another name"))


def _environment(name: str, base: Path) -> tuple[Environment | None, Document | None, list[Problem]]:
    file = environment_file(name, base)
    document, problems = read_file(file, label_of(file, base))
    if document is None:
        return None, None, problems
    outcome = validate(Environment, document.data)
    problems = [*problems, *explain(document, Environment, outcome.faults)]
    problems += problems_of(document, findings(ENVIRONMENT_RULES.values, outcome.partial, outcome.broken))
    if outcome.config is not None:
        around = Surroundings(outcome.config, base)
        found = placed_findings(ENVIRONMENT_RULES.placed, outcome.config, around, frozenset())
        problems += problems_of(document, found)
        if outcome.config.name != name:
            message = f'found {quoted(outcome.config.name)}; the file is called "{name}.yaml"'
            problems.append(document.problem(("name",), message, f"write name: {name}"))
    return outcome.config, document, problems


def _repeated_names(checked: Sequence[CheckedPipeline]) -> Iterable[Problem]:
    for other in checked[1:]:
        message = f'"{other.name}" is the name of {checked[0].document.file} already'
        yield other.document.problem(("name",), message, "choose another name")
