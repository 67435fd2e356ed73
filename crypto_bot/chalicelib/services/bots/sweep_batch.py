"""[tasks of a sweep] -> as many of them tried as the time allows, put where they are asked for."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.domain.bots.sweep_trial import Task, Trial, Trials
from chalicelib.ports.clock import Clock
from chalicelib.ports.sweeps import SweepShelf


def sweep_batch(
    tasks: Sequence[Task], trials: Trials, shelf: SweepShelf, clock: Clock, until: datetime
) -> int:
    """How many were tried: the first one always, and none is begun after `until`."""
    found: list[Trial] = []
    for task in tasks:
        if found and clock.now() >= until:
            break
        found.append(trials.run(task))
    if found:
        shelf.add(found)
    return len(found)
