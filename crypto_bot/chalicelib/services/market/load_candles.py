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
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_gaps import Gap, without
from chalicelib.domain.market.candle_rules import flaw_of
from chalicelib.domain.market.candle_series import CANDLES, CandleSeries
from chalicelib.domain.market.derived import Derivation
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.plausibility import Plausibility
from chalicelib.domain.market.resample import Resampler, can_resample
from chalicelib.domain.market.series_day import KeptDay, SeriesDay, SeriesRow
from chalicelib.domain.money import plain
from chalicelib.market_ports.candles import CandleLake
from chalicelib.market_ports.lake import Lake
from chalicelib.market_ports.series import SeriesCopy, TimeSeries
from chalicelib.services.market.copy_series import Copying

REJECTED: Final = "quarantine/candles/"
FIRST_LOAD: Final = timedelta(days=90)
_SCHEMA: Final = 1
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

    `not_copied` is a sentence where the copy has not all of it.
    """

    series: CandleSeries
    since: date
    days: int
    rows: int
    rejected: int
    finished: bool
    not_copied: str = ""


def load_candles(
    series: CandleSeries, work: Loading, *, since: datetime | None = None
) -> list[LoadReport]:
    """The series and all that is resampled from it. An interval that the lake has is left alone.

    `since` loads again from there on. Without it the first time takes the last 90 days. Where other
    indicators are wanted than before, all days are done again.
    """
    first, last = work.candles.first(series), work.candles.last(series)
    if first is None or last is None:
        return []
    gaps = work.candles.gaps(series)
    own = {found.interval for found in work.candles.series(series.venue, series.symbol)}
    longer = [i for i in work.intervals if i not in own and can_resample(series.interval, i)]
    loads, copying = [], Copying(work.copy)
    for interval in (series.interval, *longer):
        target = series._replace(interval=interval)
        kept = work.store.last(target)
        if kept is None:
            wanted = max(first.start, since or last.start - FIRST_LOAD)
            begun = _Beginning(_day_of(target, wanted), None, date.min)
        else:
            uncopied = copying.missing_since(kept)
            missed = _midnight(uncopied) if uncopied else None
            again = _earliest(since, _filled(kept, gaps), missed)
            begun = _continued(target, work, kept, again)
        loads.append(_Load(series, target, work, begun, copying))
    finished = _load_all(series, work, loads, gaps)
    return [load.report(finished=finished) for load in loads]


@dataclass(frozen=True, slots=True)
class _Beginning:
    """The day to begin with, what is remembered from before, and the last day kept by now."""

    day: date
    state: Mapping[str, Any] | None
    kept_until: date


def _continued(
    target: CandleSeries, work: Loading, last: KeptDay, since: datetime | None
) -> _Beginning:
    asked = last.day if since is None else min(_day_of(target, since), last.day)
    first = last if asked == last.day else work.store.first(target, asked) or last
    names = Derivation(target.interval, work.indicators).names
    if _fits(first, names):
        return _Beginning(asked, first.began, last.day)
    oldest = work.store.first(target, date.min) or first
    if _fits(oldest, names):  # all days are being done again, and that broke off somewhere
        done = _last_fitting(target, work.store, oldest, last.day, names)
        return _Beginning(done.day, done.began, last.day)
    return _Beginning(min(asked, oldest.day), None, last.day)


def _last_fitting(
    target: CandleSeries, store: TimeSeries, fits: KeptDay, odd: date, names: list[str]
) -> KeptDay:
    """The last day, of those from `fits` on, that is done; all after it to `odd` are not."""
    while odd - fits.day > _DAY:
        middle = fits.day + (odd - fits.day) // 2
        found = store.first(target, middle)
        if found is not None and _fits(found, names):
            fits = found
        else:
            odd = middle
    return fits


def _fits(kept: KeptDay, names: list[str]) -> bool:
    began = kept.began
    return began.get("schema") == _SCHEMA and list(began["derived"]["indicators"]) == names


def _filled(kept: KeptDay, gaps: Sequence[Gap]) -> datetime | None:
    """Where the first of the gaps began that there were when the day was kept, and are no more."""
    known = [Gap(_instant(start), _instant(end)) for start, end in kept.began.get("gaps", ())]
    for gap in gaps:
        known = without(known, gap.start, gap.end)
    return min((gap.start for gap in known), default=None)


def _earliest(*times: datetime | None) -> datetime | None:
    return min((at for at in times if at is not None), default=None)


def _load_all(
    source: CandleSeries, work: Loading, loads: Sequence["_Load"], gaps: Sequence[Gap]
) -> bool:
    """Each candle is read and judged once, whatever becomes of it. Whether none was left."""
    start = min(load.day for load in loads)
    kept = work.store.first(source, start)
    judge = Plausibility(kept.began.get("closes", ()) if kept else ())
    known = [[int(gap.start.timestamp()), int(gap.end.timestamp())] for gap in gaps]
    for candle in _read(source, work.candles, _midnight(start)):
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
    start = max(start, _midnight(first.start.date()))
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
        begun: _Beginning,
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
        self.next_start = _midnight(begun.day)  # the first candle that is not in the open one

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
            not_copied=self._copying.told(self._target),
        )

    def begin(self, at: datetime, remembered: Mapping[str, Any]) -> None:
        """A candle that starts at `at` closes what is open, and may be the first of its day."""
        self._keep(self._resampler.opened_before(at))
        start = self._target.interval.start_of(at)
        self.next_start = start + self._target.interval.length
        if self._day is None or self._day.kept.day != start.date():
            self.end_day()
            own = {"schema": _SCHEMA, "derived": self._derivation.state()}
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
        self._days += bool(day.rows)
        self._rows += len(day.rows)


@dataclass(slots=True)
class _OpenDay:
    kept: KeptDay
    rows: list[SeriesRow] = field(default_factory=list)
    rejected: list[bytes] = field(default_factory=list)


def _day_of(series: CandleSeries, at: datetime) -> date:
    """On which the candle starts that `at` lies in."""
    return series.interval.start_of(at.astimezone(UTC)).date()


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def rejected_line(candle: Candle, reason: str) -> bytes:
    """JSON for the quarantine."""
    amounts = {name: plain(getattr(candle, name)) for name in candle._fields[1:]}
    return json.dumps(
        {"reason": reason, "start": f"{candle.start:%Y-%m-%dT%H:%M:%SZ}", **amounts}
    ).encode()


def _quarantined(series: CandleSeries, day: _OpenDay) -> tuple[str, bytes]:
    name = f"{REJECTED}{series.prefix.removeprefix(CANDLES)}dt={day.kept.day}.jsonl.gz"
    return name, gzip.compress(b"".join(line + b"\n" for line in day.rejected), mtime=0)
