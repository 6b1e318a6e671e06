"""A job's own /opt/ml in every way that this machine can give it, and without any."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from local.environments import Environments
from local.jobs.isolation import Mode, working_modes
from local.jobs.kit import Kit, Outcome
from local.jobs.request import InputChannel, JobSpec, OutputChannel
from local.jobs.run import JobRun

pytestmark = pytest.mark.functional

ASKS = """
import os, sys
from pathlib import Path
base = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
text = Path(sys.argv[1]).read_text() + os.environ["EXTRA"].rpartition("/")[2]
(base / "processing" / "out" / "x").write_text(text)
try:
    Path(os.environ["VIRTUAL_ENV"], "written").touch()
    print("the shared environment can be written")
except OSError as error:
    print(error.strerror)
"""
FIXED = 'open("/opt/ml/processing/out/x", "w").write("fixed")'


class Folder:
    """Objects as files below a folder; `full` makes its disk full."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.full = False

    def list(self, uri_prefix: str) -> Sequence[tuple[str, int]]:
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        uris = [f"s3://{path.relative_to(self.folder)}" for path in files]
        return [(uri, 0) for uri in uris if uri.startswith(uri_prefix)]

    def path(self, uri: str) -> Path:
        return self.folder / uri.removeprefix("s3://")

    def read(self, uri: str) -> bytes:
        return self.path(uri).read_bytes()

    def put_file(self, path: Path, uri: str) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.path(uri).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, self.path(uri))

    def delete(self, uri: str) -> None:
        self.path(uri).unlink()


class Processes:
    """Plain processes with a plain environment."""

    def spawn(
        self, command: Sequence[str], *, environment: Mapping[str, str], folder: Path, stdout: int
    ) -> subprocess.Popen[Any]:
        return subprocess.Popen(
            list(command), env=dict(environment), cwd=folder, stdout=stdout, stderr=subprocess.STDOUT
        )

    def ended(self, process: subprocess.Popen[Any]) -> None:
        """Nothing is counted here."""

    def kill(self, process: subprocess.Popen[Any], *, grace_seconds: float = 0) -> None:
        process.kill()

    def environment(
        self, *, home: Path, role_arn: str | None = None, extra: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        return {"HOME": str(home), **(extra or {})}


class Lines:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def append(self, group: str, stream: str, lines: list[str]) -> None:
        self.lines += lines


def this_python(command: Sequence[str], *, folder: Path, keep_open: int, line: Callable[[str], None]) -> int:
    """Stands for `venv`: a folder whose python3 is this one."""
    home = Path(command[3]) / "bin"
    home.mkdir(parents=True)
    for name in ("python", "python3"):
        (home / name).symlink_to(sys.executable)
    return 0


class World:
    def __init__(self, tmp_path: Path, mode: Mode) -> None:
        self.objects = Folder(tmp_path / "s3")
        self.logs = Lines()
        self._mode = mode
        self._tmp = tmp_path
        for key, text in (
            ("bucket/data/d.txt", "data "),
            ("bucket/code/asks.py", ASKS),
            ("bucket/fixed/f.py", FIXED),
        ):
            path = tmp_path / "s3" / key
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")

    def run(self, code: str, script: str, *arguments: str) -> Outcome:
        kit = Kit(
            objects=self.objects,
            logs=self.logs,
            children=Processes(),
            environments=Environments(self._tmp / "environments", run=this_python),
            images=(),
            root=self._tmp,
            mode=self._mode,
        )
        spec = JobSpec(
            name="job",
            image="image",
            command=("python3", f"/opt/ml/processing/input/code/{script}", *arguments),
            role="role",
            environment={"EXTRA": "/opt/ml/extra"},
            inputs=(
                InputChannel("code", code, "/opt/ml/processing/input/code"),
                InputChannel("data", "s3://bucket/data", "/opt/ml/processing/input/data"),
            ),
            outputs=(OutputChannel("out", "s3://bucket/out", "/opt/ml/processing/out"),),
        )
        job = JobRun(spec, {}, self._tmp / "jobs" / "job", kit)
        outcome = job.run()
        job.clean()
        return outcome


def seen_from_outside() -> tuple[bool, str]:
    table = Path("/proc/self/mounts")
    return os.path.lexists("/opt/ml"), table.read_text() if table.exists() else ""


@pytest.fixture(params=working_modes(), ids=lambda mode: mode.name)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    before = seen_from_outside()
    yield World(tmp_path, request.param)
    assert not (tmp_path / "jobs" / "job").exists()
    # Nothing of a job's mounts is seen outside it.
    assert seen_from_outside() == before


def test_a_script_that_asks_for_its_folder_runs_anywhere(world: World) -> None:
    """Paths in arguments and environment are right in every mode."""
    outcome = world.run("s3://bucket/code", "asks.py", "/opt/ml/processing/input/data/d.txt")
    assert outcome == Outcome("Completed")
    assert world.objects.read("s3://bucket/out/x") == b"data extra"


def test_a_script_with_a_written_path_runs_or_is_refused(world: World) -> None:
    """It sees /opt/ml where that can be had, and is refused by name where it cannot."""
    outcome = world.run("s3://bucket/fixed", "f.py")
    if world._mode is Mode.PATHS:
        assert str(outcome.failure_reason).startswith(
            "ClientError: 'f.py' has /opt/ml written in it, and this"
        )
        assert list(world.objects.list("s3://bucket/out")) == []
    else:
        assert world.objects.read("s3://bucket/out/x") == b"fixed"


def test_the_shared_environment_is_not_written(world: World) -> None:
    """In a mount namespace it is read-only; elsewhere nothing can keep a job from it."""
    world.run("s3://bucket/code", "asks.py", "/opt/ml/processing/input/data/d.txt")
    expected = (
        "the shared environment can be written" if world._mode is Mode.PATHS else "Read-only file system"
    )
    assert world.logs.lines[-1] == expected


def test_a_program_that_is_not_there_is_named(world: World) -> None:
    """The same words in every mode."""
    world.objects.path("s3://bucket/code/asks.py").write_text("#!/no/such/interpreter\n", encoding="utf-8")
    outcome = world.run("s3://bucket/code", "gone.py")
    assert outcome.status == "Failed"
    assert "exit code: 2" in str(outcome.failure_reason)
    assert "gone.py" in str(outcome.failure_reason)


def test_a_full_disk_fails_the_job_in_words(world: World) -> None:
    """Nothing of the output is left."""
    world.objects.full = True
    outcome = world.run("s3://bucket/code", "asks.py", "/opt/ml/processing/input/data/d.txt")
    assert outcome.failure_reason == (
        "ClientError: Output 'out' (s3://bucket/out/x) cannot be written: No space left on device"
    )
    assert list(world.objects.list("s3://bucket/out")) == []
