"""Recorded frames -> replay -> bus -> archive -> summaries, next to sums without the bot.

On both buses and in both tables, while the workers are killed over and over.
"""

import json
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.adapters.buses.kafka import KafkaBus
from chalicelib.adapters.buses.sqlite import SqliteBus
from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.tables.mysql import MysqlTradeFlow
from chalicelib.adapters.tables.sqlite import SqliteTradeFlow
from chalicelib.domain.market.bus_message import Record
from chalicelib.domain.market.minute import minute_of
from chalicelib.market_ports.bus import Bus
from chalicelib.market_ports.trades import TradeFlowTable
from chalicelib.services.market.summarize_trades import summarize_trades
from tests.market.floor import Floor, market_floor, work_off
from tests.market.kafka_broker import JOINS_AT_ONCE, kafka_broker, lowest_offsets
from tests.market.mariadb import mariadb
from tests.market.program import Machine, kill
from tests.market.recorded import (
    aggregated_trades,
    expected_rows,
    frame_files,
    frames,
    trades_of,
)
from tests.market.rows import assert_rows, rows_of

TOPIC = "trades"
KILLS = 6
PORTION = 1000  # that the replay publishes at once
PATIENCE = 60.0
NONE_YET = b'{"t":0}'
# What the folder's README says of them.
FRAMES, TRADES, AGGREGATED, MINUTES = 99_574, 19_904, 12_477, 2_469


@pytest.fixture(scope="module")
def recorded() -> list[bytes]:
    all_frames = frames()
    assert len(all_frames) == FRAMES
    trades = trades_of(all_frames)
    assert len(trades) == TRADES
    return trades


class Setting:
    """Machine, and how a test reaches what is outside of it."""

    def __init__(self, machine: Machine, bus: Callable[[], Bus]) -> None:
        self.machine, self.bus = machine, bus
        self.table: Callable[[], TradeFlowTable] = lambda: SqliteTradeFlow(
            machine.home / "summaries.sqlite3"
        )


@pytest.fixture(params=["files", "servers"])
def setting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Setting]:
    """Bus and table in files, or Kafka and MariaDB over TCP."""
    home = tmp_path / "home"
    home.mkdir()
    with ExitStack() as running:
        if request.param == "files":
            machine = Machine(home=home)
            running.callback(machine.clear)
            yield Setting(
                machine,
                lambda: SqliteBus(home / "bus.sqlite3", SystemClock(), retention=timedelta(days=1)),
            )
            return
        broker = running.enter_context(kafka_broker())
        server = running.enter_context(mariadb(tmp_path))
        machine = Machine(
            home=home,
            environment={
                "KAFKA_BROKERS": broker,
                "KAFKA_OPTIONS": json.dumps({**JOINS_AT_ONCE, "group.id": "ours decides"}),
                "TRADE_FLOW_URL": server.url,
            },
        )
        running.callback(machine.clear)
        made = Setting(machine, lambda: KafkaBus({"bootstrap.servers": broker}))
        made.table = lambda: MysqlTradeFlow(server.address)
        yield made
        assert lowest_offsets(broker, TOPIC) == {0}, "the broker of the tests forgot messages"


def test_frames_become_rows_though_the_workers_are_killed_over_and_over(
    setting: Setting, recorded: list[bytes]
) -> None:
    dice = random.Random(20240808)  # noqa: S311 - no secret
    machine = setting.machine
    replay = [word for path in frame_files() for word in ("--replay", str(path))]
    without_end = ["--replay", str(silence(machine.home))]
    first, last = trade_id(recorded[0]), trade_id(recorded[-1])
    with closing(setting.bus()) as bus:
        for target in sorted(dice.sample(range(first, last - 4 * PORTION), KILLS)):
            workers = [machine.start("worker", name) for name in ("archive", "summarise")]
            stream = machine.start("worker", "stream", *replay, *without_end)
            deadline = time.monotonic() + PATIENCE
            while trade_id(bus.newest(TOPIC, b"BTCUSDT") or NONE_YET) < target:
                assert time.monotonic() < deadline, "the replay stands still"
                time.sleep(0.02)
            kill(stream)
            time.sleep(dice.uniform(0, 3))
            for worker in workers:
                kill(worker)
        done = machine.command("worker", "stream", *replay)
        assert 0 < int(done.split()[0]) < TRADES, "nothing was left, or nothing was remembered"
        assert trade_id(bus.newest(TOPIC, b"BTCUSDT") or NONE_YET) == last
    machine.command("worker", "archive", "--once")
    machine.command("worker", "summarise", "--once")
    with closing(setting.table()) as table:
        assert_rows(table, expected_rows(recorded))
    shown = json.loads(machine.command("summaries", "--symbol", "BTCUSDT", "--json"))
    counted = sum(row["total_count_b"] + row["total_count_s"] for row in shown)
    assert (len(shown), counted) == (12, TRADES)
    swept = machine.command("sweep-summaries", "--since", "2024-08-08")
    assert swept == "12 minutes looked at, 0 summed up again, 0 withheld\n"


