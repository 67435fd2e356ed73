"""What the workers leave for the owner: each occasion once, and nothing that passes by itself."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from typing_extensions import override

from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.market import bus, folder_lake
from chalicelib.bootstrap.operation import notices
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.bus_message import Record
from chalicelib.domain.market.minute import minute_of
from chalicelib.domain.operation.notice import Severity
from chalicelib.worker.archive import archive
from chalicelib.worker.rounds import Round, work_in_rounds
from chalicelib.worker.summarise import summarise
from tests.market.floor import SECOND, START, trade
from tests.trading_floor import HandClock


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[HandClock]:
    """A machine whose home is empty."""
    clock = HandClock()
    bootstrap.use(Choices(home=tmp_path, clock=clock))
    yield clock
    bootstrap.reset()


def told() -> list[str]:
    waiting = notices().undone(100)
    assert all(notice.severity is Severity.P2 for notice in waiting)
    return sorted(notice.sentence for notice in waiting)


def publish(*messages: bytes) -> None:
    opened = bus()
    opened.publish("trades", [Record(b"BTCUSDT", message) for message in messages])
    opened.close()


def test_messages_that_are_no_trades_are_told_once_an_hour(clock: HandClock) -> None:
    for _ in range(3):
        publish(b"rubbish", b"rubbish")
        archive(Event(), once=True)
    assert told() == [
        "2 messages of the market are no trades; the lake has them with the reasons in"
        " quarantine/trades/"
    ]
    clock.pass_time(minutes=60)
    publish(b"rubbish")
    archive(Event(), once=True)
    assert len(told()) == 2


@pytest.mark.usefixtures("clock")
def test_a_minute_that_waits_and_lines_that_are_left_out_are_told_once_an_hour() -> None:
    trades = [trade(n, START + 10 * n * SECOND) for n in range(24)]
    trades[13] = trade(13, START + 130 * SECOND, p="900")
    publish(*trades)
    archive(Event(), once=True)
    lake = folder_lake()
    keys = [key for key, _ in lake.objects("trades/") if minute_of(key)]
    assert len(keys) == 4
    for key in keys[:2]:
        lake.put(key, b"no gzip")
    lake.close()
    for _ in range(2):
        summarise(Event(), once=True)
    damaged, odd = sorted(told(), key=lambda sentence: "not in its summary" in sentence)
    assert damaged.startswith(f"{keys[0]} cannot be read, and the summary of BTCUSDT for 2024-08-")
    assert odd.startswith("1 lines of BTCUSDT for 2024-08-08 23:57 are not in its summary")


class Waits(Event):
    """Time passes while somebody waits."""

    def __init__(self, clock: HandClock, ends: timedelta) -> None:
        super().__init__()
        self.clock, self.until = clock, clock.now() + ends

    @override
    def wait(self, timeout: float | None = None) -> bool:
        self.clock.pass_time(seconds=timeout or 0)
        if self.clock.now() >= self.until:
            self.set()
        return self.is_set()


def failing(until: list[int]) -> AbstractContextManager[Round]:
    """Rounds that find no database, and every time `until` has come to 0, one that does."""

    @contextmanager
    def opened() -> Iterator[Round]:
        def do_round() -> bool:
            until[0] -= 1
            if until[0] == 0:
                return True
            raise StoreUnavailable("the database is away")

        yield do_round

    return opened()


@pytest.mark.parametrize(("minutes", "count"), [(9, 0), (12, 1), (600, 1)])
def test_a_stage_that_fails_for_long_is_told_once(
    clock: HandClock, minutes: int, count: int
) -> None:
    begun = clock.now()
    stopping = Waits(clock, timedelta(minutes=minutes))
    work_in_rounds(lambda: failing([-1]), stopping, stage="worker summarise")
    expected = f"worker summarise fails since {begun:%Y-%m-%d %H:%M} UTC and tries again: the"
    assert [sentence.startswith(expected) for sentence in told()] == [True] * count


def test_what_comes_back_in_between_is_not_told(clock: HandClock) -> None:
    rounds = [5]

    def opened() -> AbstractContextManager[Round]:
        if rounds[0] < 1:
            rounds[0] = 5
        return failing(rounds)

    work_in_rounds(opened, Waits(clock, timedelta(minutes=60)), stage="worker summarise")
    assert told() == []
