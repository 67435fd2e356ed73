"""One run over all series that are wanted: what stops one of them does not stop the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib.domain.errors import ExchangeUnavailable, StoreUnavailable
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.services.market.collect_candles import CandleReport, Collecting, collect_candles

_HOUR: Final = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleRound:
    """Each of the symbols in each of the intervals."""

    venue: str
    symbols: tuple[str, ...]
    intervals: tuple[Interval, ...]
    collecting: Collecting


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundReport:
    """`trouble` tells of series that could not be collected, as sentences."""

    reports: tuple[CandleReport, ...]
    trouble: tuple[str, ...]

    @property
    def as_of(self) -> datetime | None:
        """Up to when the series furthest behind goes; None where there are no candles."""
        return min((report.end for report in self.reports if report.end is not None), default=None)


def collect_round(
    asked: CandleRound, on_series: Callable[[int, int], None] | None = None
) -> RoundReport:
    """Every hour begins with another series, so that a run that is cut short leaves none behind.

    `on_series` hears how many of all are done.
    """
    existing = asked.collecting.source.existing(asked.symbols)
    unknown = [symbol for symbol in asked.symbols if symbol not in existing]
    trouble = [f"{asked.venue} has no spot market {symbol}" for symbol in unknown]
    reports: list[CandleReport] = []
    all_series = _in_turn(asked, existing)
    for number, series in enumerate(all_series):
        try:
            reports.append(collect_candles(series, asked.collecting))
        except StoreUnavailable as error:
            trouble.append(str(error))
        except ExchangeUnavailable as error:
            trouble.append(str(error))
            if error.retry_at is not None:
                break  # it wants to hear nothing of the others either
        if on_series is not None:
            on_series(number + 1, len(all_series))
    return RoundReport(reports=tuple(reports), trouble=tuple(trouble))


def _in_turn(asked: CandleRound, existing: frozenset[str]) -> Sequence[CandleSeries]:
    all_series = [
        CandleSeries(asked.venue, symbol, interval)
        for interval in asked.intervals
        for symbol in asked.symbols
        if symbol in existing
    ]
    hours = int(asked.collecting.clock.now().timestamp()) // _HOUR
    first = hours % len(all_series) if all_series else 0
    return all_series[first:] + all_series[:first]
