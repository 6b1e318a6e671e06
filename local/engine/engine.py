"""The engine: starts, stops, retries and takes up executions of pipeline definitions."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from local.api import ApiError
from local.engine.callbacks import Callbacks
from local.engine.definition import Definition, DefinitionError, parse_definition
from local.engine.graph import Graph, build_graph
from local.engine.ids import execution_id
from local.engine.ledger import ENDED, Ledger
from local.engine.parameters import ParameterError, merge
from local.engine.ports import Machine
from local.engine.records import Execution, Pipeline, Step, Version
from local.engine.run import ExecutionRun
from local.engine.selection import SelectionError, plan_selection, selected_part
from local.engine.steps.contract import StopSignal
from local.engine.steps.table import STEP_TYPES, unsupported
from local.engine.work import Setting


@dataclass(frozen=True)
class StartRequest:
    """What StartPipelineExecution adds to the pipeline."""

    parameters: tuple[Mapping[str, Any], ...] = ()
    display_name: str | None = None
    description: str | None = None
    parallelism: int | None = None
    selection: Mapping[str, Any] | None = None
    role: str | None = None


class Engine:
    """Every method may be called from any thread."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._runs: dict[str, ExecutionRun] = {}
        self._lock = threading.RLock()
        self.ledger = Ledger(machine)
        self.callbacks = Callbacks(machine.documents)

    def start(self, pipeline: Pipeline, version: Version, request: StartRequest) -> Execution:
        """Checks everything that can be checked before a step starts; ApiError where something is wrong."""
        whole = checked_graph(version.definition)
        _refuse_unsupported(whole.definition)
        parameters = _parameters(whole.definition, request.parameters)
        execution = self._new_execution(pipeline, version, request, parameters)
        execution = replace(execution, experiment=_plain(whole.definition.experiment))
        graph, reused = self._selected(whole, execution)
        with self._lock:
            self.ledger.open(execution)
            for step in reused:
                self.ledger.write_step(execution, step)
            self._run(execution, graph)
        return execution

    def stop(self, execution: Execution) -> None:
        with self._lock:
            current = self.ledger.execution(execution.key)
            run = self._runs.get(execution.key)
            if current is not None and current.status == "Executing" and run is None:
                # After a restart, before `resume` has come to it: it will find what is written here.
                self.ledger.change_execution(execution.key, status="Stopping")
                return
        if current is not None and current.status == "Stopping":
            return
        if run is None or not run.stop():
            raise _wrong_status(execution, current, "is Executing can be stopped")

    def retry(self, execution: Execution, *, parallelism: int | None = None) -> None:
        """The same execution again: what succeeded is kept, what failed or was stopped is run anew."""
        with self._lock:
            current = self.ledger.execution(execution.key)
            if current is None or current.status not in ("Failed", "Stopped"):
                raise _wrong_status(execution, current, "Failed or was Stopped can be retried")
            graph = self._graph(current)
            for step in self.ledger.steps(execution.key):
                if step.status != "Succeeded":
                    self.ledger.forget_step(execution, step.name)
            changes: dict[str, Any] = {} if parallelism is None else {"parallelism": parallelism}
            again = self.ledger.change_execution(
                execution.key, status="Executing", failure_reason=None, ended=None, **changes
            )
            self._run(again, graph)

    def changed(self, execution: Execution) -> None:
        """Tells a running execution that its entry was changed."""
        with self._lock:
            run = self._runs.get(execution.key)
        if run is not None:
            run.nudge()

    def resume(self) -> None:
        """After a restart: takes up every execution that had not ended."""
        with self._lock:
            for execution in self.ledger.executions():
                self.ledger.announce(execution)
                if execution.status not in ENDED:
                    self._take_up(execution)

    def _take_up(self, execution: Execution) -> None:
        """One that cannot be taken up (its definition is gone) must not keep the others from it."""
        try:
            self._run(execution, self._graph(execution))
        except (ApiError, LookupError) as error:
            self.ledger.end_execution(execution.key, "Failed", f"InternalServerError: {error}")

    def close(self) -> None:
        """The machine goes down: what runs is left as it is, to be taken up by `resume`."""
        self.ledger.close()

    def _run(self, execution: Execution, graph: Graph) -> None:
        setting = Setting(
            machine=self._machine,
            ledger=self.ledger,
            callbacks=self.callbacks,
            execution=execution,
            definition=graph.definition,
            stop=StopSignal(),
        )
        if execution.status == "Stopping":
            setting.stop.tell()
        run = ExecutionRun(setting, graph, ended=self._forget)
        self._runs[execution.key] = run
        run.start()

    def _forget(self, key: str) -> None:
        with self._lock:
            current = self.ledger.execution(key)
            if current is None or current.status in ENDED:
                self._runs.pop(key, None)

    def _graph(self, execution: Execution) -> Graph:
        """The graph as it was started: of a selective execution, only what was selected."""
        graph = checked_graph(self.ledger.definition(execution))
        return graph if execution.selection is None else selected_part(graph, execution.selection)

    def _selected(self, graph: Graph, execution: Execution) -> tuple[Graph, list[Step]]:
        if execution.selection is None:
            return graph, []
        source = self._source(execution)
        try:
            return plan_selection(
                graph, execution.selection, source, self.ledger.steps(source.key) if source else []
            )
        except SelectionError as error:
            raise ApiError("ValidationException", str(error)) from error

    def _source(self, execution: Execution) -> Execution | None:
        arn = (execution.selection or {}).get("SourcePipelineExecutionArn")
        if arn is None:
            return None
        found = next((e for e in self.ledger.executions(execution.pipeline) if e.arn == arn), None)
        if found is None:
            raise ApiError("ResourceNotFound", f"The pipeline execution '{arn}' does not exist.")
        return found

    def _new_execution(
        self, pipeline: Pipeline, version: Version, request: StartRequest, parameters: dict[str, Any]
    ) -> Execution:
        name, now = execution_id(), self._machine.clock()
        return Execution(
            id=name,
            arn=f"{pipeline.arn}/execution/{name}",
            pipeline=pipeline.name,
            pipeline_arn=pipeline.arn,
            role=request.role or pipeline.role,
            version=version.id,
            definition=self.ledger.keep_definition(pipeline.name, version.definition),
            parameters=parameters,
            status="Executing",
            created=now,
            modified=now,
            display_name=request.display_name or f"execution-{int(now * 1000)}",  # as the service calls it
            description=request.description,
            parallelism=request.parallelism or pipeline.parallelism,
            selection=None if request.selection is None else dict(request.selection),
        )


def checked_graph(text: str) -> Graph:
    """The graph of a definition; ApiError says what is wrong with it."""
    try:
        return build_graph(parse_definition(text))
    except DefinitionError as error:
        raise ApiError("ValidationException", str(error)) from error


def _plain(experiment: Mapping[str, Any] | None) -> dict[str, str] | None:
    """The stand-in keeps no experiments: their names are only shown, where they are plain texts."""
    return {k: v for k, v in (experiment or {}).items() if isinstance(v, str)} or None


def _wrong_status(execution: Execution, current: Execution | None, wanted: str) -> ApiError:
    status = current.status if current else "gone"
    message = f"The pipeline execution '{execution.arn}' is {status}; only one that {wanted}."
    return ApiError("ValidationException", message)


def _parameters(definition: Definition, given: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    try:
        return dict(merge(definition.parameters, given))
    except ParameterError as error:
        raise ApiError("ValidationException", str(error)) from error


def _refuse_unsupported(definition: Definition) -> None:
    found = unsupported(definition)
    if found:
        raise ApiError(
            "ValidationException",
            f"These steps are of types that do not run here: {', '.join(found)}. "
            f"Types that do: {', '.join(STEP_TYPES)}.",
        )
