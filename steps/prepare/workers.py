"""Examines blocks on all cores, a few in flight at a time, and gives the findings in their order."""

from __future__ import annotations

import gc
import itertools
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from steps.prepare.examine import Examiner, Findings
from steps.prepare.settings import Rules
from steps.runtime.errors import StepError
from steps.runtime.rows.blocks import Block

# Fewer blocks than this are read faster than processes start.
ALONE = 3
MAX_WORKERS = 16


def worker_count() -> int:
    """Processes for the cores that this one may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MAX_WORKERS)


def findings(
    blocks: Iterator[Block],
    rules: Rules,
    *,
    wanted: int,
    per_unit: int,
    threshold: Callable[[], int],
    workers: int,
) -> Iterator[Findings]:
    """Examines every block; `threshold` is asked anew for each, since it falls as candidates come in."""
    first = list(itertools.islice(blocks, ALONE))
    if workers < 2 or len(first) < ALONE:
        examiner = Examiner(rules, wanted=wanted, per_unit=per_unit)
        for block in itertools.chain(first, blocks):
            yield examiner.examine(block, threshold())
        return
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _start, (os.getpid(), rules, wanted, per_unit))
    flying: deque[Future[Findings]] = deque()
    try:
        for block in itertools.chain(first, blocks):
            flying.append(pool.submit(_examine, block, threshold()))
            if len(flying) > 2 * workers:
                yield flying.popleft().result()
        while flying:
            yield flying.popleft().result()
    except BrokenProcessPool as error:
        raise StepError(
            "a worker process was killed while it read rows", hint="use an instance type with more memory"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_examiner: list[Examiner] = []


def _start(parent: int, rules: Rules, wanted: int, per_unit: int) -> None:
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    # Rows make no cycles; looking for some after every 700 of them takes a tenth of the time.
    gc.freeze()
    gc.set_threshold(200_000)
    _examiner.append(Examiner(rules, wanted=wanted, per_unit=per_unit))


def _end_with(parent: int) -> None:
    """A worker whose parent was killed would wait for blocks for ever."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _examine(block: Block, threshold: int) -> Findings:
    return _examiner[0].examine(block, threshold)
