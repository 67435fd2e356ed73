"""How long the candles of a file are: as far as most of them are apart."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import multimode
from typing import Final

from chalicelib.domain.market.interval import Interval

_ZERO: Final = timedelta()
_UNITS: Final = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("m", timedelta(minutes=1)),
)


def interval_shown(starts: Iterable[datetime], asked: Interval | None) -> Interval:
    """The one asked for, or that of `starts`, which ascend and may have gaps.

    ValueError, in words that follow the name of the file, where they are not the asked one's, or
    where nothing is asked for and they are none's.
    """
    distances = [after - before for before, after in pairwise(starts) if after > before]
    usual = multimode(distances)  # several where they are equally frequent, none of one candle
    if asked is not None and (not usual or asked.length in usual):
        return asked
    if not usual:
        raise ValueError(
            "holds fewer than two candles and does not show how long one is; give --interval, "
            "such as --interval 1h"
        )
    distance = min(usual)
    found = next((interval for interval in Interval if interval.length == distance), None)
    if found is None:
        raise ValueError(
            f"holds candles {_told(distance)} apart, and those are not kept; the intervals are "
            f"{', '.join(Interval)}"
        )
    if asked is not None:
        raise ValueError(f"holds candles {found} apart, not {asked}; give --interval {found}")
    return found


def _told(distance: timedelta) -> str:
    for name, unit in _UNITS:
        if distance % unit == _ZERO:
            return f"{distance // unit}{name}"
    return f"{distance.total_seconds():g}s"
