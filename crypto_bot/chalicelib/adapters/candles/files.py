# ruff: noqa: S608 - names of columns come from the owner's own file, and are quoted
"""The owner's own files of candles or trades -> Candles, by DuckDB: Parquet, or CSV.

Columns are known by the names that exporters give them; files of Binance's archive have none, and
are known by their width. Floats count as the shortest text that they stand for.
"""

import csv
import gzip
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb

from chalicelib.adapters.candles.engine import engine
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_PORTION: Final = 50_000
_NUMBER: Final = re.compile(r"\s*\d+\s*", re.ASCII)
_FIRST_MONDAY_MS: Final = 4 * 86_400_000

_TIMES: Final = (
    "start",
    "time",
    "time_ms",
    "timestamp",
    "open_time",
    "date",
    "datetime",
    "transact_time",
    "t",
)
_CANDLE: Final[Mapping[str, tuple[str, ...]]] = {
    "time": _TIMES,
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c"),
    "volume": ("volume", "vol", "v"),
}
_TRADE: Final[Mapping[str, tuple[str, ...]]] = {
    "time": _TIMES,
    "price": ("price", "p"),
    "quantity": ("quantity", "qty", "amount", "size", "q"),
}
_TRADE_IDS: Final = ("id", "a", "agg_trade_id", "trade_id")
# Columns of files without a header, by how many there are.
_ARCHIVED: Final[Mapping[int, tuple[str, ...]]] = {
    12: ("time", "open", "high", "low", "close", "volume"),
    8: ("id", "price", "quantity", "first", "last", "time"),
    7: ("id", "price", "quantity", "quote", "time"),
}
_INTEGERS: Final = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT"})
_EXACT: Final = "DECIMAL(38, 18)"


class MarketFile:
    """One file, whose columns were looked at. SettingsError names what it lacks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._opened() as connection:
            is_parquet = path.suffix == ".parquet"
            self._source = "read_parquet($path)" if is_parquet else _csv_source(path)
            asked = f"DESCRIBE SELECT * FROM {self._source}"
            rows = connection.execute(asked, {"path": str(path)}).fetchall()
        self._types = {str(name): str(kind) for name, kind, *_ in rows}

    @property
    def has_candles(self) -> bool:
        """Else it is one of trades, or of something else."""
        return all(self._column(names) for names in _CANDLE.values())

    def candles(self) -> Iterator[list[Candle]]:
        """In portions, oldest first, as they stand there."""
        columns = {name: self._needed(name, names) for name, names in _CANDLE.items()}
        amounts = [self._amount(columns[name]) for name in columns if name != "time"]
        yield from self._portions(
            f"SELECT {self._milliseconds(columns['time'])} AS ms, {', '.join(amounts)}"
            f" FROM {self._source} ORDER BY ms"
        )

    def candles_of_trades(self, interval: Interval) -> Iterator[list[Candle]]:
        """In portions, oldest first. Each trade must be in the file once."""
        yield from self._portions(self.aggregation(interval))

    def aggregation(self, interval: Interval) -> str:
        """The query by which trades become candles; its parameter is the path."""
        columns = {name: self._needed(name, names) for name, names in _TRADE.items()}
        price, quantity = self._exact(columns["price"]), self._exact(columns["quantity"])
        number = self._column(_TRADE_IDS)
        length = interval.length // _MS
        first = _FIRST_MONDAY_MS % length
        rows, order = self._source, f"CAST({number} AS BIGINT)"
        if number is None:  # trades of one millisecond follow each other as in the file
            rows = f"(SELECT *, row_number() OVER () AS row FROM {self._source})"
            order = "CAST(ms AS HUGEINT) * 1099511627776 + row"
        trades = (
            f"SELECT {self._milliseconds(columns['time'])} AS ms, {price} AS price,"
            f" {quantity} AS quantity, {order} AS number FROM {rows}"
        )
        return (
            f"SELECT (ms - {first}) // {length} * {length} + {first} AS start,"
            " arg_min(price, number), max(price), min(price), arg_max(price, number),"
            f" sum(quantity) FROM ({trades}) GROUP BY start ORDER BY start"
        )

    def _portions(self, query: str) -> Iterator[list[Candle]]:
        with self._opened() as connection:
            rows = connection.execute(query, {"path": str(self._path)})
            while portion := rows.fetchmany(_PORTION):
                yield [_candle(row) for row in portion]

    @contextmanager
    def _opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        try:
            with engine() as work:
                yield work.connection
        except (duckdb.Error, ArithmeticError, OSError, TypeError, ValueError) as error:
            told = str(error).partition("\n")[0]
            raise SettingsError(f"{self._path} cannot be read: {told}") from error

    def _column(self, names: tuple[str, ...]) -> str | None:
        found = {column.lower(): column for column in self._types}
        return next((_quoted(found[name]) for name in names if name in found), None)

    def _needed(self, name: str, names: tuple[str, ...]) -> str:
        column = self._column(names)
        if column is None:
            raise SettingsError(
                f"{self._path} has no column for {name}; it must be called {' or '.join(names)}"
            )
        return column

    def _kind(self, column: str) -> str:
        return next(kind for name, kind in self._types.items() if _quoted(name) == column)

    def _milliseconds(self, column: str) -> str:
        """Numbers may be seconds or parts of them; times without a zone are UTC."""
        kind = self._kind(column)
        if kind == "VARCHAR":
            number, text = f"TRY_CAST({column} AS BIGINT)", f"CAST({column} AS TIMESTAMPTZ)"
            return f"coalesce({_scaled(number)}, epoch_ms({text}))"
        if kind in _INTEGERS:
            return _scaled(column)
        return f"epoch_ms(CAST({column} AS TIMESTAMPTZ))"

    def _amount(self, column: str) -> str:
        """A single-precision float would become a double with digits that it never had."""
        return f"CAST({column} AS VARCHAR)" if self._kind(column) == "FLOAT" else column

    def _exact(self, column: str) -> str:
        kind = self._kind(column)
        if kind.startswith("DECIMAL"):
            return column
        return f"CAST(CAST({column} AS VARCHAR) AS {_EXACT})"


def _csv_source(path: Path) -> str:
    """Everything as text: DuckDB would make floats of the amounts."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf-8-sig") as file:
        cells = next(csv.reader(file), [])
    if not (cells and _NUMBER.fullmatch(cells[0])):
        return "read_csv($path, all_varchar = true, header = true)"
    known = _ARCHIVED.get(len(cells), ())
    names = [known[n] if n < len(known) else f"column{n}" for n in range(len(cells))]
    return f"read_csv($path, all_varchar = true, header = false, names = {names})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _scaled(number: str) -> str:
    return (
        f"CASE WHEN {number} < 100000000000 THEN {number} * 1000"
        f" WHEN {number} < 100000000000000 THEN {number}"
        f" WHEN {number} < 100000000000000000 THEN {number} // 1000"
        f" ELSE {number} // 1000000 END"
    )


def _candle(row: tuple[Any, ...]) -> Candle:
    ms, *amounts = row
    return Candle(_EPOCH + ms * _MS, *(Decimal(str(amount)) for amount in amounts))
