"""Outlives the stand-in by a moment: kills the process groups it left behind.

Standard input carries a line per child, "+<group>" when it starts and "-<group>" when it ended; the end of
the input means that the stand-in is gone, by `down`, by a crash or by kill -9.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        _kill(group)


def _kill(group: int) -> None:
    """The group, and descendants that have left it."""
    with contextlib.suppress(ImportError):
        import psutil

        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(group).children(recursive=True):
                process.kill()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
