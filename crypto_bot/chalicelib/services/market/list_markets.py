"""[names of candles in the lake] -> the markets that a chart can be drawn of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.resample import source_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMarket:
    """`collected` intervals are in the lake; `made` ones exist once they have been loaded."""

    venue: str
    symbol: str
    collected: tuple[Interval, ...]
    made: tuple[Interval, ...] = ()


def list_markets(
    series: Iterable[CandleSeries], resampled: Sequence[Interval]
) -> list[ListedMarket]:
    """By venue and symbol; `resampled` are the intervals that loading makes where it can."""
    markets = []
    for (venue, symbol), those in groupby(sorted(series), lambda one: (one.venue, one.symbol)):
        there = {one.interval for one in those}
        made = [interval for interval in resampled if source_of(interval, there) is not None]
        markets.append(
            ListedMarket(
                venue=venue,
                symbol=symbol,
                collected=_by_length(there),
                made=_by_length(made),
            )
        )
    return markets


def _by_length(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    return tuple(sorted(intervals, key=lambda interval: interval.length))
