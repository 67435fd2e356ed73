"""Rounds until told to stop. What failed for the time being is begun anew after a pause."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Event
from typing import Final

from chalicelib.domain.errors import StoreConflict, StoreUnavailable

Round = Callable[[], bool]  # whether to go on

_LOG = logging.getLogger(__name__)
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0


def work_in_rounds(opened: Callable[[], AbstractContextManager[Round]], stopping: Event) -> None:
    """`opened` gives a round and closes what it uses; it is called again after a failure."""
    pause = _FIRST_PAUSE
    while not stopping.is_set():
        try:
            with opened() as do_round:
                while not stopping.is_set():
                    if not do_round():
                        return
                    pause = _FIRST_PAUSE
        except (StoreUnavailable, StoreConflict) as error:
            _LOG.warning("%s; beginning anew in %.0f s", error, pause)
            stopping.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
