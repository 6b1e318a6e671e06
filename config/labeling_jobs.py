"""The labeling jobs of a project: a file each in config/labeling/, checked with the pipelines around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from config.checking import problems_of
from config.document import Document
from config.errors import ConfigurationError, Problem, UnknownNameError
from config.explain import explain
from config.models.labeling_job import LabelingJobConfig
from config.models.project import Project
from config.reading import read_file
from config.rules.labeling_job import RULES, pipeline_findings
from config.rules.rule import Surroundings, findings, placed_findings
from config.suggest import did_you_mean, quoted
from config.validation import validate

FOLDER: Final = Path("config", "labeling")


def labeling_job_names(root: Path) -> tuple[str, ...]:
    """The jobs there are, by file name."""
    return tuple(sorted(file.stem for file in (root / FOLDER).glob("*.yaml")))


def load_labeling_job(project: Project, name: str) -> LabelingJobConfig:
    """One job; raises UnknownNameError, or ConfigurationError with every problem of its file."""
    known = labeling_job_names(project.root)
    if name not in known:
        raise UnknownNameError("labeling job", name, known, did_you_mean(name, known))
    return load_labeling_jobs(project, (name,))[name]


def load_labeling_jobs(
    project: Project, names: Iterable[str] | None = None
) -> Mapping[str, LabelingJobConfig]:
    """These jobs, or all of them; raises ConfigurationError with every problem."""
    problems: list[Problem] = []
    loaded: dict[str, LabelingJobConfig] = {}
    for name in labeling_job_names(project.root) if names is None else names:
        config, found = _checked(project, name)
        problems += found
        if config is not None:
            loaded[name] = config
    if problems:
        raise ConfigurationError(problems)
    return loaded


def _checked(project: Project, name: str) -> tuple[LabelingJobConfig | None, list[Problem]]:
    file = project.root / FOLDER / f"{name}.yaml"
    document, problems = read_file(file, file.relative_to(project.root).as_posix())
    if document is None:
        return None, problems
    outcome = validate(LabelingJobConfig, document.data)
    problems = [*problems, *explain(document, LabelingJobConfig, outcome.faults)]
    around = Surroundings(project.environment, project.root)
    problems += problems_of(document, findings(RULES.values, outcome.partial, outcome.broken))
    problems += problems_of(document, placed_findings(RULES.placed, outcome.partial, around, outcome.broken))
    if outcome.config is not None:
        problems += problems_of(document, pipeline_findings(outcome.config, project.pipelines))
        problems += _misnamed(document, outcome.config, name)
    return outcome.config, problems


def _misnamed(document: Document, config: LabelingJobConfig, name: str) -> Iterable[Problem]:
    if config.name != name:
        message = f'found {quoted(config.name)}; the file is called "{name}.yaml"'
        yield document.problem(("name",), message, f"write name: {name}")
