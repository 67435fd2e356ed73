"""Rounds until told to stop. What failed for the time being is begun anew after a pause.

What fails for long is told to the owner, once.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from threading import Event
from typing import Final

from chalicelib import bootstrap
from chalicelib.bootstrap.operation import notices
from chalicelib.domain.errors import ExchangeUnavailable, StoreConflict, StoreUnavailable
from chalicelib.domain.operation.market_notices import stage_failing
from chalicelib.services.operation.leave_notices import leave_notices

Round = Callable[[], bool]  # whether to go on

_LOG = logging.getLogger(__name__)
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0


def work_in_rounds(
    opened: Callable[[], AbstractContextManager[Round]], stopping: Event, *, stage: str = ""
) -> None:
    """`opened` gives a round and closes what it uses; it is called again after a failure.

    `stage` is what the owner hears of; without it nothing is told.
    """
    failing_since: datetime | None = None
    pause = _FIRST_PAUSE
    while not stopping.is_set():
        try:
            with opened() as do_round:
                while not stopping.is_set():
                    if not do_round():
                        return
                    pause, failing_since = _FIRST_PAUSE, None
        except (StoreUnavailable, StoreConflict, ExchangeUnavailable) as error:
            _LOG.warning("%s; beginning anew in %.0f s", error, pause)
            failing_since = failing_since or bootstrap.clock().now()
            if stage:
                _tell(stage, failing_since, error)
            stopping.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


def _tell(stage: str, since: datetime, error: Exception) -> None:
    found = stage_failing(stage, since, str(error), bootstrap.clock().now())
    with suppress(StoreUnavailable):  # it may be the same disk; the next failure tells it
        leave_notices(notices(), [found])
