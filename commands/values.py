"""What an execution starts with, for people: each value with where it comes from, and what will run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from commands.terminal import Terminal
from config.platform_parameters import PROVENANCE, SAMPLE_ROWS

if TYPE_CHECKING:
    from config.models import Project
    from deploy.launching.again import Again
    from deploy.launching.launch import Ready
    from deploy.launching.selection import Selection


def say_values(project: Project, ready: Ready, terminal: Terminal) -> None:
    """The declared parameters, those of the platform that somebody gave, the sample, the endpoint's fate."""
    config = project.pipelines[ready.name]
    shown = [*config.parameters, *(name for name in ready.sources if _is_given(ready, name))]
    texts = [f"{name}={ready.values.get(name, '')}" for name in dict.fromkeys(shown)]
    width = min(40, max((len(text) for text in texts), default=0))
    for name, text in zip(dict.fromkeys(shown), texts, strict=True):
        terminal.note(f"  {text:<{width}}  {source_of(project, ready, name)}")
    _say_filled(ready, set(shown), terminal)
    _say_sample(ready, terminal)
    if ready.selection is not None:
        _say_selection(ready.selection, terminal)
    _say_endpoint(project, ready.name, terminal)


def source_of(project: Project, ready: Ready, name: str) -> str:
    """ "-p", a file, an execution; for a default the environment's file or the pipeline's."""
    source = ready.sources.get(name, "")
    if source:
        return source
    if name in project.environment.parameters.get(ready.name, {}):
        return f"environment {project.environment.name}"
    return "default"


def say_left_out(again: Again, terminal: Terminal) -> None:
    """What an earlier execution had and the pipeline has no more."""
    for name, value in again.left_out.items():
        terminal.note(f"  left out: {name}={value}, which the pipeline no longer has")


def start_document(
    project: Project,
    ready: Ready,
    *,
    arn: str | None,
    again: Again | None,
    estimate: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A start in JSON; `arn` is None where nothing was started."""
    selection = ready.selection
    return {
        "arn": arn,
        "pipeline": ready.name,
        "parameters": {
            name: {"value": value, "source": source_of(project, ready, name)}
            for name, value in ready.values.items()
        },
        "selection": {
            "steps": list(selection.steps),
            "reused": list(selection.reused),
            "from": selection.source.arn,
        }
        if selection
        else None,
        "left_out": dict(again.left_out) if again else {},
        "estimate": estimate,
    }


def _is_given(ready: Ready, name: str) -> bool:
    """Typed by a person, and not filled in from somewhere; the sample has a line of its own."""
    return name != SAMPLE_ROWS and (
        ready.sources[name] == "-p" or ready.sources[name].endswith((".yaml", ".yml", ".json"))
    )


def _say_filled(ready: Ready, shown: set[str], terminal: Terminal) -> None:
    """One line a source: the values are long, and `status` has them."""
    unsaid = {*shown, SAMPLE_ROWS, *(each.name for each in PROVENANCE)}
    by_source: dict[str, list[str]] = {}
    for name, source in ready.sources.items():
        if source and name not in unsaid:
            by_source.setdefault(source, []).append(name)
    for source, names in by_source.items():
        terminal.note(f"  {', '.join(names)}: {source}")


def _say_sample(ready: Ready, terminal: Terminal) -> None:
    rows = ready.values.get(SAMPLE_ROWS, "0")
    if rows != "0":
        terminal.note(f"  a sample: {rows} rows go through the steps")


def _say_selection(selection: Selection, terminal: Terminal) -> None:
    terminal.note(f"  runs: {', '.join(selection.steps)}")
    if selection.reused:
        terminal.note(f"  taken from {selection.source.id}: {', '.join(selection.reused)}")


def _say_endpoint(project: Project, name: str, terminal: Terminal) -> None:
    from commands.tables import price
    from config.models import TrainingConfig
    from deploy.upkeep.cleanup import price_per_hour

    config = project.pipelines[name]
    if isinstance(config, TrainingConfig):
        fate = {"delete": "deleted after its evaluation", "keep": "kept until you delete it"}
        terminal.note(
            f"  endpoint: {config.endpoint.instance_type}, {price(price_per_hour(config))}, "
            f"{fate[config.endpoint.after_evaluation]}"
        )
