"""[lake, candles] -> checked, resampled, with their derived columns into the [time series].

Each interval is a series of its own, and begins anew with the last day that it has: from where
everything stood as that day began, the same candles give the same rows, however often and in
however many pieces they are loaded. Where gaps of the lake have been filled in the meantime, it
begins before them. What is no candle goes to quarantine with the reason.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_gaps import Gap
from chalicelib.domain.market.candle_rules import flaw_of
from chalicelib.domain.market.candle_series import CANDLES, CandleSeries
from chalicelib.domain.market.derived import Derivation
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.plausibility import Plausibility
from chalicelib.domain.market.resample import Resampler, source_of
from chalicelib.domain.market.series_day import KeptDay, SeriesDay, SeriesRow
from chalicelib.domain.money import plain
from chalicelib.market_ports.candles import CandleLake
from chalicelib.market_ports.lake import Lake
from chalicelib.market_ports.series import SeriesCopy, TimeSeries
from chalicelib.services.market.copy_series import Copying
from chalicelib.services.market.resume_series import (
    SCHEMA,
    Beginning,
    day_of,
    midnight,
    resume_series,
)

REJECTED: Final = "quarantine/candles/"
FIRST_LOAD: Final = timedelta(days=90)
_DAY: Final = timedelta(days=1)
_AT_ONCE: Final = 10_000


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """`intervals` are those to resample to, `indicators` by their names.

    Once it `is_over`, no further candle is looked at; the next time goes on with that day. What is
    written into the store is written into the `copy`, too.
    """

    candles: CandleLake
    lake: Lake
    store: TimeSeries
    intervals: Sequence[Interval]
    indicators: Sequence[str]
    is_over: Callable[[], bool] = _never
    copy: SeriesCopy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """What was written of one series, from the day `since` on; not all, if it is not `finished`.

    `end` is that of the last row that was written; `not_copied` a sentence where the copy has not
    all of it.
    """

    series: CandleSeries
    since: date
    days: int
    rows: int
    rejected: int
    finished: bool
    end: datetime | None
    not_copied: str = ""


def load_candles(
    series: CandleSeries, work: Loading, *, since: datetime | None = None
) -> list[LoadReport]:
    """The series, and what is resampled from it: an interval is made of one that the lake has.

    `since` loads again from there on. Without it the first time takes the last 90 days. Where other
    indicators are wanted than before, all days are done again.
    """
    first, last = work.candles.first(series), work.candles.last(series)
    if first is None or last is None:
        return []
    gaps = work.candles.gaps(series)
    there = {found.interval for found in work.candles.series(series.venue, series.symbol)}
    longer = [i for i in work.intervals if source_of(i, there) == series.interval]
    loads, copying = [], Copying(work.copy)
    for interval in (series.interval, *longer):
        target = series._replace(interval=interval)
        kept = work.store.last(target)
        if kept is None:
            wanted = max(first.start, since or last.start - FIRST_LOAD)
            begun = Beginning(day_of(target, wanted), None, date.min)
        else:
            uncopied = copying.missing_since(kept)
            again = (since, midnight(uncopied) if uncopied else None)
            begun = resume_series(target, work.store, kept, work.indicators, gaps, again)
        loads.append(_Load(series, target, work, begun, copying))
    finished = _load_all(series, work, loads, gaps)
    return [load.report(finished=finished) for load in loads]


def _load_all(
    source: CandleSeries, work: Loading, loads: Sequence["_Load"], gaps: Sequence[Gap]
) -> bool:
    """Each candle is read and judged once, whatever becomes of it. Whether none was left."""
    start = min(load.day for load in loads)
    kept = work.store.first(source, start)
    judge = Plausibility(kept.began.get("closes", ()) if kept else ())
    known = [[int(gap.start.timestamp()), int(gap.end.timestamp())] for gap in gaps]
    for candle in _read(source, work.candles, midnight(start)):
        if work.is_over():
            return False
        for load in loads:
            if candle.start >= load.next_start:
                load.begin(candle.start, {"closes": judge.closes(), "gaps": known})
        flaw = flaw_of(candle, source.interval) or judge.flaw_of(candle)
        for load in loads:
            load.take(candle, flaw)
    for load in loads:
        load.end_day()
    return True


def _read(series: CandleSeries, lake: CandleLake, start: datetime) -> Iterator[Candle]:
    """Piece by piece, each start once; of two candles with the same start, the last one."""
    first, last = lake.first(series), lake.last(series)
    if first is None or last is None:
        return
    step = max(_AT_ONCE * series.interval.length, _DAY)
    start = max(start, midnight(first.start.date()))
    while start <= last.start:
        found = lake.read(series, start, start + step)
        yield from {candle.start: candle for candle in found}.values()
        start += step


class _Load:
    """One series, candle by candle, written day by day."""

    def __init__(
        self,
        source: CandleSeries,
        target: CandleSeries,
        work: Loading,
        begun: Beginning,
        copying: Copying,
    ) -> None:
        self._target = target
        self._work = work
        self._begun = begun
        self._copying = copying
        self._derivation = Derivation(target.interval, work.indicators)
        if begun.state is not None:
            self._derivation.restore(begun.state["derived"])
        self._resampler = Resampler(source.interval, target.interval)
        self._keeps_rejected = source == target
        self._day: _OpenDay | None = None
        self._days = self._rows = self._rejected = 0
        self._end: datetime | None = None
        self.next_start = midnight(begun.day)  # the first candle that is not in the open one

    @property
    def day(self) -> date:
        """The first one whose candles it takes."""
        return self._begun.day

    def report(self, *, finished: bool) -> LoadReport:
        """What was written."""
        return LoadReport(
            series=self._target,
            since=self._begun.day,
            days=self._days,
            rows=self._rows,
            rejected=self._rejected,
            finished=finished,
            end=self._end,
            not_copied=self._copying.told(self._target),
        )

    def begin(self, at: datetime, remembered: Mapping[str, Any]) -> None:
        """A candle that starts at `at` closes what is open, and may be the first of its day."""
        self._keep(self._resampler.opened_before(at))
        start = self._target.interval.start_of(at)
        self.next_start = start + self._target.interval.length
        if self._day is None or self._day.kept.day != start.date():
            self.end_day()
            own = {"schema": SCHEMA, "derived": self._derivation.state()}
            state = {**own, **remembered, **self._copying.remembered(self._target)}
            self._empty_days_before(start.date(), state)
            self._day = _OpenDay(KeptDay(start.date(), state))

    def take(self, candle: Candle, flaw: str) -> None:
        """Its day has begun."""
        if self._day is None:  # one of before the first day that is loaded here
            return
        if not flaw:
            self._keep(self._resampler.add(candle))
        elif self._keeps_rejected:
            self._day.rejected.append(rejected_line(candle, flaw))

    def end_day(self) -> None:
        """Write it, if there is anything of it or was."""
        ended = self._day
        if ended is None:
            return
        if ended.rows or ended.kept.day <= self._begun.kept_until:
            self._write(ended)
        if ended.rejected:
            self._rejected += len(ended.rejected)
            self._work.lake.put(*_quarantined(self._target, ended))

    def _keep(self, closed: Candle | None) -> None:
        if closed is not None and self._day is not None:
            self._day.rows.append(self._derivation.derive(closed))

    def _empty_days_before(self, day: date, state: Mapping[str, Any]) -> None:
        """Days that have rows in the store, and none any more in the lake."""
        step = max(_DAY, self._target.interval.length)
        empty = self._begun.day if self._day is None else self._day.kept.day + step
        while empty < day and empty <= self._begun.kept_until:
            self._write(_OpenDay(KeptDay(empty, state)))
            empty += step

    def _write(self, day: "_OpenDay") -> None:
        written = SeriesDay(day.kept, tuple(day.rows))
        self._work.store.replace(self._target, written)
        self._copying.write(self._target, written)
        self._rows += len(day.rows)
        if day.rows:
            self._days += 1
            self._end = day.rows[-1].candle.start + self._target.interval.length


@dataclass(slots=True)
class _OpenDay:
    kept: KeptDay
    rows: list[SeriesRow] = field(default_factory=list)
    rejected: list[bytes] = field(default_factory=list)


def rejected_line(candle: Candle, reason: str) -> bytes:
    """JSON for the quarantine."""
    amounts = {name: plain(getattr(candle, name)) for name in candle._fields[1:]}
    return json.dumps(
        {"reason": reason, "start": f"{candle.start:%Y-%m-%dT%H:%M:%SZ}", **amounts}
    ).encode()


def _quarantined(series: CandleSeries, day: _OpenDay) -> tuple[str, bytes]:
    name = f"{REJECTED}{series.prefix.removeprefix(CANDLES)}dt={day.kept.day}.jsonl.gz"
    return name, gzip.compress(b"".join(line + b"\n" for line in day.rejected), mtime=0)
