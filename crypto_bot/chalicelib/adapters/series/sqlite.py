"""The time series in an SQLite file, one row per candle. Prices are text: every digit is kept."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.series_day import KeptDay, SeriesDay, SeriesRow
from chalicelib.domain.money import plain
from chalicelib.drivers.sqlite_file import SqliteFile

_SCHEMA: Final = (
    """
    CREATE TABLE IF NOT EXISTS series (
        number INTEGER PRIMARY KEY,
        venue TEXT NOT NULL,
        symbol TEXT NOT NULL,
        interval TEXT NOT NULL,
        UNIQUE (venue, symbol, interval)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS day (
        series INTEGER NOT NULL REFERENCES series,
        day TEXT NOT NULL,
        began TEXT NOT NULL,
        PRIMARY KEY (series, day)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS candle (
        series INTEGER NOT NULL REFERENCES series,
        start TEXT NOT NULL,
        open TEXT NOT NULL,
        high TEXT NOT NULL,
        low TEXT NOT NULL,
        close TEXT NOT NULL,
        volume TEXT NOT NULL,
        derived TEXT NOT NULL,
        PRIMARY KEY (series, start)
    ) WITHOUT ROWID
    """,
)
_NUMBER: Final = "SELECT number FROM series WHERE venue = ? AND symbol = ? AND interval = ?"
_NAME: Final = "INSERT OR IGNORE INTO series (venue, symbol, interval) VALUES (?, ?, ?)"
_KEEP_DAY: Final = "INSERT OR REPLACE INTO day (series, day, began) VALUES (?, ?, ?)"
_CLEAR_DAY: Final = "DELETE FROM candle WHERE series = ? AND start >= ? AND start < ?"
_KEEP: Final = """
    INSERT INTO candle (series, start, open, high, low, close, volume, derived)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_READ: Final = """
    SELECT start, open, high, low, close, volume, derived FROM candle
    WHERE series = ? AND start >= ? AND start < ? ORDER BY start
"""
_FIRST: Final = "SELECT day, began FROM day WHERE series = ? AND day >= ? ORDER BY day LIMIT 1"
_LAST: Final = "SELECT day, began FROM day WHERE series = ? ORDER BY day DESC LIMIT 1"

_MOMENT: Final = "%Y-%m-%d %H:%M:%S"
_DAY: Final = timedelta(days=1)


class SqliteTimeSeries:
    """`TimeSeries`."""

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, _SCHEMA)

    def replace(self, series: CandleSeries, day: SeriesDay) -> None:
        """See `TimeSeries.replace`."""
        date_of = day.kept.day
        bounds = (f"{date_of} 00:00:00", f"{date_of + _DAY} 00:00:00")
        with self._file.transaction():
            self._file.write(_NAME, series)
            number = self._number(series)
            self._file.write(_KEEP_DAY, (number, str(date_of), _json(day.kept.began)))
            self._file.write(_CLEAR_DAY, (number, *bounds))
            self._file.write_many(_KEEP, [_values(number, row) for row in day.rows])

    def read(self, series: CandleSeries, start: datetime, end: datetime) -> list[SeriesRow]:
        """See `TimeSeries.read`."""
        number = self._number(series)
        rows = self._file.select(_READ, (number, _moment(start), _moment(end)))
        return [_row(row) for row in rows]

    def first(self, series: CandleSeries, since: date) -> KeptDay | None:
        """See `TimeSeries.first`."""
        return _kept(self._file.select(_FIRST, (self._number(series), str(since))))

    def last(self, series: CandleSeries) -> KeptDay | None:
        """See `TimeSeries.last`."""
        return _kept(self._file.select(_LAST, (self._number(series),)))

    def close(self) -> None:
        """See `TimeSeries.close`."""
        self._file.close()

    def _number(self, series: CandleSeries) -> int | None:
        found = self._file.select(_NUMBER, series)
        return found[0][0] if found else None


def _values(number: int | None, row: SeriesRow) -> tuple[object, ...]:
    amounts = [plain(amount) for amount in row.candle[1:]]
    return (number, _moment(row.candle.start), *amounts, _json(row.derived))


def _row(values: Sequence[str]) -> SeriesRow:
    start, *amounts, derived = values
    at = datetime.strptime(start, _MOMENT).replace(tzinfo=UTC)
    return SeriesRow(Candle(at, *map(Decimal, amounts)), json.loads(derived))


def _kept(rows: Sequence[tuple[str, str]]) -> KeptDay | None:
    for day, began in rows:
        return KeptDay(date.fromisoformat(day), json.loads(began))
    return None


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_MOMENT)


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))
