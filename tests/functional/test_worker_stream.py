"""`crypto-bot worker stream` as a process: killed, cut off, without its bus, and told nonsense."""

import json
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.adapters.buses.sqlite import SqliteBus
from chalicelib.adapters.clock import SystemClock
from chalicelib.domain.market.trade import parse_trade
from tests.market.binance_frames import text_of
from tests.market.binance_streams import BinanceStreams, wait_until
from tests.market.program import Machine, kill
from tests.venues.loopback import Answer

PATIENCE = 60.0
EVERYTHING = 1_000_000
Start = Callable[..., "subprocess.Popen[bytes]"]

STREAM = ("worker", "stream", "--market", "BTC/USDT")


@pytest.fixture
def venue() -> Iterator[BinanceStreams]:
    with BinanceStreams() as served:
        yield served


@pytest.fixture
def machine(tmp_path: Path, venue: BinanceStreams) -> Machine:
    home = tmp_path / "home"
    home.mkdir()
    addresses = {
        "MARKET_STREAM_URL": venue.stream_address,
        "MARKET_REST_URL": venue.rest_address,
    }
    return Machine(home=home, environment=addresses)


@pytest.fixture
def start(machine: Machine) -> Iterator[Start]:
    """A worker, which does not outlive a test that fails."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*words: str) -> "subprocess.Popen[bytes]":
        started.append(machine.start(*words))
        return started[-1]

    yield begin
    for worker in started:
        worker.kill()
        worker.wait()


def on_the_bus(machine: Machine, topic: str) -> list[bytes]:
    path = machine.home / "bus.sqlite3"
    with (
        closing(SqliteBus(path, SystemClock(), retention=timedelta(days=1))) as bus,
        closing(bus.read(topic, "look")) as reader,
    ):
        reader.poll(limit=1, wait=0)  # what it begins with
        return [message.value for message in reader.poll(limit=EVERYTHING, wait=0).messages]


def ids(machine: Machine) -> list[int]:
    return [parse_trade(text).id for text in on_the_bus(machine, "trades")]


def said(machine: Machine) -> str:
    return (machine.home / "worker.log").read_text(encoding="utf-8")


def stop(worker: "subprocess.Popen[bytes]") -> None:
    worker.send_signal(signal.SIGINT)
    assert worker.wait(PATIENCE) == 0


def test_a_worker_that_is_killed_over_and_over_loses_and_doubles_nothing(
    machine: Machine, start: Start, venue: BinanceStreams
) -> None:
    dice = random.Random(9)  # noqa: S311 - no secret
    venue.trade()
    for _ in range(4):
        worker = start(*STREAM)
        wait_until(lambda: bool(venue.open))
        for _ in range(dice.randint(3, 20)):
            venue.trade(dice.randint(1, 200), told=dice.random() < 0.9)
            venue.candle(told=dice.random() < 0.8)
            time.sleep(dice.uniform(0, 0.02))
        kill(worker)
        wait_until(lambda: not venue.open)
        venue.trade(dice.randint(0, 300), told=False)
        venue.candle(told=False)
    worker = start(*STREAM)
    wait_until(lambda: bool(venue.open))
    venue.open[0].cut()
    wait_until(lambda: bool(venue.open))
    venue.trade()
    venue.candle()
    last = venue.trades[-1]["a"]
    wait_until(lambda: ids(machine)[-1:] == [last])
    wait_until(lambda: json.loads(on_the_bus(machine, "klines")[-1])["k"] == venue.candles[-1])
    stop(worker)
    begun = ids(machine)[0]
    assert begun == 1001
    assert ids(machine) == list(range(begun, last + 1))
    candles = [json.loads(text)["k"] for text in on_the_bus(machine, "klines")]
    assert candles == venue.candles[venue.candles.index(candles[0]) :]


def test_a_bus_that_cannot_be_written_is_waited_for(
    machine: Machine, start: Start, venue: BinanceStreams
) -> None:
    venue.trade()
    bus = machine.home / "bus.sqlite3"
    bus.mkdir()
    worker = start(*STREAM)
    wait_until(lambda: "beginning anew in" in said(machine))
    bus.rmdir()
    wait_until(lambda: bool(venue.open))
    venue.trade(5)
    wait_until(lambda: ids(machine) == [1001, 1002, 1003, 1004, 1005])
    stop(worker)
    assert on_the_bus(machine, "trades") == [text_of(fact) for fact in venue.trades[1:]]


def test_a_venue_that_is_down_at_the_start_is_waited_for(
    machine: Machine, start: Start, venue: BinanceStreams
) -> None:
    venue.trade()
    venue.answers = [Answer(status=503, body="down")]
    worker = start(*STREAM)
    wait_until(lambda: "answered 503: down; beginning anew in 1 s" in said(machine))
    wait_until(lambda: bool(venue.open))
    stop(worker)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--market", "NO/SUCH"], "knows no symbol NOSUCH"),
        (["--market", "btc-usdt"], "the market 'btc-usdt' is unknown; a market is named such as"),
        (["--market", "BTC/USDT", "--trades", "trade"], "so that gaps could not be closed"),
        (["--market", "BTC/USDT", "--venue", "nowhere"], "exchange 'nowhere' is unknown"),
        ([], "no market is named; name one such as --market BTC/USDT"),
    ],
)
def test_what_cannot_be_streamed_is_said_at_once(
    machine: Machine, start: Start, words: list[str], sentence: str
) -> None:
    worker = start("worker", "stream", *words)
    assert worker.wait(PATIENCE) == 2
    assert sentence in said(machine)
