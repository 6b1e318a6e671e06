"""The folders of a job's instances, as SageMaker lays out /opt/ml: configuration, inputs, empty outputs."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local.jobs import channels
from local.jobs.instance import Command
from local.jobs.isolation import Mode
from local.jobs.kit import Kit
from local.jobs.mounts import MOUNT_POINT
from local.jobs.request import JobSpec


def prepare(
    spec: JobSpec, description: Mapping[str, Any], home: Path, kit: Kit, *, check_stop: Callable[[], None]
) -> list[Path]:
    """`<home>/<host>` for every host, with its inputs in it. Raises ChannelError, OSError."""
    shutil.rmtree(home, ignore_errors=True)
    folders = [home / host for host in spec.hosts]
    for number, folder in enumerate(folders):
        for name in ("config", "output", "tmp", "home"):
            (folder / name).mkdir(parents=True)
        _write_configuration(folder / "config", spec, description, host=spec.hosts[number])
        for channel in spec.inputs:
            check_stop()
            channels.download(channel, folder, kit.objects, host=number, hosts=len(folders))
        for output in spec.outputs:
            channels.folder_of(output.local_path, folder).mkdir(parents=True, exist_ok=True)
    return folders


def _write_configuration(folder: Path, spec: JobSpec, description: Mapping[str, Any], *, host: str) -> None:
    resources = {
        "current_host": host,
        "current_instance_type": spec.instance_type,
        "hosts": list(spec.hosts),
    }
    (folder / "resourceconfig.json").write_text(json.dumps(resources), encoding="utf-8")
    (folder / "processingjobconfig.json").write_text(json.dumps(description), encoding="utf-8")


def input_folders(spec: JobSpec, folder: Path) -> list[Path]:
    return [channels.folder_of(channel.local_path, folder) for channel in spec.inputs]


def command_of(spec: JobSpec, folder: Path, python: Path, kit: Kit) -> Command:
    """The job's command with all that its process gets: `python3` is the environment's.

    What the program itself installs with pip lands in the job's folder and goes with it, as it would with
    a container.
    """
    seen = folder if kit.mode is Mode.PATHS else Path(MOUNT_POINT)
    own, environment_folder = spec.environment, python.parent.parent
    packages = seen / "packages"
    path = (packages / "bin", python.parent, own.get("PATH") or os.environ["PATH"])
    extra = {
        **own,
        "PATH": os.pathsep.join(map(str, path)),
        "PYTHONPATH": os.pathsep.join(filter(None, (own.get("PYTHONPATH"), str(_site(packages, python))))),
        "PIP_PREFIX": str(packages),
        "VIRTUAL_ENV": str(environment_folder),
    }
    if kit.mode is not Mode.PATHS:
        # Short: sockets are made below it, and their paths may have 107 characters.
        extra["TMPDIR"] = str(seen / "tmp")
    environment = kit.children.environment(home=seen / "home", role_arn=spec.role, extra=extra)
    return Command(spec.command, environment, protected=environment_folder)


def _site(packages: Path, python: Path) -> Path:
    version = next(iter(sorted((python.parent.parent / "lib").glob("python3*"))), None)
    return packages / "lib" / (version.name if version else "python3") / "site-packages"
