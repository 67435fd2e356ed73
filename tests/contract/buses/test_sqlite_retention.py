"""The embedded bus deletes what is old and read, and nothing that somebody still has to read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.adapters.buses.sqlite import SqliteBus
from chalicelib.adapters.clock import ReplayClock
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.bus_message import Position, Record
from tests.contract.buses.reading import begin, read, reader_of

NOON = datetime(2024, 8, 9, 12, tzinfo=UTC)
TOPIC = "trades"


@pytest.fixture
def clock() -> ReplayClock:
    return ReplayClock(NOON)


@pytest.fixture
def bus(tmp_path: Path, clock: ReplayClock) -> Iterator[SqliteBus]:
    opened = SqliteBus(tmp_path / "bus.sqlite3", clock, retention=timedelta(hours=24))
    yield opened
    opened.close()


def publish(bus: SqliteBus, *numbers: int) -> None:
    bus.publish(TOPIC, [Record(b"BTCUSDT", b"%d" % number) for number in numbers])


def left(bus: SqliteBus) -> list[int]:
    with reader_of(bus, TOPIC, f"look at {id(bus)}") as reader:
        begin(reader)
        return [int(message.value) for message in reader.poll(limit=100, wait=0).messages]


def test_old_messages_go_once_their_reader_has_committed(
    bus: SqliteBus, clock: ReplayClock
) -> None:
    publish(bus, 0, 1, 2)
    with reader_of(bus, TOPIC, "archive") as reader:
        begin(reader)
        read(reader, 3)
        reader.commit(0, Position(2))
    clock.advance_to(NOON + timedelta(hours=25))
    publish(bus, 3)
    assert left(bus) == [2, 3]


def test_what_a_group_has_not_read_stays_however_old(bus: SqliteBus, clock: ReplayClock) -> None:
    with reader_of(bus, TOPIC, "archive"):
        publish(bus, 0, 1, 2)
    clock.advance_to(NOON + timedelta(days=30))
    publish(bus, 3)
    assert left(bus) == [0, 1, 2, 3]


def test_for_a_group_that_is_forgotten_nothing_stays(bus: SqliteBus, clock: ReplayClock) -> None:
    for group in ("archive", "bots-mine"):
        with reader_of(bus, TOPIC, group) as reader:
            publish(bus, 0)
            begin(reader)
    with reader_of(bus, TOPIC, "archive") as reader:
        begin(reader)
        read(reader, 2)
        reader.commit(0, Position(2))
    bus.forget(TOPIC, "bots-mine")
    bus.forget(TOPIC, "nobody")
    clock.advance_to(NOON + timedelta(hours=25))
    publish(bus, 1)
    assert left(bus) == [1]
    with reader_of(bus, TOPIC, "bots-mine") as reader:
        begin(reader)
        assert [message.value for message in read(reader, 1)] == [b"1"]


def test_offsets_go_on_after_everything_was_deleted(bus: SqliteBus, clock: ReplayClock) -> None:
    publish(bus, 0, 1, 2)
    clock.advance_to(NOON + timedelta(hours=25))
    publish(bus, 3)
    clock.advance_to(NOON + timedelta(hours=51))
    publish(bus, 4)
    with reader_of(bus, TOPIC, "archive") as reader:
        begin(reader)
        (message,) = read(reader, 1)
    assert (message.offset, message.value) == (4, b"4")


def test_a_commit_never_goes_back(bus: SqliteBus) -> None:
    publish(bus, 0, 1, 2)
    with reader_of(bus, TOPIC, "archive") as reader:
        begin(reader)
        reader.commit(0, Position(3, "new"))
        reader.commit(0, Position(1, "old"))
    with reader_of(bus, TOPIC, "archive") as reader:
        assert begin(reader)[0] == Position(3, "new")


def test_a_file_that_is_no_database_says_so(tmp_path: Path, clock: ReplayClock) -> None:
    path = tmp_path / "bus.sqlite3"
    path.write_bytes(b"not a database at all, whatever its name says" * 100)
    with pytest.raises(StoreUnavailable, match=r"bus.sqlite3 failed: file is not a database"):
        SqliteBus(path, clock, retention=timedelta(hours=24))
