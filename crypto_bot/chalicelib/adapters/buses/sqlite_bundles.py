"""How messages lie in the bus's file: one row for all that was published to a partition at once.

To write or read a row takes as long for one message as for a thousand. Each message has an offset
of its own all the same; a row says of which ones it is. Its text is a line per message, which any
SQLite tool shows; `sizes` says where each ends, for a message may have line ends within.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from chalicelib.drivers.sqlite_file import SqliteFile

# The time is in the key so that what is old is found without a look at the rows, which are large.
SCHEMA: Final = (
    """
    CREATE TABLE IF NOT EXISTS bundle (
        topic TEXT NOT NULL,
        partition INTEGER NOT NULL,
        "end" INTEGER NOT NULL, -- the offset after that of its last message
        at_ms INTEGER NOT NULL,
        first INTEGER NOT NULL,
        sizes BLOB NOT NULL,
        text BLOB NOT NULL,
        PRIMARY KEY (topic, partition, "end", at_ms)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS newest (
        topic TEXT NOT NULL,
        key BLOB NOT NULL,
        partition INTEGER NOT NULL,
        "offset" INTEGER NOT NULL,
        PRIMARY KEY (topic, key)
    ) WITHOUT ROWID
    """,
)
_APPEND: Final = "INSERT INTO bundle VALUES (?, ?, ?, ?, ?, ?, ?)"
_SET_NEWEST: Final = """
    INSERT INTO newest VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET partition = excluded.partition, "offset" = excluded."offset"
"""
# What ends within the window, and the first one however far it reaches or lies ahead.
_READ: Final = """
    SELECT first, at_ms, sizes, text FROM bundle
    WHERE topic = ?1 AND partition = ?2 AND "end" > ?3 AND "end" <= MAX(
        ?3 + ?4,
        (SELECT MIN("end") FROM bundle WHERE topic = ?1 AND partition = ?2 AND "end" > ?3)
    )
    ORDER BY "end"
"""
_NEWEST: Final = 'SELECT partition, "offset" FROM newest WHERE topic = ? AND key = ?'
_MOST_MESSAGES: Final = 2_000
_MOST_BYTES: Final = 1 << 24

Place = tuple[int, int]  # partition and offset


class Bundle(NamedTuple):
    """Messages of one partition, published together; `first` is the offset of the first one."""

    first: int
    at_ms: int
    values: Sequence[bytes]


def append(file: SqliteFile, topic: str, partition: int, bundle: Bundle) -> None:
    """Within a transaction of the caller's. A large one becomes several rows."""
    rows, first = [], bundle.first
    for values in _portions(bundle.values):
        end = first + len(values)
        sizes = struct.pack(f"<{len(values)}I", *map(len, values))
        rows.append((topic, partition, end, bundle.at_ms, first, sizes, b"\n".join(values)))
        first = end
    file.write_many(_APPEND, rows)


def read(file: SqliteFile, topic: str, partition: int, offset: int, limit: int) -> list[Bundle]:
    """From the message at the offset on, or the oldest after it; about `limit` messages.

    The first bundle may begin before the offset, and have more messages than `limit`.
    """
    rows = file.select(_READ, (topic, partition, offset, limit))
    return [Bundle(first, at_ms, _split(sizes, text)) for first, at_ms, sizes, text in rows]


def set_newest(file: SqliteFile, topic: str, places: Mapping[bytes, Place]) -> None:
    """Where the last message of each key is. Within a transaction of the caller's."""
    file.write_many(_SET_NEWEST, [(topic, key, *place) for key, place in places.items()])


def newest(file: SqliteFile, topic: str, key: bytes) -> bytes | None:
    """The last message of the key; None where there is none, or it was deleted."""
    for partition, offset in file.select(_NEWEST, (topic, key)):
        for bundle in read(file, topic, partition, offset, 1):
            if bundle.first <= offset:
                value: bytes = bundle.values[offset - bundle.first]
                return value
    return None


def _portions(values: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    is_large = len(values) > _MOST_MESSAGES or sum(map(len, values)) > _MOST_BYTES
    if is_large and len(values) > 1:
        middle = len(values) // 2
        yield from _portions(values[:middle])
        yield from _portions(values[middle:])
    elif values:
        yield values


def _split(sizes: bytes, text: bytes) -> list[bytes]:
    values, start = [], 0
    for (size,) in struct.iter_unpack("<I", sizes):
        end = start + size
        values.append(text[start:end])
        start = end + 1
    return values
