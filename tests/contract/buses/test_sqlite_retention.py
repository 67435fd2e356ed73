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
    """One after the other."""
    for number in numbers:
        publish_together(bus, number)


def publish_together(bus: SqliteBus, *numbers: int) -> None:
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


def test_what_was_published_together_stays_until_all_of_it_was_read(
    bus: SqliteBus, clock: ReplayClock
) -> None:
    publish_together(bus, 0, 1, 2)
    publish_together(bus, 3, 4, 5)
    with reader_of(bus, TOPIC, "archive") as reader:
        begin(reader)
        read(reader, 6)
        reader.commit(0, Position(4))
        clock.advance_to(NOON + timedelta(hours=25))
        publish(bus, 6)
        assert left(bus) == [3, 4, 5, 6]


def test_whatever_has_become_old_goes_a_step_at_a_time(bus: SqliteBus, clock: ReplayClock) -> None:
    publish(bus, *range(350))
    clock.advance_to(NOON + timedelta(hours=25))
    kept = []
    for number in range(350, 355):
        publish(bus, number)
        kept.append(how_many(bus))
    assert kept == [251, 152, 53, 4, 5]


def how_many(bus: SqliteBus) -> int:
    """Without becoming a reader for whom everything stays."""
    group = "look"
    with reader_of(bus, TOPIC, group) as reader:
        begin(reader)
        count = len(reader.poll(limit=1000, wait=0).messages)
    bus.forget(TOPIC, group)
    return count


def test_the_newest_message_is_deleted_like_any_other(bus: SqliteBus, clock: ReplayClock) -> None:
    bus.publish(TOPIC, [Record(b"ETHUSDT", b"0"), Record(b"BTCUSDT", b"1")])
    clock.advance_to(NOON + timedelta(hours=25))
    publish(bus, 2)
    assert bus.newest(TOPIC, b"ETHUSDT") is None
    assert bus.newest(TOPIC, b"BTCUSDT") == b"2"


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
