"""The bus in one SQLite file: durable, readable with any SQLite tool, shared by processes.

Offsets begin at 0 in each partition, have no gaps and are never given twice, whatever was deleted.
Deleted is what is older than the retention and read by every group that ever read the topic.
"""

import time
import zlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from chalicelib.domain.market.bus_message import Message, Position, Record
from chalicelib.domain.market.minute import milliseconds
from chalicelib.drivers.sqlite_file import SqliteFile
from chalicelib.market_ports.bus import Batch
from chalicelib.ports import Clock

_SCHEMA: Final = (
    """
    CREATE TABLE IF NOT EXISTS message (
        topic TEXT NOT NULL,
        partition INTEGER NOT NULL,
        "offset" INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        key BLOB NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (topic, partition, "offset")
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS log_end (
        topic TEXT NOT NULL,
        partition INTEGER NOT NULL,
        "offset" INTEGER NOT NULL,
        PRIMARY KEY (topic, partition)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS position (
        topic TEXT NOT NULL,
        "group" TEXT NOT NULL,
        partition INTEGER NOT NULL,
        "offset" INTEGER NOT NULL,
        note TEXT NOT NULL,
        PRIMARY KEY (topic, "group", partition)
    ) WITHOUT ROWID
    """,
)
_APPEND: Final = "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?)"
_SET_END: Final = """
    INSERT INTO log_end VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET "offset" = excluded."offset"
"""
_ENDS: Final = 'SELECT partition, "offset" FROM log_end WHERE topic = ?'
_READ: Final = """
    SELECT partition, "offset", at_ms, value FROM message
    WHERE topic = ? AND partition = ? AND "offset" >= ? ORDER BY "offset" LIMIT ?
"""
_JOIN: Final = "INSERT INTO position VALUES (?, ?, ?, 0, '') ON CONFLICT DO NOTHING"
_POSITIONS: Final = """
    SELECT partition, "offset", note FROM position WHERE topic = ? AND "group" = ?
"""
# Never backwards: what lies before it may be deleted already.
_COMMIT: Final = """
    UPDATE position SET "offset" = ?, note = ?
    WHERE topic = ? AND "group" = ? AND partition = ? AND "offset" <= ?
"""
_FORGET: Final = 'DELETE FROM position WHERE topic = ? AND "group" = ?'
# A step at a time, so that nobody waits long for the file.
_TRIM: Final = """
    DELETE FROM message WHERE topic = ?1 AND partition = ?2 AND "offset" IN (
        SELECT "offset" FROM message WHERE topic = ?1 AND partition = ?2 AND at_ms < ?3
        AND "offset" < COALESCE(
            (SELECT MIN("offset") FROM position WHERE topic = ?1 AND partition = ?2),
            9223372036854775807
        )
        ORDER BY "offset" LIMIT ?4
    )
"""
_NEWEST: Final = """
    SELECT value FROM message WHERE topic = ? AND partition = ? AND "offset" >= ? AND key = ?
    ORDER BY "offset" DESC LIMIT 1
"""
_LOOK_BACK: Final = 1_000_000
_TRIM_STEP: Final = 20_000
_TRIM_EVERY_MS: Final = 60_000
_LOOK_AGAIN: Final = 0.02


