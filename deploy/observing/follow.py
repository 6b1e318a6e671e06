"""Following an execution to its end: one snapshot per look, through throttling and expired credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from config.models import Environment
from deploy import executions
from deploy.executions import Seen
from deploy.hints import typed
from deploy.observing import logs
from deploy.observing.waits import OpenWait, open_waits
from deploy.patience import Patience
from deploy.session import Aws

# Half the pause of the waits themselves would ask more often than anything can change; on AWS a person
# who watches still wants to see a step end soon.
LONGEST_PAUSE = 10.0


@dataclass(frozen=True)
class Snapshot:
    """What was seen at one look. `last_line` is the newest log line of the step at work, `waits` are the open
    callbacks; `trouble` says why the newest look failed, while the rest is what the one before saw."""

    seen: Seen
    last_line: str = ""
    trouble: str = ""
    waits: tuple[OpenWait, ...] = ()

    def wait(self, step: str) -> OpenWait | None:
        """The open callback of a step."""
        return next((wait for wait in self.waits if wait.step == step), None)


def follow(
    connect: Callable[[], Aws], arn: str, environment: Environment, *, sleep: Callable[[float], None]
) -> Iterator[Snapshot]:
    """Looks again and again until the execution is over; the last snapshot is of the ended one.

    A look that fails for a passing reason is told of and repeated, with new clients, so that renewed
    credentials and a stand-in that was started again are found. Any other error is raised, and so are
    expired credentials that this process cannot see renewed.
    """
    aws = connect()
    snapshot = _look(aws, arn, None, environment)
    again = typed(f"watch {arn.rpartition('/')[2]}", environment.name)
    patience = Patience("the execution", again)
    while True:
        yield snapshot
        if snapshot.seen.execution.is_over and not snapshot.trouble:
            return
        sleep(pause_of(environment))
        try:
            if snapshot.trouble:
                aws = connect()
            snapshot = _look(aws, arn, snapshot.seen.definition, environment)
            patience.answered()
        except Exception as error:
            why = patience.outlast(error, aws)
            if why is None:
                raise
            snapshot = replace(snapshot, trouble=why)


def _look(aws: Aws, arn: str, definition: Mapping[str, Any] | None, environment: Environment) -> Snapshot:
    seen = executions.look(aws, arn, definition)
    at_work = [step for step in seen.steps if not step.is_over]
    return Snapshot(
        seen,
        last_line=logs.last_line(aws, seen, at_work[-1]) if at_work else "",
        waits=open_waits(aws, environment, seen),
    )


def pause_of(environment: Environment) -> float:
    """Seconds between two looks: as often as the environment's waits look, ten seconds at most."""
    return max(0.3, min(LONGEST_PAUSE, environment.polling.first_seconds / 2))
