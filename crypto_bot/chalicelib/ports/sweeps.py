"""Where the trials of a sweep are run, and where their results are kept."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from chalicelib.domain.bots.sweep_trial import Task, Trial

# The trials of the first ones of some tasks, in their order: of one at least.
Try = Callable[[Sequence[Task]], Sequence[Trial]]


class TrialPool(Protocol):
    """Has the bot, its candles and its terms already."""

    def run(self, tasks: Sequence[Task], batch: int) -> Iterator[Trial]:
        """Each as soon as it is there, in any order; so many at a time are handed out."""
        ...

    def close(self) -> None:
        """Nothing of it is left over, however it ended."""
        ...


class TrialLog(Protocol):
    """The trials of one bot with one set of terms on one set of candles."""

    def known(self) -> Sequence[Trial]:
        """All that were added, by earlier sweeps too."""
        ...

    def add(self, trial: Trial) -> None:
        """Kept from now on, whatever happens to the process."""
        ...


class SweepShelf(Protocol):
    """Of one sweep on a stage: what its functions are asked, and what they have found."""

    def ask(self, tasks: Sequence[Task], run: str) -> str:
        """The key of their list, as a state machine reads it. `run` is another one each time."""
        ...

    def results(self, run: str) -> str:
        """What the keys begin with under which that run's state machine says how it went."""
        ...

    def add(self, trials: Sequence[Trial]) -> None:
        """Nothing happens where the very same are there."""
        ...

    def arrived(self) -> Iterator[Trial]:
        """Those that were added since the last call, by whomever; at first, all."""
        ...
