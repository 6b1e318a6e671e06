"""One job from its inputs to its end.

folders with inputs -> Python -> one watched process per instance -> outputs, whole or absent
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.environments import EnvironmentBuildError
from local.jobs import channels, reasons
from local.jobs.folders import command_of, input_folders, prepare
from local.jobs.images import python_for
from local.jobs.isolation import Mode, scripts_with_fixed_paths
from local.jobs.kit import JobFailedError, JobStoppedError, Kit, Outcome
from local.jobs.request import JobSpec, OutputChannel
from local.jobs.watch import Watch

_LOG = logging.getLogger(__name__)
LOG_GROUP = "/aws/sagemaker/ProcessingJobs"


class JobRun:
    """`run`, then `clean`, in a thread of the job's own; `stop` from any other."""

    def __init__(self, spec: JobSpec, description: Mapping[str, Any], folder: Path, kit: Kit) -> None:
        self._spec = spec
        self._description = description
        self._folder = folder
        self._kit = kit
        self._watch = Watch(kit, max_seconds=spec.max_seconds, log=self._log)
        self._stream_suffix = int(time.time() * 1000)

    def stop(self) -> None:
        self._watch.stop()

    def run(self) -> Outcome:
        """Never raises."""
        try:
            return self._stages()
        except Exception as error:  # noqa: BLE001 - the edge of a job: it must not stay InProgress for ever
            return self._ending(error)

    def clean(self) -> None:
        """Removes the job's folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _ending(self, error: Exception) -> Outcome:
        """What went wrong, as an outcome; anything nobody thought of is internal and goes to the log."""
        match error:
            case JobStoppedError():
                return Outcome("Stopped")
            case JobFailedError():
                return Outcome("Failed", error.reason, error.exit_message)
            case channels.ChannelError():
                reason = str(error)
            case EnvironmentBuildError():
                reason = f"ClientError: {error.fact} ({error.hint})"
            case OSError():
                reason = reasons.broken(error)
            case _:
                _LOG.error("job %s broke", self._spec.name, exc_info=error)
                reason = f"InternalServerError: {type(error).__name__}: {error}"
        return Outcome("Failed", reasons.cut(reason))

    def _stages(self) -> Outcome:
        spec, kit = self._spec, self._kit
        folders = prepare(spec, self._description, self._folder, kit, check_stop=self._watch.check_stop)
        python = self._python(folders[0])
        self._refuse_fixed_paths(folders[0])
        self._run_instances(folders, python)
        self._watch.check_stop()
        channels.upload_whole(self._outputs(folders, continuous=False), kit.objects)
        message = next(filter(None, map(reasons.exit_message, folders)), None)
        return Outcome("Completed", exit_message=message)

    def _python(self, folder: Path) -> Path:
        python = python_for(
            self._spec.image,
            self._kit.images,
            self._kit.environments,
            root=self._kit.root,
            inputs=input_folders(self._spec, folder),
            work=self._folder / "requirements",
            report=self._report,
        )
        self._watch.check_stop()
        return python

    def _report(self, line: str) -> None:
        """Of the building of an environment: in the job's log; a stop ends it."""
        self._watch.check_stop()
        self._log(self._spec.hosts[0], [line])

    def _refuse_fixed_paths(self, folder: Path) -> None:
        if self._kit.mode is not Mode.PATHS:
            return
        found = scripts_with_fixed_paths(folder / "processing" / "input")
        if found:
            raise JobFailedError(
                f"ClientError: '{found[0].name}' has /opt/ml written in it, and this machine cannot give "
                "a job its own /opt/ml: take folders from arguments, or from the variable SAGEMAKER_BASE_DIR"
            )

    def _run_instances(self, folders: list[Path], python: Path) -> None:
        """Continuous outputs are uploaded meanwhile and, whatever the end, once more after it."""
        continuous = self._outputs(folders, continuous=True)
        uploaded: dict[Path, tuple[int, int]] = {}

        def upload() -> None:
            for output, folder in continuous:
                channels.upload_changed(output, folder, self._kit.objects, uploaded)

        hosts = zip(self._spec.hosts, folders, strict=True)
        commands = [
            (host, folder, command_of(self._spec, folder, python, self._kit)) for host, folder in hosts
        ]
        try:
            self._watch.run(commands, look_around=upload if continuous else None)
        finally:
            upload()

    def _outputs(self, folders: list[Path], *, continuous: bool) -> list[tuple[OutputChannel, Path]]:
        outputs = [output for output in self._spec.outputs if output.continuous is continuous]
        return [(output, folder) for output in outputs for folder in folders]

    def _log(self, host: str, lines: list[str]) -> None:
        self._kit.logs.append(LOG_GROUP, f"{self._spec.name}/{host}-{self._stream_suffix}", lines)
