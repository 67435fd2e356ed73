"""Months of minutes and years of hours that are over -> one file each in the [lake].

Many small files are slow to list and to read. It may be broken off anywhere and repeated: the same
candles give the same files. What stops one series does not stop the others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.compaction import is_settled
from chalicelib.market_ports.candles import CandleLake
from chalicelib.ports import Clock


@dataclass(frozen=True, slots=True)
class CompactionReport:
    """`merged` files became part of the files of `periods` months or years.

    `trouble` tells of series that could not be read or written, as sentences. `finished` is False
    where time was up first.
    """

    merged: int
    periods: int
    trouble: tuple[str, ...]
    finished: bool


def compact_candles(
    lake: CandleLake,
    clock: Clock,
    *,
    until: datetime | None = None,
    on_series: Callable[[int, int], None] | None = None,
) -> CompactionReport:
    """Nothing more is begun after `until`. `on_series` hears how many of all are done."""
    merged = periods = 0
    trouble: list[str] = []
    all_series = lake.series()
    for number, series in enumerate(all_series):
        try:
            for period in _settled(series, lake, clock.now()):
                if until is not None and clock.now() >= until:
                    return CompactionReport(merged, periods, tuple(trouble), finished=False)
                merged += lake.compact(series, period)
                periods += 1
        except StoreUnavailable as error:
            trouble.append(str(error))
        if on_series is not None:
            on_series(number + 1, len(all_series))
    return CompactionReport(merged, periods, tuple(trouble), finished=True)


def _settled(series: CandleSeries, lake: CandleLake, now: datetime) -> list[datetime]:
    loose = lake.loose_periods(series)
    last = lake.last(series) if loose else None
    if last is None:
        return []
    gaps = lake.gaps(series)
    wholes = [(period, series.compacted(period)) for period in loose]
    return [p for p, whole in wholes if whole and is_settled(whole, last.start, gaps, now)]
