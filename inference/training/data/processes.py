"""The same work on many things, by several processes with one thread each, or by this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from inference.simulate.archive import WorkerLostError, only_one_thread

Thing = TypeVar("Thing")
Made = TypeVar("Made")


def spread(work: Callable[[Thing], Made], things: Sequence[Thing], workers: int, chunk: int = 1) -> Iterator[Made]:
    """What `work` makes of each thing, in order. Raises WorkerLostError when a process ends before its time."""
    if workers == 1 or len(things) <= chunk:
        yield from map(work, things)
        return
    # Spawned, not forked: a fork of a process with threads can hang.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=only_one_thread) as pool:
        try:
            yield from pool.map(work, things, chunksize=chunk)
        except BrokenProcessPool as error:
            raise WorkerLostError("A process that read studies ended early, perhaps for want of memory.") from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
