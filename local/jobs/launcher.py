"""Becomes a job's command, in a user namespace of its own with the job's folder as /opt/ml.

    python -I -S launcher.py <folder> <folder to protect, or ""> <command> [arguments]

Run as a program by itself; a server with threads cannot enter a user namespace, a fresh process can.
"""

from __future__ import annotations

import os
import sys

# -I leaves the project out of the path.
sys.path.insert(0, os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")))

from local.jobs import mounts


def main(arguments: list[str]) -> None:
    folder, protected, command = arguments[0], arguments[1], arguments[2:]
    mounts.enter_user_namespace()
    mounts.show_folder(folder, read_only=protected or None)
    os.chdir(mounts.MOUNT_POINT)
    try:
        os.execvp(command[0], command)  # noqa: S606 - the job's own command
    except OSError as error:
        print(f"the entrypoint '{command[0]}' cannot be started: {error.strerror}", file=sys.stderr)
        sys.exit(127)  # as a shell would


if __name__ == "__main__":
    main(sys.argv[1:])
