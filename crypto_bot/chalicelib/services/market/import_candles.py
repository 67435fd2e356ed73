"""Candles that the owner has, or that archived trades make -> the [lake], with gaps marked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_gaps import Gap, find_gaps, joined
from chalicelib.domain.market.candle_rules import flaw_of
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.candle_spacing import interval_shown
from chalicelib.domain.market.interval import Interval
from chalicelib.market_ports.candles import CandleLake

_AT_ONCE: Final = 50_000
_MOST_TOLD: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """`flaws` tell of the first candles that were refused, `refused` how many there were."""

    written: int
    refused: int
    flaws: tuple[str, ...]
    gaps: tuple[Gap, ...]


def settle_interval(
    file: str, portions: Iterable[Sequence[Candle]], asked: Interval | None
) -> tuple[Interval, Iterable[Sequence[Candle]]]:
    """How long the candles of `file` are, by its first portion, and all its portions.

    SettingsError where they are not as long as asked: each would fit the grid now and then, or be
    followed by a gap, and none would be what its interval says.
    """
    rest = iter(portions)
    first = next(rest, ())
    try:
        interval = interval_shown((candle.start for candle in first), asked)
    except ValueError as error:
        raise SettingsError(f"{file} {error}") from None
    return interval, chain([first], rest)


def import_candles(
    series: CandleSeries, portions: Iterable[Sequence[Candle]], lake: CandleLake
) -> ImportReport:
    """Each takes the place of one with its start. Whoever collects asks for what is missing."""
    written = refused = 0
    flaws: list[str] = []
    for portion in portions:
        good = []
        for candle in portion:
            flaw = flaw_of(candle, series.interval)
            if not flaw:
                good.append(candle)
                continue
            refused += 1
            if len(flaws) < _MOST_TOLD:
                flaws.append(f"{candle.start:%Y-%m-%d %H:%M}: {flaw}")
        lake.write(series, good)
        written += len(good)
    gaps = search_gaps(series, lake)
    return ImportReport(written=written, refused=refused, flaws=tuple(flaws), gaps=tuple(gaps))


def search_gaps(series: CandleSeries, lake: CandleLake) -> list[Gap]:
    """Mark all that are missing between the first candle and the last, whatever was marked."""
    first, last = lake.first(series), lake.last(series)
    if first is None or last is None:
        return []
    known = lake.gaps(series)
    end = last.start + series.interval.length
    holes = find_gaps(_starts(series, lake, first.start, end), series.interval, first.start, end)
    # Of a gap that is what it was, it is still known how often it was asked for.
    gaps = [gap for gap in known if gap._replace(asked=0) in set(holes)]
    marked = joined([*gaps, *holes])
    lake.mark_gaps(series, marked)
    return marked


def _starts(
    series: CandleSeries, lake: CandleLake, start: datetime, end: datetime
) -> Iterator[datetime]:
    """A portion at a time: years of minutes do not fit into a small machine."""
    while start < end:
        until = min(start + _AT_ONCE * series.interval.length, end)
        yield from (candle.start for candle in lake.read(series, start, until))
        start = until
