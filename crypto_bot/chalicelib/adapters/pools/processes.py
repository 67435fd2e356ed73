"""Trials in several processes: each makes its bot and has its candles once, then gets tasks only.

The processes are begun anew (spawn), not forked: what the caller has open stays the caller's, and
it is the same on every system. A bot from a file is no class that could be sent, so each process
makes it by itself, from what `make` says.
"""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from multiprocessing.process import BaseProcess
from typing import Final

from chalicelib.domain.bots.refusals import BotFailed
from chalicelib.domain.bots.sweep_trial import Task, Trial, Trials

_AHEAD: Final = 2  # batches that wait for each process, so that none of them is idle
_mine: Final[list[Trials]] = []


class ProcessPool:
    """A TrialPool. `make` is a function of a module, or a partial of one, that can be sent."""

    def __init__(self, make: Callable[[], Trials], processes: int) -> None:
        self._make = make
        self._processes = processes
        self._opened: ProcessPoolExecutor | None = None
        self._children: list[BaseProcess] = []
        self._is_busy = False

    def run(self, tasks: Sequence[Task], batch: int) -> Iterator[Trial]:
        """Each batch as it ends; BotFailed where a process was killed."""
        if not tasks:
            return
        # Towards the end no process should wait for the others' long batches.
        size = max(1, min(batch, len(tasks) // (self._processes * _AHEAD)))
        batches = iter([tasks[at : at + size] for at in range(0, len(tasks), size)])
        executor = self._opened = self._opened or self._begun(len(tasks))
        waiting: set[Future[list[Trial]]] = set()
        self._is_busy = True
        try:
            while True:
                while len(waiting) < self._processes * _AHEAD and (tried := next(batches, None)):
                    waiting.add(executor.submit(_work, tried))
                if not waiting:
                    self._is_busy = False
                    return
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for each in done:
                    yield from each.result()
        except BrokenProcessPool:
            raise BotFailed(
                "a process of the sweep ended before its work did; with fewer of them (--processes)"
                " each has more memory"
            ) from None

    def close(self) -> None:
        """No process is left, not even one whose bot never comes to an end."""
        if self._opened is None:
            return
        for child in self._children if self._is_busy else ():
            child.terminate()
        self._opened.shutdown(cancel_futures=True)

    def _begun(self, most: int) -> ProcessPoolExecutor:
        count = min(self._processes, most)
        others = active_children()
        executor = ProcessPoolExecutor(
            count,
            mp_context=get_context("spawn"),
            initializer=_begin,
            initargs=(self._make,),
        )
        # Ctrl-C reaches all processes of a terminal, but it is this one that ends the others. They
        # inherit that they take no notice of it from their first moment on.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            for _ in range(count):  # each begins one
                executor.submit(_work, [])
        finally:
            signal.signal(signal.SIGINT, before)
        self._children = [child for child in active_children() if child not in others]
        return executor


def _begin(make: Callable[[], Trials]) -> None:
    _mine.append(make())


def _work(tasks: Sequence[Task]) -> list[Trial]:
    return [_mine[0].run(task) for task in tasks]
