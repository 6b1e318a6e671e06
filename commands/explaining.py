"""why: what is behind an execution, on one screen."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from commands.named_execution import add_execution, found, name_of
from commands.terminal import Terminal

if TYPE_CHECKING:
    from deploy.observing.waits import OpenWait
    from deploy.observing.why import Diagnosis


class Why:
    """The cause on one screen."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One execution."""
        add_execution(parser)

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints it; the exit code is 0 whatever the execution's is."""
        from deploy import executions
        from deploy.observing.why import diagnose

        project, aws, execution = found(arguments, terminal)
        diagnosis = diagnose(project, aws, executions.look(aws, execution.arn))
        name = name_of(project, execution)
        if arguments.output == "json":
            terminal.json(document_of(name, diagnosis))
        else:
            show(name, diagnosis, terminal)
        return 0


def show(name: str, diagnosis: Diagnosis, terminal: Terminal) -> None:
    """At most a screen: verdict, reason, figures, waits, log lines, cause, what to type."""
    from rich.text import Text

    from commands.tables import headline, now

    terminal.show(headline(name, diagnosis.seen.execution, now()))
    terminal.line(_sentence(diagnosis))
    if diagnosis.reason and not diagnosis.gates:  # a gate's own line says more
        terminal.line(f"  {diagnosis.reason}")
    if diagnosis.advice:
        terminal.line(f"  hint of the step: {diagnosis.advice}")
    for step in diagnosis.others:
        terminal.line(f'  "{step.name}" failed too: {step.reason}')
    for gate in diagnosis.gates:
        terminal.line(f"  {gate.text}{'' if gate.passed is False else '  (passed)' if gate.passed else ''}")
    for wait in diagnosis.waits:
        _show_wait(wait, terminal)
    _show_lines(diagnosis, terminal)
    if diagnosis.cause is not None:
        terminal.line()
        terminal.show(Text.assemble(("likely cause", "bold"), f"  {diagnosis.cause.name}"))
        terminal.line(f"  {diagnosis.cause.text}")
    terminal.line()
    terminal.show(Text("next", style="bold"))
    for command in diagnosis.next:
        terminal.line(f"  {command}")


def document_of(name: str, diagnosis: Diagnosis) -> dict[str, Any]:
    """The same in JSON."""
    from commands.report import execution_document, gate_document

    cause = diagnosis.cause
    return {
        "execution": execution_document(name, diagnosis.seen.execution),
        "verdict": diagnosis.verdict,
        "step": diagnosis.step.name if diagnosis.step else None,
        "reason": diagnosis.reason,
        "advice": diagnosis.advice,
        "other_failed_steps": [step.name for step in diagnosis.others],
        "lines": [{"step": line.step, "at": line.at, "text": line.text} for line in diagnosis.lines],
        "cause": {"name": cause.name, "text": cause.text} if cause else None,
        "gates": [gate_document(gate) for gate in diagnosis.gates],
        "waits": [wait_document(wait) for wait in diagnosis.waits],
        "next": list(diagnosis.next),
    }


def wait_document(wait: OpenWait) -> dict[str, Any]:
    """An open callback in JSON."""
    return {
        "step": wait.step,
        "waits_for": wait.waits_for,
        "name": wait.name,
        "since": wait.since,
        "deadline": wait.deadline,
        "looked_at": wait.looked_at,
        "next_look": wait.next_look,
        "error": wait.error,
    }


def _sentence(diagnosis: Diagnosis) -> str:
    from deploy.observing import why

    step = f' in step "{diagnosis.step.name}"' if diagnosis.step else ""
    status = diagnosis.seen.execution.status
    return {
        why.SUCCEEDED: "it succeeded",
        why.FAILED: f"it failed{step}" if status == "Failed" else f"it completed, with a failure{step}",
        why.GATE_MISSED: "a gate was missed; nothing was registered",
        why.STOPPED: f"it was stopped{step}",
        why.STOPPING: f"it is being stopped; what still has to answer is{step or ' not known'}",
        why.WAITING: f"it waits{step}",
        why.AT_WORK: f"it is at work{step}" if step else "it is at work; no step has begun yet",
    }[diagnosis.verdict]


def _show_wait(wait: OpenWait, terminal: Terminal) -> None:
    from commands.tables import between, duration, moment, now

    at = now()
    what = f'{wait.waits_for} "{wait.name}"' if wait.name else "a callback of someone else's"
    terminal.line(f"  {wait.step} waits for {what}, for {between(wait.since, None, at) or '?'}")
    if wait.deadline is not None:
        left = (wait.deadline - at).total_seconds()
        until = f"{duration(left)} from now" if left >= 0 else f"{duration(-left)} ago"
        terminal.line(f"    deadline: {moment(wait.deadline)}, {until}")
    if wait.looked_at is not None:
        terminal.line(f"    last look: {moment(wait.looked_at)}, {between(wait.looked_at, None, at)} ago")
    elif wait.name:
        terminal.line("    last look: none yet")
    if wait.next_look is not None and wait.next_look > at:
        terminal.line(f"    next look: in {duration((wait.next_look - at).total_seconds())}")
    if wait.error:
        terminal.line(f"    the last look met: {wait.error}")


def _show_lines(diagnosis: Diagnosis, terminal: Terminal) -> None:
    from rich.text import Text

    from commands.progress import readable

    if not diagnosis.lines:
        return
    terminal.line()
    terminal.show(Text.assemble(("log", "bold"), f"  {diagnosis.lines[0].step}"))
    for line in diagnosis.lines:
        terminal.line(f"  {line.at.astimezone():%H:%M:%S}  {readable(line.text)}")
