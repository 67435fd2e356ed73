"""What every bus promises: a log per partition that survives its readers."""

from collections import defaultdict
from datetime import datetime
from itertools import pairwise

from chalicelib.domain.market.bus_message import Position, Record
from chalicelib.domain.market.minute import milliseconds
from tests.contract.buses.conftest import Place
from tests.contract.buses.reading import begin, read, reader_of
from tests.market.kafka_broker import lowest_offsets

KEYS = [b"BTCUSDT", b"ETHUSDT", b"SOLUSDT", b"XRPUSDT", b"BNBUSDT", b"DOGEUSDT"]


def records(number: int, start: int = 0) -> list[Record]:
    return [Record(KEYS[n % len(KEYS)], b"%d" % n) for n in range(start, start + number)]


def test_what_was_published_is_read_in_the_order_of_each_key(place: Place) -> None:
    bus = place.connect()
    with reader_of(bus, place.topic, "archive") as reader:
        begun = begin(reader)
        assert set(begun.values()) == {Position(0)}
        bus.publish(place.topic, records(600))
        messages = read(reader, 600, limit=70)
    by_key = defaultdict(list)
    partitions = defaultdict(set)
    for message in messages:
        number = int(message.value)
        by_key[number % len(KEYS)].append(number)
        partitions[number % len(KEYS)].add(message.partition)
    assert all(numbers == sorted(numbers) for numbers in by_key.values())
    assert {len(held) for held in partitions.values()} == {1}
    assert len(set().union(*partitions.values())) > 1


def test_offsets_of_a_partition_count_from_zero_without_gaps(place: Place) -> None:
    bus = place.connect()
    with reader_of(bus, place.topic, "archive") as reader:
        begin(reader)
        bus.publish(place.topic, records(30))
        bus.publish(place.topic, records(30, start=30))
        offsets = defaultdict(list)
        for message in read(reader, 60):
            offsets[message.partition].append(message.offset)
    for found in offsets.values():
        assert found[0] == 0
        assert all(after == before + 1 for before, after in pairwise(found))


def test_messages_have_the_time_of_their_publishing(place: Place, started_at: datetime) -> None:
    bus = place.connect()
    bus.publish(place.topic, records(1))
    with reader_of(bus, place.topic, "archive") as reader:
        begin(reader)
        (message,) = read(reader, 1)
    assert 0 <= message.at_ms - milliseconds(started_at) + 1 < 60_000


def test_a_group_goes_on_where_it_committed_with_its_note(place: Place) -> None:
    bus = place.connect()
    bus.publish(place.topic, [Record(b"BTCUSDT", b"%d" % n) for n in range(10)])
    with reader_of(bus, place.topic, "archive") as reader:
        begin(reader)
        partition = read(reader, 10)[0].partition
        reader.commit(partition, Position(4, "7 1723161255342"))
    again = place.connect()
    with reader_of(again, place.topic, "archive") as reader:
        assert begin(reader)[partition] == Position(4, "7 1723161255342")
        assert [int(message.value) for message in read(reader, 6)] == [4, 5, 6, 7, 8, 9]


def test_groups_do_not_know_each_other(place: Place) -> None:
    bus = place.connect()
    bus.publish(place.topic, [Record(b"BTCUSDT", b"%d" % n) for n in range(5)])
    with reader_of(bus, place.topic, "archive") as reader:
        begin(reader)
        partition = read(reader, 5)[0].partition
        reader.commit(partition, Position(5))
    with reader_of(bus, place.topic, "bots") as reader:
        begin(reader)
        assert len(read(reader, 5)) == 5


def test_another_process_sees_what_this_one_published(place: Place) -> None:
    ours, theirs = place.connect(), place.connect()
    with reader_of(theirs, place.topic, "archive") as reader:
        begin(reader)
        ours.publish(place.topic, records(12))
        assert len(read(reader, 12)) == 12


def test_a_marker_arrives_in_the_partition_that_is_read(place: Place) -> None:
    bus = place.connect()
    with reader_of(bus, place.topic, "archive") as reader:
        for partition in begin(reader):
            reader.mark(partition, Record(b"", b"mark %d" % partition))
        marks = read(reader, 4)
    assert {(mark.partition, mark.value) for mark in marks} == {
        (number, b"mark %d" % number) for number in range(4)
    }


def test_the_lag_is_what_was_not_polled(place: Place) -> None:
    bus = place.connect()
    with reader_of(bus, place.topic, "archive") as reader:
        begin(reader)
        assert reader.lag() == 0
        bus.publish(place.topic, records(100))
        assert reader.lag() == 100
        polled = 0
        while polled < 40:
            polled += len(reader.poll(limit=10, wait=0.2).messages)
        assert reader.lag() == 100 - polled
        read(reader, 100 - polled)
        assert reader.lag() == 0


def test_nothing_new_is_an_empty_batch_in_time(place: Place) -> None:
    with reader_of(place.connect(), place.topic, "archive") as reader:
        begin(reader)
        batch = reader.poll(limit=10, wait=0.05)
    assert (list(batch.messages), dict(batch.begun), batch.lost) == ([], {}, frozenset())


