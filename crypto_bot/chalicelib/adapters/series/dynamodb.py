"""The time series in DynamoDB: one compressed item per series and day.

What is alike stands together: an item has its starts, its opens, its closes, each as a list, which
packs better than rows. A day of minutes with eleven columns is some 120 KB of the 400 that fit.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.series_day import KeptDay, SeriesDay, SeriesRow
from chalicelib.domain.money import plain
from chalicelib.drivers.dynamodb_table import DynamoDbTable
from chalicelib.drivers.table import Row

_AMOUNTS: Final = Candle._fields[1:]
_SECOND: Final = timedelta(seconds=1)
_LAST_DAY: Final = str(date.max)


class DynamoDbTimeSeries:
    """`TimeSeries` in the `market` table. A day that is written twice at once ends up as either."""

    def __init__(self, table: DynamoDbTable) -> None:
        self._table = table

    def replace(self, series: CandleSeries, day: SeriesDay) -> None:
        """See `TimeSeries.replace`."""
        sort, document = str(day.kept.day), _document(day)
        row = Row(partition=_partition(series), sort=sort, document=document, version=1)
        self._table.overwrite([row])

    def read(self, series: CandleSeries, start: datetime, end: datetime) -> list[SeriesRow]:
        """See `TimeSeries.read`."""
        if start >= end:
            return []
        first, last = start.astimezone(UTC), end.astimezone(UTC) - timedelta.resolution
        found = self._table.between(_partition(series), str(first.date()), str(last.date()))
        rows = (row for item in found for row in _rows(item))
        return [row for row in rows if start <= row.candle.start < end]

    def first(self, series: CandleSeries, since: date) -> KeptDay | None:
        """See `TimeSeries.first`."""
        return _kept(self._table.between(_partition(series), str(since), _LAST_DAY, limit=1))

    def last(self, series: CandleSeries) -> KeptDay | None:
        """See `TimeSeries.last`."""
        found = self._table.between(_partition(series), "", _LAST_DAY, descending=True, limit=1)
        return _kept(found)

    def close(self) -> None:
        """See `TimeSeries.close`; there is nothing to let go of."""


def _partition(series: CandleSeries) -> str:
    return f"series#{series.venue}#{series.symbol}#{series.interval}"


def _document(day: SeriesDay) -> str:
    midnight = _midnight(day.kept.day)
    candles = [row.candle for row in day.rows]
    derived = day.rows[0].derived if day.rows else ()
    item: dict[str, Any] = {
        "began": day.kept.began,
        "start": [(candle.start - midnight) // _SECOND for candle in candles],
        **{name: [plain(getattr(candle, name)) for candle in candles] for name in _AMOUNTS},
        "derived": {name: [row.derived[name] for row in day.rows] for name in derived},
    }
    return json.dumps(item, allow_nan=False, separators=(",", ":"))


def _rows(row: Row) -> Iterator[SeriesRow]:
    item = json.loads(row.document)
    midnight = _midnight(date.fromisoformat(row.sort))
    columns = [item[name] for name in _AMOUNTS]
    derived = item["derived"]
    for number, seconds in enumerate(item["start"]):
        amounts = [Decimal(column[number]) for column in columns]
        yield SeriesRow(
            Candle(midnight + seconds * _SECOND, *amounts),
            {name: values[number] for name, values in derived.items()},
        )


def _kept(rows: Iterable[Row]) -> KeptDay | None:
    for row in rows:
        return KeptDay(date.fromisoformat(row.sort), json.loads(row.document)["began"])
    return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
