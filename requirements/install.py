"""Makes `.venv`, the platform's environment, from the locked requirement files.

    python requirements/install.py platform     what `make run` needs
    python requirements/install.py dev          that, and what tests, lint and types need

Standard library only: it runs before anything is installed. A second call with unchanged
files installs nothing and writes nothing; a call that was killed is made good by the next
one, because the stamp is written last.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
VENV = ROOT / ".venv"
SUPPORTED = ((3, 11), (3, 12))
# What a set is made of, in the order of installation; a larger set stamps the smaller ones too.
SETS = {"platform": ("platform",), "dev": ("platform", "dev")}


def main() -> int:
    """Installs the set named on the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Make .venv from the locked requirement files.")
    parser.add_argument("set", choices=sorted(SETS))
    wanted = parser.parse_args().set
    if sys.version_info[:2] not in SUPPORTED:
        found = ".".join(map(str, sys.version_info[:3]))
        print(
            f"error: Python {found} is not supported, 3.11 and 3.12 are"
            " (hint: make PYTHON=/path/to/python3.12 ...)",
            file=sys.stderr,
        )
        return 2
    if is_current(wanted):
        return 0
    try:
        with one_at_a_time():
            return install(wanted)
    except KeyboardInterrupt:
        print("interrupted; the next call goes on", file=sys.stderr)
        return 130
    except subprocess.CalledProcessError:
        print(f"error: {sys.executable} could not make {VENV} (its reason is above)", file=sys.stderr)
        print("hint: make PYTHON=/path/to/another/python3.12 ...", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: cannot write to {error.filename or ROOT}: {error.strerror}", file=sys.stderr)
        print("hint: use a checkout on a disk with room that this user may write to", file=sys.stderr)
        return 1


def install(wanted: str) -> int:
    """Brings `.venv` to the locked state of `wanted`; a no-op where its stamp is current."""
    if is_current(wanted):
        return 0
    started = time.monotonic()
    make_environment()
    locked = HERE / f"{wanted}.txt"
    count = sum(line_count(HERE / f"{part}.txt") for part in SETS[wanted])
    print(f"installing {count} locked packages into .venv ...", flush=True)
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    finished = subprocess.run([*command, "--requirement", str(locked)], check=False)
    if finished.returncode != 0:
        print("error: pip could not install the locked packages (its reason is above)", file=sys.stderr)
        print("hint: check that this machine reaches its package index, then repeat", file=sys.stderr)
        return 1
    for part in SETS[wanted]:
        stamp(part).write_text(fingerprint(part))
    print(f"installed in {time.monotonic() - started:.0f} s", flush=True)
    return 0


def is_current(wanted: str) -> bool:
    """Whether the Python is there, and every part carries the stamp of today's lock and this Python."""
    stamps = {stamp(part): fingerprint(part) for part in SETS[wanted]}
    made = (VENV / "bin" / "python").exists()  # not so for a link to a Python that was removed since
    return made and all(path.is_file() and path.read_text() == text for path, text in stamps.items())


def make_environment() -> None:
    """Creates `.venv`, anew where another Python version made it or where it was not made to its end."""
    minor = f"{sys.version_info[0]}.{sys.version_info[1]}"
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--version"]
    same = (VENV / "lib" / f"python{minor}").is_dir() and (VENV / "bin" / "python").exists()
    if not same or subprocess.run(pip, check=False, capture_output=True).returncode != 0:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)


def fingerprint(part: str) -> str:
    """The hash of a part's lock together with the Python version it is installed for."""
    text = (HERE / f"{part}.txt").read_bytes() + f"{sys.version_info[:2]}".encode()
    return hashlib.sha256(text).hexdigest()


def stamp(part: str) -> Path:
    """Where the fingerprint of an installed part lies."""
    return VENV / f".installed-{part}"


def line_count(path: Path) -> int:
    """The number of packages that a lock names."""
    return sum("==" in line for line in path.read_text().splitlines())


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Keeps two installers apart: the second waits, then finds the work done."""
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
