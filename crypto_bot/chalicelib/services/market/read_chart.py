"""[time series, candle lake] -> a page of a chart, newest first among pages.

Who scrolls to the left asks for the page before: a page is bounded, however much there is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.series_day import SeriesRow
from chalicelib.market_ports.candles import CandleLake
from chalicelib.market_ports.charts import ChartSource
from chalicelib.market_ports.series import TimeSeries

_DAY: Final = timedelta(days=1)
_WIDER: Final = 4  # a stretch without candles is crossed in few steps


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPage:
    """`rows` oldest first; `older` is the `until` of the page before, None where there is none."""

    rows: tuple[SeriesRow, ...] = ()
    older: datetime | None = None

    @property
    def columns(self) -> list[str]:
        """The names of all that is derived."""
        return list(dict.fromkeys(name for row in self.rows for name in row.derived))


def read_chart(
    series: CandleSeries,
    sources: Sequence[ChartSource],
    *,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> ChartPage:
    """The last `limit` candles that start before `until`; of two sources, the later one counts."""
    spans = {number: span for number, one in enumerate(sources) if (span := one.span(series))}
    if not spans:
        return ChartPage()
    first = min(start for start, _ in spans.values())
    last = max(end for _, end in spans.values())
    lowest = first if since is None else max(first, since)
    end = last if until is None else min(last, until)
    step = usual = limit * series.interval.length
    rows: list[SeriesRow] = []
    while lowest < end and len(rows) < limit:
        start = end - min(step, end - lowest)
        found = {
            row.candle.start: row
            for number, (begins, ends) in spans.items()
            if begins < end and start < ends
            for row in sources[number].rows(series, start, end)
        }
        rows = [*(found[at] for at in sorted(found)), *rows]
        end, step = start, usual if found else step * _WIDER
    shown = tuple(rows[-limit:])
    if len(shown) < len(rows):
        return ChartPage(rows=shown, older=shown[0].candle.start)
    return ChartPage(rows=shown, older=end if lowest < end else None)


class SeriesChart:
    """`ChartSource` of candles that are loaded, with their indicators."""

    def __init__(self, store: TimeSeries) -> None:
        self._store = store

    def span(self, series: CandleSeries) -> tuple[datetime, datetime] | None:
        """See `ChartSource.span`."""
        first, last = self._store.first(series, date.min), self._store.last(series)
        if first is None or last is None:
            return None
        return _midnight(first.day), _midnight(last.day) + max(_DAY, series.interval.length)

    def rows(self, series: CandleSeries, start: datetime, end: datetime) -> list[SeriesRow]:
        """See `ChartSource.rows`."""
        return self._store.read(series, start, end)


class LakeChart:
    """`ChartSource` of candles as they were collected. The lake is opened when it is asked."""

    def __init__(self, lake: Callable[[], CandleLake]) -> None:
        self._open = lake

    def span(self, series: CandleSeries) -> tuple[datetime, datetime] | None:
        """See `ChartSource.span`."""
        lake = self._open()
        first, last = lake.first(series), lake.last(series)
        if first is None or last is None:
            return None
        return first.start, last.start + series.interval.length

    def rows(self, series: CandleSeries, start: datetime, end: datetime) -> list[SeriesRow]:
        """See `ChartSource.rows`."""
        return [SeriesRow(candle, {}) for candle in self._open().read(series, start, end)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