ODD = [b"", b"\xff\xfe", b"\x00" * 3000, b"\n", b"a\nb\r\n", b"", b"\n\n", b"x" * 100_000, b""]


def test_values_come_back_byte_for_byte(place: Place) -> None:
    bus = place.connect()
    bus.publish(place.topic, [Record(b"BTCUSDT", value) for value in ODD])
    with reader_of(bus, place.topic, "archive") as reader:
        begin(reader)
        assert [message.value for message in read(reader, len(ODD))] == ODD


def test_a_group_may_stand_anywhere_in_what_was_published_at_once(place: Place) -> None:
    bus = place.connect()
    for start in range(0, 36, 9):
        bus.publish(place.topic, [Record(b"BTCUSDT", b"%d" % n) for n in range(start, start + 9)])
    for stand in (4, 9, 35):
        group = f"stands-at-{stand}"
        with reader_of(bus, place.topic, group) as reader:
            begin(reader)
            partition = read(reader, 36)[0].partition
            reader.commit(partition, Position(stand))
        with reader_of(bus, place.topic, group) as reader:
            assert begin(reader)[partition] == Position(stand)
            found = read(reader, 36 - stand, limit=7)
            assert [int(message.value) for message in found] == list(range(stand, 36))
            assert [message.offset for message in found] == list(range(stand, 36))
            assert reader.lag() == 0


def test_what_two_publish_in_turn_stands_once_each_in_its_order(place: Place) -> None:
    ours, theirs = place.connect(), place.connect()
    for start in range(0, 60, 6):
        ours.publish(place.topic, [Record(b"BTCUSDT", b"%d" % n) for n in range(start, start + 3)])
        theirs.publish(
            place.topic, [Record(b"BTCUSDT", b"%d" % n) for n in range(start + 3, start + 6)]
        )
    with reader_of(ours, place.topic, "archive") as reader:
        begin(reader)
        messages = read(reader, 60, limit=10)
    assert [int(message.value) for message in messages] == list(range(60))
    assert [message.offset for message in messages] == list(range(60))
    assert theirs.newest(place.topic, b"BTCUSDT") == b"59"


def test_ten_thousand_trades_are_all_there(kafka_place: Place, broker: str) -> None:
    """The broker of the tests forgets what is too much for it, so that this has to be looked at."""
    bus = kafka_place.connect()
    trades = [Record(KEYS[n % len(KEYS)], b"%d" % n + b" " * 150) for n in range(10_000)]
    bus.publish(kafka_place.topic, trades)
    with reader_of(bus, kafka_place.topic, "archive") as reader:
        begin(reader)
        assert sorted(int(m.value) for m in read(reader, 10_000)) == list(range(10_000))
    assert lowest_offsets(broker, kafka_place.topic) == {0}
    bus.close()


def test_two_members_of_a_group_share_the_partitions(kafka_place: Place) -> None:
    bus = kafka_place.connect()
    with reader_of(bus, kafka_place.topic, "archive") as first:
        held = set(begin(first))
        assert held == {0, 1, 2, 3}
        with reader_of(bus, kafka_place.topic, "archive") as second:
            ours: set[int] = set()
            for _ in range(100):
                held -= first.poll(limit=10, wait=0.1).lost
                ours |= set(second.poll(limit=10, wait=0.1).begun)
                if ours and not held & ours:
                    break
            assert held | ours == {0, 1, 2, 3}
            assert not held & ours
    bus.close()


def test_the_newest_message_of_a_key_is_found_wherever_it_lies(place: Place) -> None:
    bus = place.connect()
    bus.publish(place.topic, records(60))
    bus.publish(place.topic, [Record(b"", b"marker")] * 6000)
    bus.publish(place.topic, records(1, start=600))
    again = place.connect()
    found = {key: again.newest(place.topic, key) for key in KEYS}
    assert found == {key: b"%d" % (54 + n if n else 600) for n, key in enumerate(KEYS)}
    assert again.newest(place.topic, b"") == b"marker"


def test_there_is_no_newest_message_of_a_key_that_never_came(place: Place) -> None:
    bus = place.connect()
    assert bus.newest(place.topic, b"BTCUSDT") is None
    bus.publish(place.topic, [Record(b"ETHUSDT", b"1")])
    assert bus.newest(place.topic, b"BTCUSDT") is None
    assert bus.newest("another-topic", b"ETHUSDT") is None


def test_a_forgotten_group_harms_no_other_and_may_read_again(place: Place) -> None:
    bus = place.connect()
    bus.publish(place.topic, records(6))
    for group in ("bots-mine", "archive"):
        with reader_of(bus, place.topic, group) as reader:
            begin(reader)
            for message in read(reader, 6):
                reader.commit(message.partition, Position(message.offset + 1))
    bus.forget(place.topic, "bots-mine")
    bus.publish(place.topic, records(1, start=6))
    with reader_of(bus, place.topic, "archive") as reader:
        begin(reader)
        (message,) = read(reader, 1)
    assert message.value == b"6"
    with reader_of(bus, place.topic, "bots-mine") as reader:
        begin(reader)
        assert reader.poll(limit=9, wait=5).messages
