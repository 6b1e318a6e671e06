"""Environments of steps: one per content, built once, whole or not at all."""

from __future__ import annotations

import io
import tarfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from local.environments import EnvironmentBuildError, Environments, run_command
from local.jobs.images import python_for, requirements_in
from local.settings import ImageRule


class FakeBuilder:
    """Makes the folder that `venv` would make; pip succeeds unless told otherwise."""

    def __init__(self, *, pip_says: tuple[str, ...] = (), code: int = 0) -> None:
        self.commands: list[list[str]] = []
        self._pip_says = pip_says
        self._code = code

    def __call__(
        self, command: Sequence[str], *, folder: Path, keep_open: int, line: Callable[[str], None]
    ) -> int:
        self.commands.append(list(command))
        if command[2] == "venv":
            (Path(command[3]) / "bin").mkdir(parents=True)
            return 0
        for text in self._pip_says:
            line(text)
        return self._code

    @property
    def builds(self) -> int:
        return sum(command[2] == "venv" for command in self.commands)


def requirements(folder: Path, text: str = "numpy==1.26.4\n", name: str = "requirements.txt") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_the_same_content_is_built_once(tmp_path: Path) -> None:
    """Wherever the file lies; and nothing is said when there is nothing to do."""
    builder, said = FakeBuilder(), []  # type: ignore[var-annotated]  # filled by the call
    environments = Environments(tmp_path / "e", run=builder)
    first = environments.ensure(requirements(tmp_path / "a"))
    second = environments.ensure(requirements(tmp_path / "b"), report=said.append)
    assert (
        first
        == second
        == tmp_path / "e" / environments.key(tmp_path / "a" / "requirements.txt") / "bin" / "python"
    )
    assert (builder.builds, said) == (1, [])
    assert builder.commands[1][-2:] == ["--requirement", str(tmp_path / "a" / "requirements.txt")]


def test_included_files_are_part_of_the_key(tmp_path: Path) -> None:
    """A change in a file that is included makes another environment."""
    environments = Environments(tmp_path / "e", run=FakeBuilder())
    path = requirements(tmp_path, "-r other.txt\n--constraint=limits.txt\n")
    requirements(tmp_path, "numpy==1\n", "other.txt")
    requirements(tmp_path, "numpy<2\n", "limits.txt")
    before = environments.key(path)
    requirements(tmp_path, "numpy==2\n", "other.txt")
    assert environments.key(path) != before


def test_nothing_is_an_environment_too(tmp_path: Path) -> None:
    """A bare Python, without pip being asked for anything."""
    builder = FakeBuilder()
    environments = Environments(tmp_path, run=builder)
    environments.ensure(None)
    assert [command[2] for command in builder.commands] == ["venv"]
    assert environments.is_built(None)


def test_a_failed_build_says_why_and_is_tried_again(tmp_path: Path) -> None:
    """pip's own error is the reason; the log is named; nothing half-built is used."""
    path = requirements(tmp_path)
    failing = FakeBuilder(pip_says=("Looking", "ERROR: No matching distribution found for numpy"), code=1)
    with pytest.raises(EnvironmentBuildError, match="No matching distribution found for numpy") as caught:
        Environments(tmp_path / "e", run=failing).ensure(path)
    assert caught.value.log.read_text(encoding="utf-8").splitlines()[0] == "Looking"
    working = FakeBuilder()
    Environments(tmp_path / "e", run=working).ensure(path)
    assert working.builds == 1


def test_a_killed_build_is_not_mistaken_for_a_whole_one(tmp_path: Path) -> None:
    """A folder without its mark is thrown away."""
    environments = Environments(tmp_path, run=FakeBuilder())
    (tmp_path / environments.key(None) / "lib").mkdir(parents=True)
    assert not environments.is_built(None)
    python = environments.ensure(None)
    assert not (python.parent.parent / "lib").exists()


def test_two_at_once_build_once(tmp_path: Path) -> None:
    """The second waits for the first."""
    builder = FakeBuilder()
    environments = Environments(tmp_path, run=builder)
    threads = [threading.Thread(target=environments.ensure, args=(None,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert builder.builds == 1


def test_a_command_tells_its_lines(tmp_path: Path) -> None:
    """Line by line, with its exit code."""
    lines: list[str] = []
    with (tmp_path / "lock").open("w") as lock:
        code = run_command(
            ["/bin/sh", "-c", "echo one; echo two >&2; exit 3"],
            folder=tmp_path,
            keep_open=lock.fileno(),
            line=lines.append,
        )
    assert (code, lines) == (3, ["one", "two"])


def test_a_listener_that_has_enough_ends_the_build(tmp_path: Path) -> None:
    """What it raises comes out at once, and the command is gone."""

    class EnoughError(Exception):
        pass

    def listen(_line: str) -> None:
        raise EnoughError("enough")

    began = time.monotonic()
    with (tmp_path / "lock").open("w") as lock, pytest.raises(EnoughError, match="enough"):
        run_command(
            ["/bin/sh", "-c", "echo $$; sleep 60"], folder=tmp_path, keep_open=lock.fileno(), line=listen
        )
    assert time.monotonic() - began < 10


def archive(path: Path, *names: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as target:
        for name in names:
            body = f"{name}==1\n".encode()
            member = tarfile.TarInfo(name)
            member.size = len(body)
            target.addfile(member, io.BytesIO(body))


def test_requirements_come_with_the_code(tmp_path: Path) -> None:
    """A plain file, or the shallowest in a source archive; the first input that has one."""
    (tmp_path / "empty").mkdir()
    requirements(tmp_path / "plain")
    archive(
        tmp_path / "packed" / "source.tar.gz", "steps/evaluate/requirements.txt", "steps/evaluate/main.py"
    )
    archive(tmp_path / "both" / "sourcedir.tar.gz", "a/requirements.txt", "requirements.txt")
    archive(tmp_path / "none" / "source.tar.gz", "main.py")
    work = tmp_path / "work"

    def found(*names: str) -> str | None:
        path = requirements_in([tmp_path / name for name in names], work)
        return None if path is None else str(path.relative_to(tmp_path))

    assert found("empty", "plain") == "plain/requirements.txt"
    assert found("packed") == "work/steps/evaluate/requirements.txt"
    assert found("both") == "work/requirements.txt"
    assert found("none", "empty") is None


def test_the_first_rule_that_fits_serves_the_image(tmp_path: Path) -> None:
    """By pattern; an image without a rule gets a bare Python."""
    environments = Environments(tmp_path / "e", run=FakeBuilder())
    own = requirements(tmp_path / "project", "own==1\n", "own.txt")
    rules = (ImageRule("*.dkr.ecr.*/pytorch-training:*", "own.txt"), ImageRule("*", "gone.txt"))

    def python(image: str, rules: tuple[ImageRule, ...]) -> str:
        path = python_for(
            image,
            rules,
            environments,
            root=tmp_path / "project",
            inputs=[],
            work=tmp_path / "work",
            report=lambda _: None,
        )
        return path.parent.parent.name

    image = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.5.1-cpu-py311"
    assert python(image, rules) == environments.key(own)
    assert python("other", rules[:1]) == environments.key(None)
    assert python(image, (ImageRule("*", "from-code"),)) == environments.key(None)
