"""What is missing before a package can be decided on: its evaluation's files, its data, an overlap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config import names
from config.models import InferenceConfig, Project
from deploy.hints import typed
from deploy.reviewing import evaluations
from deploy.reviewing.evaluations import Places, Read
from deploy.reviewing.registry import Package
from deploy.session import Aws

# Member of evaluation_metrics.json: how many of the rows asked stand in the training set.
OVERLAP = "training_overlap"
UNKNOWN = frozenset({"", "unknown"})


@dataclass(frozen=True)
class Gap:
    """One reason why a package cannot be decided on, and what to do about it."""

    what: str
    hint: str


def gaps(project: Project, aws: Aws, package: Package) -> tuple[Gap, ...]:
    """Why a package (as `registry.find` describes it) cannot be decided on; empty when it can.

    Reads the results by row once: an answer that was changed afterwards shows in their hash alone.
    """
    again = _again(project, package)
    place = evaluations.places(package)
    metrics = evaluations.read(aws, place.metrics) if place.metrics else Read(problem="is not named")
    manifest = evaluations.read(aws, place.manifest) if place.report else Read(problem="is not named")
    facts = [
        *_figures(place, metrics),
        *_files(aws, place, manifest),
        *_altered(aws, place, metrics, manifest),
        *_data(package),
        *([] if metrics.problem else _overlap(metrics.content)),
    ]
    return tuple(Gap(fact, again) for fact in facts)


def _figures(place: Places, metrics: Read) -> Iterator[str]:
    if not place.metrics:
        yield "it names no evaluation figures (ModelMetrics.ModelQuality.Statistics)"
    elif metrics.problem:
        yield f"evaluation figures: the file {metrics.problem}: {place.metrics}"
    elif not isinstance(metrics.content.get("metrics"), Mapping):
        yield f"its evaluation figures hold no metrics: {place.metrics}"


def _files(aws: Aws, place: Places, manifest: Read) -> Iterator[str]:
    if not place.report:
        yield "it names no evaluation report, and with it no results by row and no manifest"
        return
    for called, uri in (("evaluation report", place.report), ("results by row", place.results)):
        absent = evaluations.absence(aws, uri)
        if absent:
            yield f"{called}: the file {absent}: {uri}"
    if manifest.problem:
        yield f"evaluation manifest: the file {manifest.problem}: {place.manifest}"


def _altered(aws: Aws, place: Places, metrics: Read, manifest: Read) -> Iterator[str]:
    """The manifest keeps the hashes of what the evaluation wrote."""
    if manifest.problem:
        return
    hashes = manifest.content.get("files")
    written = hashes if isinstance(hashes, Mapping) else {}
    for called, name, found in (
        ("evaluation figures", "evaluation_metrics.json", metrics.sha256),
        ("results by row", evaluations.RESULTS, evaluations.digest(aws, place.results)),
    ):
        if found and written.get(name) != found:
            yield f"its {called} are not those that the evaluation wrote: the manifest has another hash"


def _data(package: Package) -> Iterator[str]:
    if package.metadata.get("data_hash", "") in UNKNOWN:
        yield "the hash of its training data is not known"


def _overlap(metrics: Mapping[str, Any]) -> Iterator[str]:
    found = metrics.get(OVERLAP)
    rows = found.get("rows") if isinstance(found, Mapping) else None
    if not isinstance(rows, int):
        yield "nobody counted how many of the rows asked stand in its training set"
    elif rows:
        were = "row that was asked stands" if rows == 1 else "rows that were asked stand"
        yield f"{rows} {were} in its training set: the figures show what it remembers"


def _again(project: Project, package: Package) -> str:
    """The command that makes the evidence anew, where we know the pipelines that register in its group."""
    environment = project.environment
    for name, config in project.pipelines.items():
        if isinstance(config, InferenceConfig) and _group(project, config) == package.group:
            return (
                f"register it again with evidence: {typed(f'run {config.training} {name}', environment.name)}"
            )
    return f"a pipeline of this repository registers with evidence: {typed('list', environment.name)}"


def _group(project: Project, config: InferenceConfig) -> str:
    return names.group_name(project.environment, config.registry.group)
