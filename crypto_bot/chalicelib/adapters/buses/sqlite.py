"""The bus in one SQLite file: durable, readable with any SQLite tool, shared by processes.

Offsets begin at 0 in each partition, have no gaps and are never given twice, whatever was deleted.
Deleted is what is older than the retention and read by every group that ever read the topic; what
was published together goes together.
"""

import time
import zlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from chalicelib.adapters.buses import sqlite_bundles as bundles
from chalicelib.adapters.buses.sqlite_bundles import Bundle, Place
from chalicelib.adapters.buses.sqlite_upgrade import upgrade
from chalicelib.domain.market.bus_message import Message, Position, Record
from chalicelib.domain.market.minute import milliseconds
from chalicelib.drivers.sqlite_file import SqliteFile
from chalicelib.market_ports.bus import Batch
from chalicelib.ports import Clock

_SCHEMA: Final = (
    *bundles.SCHEMA,
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
_SET_END: Final = """
    INSERT INTO log_end VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET "offset" = excluded."offset"
"""
_ENDS: Final = 'SELECT partition, "offset" FROM log_end WHERE topic = ?'
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
    DELETE FROM bundle WHERE topic = ?1 AND partition = ?2 AND "end" IN (
        SELECT "end" FROM bundle WHERE topic = ?1 AND partition = ?2 AND at_ms < ?3
        AND "end" <= COALESCE(
            (SELECT MIN("offset") FROM position WHERE topic = ?1 AND partition = ?2),
            9223372036854775807
        )
        ORDER BY "end" LIMIT ?4
    )
"""
_TRIM_STEP: Final = 100
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
        self._file = _opened(path)
        self._trimmed_at = 0

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        """See `Bus.publish`; all of them in one commit."""
        now_ms = milliseconds(self._clock.now())
        with self._file.transaction():
            ends = self._ends(topic)
            values: dict[int, list[bytes]] = {partition: [] for partition in ends}
            places: dict[bytes, Place] = {}
            for key, value in records:
                partition = zlib.crc32(key) % len(ends)
                places[key] = (partition, ends[partition] + len(values[partition]))
                values[partition].append(value)
            for partition, first in ends.items():
                bundle = Bundle(first, now_ms, values[partition])
                _append(self._file, topic, partition, bundle)
            bundles.set_newest(self._file, topic, places)
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
        return bundles.newest(self._file, topic, key)

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
        before = now_ms - self._retention_ms
        deleted = [self._file.write(_TRIM, (topic, p, before, _TRIM_STEP)) for p in partitions]
        if max(deleted) < _TRIM_STEP:  # else the next publishing goes on
            self._trimmed_at = now_ms


class SqliteBusReader:
    """`BusReader`. There is one member to a group: it holds every partition."""

    def __init__(self, path: Path, clock: Clock, topic: str, group: str) -> None:
        # Commits of a reader reach the disk, and with them all that was published before.
        self._file = _opened(path, durable=True)
        self._clock, self._topic, self._group = clock, topic, group
        rows = self._file.select(_POSITIONS, (topic, group))
        self._begun = {partition: Position(offset, note) for partition, offset, note in rows}
        self._next = {partition: position.offset for partition, position in self._begun.items()}
        self._left: dict[int, list[Message]] = {}  # of a bundle that is larger than what was asked

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
            _append(self._file, self._topic, partition, Bundle(end, now_ms, [record.value]))
            bundles.set_newest(self._file, self._topic, {record.key: (partition, end)})

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
            room = limit - len(messages)
            if room <= 0:
                break
            found = self._left.pop(partition, None) or self._fetch(partition, offset, room)
            if found[room:]:
                self._left[partition] = found[room:]
            if found:
                messages += found[:room]
                self._next[partition] = messages[-1].offset + 1
        return messages

    def _fetch(self, partition: int, offset: int, limit: int) -> list[Message]:
        """From the offset on; all of each bundle that has something of it."""
        messages: list[Message] = []
        for first, at_ms, values in bundles.read(self._file, self._topic, partition, offset, limit):
            begun = max(0, offset - first)  # the first one may have messages before it
            messages += [
                Message(partition, number, at_ms, value)
                for number, value in enumerate(values[begun:], first + begun)
            ]
        return messages


def _opened(path: Path, *, durable: bool = False) -> SqliteFile:
    file = SqliteFile(path, _SCHEMA, durable=durable)
    try:
        upgrade(file)
    except BaseException:
        file.close()
        raise
    return file


def _append(file: SqliteFile, topic: str, partition: int, bundle: Bundle) -> None:
    bundles.append(file, topic, partition, bundle)
    file.write_many(_SET_END, [(topic, partition, bundle.first + len(bundle.values))])
