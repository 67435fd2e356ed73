"""An SQLite file of one stage: opened, its schema made, its troubles named.

For the bus, the lake's list of changes and the table of summaries, which have schemas of their own
and can be filled again. What must not be lost is kept by sqlite_table.py.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from chalicelib.domain.errors import StoreUnavailable

_PATIENCE: Final = 10.0
_OPENING_PAUSE: Final = 0.02


class SqliteFile:
    """One connection behind one lock. Other processes open the same file for themselves.

    `durable`: every commit reaches the disk. Otherwise a power cut, and nothing less, may take the
    last ones back.
    """

    def __init__(self, path: Path, schema: Sequence[str], *, durable: bool = False) -> None:
        self._path = path
        self._lock = threading.RLock()
        with self._trouble_named():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
        try:
            with self._trouble_named():
                self._open("FULL" if durable else "NORMAL")
            with self.transaction():
                for statement in schema:
                    self._connection.execute(statement)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Give the file back; what was written stays."""
        with self._lock:
            self._connection.close()

    def select(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """All rows."""
        with self._lock, self._trouble_named():
            return self._connection.execute(statement, values).fetchall()

    def write(self, statement: str, values: Sequence[object] = ()) -> int:
        """One statement, committed; how many rows it changed."""
        with self._lock, self._trouble_named():
            return self._connection.execute(statement, values).rowcount

    def write_many(self, statement: str, values: Sequence[Sequence[object]]) -> None:
        """Within a transaction of the caller's."""
        with self._lock, self._trouble_named():
            self._connection.executemany(statement, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing. It holds the file's one write lock from the start."""
        with self._lock, self._trouble_named():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has rolled back by itself
                    self._connection.execute("ROLLBACK")
                raise

    def _open(self, synchronous: str) -> None:
        """Two processes that turn a new file to WAL at once collide, and SQLite does not wait."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL").fetchall()
                self._connection.execute(f"PRAGMA synchronous = {synchronous}").fetchall()
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_OPENING_PAUSE)
            else:
                return

    @contextmanager
    def _trouble_named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreUnavailable(
                f"the folder {self._path.parent} cannot be made: {error.strerror}"
            ) from error
        except sqlite3.DatabaseError as error:
            # Locked, full, read-only, damaged. The other subclasses are mistakes of this program.
            if isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:
                raise StoreUnavailable(f"{self._path} failed: {error}") from error
            raise