class SqliteBus:
    """`Bus`. `partitions` is how many a new topic gets."""

    def __init__(
        self, path: Path, clock: Clock, *, partitions: int = 1, retention: timedelta
    ) -> None:
        self._path = path
        self._clock = clock
        self._partitions = partitions
        self._retention_ms = int(retention / timedelta(milliseconds=1))
        self._file = SqliteFile(path, _SCHEMA)
        self._trimmed_at = 0

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        """See `Bus.publish`; all of them in one commit."""
        now_ms = milliseconds(self._clock.now())
        with self._file.transaction():
            ends = self._ends(topic)
            rows = []
            for key, value in records:
                partition = zlib.crc32(key) % len(ends)
                rows.append((topic, partition, ends[partition], now_ms, key, value))
                ends[partition] += 1
            self._file.write_many(_APPEND, rows)
            self._file.write_many(_SET_END, [(topic, p, end) for p, end in ends.items()])
        self._trim(topic, now_ms, list(ends))

    def read(self, topic: str, group: str) -> "SqliteBusReader":
        """See `Bus.read`."""
        with self._file.transaction():
            ends = self._ends(topic)
            self._file.write_many(_SET_END, [(topic, p, end) for p, end in ends.items()])
            self._file.write_many(_JOIN, [(topic, group, p) for p in ends])
        return SqliteBusReader(self._path, self._clock, topic, group)

    def newest(self, topic: str, key: bytes) -> bytes | None:
        """See `Bus.newest`."""
        ends = self._ends(topic)
        partition = zlib.crc32(key) % len(ends)
        first = ends[partition] - _LOOK_BACK
        rows = self._file.select(_NEWEST, (topic, partition, first, key))
        return bytes(rows[0][0]) if rows else None

    def forget(self, topic: str, group: str) -> None:
        """See `Bus.forget`; messages that only this group has not read may now be deleted."""
        self._file.write(_FORGET, (topic, group))

    def close(self) -> None:
        """See `Bus.close`."""
        self._file.close()

    def _ends(self, topic: str) -> dict[int, int]:
        ends = dict(self._file.select(_ENDS, (topic,)))
        return ends or dict.fromkeys(range(self._partitions), 0)

    def _trim(self, topic: str, now_ms: int, partitions: list[int]) -> None:
        if now_ms < self._trimmed_at + _TRIM_EVERY_MS:
            return
        self._trimmed_at = now_ms
        for partition in partitions:
            before = now_ms - self._retention_ms
            self._file.write(_TRIM, (topic, partition, before, _TRIM_STEP))


class SqliteBusReader:
    """`BusReader`. There is one member to a group: it holds every partition."""

    def __init__(self, path: Path, clock: Clock, topic: str, group: str) -> None:
        # Commits of a reader reach the disk, and with them all that was published before.
        self._file = SqliteFile(path, _SCHEMA, durable=True)
        self._clock, self._topic, self._group = clock, topic, group
        rows = self._file.select(_POSITIONS, (topic, group))
        self._begun = {partition: Position(offset, note) for partition, offset, note in rows}
        self._next = {partition: position.offset for partition, position in self._begun.items()}

    def poll(self, *, limit: int, wait: float) -> Batch:
        """See `BusReader.poll`."""
        begun, self._begun = self._begun, {}
        if begun:
            return Batch(begun=begun)
        deadline = time.monotonic() + wait
        while True:
            messages = self._read(limit)
            if messages or time.monotonic() >= deadline:
                return Batch(messages=messages)
            time.sleep(min(_LOOK_AGAIN, wait))

    def commit(self, partition: int, position: Position) -> None:
        """See `BusReader.commit`."""
        offset, note = position.offset, position.note
        self._file.write(_COMMIT, (offset, note, self._topic, self._group, partition, offset))

    def mark(self, partition: int, record: Record) -> None:
        """See `BusReader.mark`."""
        with self._file.transaction():
            ends = dict(self._file.select(_ENDS, (self._topic,)))
            end = ends[partition]
            now_ms = milliseconds(self._clock.now())
            row = (self._topic, partition, end, now_ms, record.key, record.value)
            self._file.write_many(_APPEND, [row])
            self._file.write_many(_SET_END, [(self._topic, partition, end + 1)])

    def lag(self) -> int:
        """See `BusReader.lag`."""
        ends = dict(self._file.select(_ENDS, (self._topic,)))
        return sum(ends[partition] - offset for partition, offset in self._next.items())

    def close(self) -> None:
        """See `BusReader.close`."""
        self._file.close()

    def _read(self, limit: int) -> list[Message]:
        messages: list[Message] = []
        for partition, offset in self._next.items():
            if len(messages) >= limit:
                break
            rows = self._file.select(_READ, (self._topic, partition, offset, limit - len(messages)))
            messages += map(Message._make, rows)
            if rows:
                self._next[partition] = rows[-1][1] + 1
        return messages
