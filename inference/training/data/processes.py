"""The same function for many items, in several processes with one thread each, or in this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from inference.simulate.archive import WorkerLostError, only_one_thread

Item = TypeVar("Item")
Result = TypeVar("Result")


def spread(work: Callable[[Item], Result], items: Sequence[Item], workers: int, chunk: int = 1) -> Iterator[Result]:
    """What `work` returns for each item, in order. Raises WorkerLostError when a process ends early."""
    if workers == 1 or len(items) <= chunk:
        yield from map(work, items)
        return
    # Spawned, not forked: a fork of a process with threads can hang.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=only_one_thread) as pool:
        try:
            yield from pool.map(work, items, chunksize=chunk)
        except BrokenProcessPool as error:
            raise WorkerLostError("A process that read studies ended early, perhaps for want of memory.") from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
