"""The summaries in MySQL or MariaDB, over the wire with PyMySQL.

A row is replaced by one statement, which is a transaction of its own. The connection is made when
it is needed, and made anew after anything that went wrong with it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from typing import Any, Final

import pymysql

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
from chalicelib.domain.errors import SettingsError, StoreUnavailable
from chalicelib.domain.market.minute import Minute
from chalicelib.domain.market.minute_summary import DECIMALS, MinuteSummary

_MYSQL_DIGITS: Final = 60  # of a sum, the decimals among them
_AMOUNT: Final = f"DECIMAL({_MYSQL_DIGITS}, {DECIMALS})"
_SCHEMA: Final = f"""
    CREATE TABLE IF NOT EXISTS {TABLE} (
        `timestamp` DATETIME NOT NULL,
        symbol VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
        {" ".join(f"{name} INT UNSIGNED NOT NULL," for name in COUNTS)}
        {" ".join(f"{name} {_AMOUNT} NOT NULL," for name in AMOUNTS)}
        {" ".join(f"{name} {_AMOUNT} NULL," for name in AVERAGES)}
        source CHAR(16) NOT NULL,
        PRIMARY KEY (symbol, `timestamp`),
        KEY by_time (`timestamp`)
    )
"""
_NAMES: Final = ", ".join(f"`{name}`" for name in ALL)
_REPLACE: Final = f"""
    INSERT INTO {TABLE} ({_NAMES}) VALUES ({", ".join("%s" for _ in ALL)})
    ON DUPLICATE KEY UPDATE {", ".join(f"`{n}` = VALUES(`{n}`)" for n in ALL)}
"""  # noqa: S608 - names of ours
_SOURCES: Final = f"""
    SELECT `timestamp`, source FROM {TABLE}
    WHERE symbol = %s AND `timestamp` >= %s AND `timestamp` < %s
"""  # noqa: S608 - names of ours
_NEWEST: Final = f"""
    SELECT {", ".join(f"`{name}`" for name in PROMISED)} FROM {TABLE}
    WHERE symbol = COALESCE(%s, symbol) ORDER BY `timestamp` DESC, symbol LIMIT %s
"""  # noqa: S608 - names of ours

# Whoever is asked again gets the same answer: access denied, no such database, no rights.
_WRONG: Final = frozenset({1044, 1045, 1049, 1142, 1143, 1227})
_OPTIONS: Final = {
    "connect_timeout": 5,
    "read_timeout": 15,
    "write_timeout": 15,
    "charset": "utf8mb4",
    "autocommit": True,
    # Whatever does not fit a column is refused instead of being cut to size.
    "init_command": "SET SESSION sql_mode = 'STRICT_ALL_TABLES', time_zone = '+00:00'",
}
_EXISTS: Final = """
    SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s
"""


class MysqlTradeFlow:
    """`TradeFlowTable`. `address` has PyMySQL's own names: host, port, user, password, database.

    `password` is asked at each connection, for one that changes by itself.
    """

    def __init__(
        self, address: Mapping[str, Any], password: Callable[[], str] | None = None
    ) -> None:
        self._address = dict(address)
        self._password = password
        self._connection: pymysql.Connection[Any] | None = None

    def replace(self, summary: MinuteSummary, source: str) -> None:
        """See `TradeFlowTable.replace`."""
        minute = summary.minute
        values = (moment(minute.start), minute.symbol, *amounts_of(summary), source)
        self._run(_REPLACE, values)

    def sources(self, symbol: str, start: datetime, end: datetime) -> dict[Minute, str]:
        """See `TradeFlowTable.sources`."""
        rows = self._run(_SOURCES, (symbol, moment(start), moment(end)))
        return {Minute(symbol, read_moment(at)): source for at, source in rows}

    def newest(self, limit: int, symbol: str | None = None) -> list[MinuteSummary]:
        """See `TradeFlowTable.newest`."""
        return [summary_of(row) for row in self._run(_NEWEST, (symbol, limit))]

    def close(self) -> None:
        """See `TradeFlowTable.close`."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with suppress(pymysql.Error, OSError):  # it may be broken, and is given up anyway
                connection.close()

    def _run(self, statement: str, values: Sequence[object]) -> Sequence[Any]:
        try:
            if self._connection is None:
                self._connection = self._connect()
            with self._connection.cursor() as cursor:
                cursor.execute(statement, values)
                rows: Sequence[Any] = cursor.fetchall()
                return rows
        except (pymysql.OperationalError, pymysql.InterfaceError, pymysql.InternalError) as error:
            self.close()
            raise self._named(error) from error

    def _connect(self) -> "pymysql.Connection[Any]":
        options: dict[str, Any] = self._address | _OPTIONS
        if self._password is not None:
            options["password"] = self._password()
        connection: pymysql.Connection[Any] = pymysql.connect(**options)
        with ExitStack() as undone:
            undone.callback(connection.close)
            with connection.cursor() as cursor:
                cursor.execute(_EXISTS, (TABLE,))
                if not cursor.fetchall():  # whoever may not make tables, may still fill this one
                    cursor.execute(_SCHEMA)
            undone.pop_all()
        return connection

    def _named(self, error: pymysql.Error) -> Exception:
        code, *words = error.args or (0,)
        told = (
            f"the database {self._address.get('database')} on {self._address.get('host')} says:"
            f" {' '.join(map(str, words))} ({code})"
        )
        if code in _WRONG:
            return SettingsError(f"{told}; check TRADE_FLOW_URL and what its user may do")
        return StoreUnavailable(told)
