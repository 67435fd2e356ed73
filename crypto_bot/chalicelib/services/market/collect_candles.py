"""A venue's candles since the last stored one -> Parquet in the [lake], and gaps where some lack.

A gap is marked before the candles behind it are written, so that a crash in between loses no mark;
whatever is repeated gives the same rows. Gaps of earlier runs are asked for again a few times.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_gaps import Gap, find_gaps, joined, without
from chalicelib.domain.market.candle_rules import flaw_of, last_closed
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.market_ports.candles import CandleLake, CandleSource
from chalicelib.ports import Clock
from chalicelib.services.market.find_candle import find_candle

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FOREVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleReport:
    """What one run did for a series. `missing` candles lie in gaps; `flaws` tell what was refused.

    `end` is that of the last candle that is kept now. `finished` is False where time was up before
    there was nothing more to ask for.
    """

    series: CandleSeries
    written: int
    missing: int
    flaws: tuple[str, ...]
    finished: bool
    end: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collecting:
    """`until`: nothing more is asked after this. `on_page` hears how far a series has come."""

    source: CandleSource
    lake: CandleLake
    clock: Clock
    since: datetime
    until: datetime | None = None
    on_page: Callable[[datetime], None] | None = None


@dataclass(slots=True)
class _Run:
    work: Collecting
    series: CandleSeries
    end: datetime
    page: timedelta
    written: int = 0
    reached: datetime | None = None  # the end of the last candle that is kept
    has_searched: bool = False
    flaws: dict[datetime, str] = field(default_factory=dict)

    @property
    def is_late(self) -> bool:
        until = self.work.until
        return until is not None and self.work.clock.now() >= until

    def tell(self, cursor: datetime) -> None:
        if self.work.on_page is not None:
            self.work.on_page(min(cursor, self.end))


def collect_candles(series: CandleSeries, work: Collecting) -> CandleReport:
    """Go on behind the last candle, or begin at `since`; then ask again for what was missing."""
    length = series.interval.length
    end = last_closed(series.interval, work.clock.now())
    run = _Run(work, series, end, work.source.page_length(series.interval) * length)
    before = work.lake.gaps(series)
    finished = _go_on(run) and _refill(run, before)
    return CandleReport(
        series=series,
        written=run.written,
        missing=sum(gap.missing(series.interval) for gap in work.lake.gaps(series)),
        flaws=tuple(f"{at:%Y-%m-%d %H:%M}: {flaw}" for at, flaw in run.flaws.items()),
        finished=finished,
        end=run.reached,
    )


def _go_on(run: _Run) -> bool:
    """False where time was up first."""
    lake, series = run.work.lake, run.series
    last = lake.last(series)
    # The last one is asked for again: should the venue have corrected it, it is corrected here.
    cursor = _first_from(series.interval, run.work.since) if last is None else last.start
    run.reached = None if last is None else last.start + series.interval.length
    while cursor < run.end:
        if run.is_late:
            return False
        page = _asked(run, cursor)
        if page:
            cursor = page[-1].start + series.interval.length
            begin = run.reached or page[0].start
            starts = (candle.start for candle in page)
            holes = find_gaps(starts, series.interval, begin, cursor, asked=1)
            lake.mark_gaps(series, joined([*without(lake.gaps(series), begin, cursor), *holes]))
            lake.write(series, page)
            run.written += len(page)
            run.reached = cursor
        else:
            cursor = _behind_nothing(run, cursor, run.end)
        run.tell(cursor)
    if run.reached is not None:  # behind the last candle nothing is missing: it has not come yet
        lake.mark_gaps(series, without(lake.gaps(series), run.reached, _FOREVER))
    return True


def _refill(run: _Run, before: Sequence[Gap]) -> bool:
    """Of the gaps that there were; a page may answer for several. False where time was up first."""
    lake, series = run.work.lake, run.series
    cursor = _EPOCH
    found: list[datetime] = []
    for gap in [gap for gap in lake.gaps(series) if gap.is_open and gap in before]:
        end = min(gap.end, run.end)
        cursor = max(cursor, gap.start)
        run.has_searched = False
        while cursor < end:
            if run.is_late:
                return False
            page = _asked(run, cursor)
            lake.write(series, page)
            found += [candle.start for candle in page]
            if page:
                cursor = page[-1].start + series.interval.length
            else:
                cursor = _behind_nothing(run, cursor, end)
        starts = [start for start in found if gap.start <= start < end]
        run.written += len(starts)
        left = find_gaps(starts, series.interval, gap.start, end, asked=gap.asked + 1)
        others = without(lake.gaps(series), gap.start, gap.end)
        lake.mark_gaps(series, joined([*others, *left]))
    return True


def _behind_nothing(run: _Run, cursor: datetime, end: datetime) -> datetime:
    """Where to ask next after an empty page, of which there may be thousands before a market's
    first candle: the longest candles show in a few requests where that is.
    """
    cursor += run.page
    if run.has_searched or end - cursor <= run.page:
        return cursor
    run.has_searched = True
    return find_candle(run.series, run.work.source, cursor, end)


def _asked(run: _Run, start: datetime) -> list[Candle]:
    """The closed ones of a page, each once."""
    closed: dict[datetime, Candle] = {}
    for candle in run.work.source.candles(run.series.symbol, run.series.interval, start):
        flaw = flaw_of(candle, run.series.interval)
        if flaw:
            run.flaws[candle.start] = flaw
        elif start <= candle.start < run.end:
            closed[candle.start] = candle
    return [closed[at] for at in sorted(closed)]


def _first_from(interval: Interval, at: datetime) -> datetime:
    start = interval.start_of(at)
    return start if start == at else start + interval.length
