"""The function that tries a batch of a sweep, called by the state machine of infra/modules/sweeps.

Its event is what Step Functions makes of a batch: {"BatchInput": {"sweep": KEY}, "Items": [...]},
and once it has been called, `progress` with its own last answer.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from chalicelib import bootstrap
from chalicelib.adapters.sweep_objects import SweepObjects
from chalicelib.bootstrap.market import lake
from chalicelib.bootstrap.sweeps import program
from chalicelib.domain.bots.sweep_rows import task_of
from chalicelib.services.bots import sweep_batch as trying

if TYPE_CHECKING:
    from chalicelib.domain.bots.sweep_trial import Trials

# Kept of a function's time for the trial that is under way, and to put away what was found.
_NEEDED: Final = timedelta(seconds=60)


def sweep_batch(event: Mapping[str, Any], context: Any) -> dict[str, int]:
    """How many of the batch were tried by now, and how many are left for the next call.

    A batch without items only reads the question, so that what is wrong with it is told at once.
    """
    key: str = event["BatchInput"]["sweep"]
    first: int = event.get("progress", {}).get("first", 0)
    tasks = [task_of(row) for row in event["Items"]]
    clock = bootstrap.clock()
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    until = clock.now() + left - _NEEDED
    done = first + trying.sweep_batch(
        tasks[first:], _trials(key), SweepObjects(lake(), key), clock, until
    )
    return {"first": done, "left": len(tasks) - done}


def _trials(key: str) -> "Trials":
    """A function is called for one batch after the other, and keeps the indicators, too."""
    kept = _kept()
    if key not in kept:
        kept.clear()
        kept[key] = SweepObjects(lake(), key).question(program())
    return kept[key]


@bootstrap.made_once
def _kept() -> "dict[str, Trials]":
    return {}
