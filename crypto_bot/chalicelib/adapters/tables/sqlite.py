"""The summaries in an SQLite file. Amounts are text, because SQLite knows no exact decimals."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from chalicelib.adapters.tables.columns import (
    ALL,
    AMOUNTS,
    AVERAGES,
    COUNTS,
    PROMISED,
    TABLE,
    amounts_of,
    moment,
    read_moment,
    summary_of,
)
from chalicelib.domain.market.minute import Minute
from chalicelib.domain.market.minute_summary import MinuteSummary
from chalicelib.drivers.sqlite_file import SqliteFile

_SCHEMA: Final = (
    f"""
    CREATE TABLE IF NOT EXISTS {TABLE} (
        timestamp TEXT NOT NULL,
        symbol TEXT NOT NULL,
        {" ".join(f"{name} INTEGER NOT NULL," for name in COUNTS)}
        {" ".join(f"{name} TEXT NOT NULL," for name in AMOUNTS)}
        {" ".join(f"{name} TEXT," for name in AVERAGES)}
        source TEXT NOT NULL,
        PRIMARY KEY (symbol, timestamp)
    ) WITHOUT ROWID
    """,
)
_REPLACE: Final = f"""
    INSERT OR REPLACE INTO {TABLE} ({", ".join(ALL)}) VALUES ({", ".join("?" for _ in ALL)})
"""  # noqa: S608 - names of ours
_SOURCES: Final = f"""
    SELECT timestamp, source FROM {TABLE} WHERE symbol = ? AND timestamp >= ? AND timestamp < ?
"""  # noqa: S608 - names of ours
_NEWEST: Final = f"""
    SELECT {", ".join(PROMISED)} FROM {TABLE} WHERE symbol = COALESCE(?, symbol)
    ORDER BY timestamp DESC, symbol LIMIT ?
"""  # noqa: S608 - names of ours


class SqliteTradeFlow:
    """`TradeFlowTable`."""

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, _SCHEMA)

    def replace(self, summary: MinuteSummary, source: str) -> None:
        """See `TradeFlowTable.replace`."""
        amounts = amounts_of(summary)
        texts = [_plain(value) if isinstance(value, Decimal) else value for value in amounts]
        minute = summary.minute
        self._file.write(_REPLACE, (moment(minute.start), minute.symbol, *texts, source))

    def sources(self, symbol: str, start: datetime, end: datetime) -> dict[Minute, str]:
        """See `TradeFlowTable.sources`."""
        rows = self._file.select(_SOURCES, (symbol, moment(start), moment(end)))
        return {Minute(symbol, read_moment(at)): source for at, source in rows}

    def newest(self, limit: int, symbol: str | None = None) -> list[MinuteSummary]:
        """See `TradeFlowTable.newest`."""
        return [summary_of(row) for row in self._file.select(_NEWEST, (symbol, limit))]

    def close(self) -> None:
        """See `TradeFlowTable.close`."""
        self._file.close()


def _plain(value: Decimal) -> str:
    """Every digit, no exponent; `money.plain` rounds to what DynamoDB keeps, and a sum has more."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
