"""The function that tries a batch of a sweep, called by the state machine of infra/modules/sweeps.

Its event is what Step Functions makes of a batch: {"BatchInput": {"sweep": KEY}, "Items": [...]},
and once it has been called, `progress` with its own last answer. A batch without items has
`at_once` instead, how many functions a sweep may call at once.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chalicelib import bootstrap
from chalicelib.adapters.sweep_objects import SweepObjects
from chalicelib.bootstrap.market import lake
from chalicelib.bootstrap.sweeps import BatchDesk, batch_desk
from chalicelib.domain.bots.sweep_rows import task_of
from chalicelib.services.bots import sweep_batch as trying


def sweep_batch(event: Mapping[str, Any], context: Any) -> dict[str, int]:
    """How many of the batch were tried by now, and how many are left for the next call.

    A batch without items only reads the question and has a bot of the user's own set up, so that
    what is wrong with them is told at once; and it says how many batches may be tried at once.
    """
    key: str = event["BatchInput"]["sweep"]
    first: int = event.get("progress", {}).get("first", 0)
    tasks = [task_of(row) for row in event["Items"]]
    desk = _desk(key)
    if not tasks:
        desk.check()
        return {"at_once": max(1, event.get("at_once", 1) // desk.functions)}
    clock = bootstrap.clock()
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    until = clock.now() + left - desk.needed
    done = first + trying.sweep_batch(
        tasks[first:], desk.some, SweepObjects(lake(), key), clock, until
    )
    return {"first": done, "left": len(tasks) - done}


def _desk(key: str) -> BatchDesk:
    """A function is called for one batch after the other, and keeps the indicators, too."""
    kept = _kept()
    if key not in kept:
        kept.clear()
        kept[key] = batch_desk(key)
    return kept[key]


@bootstrap.made_once
def _kept() -> dict[str, BatchDesk]:
    return {}
