"""The archive in a minute's life: crashes, late trades, silence, rubbish, a lake that is down."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.bus_message import Record
from chalicelib.market_ports.bus import Batch
from chalicelib.market_ports.lake import Lake, LakeObject
from chalicelib.services.market.archive_trades import archive_trades
from tests.market.floor import SECOND, START, Floor, trade, work_off

FOLDER = "trades/symbol=BTCUSDT/dt=2024-08-08/hh=23/"


def key(minute: int, offset: int) -> str:
    return f"{FOLDER}mm={minute}/p0-{offset:020}.jsonl.gz"


def test_a_minute_is_written_once_the_next_is_five_seconds_old(floor: Floor) -> None:
    first = [trade(n, START + n * 10 * SECOND) for n in range(7)]  # the last begins 23:56
    with floor.archiving() as work:
        floor.publish(*first, trade(7, START + 64.999 * SECOND))
        work_off(work)
        assert floor.lines() == {}
        floor.publish(trade(8, START + 65 * SECOND))
        work_off(work)
    assert floor.lines() == {key(55, 0): first[:6]}


def test_midnight_is_in_the_name(floor: Floor) -> None:
    with floor.archiving() as work:
        floor.publish(*(trade(n, START + n * 60 * SECOND) for n in range(7)))
        floor.publish(trade(7, START + 426 * SECOND))
        work_off(work)
    assert list(floor.lines())[-2:] == [
        "trades/symbol=BTCUSDT/dt=2024-08-09/hh=00/mm=00/p0-00000000000000000005.jsonl.gz",
        "trades/symbol=BTCUSDT/dt=2024-08-09/hh=00/mm=01/p0-00000000000000000006.jsonl.gz",
    ]


def test_a_late_trade_gets_an_object_of_its_own(floor: Floor) -> None:
    late = trade(1, START + 59 * SECOND)
    with floor.archiving() as work:
        floor.publish(trade(0, START), trade(2, START + 70 * SECOND), late)
        work_off(work)
        assert list(floor.lines()) == [key(55, 0)]
        floor.publish(trade(3, START + 130 * SECOND))
        work_off(work)
    assert floor.lines()[key(55, 2)] == [late]
    assert floor.lines()[key(56, 1)] == [trade(2, START + 70 * SECOND)]


def test_silence_ends_a_minute_through_a_marker_on_the_bus(floor: Floor) -> None:
    with floor.archiving() as work:
        floor.publish(trade(0, START))
        floor.pass_time(64)
        work_off(work)
        assert floor.lines() == {}, "the minute may still get trades"
        floor.pass_time(16)
        reports = work_off(work)
        assert reports[-1].waiting is False
        work_off(work)
    assert floor.lines() == {key(55, 0): [trade(0, START)]}
    markers = [m for m in all_messages(floor) if b"archiveCut" in m]
    assert markers == [b'{"e":"archiveCut","T":1723161380000}']


def test_silence_is_not_marked_twice(floor: Floor) -> None:
    with floor.archiving() as work:
        floor.publish(trade(0, START))
        for _ in range(20):
            floor.pass_time(30)
            work_off(work)
    assert sum(b"archiveCut" in message for message in all_messages(floor)) == 1


def test_a_marker_on_its_way_is_not_sent_again(floor: Floor) -> None:
    """A broker takes its time; meanwhile the rounds go on."""

    class Slow:
        """Nothing comes out of it."""

        marks = 0

        def poll(self, *, limit: int, wait: float) -> Batch:
            assert (limit, wait) > (0, -1)
            return Batch()

        def mark(self, partition: int, record: Record) -> None:
            assert (partition, record.key) == (0, b"")
            self.marks += 1

    with floor.archiving() as work:
        floor.publish(trade(0, START))
        work_off(work)
        reader, slow = work.reader, Slow()
        work.reader = slow  # type: ignore[assignment]
        floor.pass_time(90)
        for _ in range(10):
            archive_trades(work, wait=0)
        work.reader = reader
    assert slow.marks == 1


def all_messages(floor: Floor) -> list[bytes]:
    reader = floor.bus.read("trades", "look")
    reader.poll(limit=1, wait=0)
    values = [message.value for message in reader.poll(limit=1000, wait=0).messages]
    reader.close()
    return values


def test_what_is_no_trade_is_kept_with_its_reason_and_blocks_nothing(floor: Floor) -> None:
    rubbish = b'{"e":"aggTrade",\n"s":"BTCUSDT","p":"1e999"} \xff'
    with floor.archiving() as work:
        floor.publish(trade(0, START), rubbish, trade(1, START + 70 * SECOND))
        reports = work_off(work)
    assert sum(report.rejected for report in reports) == 1
    found = floor.lines()
    assert found[key(55, 0)] == [trade(0, START)]
    (line,) = found["quarantine/trades/p0-00000000000000000001.jsonl.gz"]
    document = json.loads(line)
    assert document["value"] == rubbish.decode(errors="backslashreplace")
    assert document["offset"] == 1
    assert document["reason"].startswith("not JSON")


def test_rubbish_alone_is_written_in_the_end(floor: Floor) -> None:
    with floor.archiving() as work:
        floor.publish(*[b"rubbish"] * 10_001)
        work_off(work)
        assert {k: len(v) for k, v in floor.lines().items()} == {
            "quarantine/trades/p0-00000000000000000000.jsonl.gz": 10_000
        }
        floor.pass_time(16)
        work_off(work)
        work_off(work)
    assert sum(map(len, floor.lines().values())) == 10_001


def test_a_trade_of_the_future_closes_no_minute(floor: Floor) -> None:
    """Before it was refused, one absurd time made every trade until then a late one."""
    with floor.archiving() as work:
        floor.publish(trade(0, START), trade(1, START + timedelta(days=300)))
        floor.publish(trade(2, START + SECOND))
        work_off(work)
        floor.pass_time(80)
        work_off(work)
        work_off(work)
    assert floor.lines()[key(55, 0)] == [trade(0, START), trade(2, START + SECOND)]


def test_a_message_over_several_lines_is_one_line(floor: Floor) -> None:
    spread = trade(0, START).replace(b", ", b",\r\n ")
    with floor.archiving() as work:
        floor.publish(spread, trade(1, START + 70 * SECOND))
        work_off(work)
    (line,) = floor.lines()[key(55, 0)]
    assert json.loads(line) == json.loads(spread)


class Failing:
    """A lake that fails at its n-th writing: before it, or right after."""

    def __init__(self, lake: Lake, at: int, *, after: bool) -> None:
        self._lake, self._left, self._after = lake, at, after

    def put(self, key: str, content: bytes) -> None:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise StoreUnavailable("the disk is full")
        self._lake.put(key, content)
        if self._left == 0:
            raise StoreUnavailable("no answer")

    def get(self, key: str) -> bytes | None:
        return self._lake.get(key)

    def delete(self, key: str) -> None:
        self._lake.delete(key)

    def objects(self, prefix: str) -> list[LakeObject]:
        return self._lake.objects(prefix)

    def folders(self, prefix: str) -> list[str]:
        return self._lake.folders(prefix)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
def test_a_lake_that_fails_in_between_loses_nothing(floor: Floor, at: int, when: str) -> None:
    messages = [trade(n, START + (n * 7 - (40 if n % 9 == 0 else 0)) * SECOND) for n in range(40)]
    floor.publish(*messages[:35], b"rubbish", *messages[35:])
    with (
        floor.archiving(Failing(floor.lake, at, after=when == "after")) as work,
        pytest.raises(StoreUnavailable),
    ):
        work_off(work)
    with floor.archiving() as work:
        floor.pass_time(400)
        work_off(work)
        floor.pass_time(16)
        work_off(work)
    lines = [
        line for name, held in floor.lines().items() if name.startswith("trades") for line in held
    ]
    assert sorted(lines) == sorted(messages)


@pytest.mark.parametrize("crash_after", range(0, 40, 5))
def test_a_crash_between_any_two_messages_changes_no_object(
    floor: Floor, make_floor: Callable[[], Floor], crash_after: int
) -> None:
    messages = [trade(n, START + (n * 7 - (40 if n % 9 == 0 else 0)) * SECOND) for n in range(40)]
    calm = make_floor()
    for place, crashes in ((calm, False), (floor, True)):
        with place.archiving() as work:
            place.publish(*messages[:crash_after])
            work_off(work)
            if not crashes:
                place.publish(*messages[crash_after:])
                work_off(work)
        if crashes:
            with place.archiving() as work:
                place.publish(*messages[crash_after:])
                work_off(work)
    assert floor.lines() == calm.lines()
    assert len(calm.lines()) > 4
