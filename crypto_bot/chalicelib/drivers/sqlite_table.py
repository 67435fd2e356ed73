"""The table in a SQLite file: the embedded run's memory, and the test double of the same port.

One connection behind one lock serves all threads: SQLite lets a single writer in anyway, and a
reader waits no longer than one commit. Other processes open the same file for themselves.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from chalicelib.domain.errors import SettingsError, StoreConflict, StoreUnavailable
from chalicelib.drivers.table import Row

# Each script is one statement, run in the transaction that raises PRAGMA user_version by one.
# What has been released is never edited: a change is a new script at the end.
MIGRATIONS: Final = (
    """
    CREATE TABLE record (
        partition TEXT NOT NULL,
        sort TEXT NOT NULL,
        document TEXT NOT NULL,
        version INTEGER NOT NULL,
        shelf TEXT,
        at TEXT,
        urgent INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (partition, sort)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX record_by_shelf ON record (shelf, at) WHERE shelf IS NOT NULL",
)

# A lost SUBMITTED row would send an order twice, so every commit reaches the disk.
PRAGMAS: Final = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")

_LAST_CHARACTER: Final = "\U0010ffff"
_NO_LIMIT: Final = -1
_OPENING_PAUSE: Final = 0.02

_GET: Final = """
    SELECT partition, sort, document, version, shelf, at, urgent
    FROM record WHERE partition = ? AND sort = ?
"""
_QUERY: Final = """
    SELECT partition, sort, document, version, shelf, at, urgent
    FROM record WHERE partition = ? AND sort BETWEEN ? AND ? ORDER BY sort
"""
_SHELF: Final = """
    SELECT partition, sort, document, version, shelf, at, urgent
    FROM record WHERE shelf = ? AND at > ? AND at <= ? ORDER BY at LIMIT ?
"""
_SHELF_DESCENDING: Final = """
    SELECT partition, sort, document, version, shelf, at, urgent
    FROM record WHERE shelf = ? AND at > ? AND at <= ? ORDER BY at DESC LIMIT ?
"""
_SCAN: Final = """
    SELECT partition, sort, document, version, shelf, at, urgent
    FROM record ORDER BY partition, sort
"""
_INSERT: Final = """
    INSERT INTO record (partition, sort, document, version, shelf, at, urgent)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
_REPLACE: Final = """
    UPDATE record SET document = ?, version = ?, shelf = ?, at = ?, urgent = ?
    WHERE partition = ? AND sort = ? AND version = ?
"""
_OVERWRITE: Final = """
    INSERT INTO record (partition, sort, document, version, shelf, at, urgent)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET
        document = excluded.document, version = excluded.version,
        shelf = excluded.shelf, at = excluded.at, urgent = excluded.urgent
"""


class SqliteTable:
    """`Table` in the file at `path`, or in memory for ":memory:". `patience` is in seconds.

    `patience` is how long a write waits for another process; it is shorter than the 3 s after
    which TradingView gives up, so that a sender still hears 503 and tries again.
    """

    write_limit: int | None = None
    scans_one_moment: bool = True

    def __init__(self, path: Path | str, *, patience: float = 2.0) -> None:
        self._path = path
        self._lock = threading.Lock()
        with self._trouble_named():
            self._connection = sqlite3.connect(
                path, timeout=patience, isolation_level=None, check_same_thread=False
            )
        try:
            with self._trouble_named():
                self._prepare(patience)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Give the file back; what was written stays."""
        with self._lock:
            self._connection.close()

    def get(self, partition: str, sort: str) -> Row | None:
        """See `Table.get`."""
        rows = self._select(_GET, (partition, sort))
        return rows[0] if rows else None

    def query(self, partition: str, prefix: str = "") -> list[Row]:
        """See `Table.query`."""
        return self._select(_QUERY, (partition, prefix, prefix + _LAST_CHARACTER))

    def shelf(
        self,
        name: str,
        *,
        up_to: str | None = None,
        above: str | None = None,
        descending: bool = False,
        limit: int | None = None,
    ) -> list[Row]:
        """See `Table.shelf`; here it never lags."""
        first = "" if above is None else above
        last = _LAST_CHARACTER if up_to is None else up_to
        count = _NO_LIMIT if limit is None else limit
        return self._select(_SHELF_DESCENDING if descending else _SHELF, (name, first, last, count))

    def scan(self) -> list[Row]:
        """See `WholeTable.scan`; SQLite answers one statement out of one state of the file."""
        return self._select(_SCAN, ())

    def write(self, rows: Sequence[Row]) -> None:
        """See `Table.write`."""
        if len(rows) == 1:  # one statement is a transaction by itself, and takes half the time
            with self._lock, self._trouble_named():
                self._write_one(rows[0])
            return
        with self._transaction():
            for row in rows:
                self._write_one(row)

    def overwrite(self, rows: Sequence[Row]) -> None:
        """See `Table.overwrite`; here all of them in one commit."""
        with self._transaction():
            self._connection.executemany(_OVERWRITE, [_values(row) for row in rows])

    def _select(self, statement: str, values: tuple[object, ...]) -> list[Row]:
        with self._lock, self._trouble_named():
            found = self._connection.execute(statement, values).fetchall()
        return [_row(values) for values in found]

    def _write_one(self, row: Row) -> None:
        if row.version == 1:
            done = self._connection.execute(_INSERT, _values(row))
        else:
            key = (row.partition, row.sort, row.version - 1)
            done = self._connection.execute(_REPLACE, (*_values(row)[2:], *key))
        if done.rowcount != 1:
            raise StoreConflict(
                f"{row.partition} {row.sort} is no longer at version {row.version - 1}"
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._trouble_named():
            # IMMEDIATE takes the write lock at once: a transaction that read first and wrote
            # later could be refused in the middle without being allowed to wait.
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has rolled back by itself
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _trouble_named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            # Locked, full, read-only, damaged. The other subclasses are mistakes of this program.
            if isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:
                raise StoreUnavailable(f"the store in {self._path} failed: {error}") from error
            raise

    def _prepare(self, patience: float) -> None:
        self._open_for_writing(patience)
        version = self._schema_version()
        if version > len(MIGRATIONS):
            raise SettingsError(
                f"{self._path} has schema version {version} and this program knows up to"
                f" {len(MIGRATIONS)}: it was written by a newer crypto-bot; upgrade this one, or"
                " choose another home folder"
            )
        if version < len(MIGRATIONS):
            self._migrate()

    def _open_for_writing(self, patience: float) -> None:
        """Two processes that turn a new file to WAL at once collide, and SQLite does not wait."""
        deadline = time.monotonic() + patience
        while True:
            try:
                for pragma in PRAGMAS:
                    self._connection.execute(pragma).fetchall()
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_OPENING_PAUSE)
            else:
                return

    def _migrate(self) -> None:
        with self._transaction():
            # Read again under the lock: another process may have migrated in between.
            for number in range(self._schema_version(), len(MIGRATIONS)):
                self._connection.execute(MIGRATIONS[number])
                self._connection.execute(f"PRAGMA user_version = {number + 1}")

    def _schema_version(self) -> int:
        version: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        return version


def _values(row: Row) -> tuple[str | int | None, ...]:
    return (
        row.partition,
        row.sort,
        row.document,
        row.version,
        row.shelf,
        row.at,
        int(row.urgent),
    )


def _row(values: tuple[str, str, str, int, str | None, str | None, int]) -> Row:
    partition, sort, document, version, shelf, at, urgent = values
    return Row(
        partition=partition,
        sort=sort,
        document=document,
        version=version,
        shelf=shelf,
        at=at,
        urgent=bool(urgent),
    )
