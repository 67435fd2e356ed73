"""A bus whose file has a row for each message, as it was until bundles: nothing of it is lost."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from chalicelib.adapters.buses.sqlite import SqliteBus
from chalicelib.adapters.clock import ReplayClock
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.bus_message import Message, Position, Record
from tests.contract.buses.reading import begin, read, reader_of

NOON = datetime(2024, 8, 9, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)
SCHEMA: Final = """
    CREATE TABLE message (
        topic TEXT NOT NULL, partition INTEGER NOT NULL, "offset" INTEGER NOT NULL,
        at_ms INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,
        PRIMARY KEY (topic, partition, "offset")
    ) WITHOUT ROWID;
    CREATE TABLE log_end (
        topic TEXT NOT NULL, partition INTEGER NOT NULL, "offset" INTEGER NOT NULL,
        PRIMARY KEY (topic, partition)
    ) WITHOUT ROWID;
    CREATE TABLE position (
        topic TEXT NOT NULL, "group" TEXT NOT NULL, partition INTEGER NOT NULL,
        "offset" INTEGER NOT NULL, note TEXT NOT NULL,
        PRIMARY KEY (topic, "group", partition)
    ) WITHOUT ROWID;
"""
Row = tuple[str, int, int, int, bytes, bytes]  # topic, partition, offset, ms, key, value


def rows_of(topic: str, partition: int, offsets: range, *, at_ms: int = NOON_MS) -> list[Row]:
    key = b"BTCUSDT" if partition == 0 else b"ETHUSDT"
    return [
        (topic, partition, offset, at_ms + offset // 700, key, b"%s %d" % (key, offset))
        for offset in offsets
    ]


TRADES = rows_of("trades", 0, range(40, 2540))
# Between the ones of one moment some were deleted, by a clock that was wrong.
TORN = [*rows_of("trades", 1, range(3)), *rows_of("trades", 1, range(5, 9))]
CANDLES = rows_of("klines", 0, range(5))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """With a group in the middle of the trades."""
    made = tmp_path / "bus.sqlite3"
    with closing(sqlite3.connect(made)) as old:
        old.executescript(SCHEMA)
        old.executemany("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?)", TRADES + TORN + CANDLES)
        ends = [("trades", 0, 2540), ("trades", 1, 9), ("klines", 0, 5)]
        old.executemany("INSERT INTO log_end VALUES (?, ?, ?)", ends)
        stands = [
            ("trades", "archive", 0, 1700, "1801 1723161255342"),
            ("trades", "archive", 1, 0, ""),
        ]
        old.executemany("INSERT INTO position VALUES (?, ?, ?, ?, ?)", stands)
        old.commit()
    return made


@contextmanager
def opened(path: Path) -> Iterator[SqliteBus]:
    with closing(SqliteBus(path, ReplayClock(NOON), retention=timedelta(hours=24))) as bus:
        yield bus


def messages_of(rows: list[Row]) -> list[Message]:
    return [
        Message(partition, offset, at_ms, value) for _, partition, offset, at_ms, _, value in rows
    ]


def assert_all_there(bus: SqliteBus) -> None:
    for topic, rows in (("trades", TRADES + TORN), ("klines", CANDLES)):
        with reader_of(bus, topic, "look") as reader:
            begin(reader)
            found = read(reader, len(rows), limit=333)
        assert sorted(found) == messages_of(rows)
        bus.forget(topic, "look")


def test_every_message_keeps_its_offset_and_its_time(path: Path) -> None:
    with opened(path) as bus:
        assert_all_there(bus)


def test_a_group_goes_on_where_it_stood(path: Path) -> None:
    with opened(path) as bus, reader_of(bus, "trades", "archive") as reader:
        assert begin(reader) == {0: Position(1700, "1801 1723161255342"), 1: Position(0)}
        assert sorted(read(reader, 847)) == messages_of(TRADES[1660:] + TORN)


def test_a_reader_alone_finds_it_upgraded_too(path: Path) -> None:
    """Its process opens the file once more, whenever it likes."""
    with opened(path) as bus, closing(bus.read("klines", "bots")) as reader:
        begin(reader)
        assert read(reader, 5) == messages_of(CANDLES)


def test_the_newest_of_each_key_is_known_and_the_log_goes_on(path: Path) -> None:
    with opened(path) as bus:
        assert bus.newest("trades", b"BTCUSDT") == b"BTCUSDT 2539"
        assert bus.newest("trades", b"ETHUSDT") == b"ETHUSDT 8"
        assert bus.newest("klines", b"ETHUSDT") is None
        bus.publish("klines", [Record(b"BTCUSDT", b"new")])
        with reader_of(bus, "klines", "bots") as reader:
            begin(reader)
            assert read(reader, 6)[5] == Message(0, 5, NOON_MS, b"new")


def test_what_an_older_program_wrote_meanwhile_is_taken_over_too(path: Path) -> None:
    with opened(path):
        pass
    with closing(sqlite3.connect(path)) as old:
        old.executescript(SCHEMA.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"))
        row = ("klines", 0, 5, NOON_MS, b"BTCUSDT", b"by the old one")
        old.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?)", row)
        old.execute("UPDATE log_end SET \"offset\" = 6 WHERE topic = 'klines'")
        old.commit()
    with opened(path) as bus, reader_of(bus, "klines", "bots") as reader:
        begin(reader)
        assert [message.offset for message in read(reader, 6)] == list(range(6))
        assert bus.newest("klines", b"BTCUSDT") == b"by the old one"


def test_processes_that_open_it_at_once_all_find_it_upgraded(path: Path) -> None:
    def look() -> bytes | None:
        with opened(path) as bus:
            return bus.newest("trades", b"BTCUSDT")

    with ThreadPoolExecutor(4) as many:
        found = [task.result(timeout=60) for task in [many.submit(look) for _ in range(4)]]
    assert found == [b"BTCUSDT 2539"] * 4
    with opened(path) as bus:
        assert_all_there(bus)


FULL: Final = """
import resource, sys
from pathlib import Path
sys.path[:0] = {paths!r}
from tests.contract.buses.test_sqlite_upgrade import opened
resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))
with opened(Path({path!r})):
    pass
"""


def test_where_the_disk_is_full_everything_stays_as_it_was(path: Path) -> None:
    program = FULL.format(paths=sys.path, most=path.stat().st_size // 2, path=str(path))
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert StoreUnavailable.__name__ in ended.stderr
    with closing(sqlite3.connect(path)) as old:
        (count,) = old.execute("SELECT COUNT(*) FROM message").fetchone()
    assert count == len(TRADES + TORN + CANDLES)
    with opened(path) as bus:
        assert_all_there(bus)
