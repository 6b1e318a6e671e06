"""All that a reviewer looks at before a decision, gathered from registry, bucket and executions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from config import names
from config.models import Project
from deploy.reviewing import evaluations, registry
from deploy.reviewing.evaluations import Places, Read
from deploy.reviewing.evidence import OVERLAP, Gap, gaps
from deploy.reviewing.lineage import Lineage, lineage
from deploy.reviewing.registry import Package
from deploy.reviewing.side_by_side import Own, SideBySide, own, side_by_side
from deploy.session import Aws
from steps.comparison.results import Kind

PAGE = "evidence.html"
SEED = 42  # where the manifest does not name the evaluation's


@dataclass(frozen=True)
class Review:
    """One package. `against` is None when nothing else in its group is approved."""

    package: Package
    gaps: Sequence[Gap]
    places: Places
    metrics: Read
    manifest: Read
    results: Own
    against: SideBySide | None
    lineage: Lineage

    @property
    def kind(self) -> Kind:
        """Which scores the gates read."""
        return "unicode_scores" if self.normalization == "unicode" else "scores"

    @property
    def normalization(self) -> str:
        """none or unicode."""
        return str(self.metrics.content.get("normalization", "none"))

    @property
    def figures(self) -> Mapping[str, Mapping[str, float]]:
        """Mean and interval by metric, of the scores that the gates read."""
        name = "unicode_metrics" if self.normalization == "unicode" else "metrics"
        found = _part(self.metrics.content, name)
        return {metric: figure for metric, figure in found.items() if _is_interval(figure)}

    @property
    def rows(self) -> int | None:
        """How many were asked."""
        return _count(self.metrics.content, "rows")

    @property
    def failed(self) -> int | None:
        """How many of them got no answer."""
        return _count(self.metrics.content, "failed")

    @property
    def gates(self) -> Sequence[Mapping[str, Any]]:
        """As the evaluation judged them: metric, bound, mean, holds."""
        found = self.manifest.content.get("gates")
        if not isinstance(found, list):
            return []
        wanted = ("metric", "bound", "mean", "holds")
        return [{name: gate.get(name) for name in wanted} for gate in found if isinstance(gate, Mapping)]

    @property
    def comparisons(self) -> Mapping[str, Mapping[str, Any]]:
        """What the gates with better_than found when the package was registered, by metric."""
        found = _part(self.metrics.content, "comparisons")
        return {metric: each for metric, each in found.items() if isinstance(each, Mapping)}

    @property
    def primary(self) -> str:
        """The metric of the first gate, else the first metric; empty without any."""
        return _primary(self.gates, self.figures)

    @property
    def overlap(self) -> Mapping[str, int] | None:
        """Rows asked that stand in the training set, and the rows of that; None where nobody counted."""
        found = self.metrics.content.get(OVERLAP)
        if not isinstance(found, Mapping) or _count(found, "rows") is None:
            return None
        return {
            name: count for name in ("rows", "training_rows") if (count := _count(found, name)) is not None
        }


def review(project: Project, aws: Aws, package: Package) -> Review:
    """Reads everything; what is not there is said in the parts, and nothing is written."""
    place = evaluations.places(package)
    metrics, manifest = _read(aws, place.metrics), _read(aws, place.manifest)
    nothing = Own(problem="it names no results")
    found = Review(
        package=package,
        gaps=gaps(project, aws, package),
        places=place,
        metrics=metrics,
        manifest=manifest,
        results=nothing,
        against=None,
        lineage=lineage(project, aws, package),
    )
    ours = own(aws, package, manifest, found.kind, found.primary) if place.report else nothing
    old = approved_beside(project, aws, package)
    against = None
    if old is not None:
        against = side_by_side(
            aws,
            package,
            ours,
            old,
            kind=found.kind,
            primary=found.primary,
            seed=_seed(manifest),
        )
    return replace(found, results=ours, against=against)


def store(project: Project, aws: Aws, package: Package, html: str) -> str:
    """Puts the page beside the package; its URI. A later review of the same package replaces it."""
    key = names.package_key(project.environment, package.group, package.version, PAGE)
    aws.client("s3").put_object(
        Bucket=names.bucket(project.environment),
        Key=key,
        Body=html.encode(),
        ContentType="text/html; charset=utf-8",
        ExpectedBucketOwner=project.environment.account,
    )
    return names.s3_uri(project.environment, key)


def approved_beside(project: Project, aws: Aws, package: Package) -> Package | None:
    """The approved package of the group with the highest version, the one under review left out."""
    others = [
        each for each in registry.packages(aws, package.group, status="Approved") if each.arn != package.arn
    ]
    newest = max(others, key=lambda each: each.version, default=None)
    return registry.find(project, aws, newest.arn) if newest else None


def _count(document: Mapping[str, Any], name: str) -> int | None:
    found = document.get(name)
    return found if isinstance(found, int) else None


def _is_interval(figure: Any) -> bool:
    return isinstance(figure, Mapping) and all(
        isinstance(figure.get(name), int | float) for name in ("mean", "low", "high")
    )


def _read(aws: Aws, uri: str) -> Read:
    return evaluations.read(aws, uri) if uri else Read(problem="is not named")


def _seed(manifest: Read) -> int:
    found = _part(manifest.content, "settings").get("seed")
    return found if isinstance(found, int) and found >= 0 else SEED


def _primary(gates: Sequence[Mapping[str, Any]], figures: Mapping[str, Any]) -> str:
    gated = [str(gate.get("metric")) for gate in gates if gate.get("metric") in figures]
    return next(iter([*gated, *figures]), "")


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = document.get(name)
    return part if isinstance(part, Mapping) else {}
