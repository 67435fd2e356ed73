"""Where independent work runs side by side."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Workers(Protocol):
    """Where independent tasks run side by side."""

    def run_all(self, tasks: Sequence[Callable[[], T]], limit: int) -> list[T]:
        """Results in the order of the tasks, at most `limit` at once.

        A task that raises does not stop the others; the first error is raised when all ended.
        """
        ...
