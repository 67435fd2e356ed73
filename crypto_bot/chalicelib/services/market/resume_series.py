"""[time series] -> the day with which loading goes on, and what is remembered from before it.

With the last day that there is; before it where gaps of the lake have been filled, where somebody
asks for it, and from the first day on where other indicators are wanted than before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from chalicelib.domain.market.candle_gaps import Gap, without
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.derived import Derivation
from chalicelib.domain.market.series_day import KeptDay
from chalicelib.market_ports.series import TimeSeries

SCHEMA: Final = 1  # of what is remembered
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Beginning:
    """The day to begin with, what is remembered from before, and the last day kept by now."""

    day: date
    state: Mapping[str, Any] | None
    kept_until: date


def resume_series(
    target: CandleSeries,
    store: TimeSeries,
    last: KeptDay,
    indicators: Sequence[str],
    gaps: Sequence[Gap],
    asked: Iterable[datetime | None],
) -> Beginning:
    """Behind the `last` day, or where something is `asked` again or a gap was filled before it."""
    times = [at for at in (*asked, _filled(last, gaps)) if at is not None]
    day = min([last.day, *(day_of(target, at) for at in times)])
    first = last if day == last.day else store.first(target, day) or last
    names = Derivation(target.interval, indicators).names
    if _fits(first, names):
        return Beginning(day, first.began, last.day)
    oldest = store.first(target, date.min) or first
    if _fits(oldest, names):  # all days are being done again, and that broke off somewhere
        done = _last_fitting(target, store, oldest, last.day, names)
        return Beginning(done.day, done.began, last.day)
    return Beginning(min(day, oldest.day), None, last.day)


def day_of(series: CandleSeries, at: datetime) -> date:
    """On which the candle starts that `at` lies in."""
    return series.interval.start_of(at.astimezone(UTC)).date()


def midnight(day: date) -> datetime:
    """When it begins."""
    return datetime.combine(day, time(), UTC)


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
    return began.get("schema") == SCHEMA and list(began["derived"]["indicators"]) == names


def _filled(kept: KeptDay, gaps: Sequence[Gap]) -> datetime | None:
    """Where the first of the gaps began that there were when the day was kept, and are no more."""
    known = [Gap(_instant(start), _instant(end)) for start, end in kept.began.get("gaps", ())]
    for gap in gaps:
        known = without(known, gap.start, gap.end)
    return min((gap.start for gap in known), default=None)


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
