"""What a step's container starts: unpacks the step's code, makes its requirements true, becomes the step.

    python3 entrypoint.py <step> [arguments of the step]

It lies beside `source.tar.gz`, which holds `steps/runtime/`, `steps/<step>/` and the step's pinned
`requirements.txt` (at the archive's root or in `steps/<step>/`). It is uploaded alone, so it imports the
standard library and nothing else. The code folder may be read-only: everything is unpacked elsewhere.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NoReturn

# Longest reason that a processing job reports (ExitMessage).
MESSAGE_LIMIT = 1024
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;#]+)")
# Nothing that a step imports reports home.
QUIET = {
    "DISABLE_FMEVAL_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "MPLBACKEND": "Agg",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONUTF8": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TOKENIZERS_PARALLELISM": "false",
}
SDK_CONFIG = 'SchemaVersion: "1.0"\nSageMaker:\n  PythonSDK:\n    Modules:\n      TelemetryOptOut: true\n'


class StartError(Exception):
    """The step could not be started."""


def main(arguments: list[str]) -> NoReturn:
    """Replaces this process by the step, or reports one reason and exits with 1."""
    try:
        if not arguments or not re.fullmatch(r"[a-z][a-z0-9_]*", arguments[0]):
            raise StartError("the first argument must be the name of a step, such as: entrypoint.py prepare")
        step, work = arguments[0], Path(tempfile.mkdtemp(prefix="step-"))
        code = unpack(Path(__file__).resolve().parent / "source.tar.gz", work / "code")
        if not (code / "steps" / step / "__main__.py").is_file():
            raise StartError(f'source.tar.gz holds no step "{step}" (steps/{step}/__main__.py)')
        satisfy(requirements_of(code, step), wheelhouse())
        environment = step_environment(work)
    except StartError as error:
        report(str(error))
        sys.exit(1)
    os.chdir(code)
    os.execve(sys.executable, [sys.executable, "-m", f"steps.{step}", *arguments[1:]], environment)  # noqa: S606


def unpack(archive: Path, folder: Path) -> Path:
    """Extracts plain files below `folder`; refuses links, devices and paths that lead elsewhere."""
    try:
        with tarfile.open(archive, "r:gz") as source:
            for member in source:
                target = (folder / member.name).resolve()
                if not (member.isfile() or member.isdir()) or not target.is_relative_to(folder.resolve()):
                    raise StartError(f'{archive.name} holds "{member.name}", which is no plain file below it')
                member.mode = 0o755 if member.isdir() else 0o644
                source.extract(member, folder, filter="data")
    except FileNotFoundError:
        raise StartError(f"the step's code is missing: no {archive.name} in {archive.parent}") from None
    except (tarfile.TarError, EOFError, OSError) as error:
        raise StartError(f"{archive.name} cannot be unpacked: {error}") from error
    return folder


def requirements_of(code: Path, step: str) -> Path | None:
    """The step's requirements file, None where it needs nothing."""
    places = (code / "requirements.txt", code / "steps" / step / "requirements.txt")
    return next((place for place in places if place.is_file()), None)


def wheelhouse() -> Path | None:
    """The folder of wheels that the job was given, for networks without internet."""
    folder = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "processing" / "input" / "wheelhouse"
    return folder if folder.is_dir() else None


def unsatisfied(lines: Iterable[str]) -> list[str]:
    """The pins that what is installed does not fulfil; a local build such as +cpu does."""
    missing = []
    for match in filter(None, map(PIN.match, lines)):
        name, wanted = match.groups()
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            installed = ""
        if wanted not in (installed, installed.partition("+")[0]):
            missing.append(f"{name}=={wanted}")
    return missing


def satisfy(requirements: Path | None, wheels: Path | None) -> None:
    """Installs the pins where something is missing; with a wheelhouse, from nowhere else."""
    missing = unsatisfied(requirements.read_text(encoding="utf-8").splitlines()) if requirements else []
    if not missing:
        return
    origin = ["--no-index", "--find-links", str(wheels)] if wheels else []
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", *origin]
    print(f"installing {len(missing)} packages ({', '.join(missing[:4])}, ...)", flush=True)
    finished = subprocess.run(
        [*command, "--requirement", str(requirements)], check=False, stderr=subprocess.PIPE, text=True
    )
    if finished.returncode != 0:
        errors = [line for line in finished.stderr.splitlines() if line.startswith("ERROR")]
        reason = (errors or finished.stderr.splitlines() or ["pip said nothing"])[-1]
        place = f"from the wheelhouse {wheels}" if wheels else "(no wheelhouse is given)"
        raise StartError(
            f"{len(missing)} required packages are missing, first {missing[0]}, and pip could not install"
            f" them {place}: {reason}"
        )


def step_environment(work: Path) -> Mapping[str, str]:
    """The step's environment: telemetry off, caches of libraries in the work folder."""
    config = work / "sagemaker-sdk.yaml"
    config.write_text(SDK_CONFIG, encoding="utf-8")
    own = {
        "MPLCONFIGDIR": str(work / "matplotlib"),
        "SAGEMAKER_USER_CONFIG_OVERRIDE": str(config),
        "STEP_WORK_FOLDER": str(work),  # runtime/process.py removes it
    }
    # What the job's owner set stands, also where it differs from ours.
    return {**QUIET, **own, **os.environ, "STEP_WORK_FOLDER": str(work)}


def report(reason: str) -> None:
    """One line on stderr, and the reason where SageMaker looks for it."""
    print(f"error: {reason}", file=sys.stderr, flush=True)
    message = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "output" / "message"
    with contextlib.suppress(OSError):  # outside a container there is no such place
        message.parent.mkdir(parents=True, exist_ok=True)
        message.write_text(reason[:MESSAGE_LIMIT], encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
