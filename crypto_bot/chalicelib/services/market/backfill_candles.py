"""A stretch of a series' past that is to be complete -> gaps in the [lake], which collecting fills.

What is marked stays marked: after a crash the next run that collects goes on with it.
"""

from datetime import UTC, datetime
from typing import Final

from chalicelib.domain.market.candle_gaps import Gap, joined, without
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.market_ports.candles import CandleLake

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FOREVER: Final = datetime.max.replace(tzinfo=UTC)


def mark_past(series: CandleSeries, lake: CandleLake, since: datetime) -> None:
    """From `since` to the first candle; gaps after `since` count as never asked for.

    Without any candle there is nothing to mark: whoever collects begins at `since`.
    """
    first = lake.first(series)
    if first is None:
        return
    start = series.interval.start_of(since)
    start = start if start == since else start + series.interval.length
    known = lake.gaps(series)
    before = without(known, start, _FOREVER)
    past = [Gap(start, first.start)] if start < first.start else []
    later = without(known, _EPOCH, max(start, first.start))
    lake.mark_gaps(series, joined([*before, *past, *(gap._replace(asked=0) for gap in later)]))


def forget_before_first(series: CandleSeries, lake: CandleLake) -> None:
    """What the venue has not given from before a market's first candle was never there."""
    first = lake.first(series)
    if first is not None:
        lake.mark_gaps(series, without(lake.gaps(series), _EPOCH, first.start))
