"""[tasks of a sweep] -> as many of them tried as the time allows, put where they are asked for."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.domain.bots.sweep_trial import Task, Trial
from chalicelib.ports.clock import Clock
from chalicelib.ports.sweeps import SweepShelf, Try


def sweep_batch(
    tasks: Sequence[Task], some: Try, shelf: SweepShelf, clock: Clock, until: datetime
) -> int:
    """How many were tried: the first one always, and none is begun after `until`.

    Where one of them stops it all, those before it are put away.
    """
    found: list[Trial] = []
    try:
        while len(found) < len(tasks) and not (found and clock.now() >= until):
            found += some(tasks[len(found) :])
    finally:
        if found:
            shelf.add(found)
    return len(found)
