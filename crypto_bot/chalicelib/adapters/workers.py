"""Where independent tasks run: side by side in threads, or one after the other in the caller's."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")


class ThreadWorkers:
    """Threads that live as long as one call, so that a task may itself run tasks."""

    def run_all(self, tasks: Sequence[Callable[[], T]], limit: int) -> list[T]:
        """Results in the order of the tasks; of several errors the earliest task's is raised."""
        _check(limit)
        if len(tasks) <= 1:
            return [task() for task in tasks]
        with ThreadPoolExecutor(min(limit, len(tasks)), thread_name_prefix="worker") as pool:
            # What the caller's log lines carry, the tasks' lines carry, too.
            futures = [pool.submit(copy_context().run, task) for task in tasks]
        return [future.result() for future in futures]


class InlineWorkers:
    """The same promise in the calling thread: a replay or a test repeats itself exactly."""

    def run_all(self, tasks: Sequence[Callable[[], T]], limit: int) -> list[T]:
        """Results in the order of the tasks; of several errors the earliest task's is raised."""
        _check(limit)
        results: list[T] = []
        errors: list[Exception] = []
        for task in tasks:
            try:
                results.append(task())
            except Exception as error:  # noqa: BLE001 - raised below, once the others have run
                errors.append(error)
        if errors:
            raise errors[0]
        return results


def _check(limit: int) -> None:
    if limit < 1:
        raise ValueError(f"limit is {limit}; at least one task must be allowed to run at once")
