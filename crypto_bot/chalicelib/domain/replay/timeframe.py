"""How long the candles of a list's chart may be: all its times are beginnings of such."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import gcd
from typing import Final

from chalicelib.domain.trading.strategy import timeframe_seconds

# Charts that are in use, the longest first.
_CHARTS: Final = tuple(
    "1w 3d 2d 1d 12h 8h 6h 4h 3h 2h 1h 45m 30m 15m 10m 5m 3m 2m 1m".split()  # noqa: SIM905
)
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = 86_400
_FEW: Final = 8  # so many times may well be weeks apart on a daily chart
_UNLIKELY: Final = 100  # to one
_ENOUGH: Final = 50  # distances to count, so that numbers stay small


def shown_by(times: Iterable[datetime]) -> str | None:
    """The longest timeframe that fits between all the times; None where they are fewer than two.

    A longer one than the chart's tells an order too late at worst, a shorter one looks ahead.
    """
    known = sorted(set(times))
    if len(known) < 2:  # noqa: PLR2004 - one time is apart from nothing
        return None
    apart = gcd(*((at - known[0]) // _SECOND for at in known))
    lengths = ((text, timeframe_seconds(text)) for text in _CHARTS)
    fitting = (
        text
        for text, seconds in lengths
        if apart % seconds == 0 and (seconds <= _DAY or len(known) >= _FEW)
    )
    return next(fitting, _CHARTS[-1])


def longer_than(said: str, times: Iterable[datetime]) -> str | None:
    """The timeframe that the times show, where it is hardly chance that `said` is shorter.

    A chart of 1h has one trade at midnight easily, and three times in a row one time in 576.
    """
    known = set(times)
    shown = shown_by(known)
    if shown is None:
        return None
    apart, long, short = len(known) - 1, timeframe_seconds(shown), timeframe_seconds(said)
    enough = min(apart, _ENOUGH)
    return shown if long**enough >= _UNLIKELY * short**enough else None
