"""Where a package stands: its status in the registry beside what the log of decisions says."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from config.models import Project
from deploy.reviewing import deciding, decisions, registry
from deploy.reviewing.decisions import PENDING, REJECTED, Decision
from deploy.reviewing.registry import Package
from deploy.reviewing.tally import Tally, is_genuine, tally
from deploy.session import Aws


@dataclass(frozen=True)
class Standing:
    """A package, its log, and what the log comes to."""

    package: Package
    log: tuple[Decision, ...]
    tally: Tally

    @property
    def disagreement(self) -> str:
        """How the registry's status differs from the log; empty when it does not."""
        if self.package.approval == self.tally.status:
            return ""
        if not self.log:
            return f"{self.package.approval} without a record: changed in another way than by this tool"
        return f"{self.package.approval} in the registry, {self.tally.status} by the log of decisions"

    @property
    def text(self) -> str:
        """For a column of a listing: who decided, how many of how many, or what is wrong."""
        if self.disagreement:
            return "NO RECORD" if not self.log else f"log says {self.tally.status}"
        if self.tally.status == PENDING:
            return self.tally.text if self.log else ""
        against = (each for each in self.log if each.decision == REJECTED and is_genuine(each))
        made = self.tally.approvals or tuple(against)
        decisive = made[-self.tally.needed :] if self.tally.approvals else made[-1:]
        who = ", ".join(each.caller.name for each in decisive)
        return f"by {who}" + (" (forced)" if any(each.forced for each in decisive) else "")


def of(project: Project, aws: Aws, package: Package) -> Standing:
    """The standing of one package, as `registry.find` describes it."""
    found = deciding.history(project, aws, package)
    return Standing(package, found.log, found.tally)


def of_all(project: Project, aws: Aws, group: str, packages: Sequence[Package]) -> list[Standing]:
    """The standings of packages of one group; only those that somebody decided on are read."""
    environment = project.environment
    decided = {record.uri.rpartition("/")[0] for record in decisions.listed(aws, environment, group)}

    def look(package: Package) -> Standing:
        if not any(place.endswith(f"/{package.group}/{package.version}") for place in decided):
            return Standing(package, (), tally((), environment.registry, None))
        # A listing has no metadata, and so does not say which execution registered the package.
        return of(project, aws, registry.find(project, aws, package.arn, exact=True))

    with ThreadPoolExecutor(max_workers=decisions.AT_ONCE) as pool:
        return list(pool.map(look, packages))