def silence(folder: Path) -> Path:
    """A file in which a replay waits until it is killed: it cannot be too fast for its test."""
    pipe = folder / "silence"
    os.mkfifo(pipe)
    return pipe


def trade_id(message: bytes) -> int:
    number = json.loads(message)["t"]
    assert isinstance(number, int)
    return number


def test_a_replay_that_was_killed_leaves_each_trade_on_the_bus_once_and_in_order(
    tmp_path: Path, recorded: list[bytes]
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    machine = Machine(home=home)
    replay = [word for path in frame_files() for word in ("--replay", str(path))]
    clock = SystemClock()
    with closing(SqliteBus(home / "bus.sqlite3", clock, retention=timedelta(days=1))) as bus:
        middle = trade_id(recorded[TRADES // 2])
        stream = machine.start("worker", "stream", *replay, "--replay", str(silence(home)))
        try:
            while trade_id(bus.newest(TOPIC, b"BTCUSDT") or NONE_YET) < middle:
                assert stream.poll() is None
                time.sleep(0.02)
            kill(stream)
        finally:
            machine.clear()
        machine.command("worker", "stream", "--market", "BTC/USDT", *replay)
        again = machine.command("worker", "stream", *replay)
        assert again == "0 messages were put onto the bus\n"
        with closing(bus.read(TOPIC, "look")) as reader:
            reader.poll(limit=1, wait=0)
            messages = reader.poll(limit=2 * TRADES, wait=0).messages
    assert [message.value for message in messages] == recorded


def test_every_trade_is_in_the_lake_once_with_every_field(
    tmp_path: Path, recorded: list[bytes]
) -> None:
    with market_floor(tmp_path) as floor:
        archive(floor, "BTCUSDT", recorded)
        kept = [line for lines in floor.lines().values() for line in lines]
        assert sorted(kept) == sorted(recorded)
        minutes = [minute_of(key) for key in floor.lines()]
        assert len(minutes) == len(set(minutes)) == 12


def test_two_days_of_aggregated_trades_have_the_volume_of_their_candles(tmp_path: Path) -> None:
    trades = aggregated_trades()
    assert len(trades) == AGGREGATED
    with market_floor(tmp_path) as floor:
        archive(floor, "XRPETH", trades)
        for minute in {minute_of(key) for key in floor.lines()} - {None}:
            assert minute is not None
            summarize_trades(minute, floor.lake, floor.table)
        expected = expected_rows(trades)
        assert len(expected) == MINUTES
        assert_rows(floor.table, expected)
        assert len(rows_of(floor.table)) == MINUTES


def archive(floor: Floor, symbol: str, trades: list[bytes]) -> None:
    """All of it, and then a silence."""
    floor.clock.advance_to(datetime(2026, 1, 1, tzinfo=UTC))
    with floor.archiving() as work:
        for start in range(0, len(trades), 1000):
            floor.bus.publish(
                TOPIC, [Record(symbol.encode(), trade) for trade in trades[start : start + 1000]]
            )
        work_off(work)
        floor.pass_time(60)
        work_off(work)
        work_off(work)


def test_a_lake_that_was_replayed_is_the_same_lake(tmp_path: Path, recorded: list[bytes]) -> None:
    """A group that never committed writes every object once more."""
    with market_floor(tmp_path) as floor:
        archive(floor, "BTCUSDT", recorded)
        before = {key: floor.lake.get(key) for key, _ in floor.lake.objects("")}
        reader = floor.bus.read(TOPIC, "again")
        again = FolderLake(tmp_path / "again")
        with floor.archiving(again) as work:
            work.reader.close()
            work.reader = reader
            work_off(work)
        assert {key: again.get(key) for key, _ in again.objects("")} == before
        again.close()
