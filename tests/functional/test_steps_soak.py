"""Prepare on large data: memory that does not grow with it, workers that do not outlive it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from bench.prepare import make, measure, step
from tests.fakes.steps import ROOT, step_python

pytestmark = [pytest.mark.functional, pytest.mark.soak]


def test_memory_does_not_grow_with_the_data(tmp_path: Path) -> None:
    """A million rows of 545 bytes, all checks, the report: at most 500 MB over all processes."""
    make(tmp_path, 1_000_000)
    measured = measure(step(str(step_python("prepare")), tmp_path), tmp_path)
    assert measured.megabytes <= 500


def test_workers_end_with_a_killed_parent(tmp_path: Path) -> None:
    """A SIGKILL of the step takes its reading processes with it within seconds."""
    make(tmp_path, 1_000_000)
    command = [*step(str(step_python("prepare")), tmp_path), "--workers", "2"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(workers := psutil.Process(process.pid).children(recursive=True)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert alive == []
