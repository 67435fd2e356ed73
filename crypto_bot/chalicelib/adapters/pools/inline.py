"""Trials one after the other, in the caller's process."""

from collections.abc import Iterator, Sequence

from chalicelib.domain.bots.sweep_trial import Task, Trial, Trials


class InlinePool:
    """A TrialPool for one core, and for bots that must not be run elsewhere."""

    def __init__(self, trials: Trials) -> None:
        self._trials = trials

    def run(self, tasks: Sequence[Task], batch: int) -> Iterator[Trial]:  # noqa: ARG002
        """In their order."""
        return map(self._trials.run, tasks)

    def close(self) -> None:
        """There is nothing to end."""
