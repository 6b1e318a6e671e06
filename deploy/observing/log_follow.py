"""Log lines as they come, to the end of an execution or of one of its steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from deploy import executions
from deploy.executions import Seen
from deploy.observing import logs
from deploy.observing.logs import Line
from deploy.patience import Patience
from deploy.session import Aws


@dataclass
class Reader:
    """Gives each line once. What was read stays remembered by step: the newest time, and the lines of it."""

    _until: dict[str, int] = field(default_factory=dict)
    _at_end: dict[str, set[str]] = field(default_factory=dict)

    def new(self, aws: Aws, seen: Seen, step: str | None) -> list[Line]:
        """Lines of the steps (of one alone, where it is named) since the last time, in the order of time."""
        found: list[Line] = []
        for each in seen.steps:
            if step in (None, each.name) and not each.reused_from:
                found += self._of_step(logs.since(aws, seen, each, self._until.get(each.name)), each.name)
        return sorted(found, key=lambda line: line.at)

    def _of_step(self, lines: Iterator[Line], name: str) -> Iterator[Line]:
        for line in lines:
            at = int(line.at.timestamp() * 1000)
            if at == self._until.get(name) and line.text in self._at_end[name]:
                continue
            if at > self._until.get(name, -1):
                self._until[name], self._at_end[name] = at, set()
            if at == self._until[name]:
                self._at_end[name].add(line.text)
            yield line


@dataclass(frozen=True)
class News:
    """Lines that came, or why the newest look failed."""

    lines: tuple[Line, ...] = ()
    trouble: str = ""


def follow_lines(
    connect: Callable[[], Aws],
    arn: str,
    *,
    step: str | None,
    pause: float,
    sleep: Callable[[float], None],
    again: str,
) -> Iterator[News]:
    """Looks every `pause` seconds, and once more after the end: log lines come late.

    `again` is what to type when this one has to end before the execution.
    """
    aws, reader, definition = connect(), Reader(), None
    patience, trouble, last = Patience("the execution", again), "", False
    while True:
        try:
            if trouble:
                aws = connect()
            seen = executions.look(aws, arn, definition)
            definition = seen.definition
            lines = tuple(reader.new(aws, seen, step))
            trouble = ""
            patience.answered()
        except Exception as error:
            why = patience.outlast(error, aws)
            if why is None:
                raise
            trouble = why
            yield News(trouble=trouble)
        else:
            yield News(lines)
            if last:
                return
            last = _is_over(seen, step)
        sleep(pause)


def _is_over(seen: Seen, step: str | None) -> bool:
    found = seen.step(step) if step else None
    return seen.execution.is_over or (found is not None and found.is_over)
