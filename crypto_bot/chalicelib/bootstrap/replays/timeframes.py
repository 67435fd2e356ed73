"""--timeframe, or what the times of each list show where nothing is said."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from chalicelib.bootstrap.replays.lists import NamedList
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.replay.timeframe import shown_by
from chalicelib.domain.trading.strategy import timeframe_seconds

# Of a list with fewer than two times, which show nothing.
USUAL_TIMEFRAME: Final = "1h"


def timeframes_of(lists: Sequence[NamedList], words: Mapping[str, Any]) -> dict[str, str]:
    """By the lists' names. SettingsError where what is said is none."""
    said = words["timeframe"]
    if said is None:
        return {
            each.name: shown_by(order.at for order in each.orders) or USUAL_TIMEFRAME
            for each in lists
        }
    try:
        timeframe_seconds(said)
    except ValueError as error:
        raise SettingsError(f"--timeframe: {error}") from None
    return dict.fromkeys((each.name for each in lists), said)


def length_of(timeframe: str) -> timedelta:
    """Of one that is known to be one."""
    return timedelta(seconds=timeframe_seconds(timeframe))
