"""The processes of a job while they run: started together, watched, ended together."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from local.jobs import reasons
from local.jobs.instance import Command, Instance, start
from local.jobs.kit import JobFailedError, JobStoppedError, Kit

News = tuple[Instance, int]


class Watch:
    """`stop` may be called from any thread; everything else belongs to the job's own."""

    def __init__(self, kit: Kit, *, max_seconds: float, log: Callable[[str, list[str]], None]) -> None:
        self._kit = kit
        self._max_seconds = max_seconds
        self._log = log
        self._stop_wanted = threading.Event()
        self._news: queue.SimpleQueue[News | None] = queue.SimpleQueue()

    def stop(self) -> None:
        self._stop_wanted.set()
        self._news.put(None)

    def check_stop(self) -> None:
        if self._stop_wanted.is_set():
            raise JobStoppedError("the job was asked to stop")

    def run(
        self, commands: Sequence[tuple[str, Path, Command]], *, look_around: Callable[[], None] | None
    ) -> None:
        """Runs (host, folder, command) of every instance until all have ended well.

        The first that fails, the time limit and a stop end all of them: JobFailedError, JobStoppedError.
        `look_around` is called about every second.
        """
        running: list[Instance] = []
        try:
            for host, folder, command in commands:
                running.append(self._start(host, folder, command))
            self._follow(
                {host: folder for host, folder, _ in commands},
                time.monotonic() + self._max_seconds,
                look_around,
            )
        finally:
            self._end(running)

    def _start(self, host: str, folder: Path, command: Command) -> Instance:
        try:
            instance = start(
                host,
                command,
                folder,
                mode=self._kit.mode,
                children=self._kit.children,
                lines=lambda lines: self._log(host, lines),
            )
        except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
            what = f"the entrypoint '{command.arguments[0]}' cannot be started: {error.strerror}"
            raise JobFailedError(f"AlgorithmError: {what}, exit code: 127") from error
        threading.Thread(target=self._wait, args=(instance,), name=f"wait for {host}", daemon=True).start()
        return instance

    def _wait(self, instance: Instance) -> None:
        self._news.put((instance, instance.wait()))

    def _follow(
        self, folders: dict[str, Path], deadline: float, look_around: Callable[[], None] | None
    ) -> None:
        left = set(folders)
        while left:
            news = self._next(deadline, 1.0 if look_around else None)
            self.check_stop()
            if news is not None:
                instance, code = news
                left.discard(instance.host)
                if code != 0:
                    raise _failed(instance, code, folders[instance.host], alone=len(folders) == 1)
            if look_around is not None:
                look_around()

    def _next(self, deadline: float, at_most: float | None) -> News | None:
        """The next end of an instance, or None when there was none for `at_most` seconds."""
        remaining = max(0.0, deadline - time.monotonic())
        try:
            return self._news.get(timeout=remaining if at_most is None else min(remaining, at_most))
        except queue.Empty:
            if time.monotonic() < deadline:
                return None
            raise JobFailedError(reasons.over_time(int(self._max_seconds))) from None

    def _end(self, running: list[Instance]) -> None:
        grace = {"grace_seconds": self._kit.grace_seconds}
        left = [instance for instance in running if instance.is_running()]
        killers = [threading.Thread(target=instance.kill, kwargs=grace, daemon=True) for instance in left]
        for killer in killers:
            killer.start()
        for killer in killers:
            killer.join()


def _failed(instance: Instance, code: int, folder: Path, *, alone: bool) -> JobFailedError:
    message = reasons.exit_message(folder)
    host = None if alone else instance.host
    reason = reasons.failure(code, message=message, last_lines=list(instance.last_lines), host=host)
    return JobFailedError(reason, message)
