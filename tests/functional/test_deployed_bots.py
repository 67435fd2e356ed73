"""`crypto-bot worker bots` without a bot: all that are deployed, side by side, while it works."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from threading import Event, Thread
from threading import enumerate as enumerate_threads

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.bot_files import bot_of
from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.sandboxes.lockdown import CPU_SECONDS
from chalicelib.adapters.sandboxes.sandbox import ProcessSandbox
from chalicelib.bootstrap import STATE_FILE, Choices
from chalicelib.bootstrap.bots import bot_ports, check_bot, reader_group
from chalicelib.bootstrap.market import BUS_FILE, bus
from chalicelib.bootstrap.series import analyses
from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.deployed import DeployedBot, stopped
from chalicelib.domain.bots.version import VersionNumber
from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.market.analysis import Analysis, instrument_subject
from chalicelib.domain.market.bus_message import Record
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.local.market_chain import MarketChain
from chalicelib.services.bots.delete_deployment import delete_deployment
from chalicelib.services.bots.deploy_bot import Wanted, deploy_bot, prepare_deployment
from chalicelib.services.bots.report_deployment import report_deployment
from chalicelib.services.bots.rest_deployment import rest_deployment
from chalicelib.services.bots.save_bot import save_bot
from chalicelib.services.bots.start_deployment import start_deployment
from chalicelib.services.bots.stop_deployment import stop_deployment
from chalicelib.services.bots.update_deployment import prepare_update, update_deployment
from chalicelib.settings import Settings
from chalicelib.worker.deployed_bots import AGAIN_AFTER, deployed_bots
from tests.market.klines import FIRST, kline

PATIENCE = 90.0
BOT = """
from chalicelib.domain.bots import Bot

class Turn(Bot):
    instruments = ("BTC/USDT",)
    interval = "1m"

    def on_candle(self, ctx):
        ctx.target(0 if ctx.position else 0.5)
"""
BROKEN = BOT.replace("0 if ctx.position", "0 if ctx.positions")


@dataclass
class House:
    """A home folder, and what its owner does beside the worker."""

    home: Path
    clock: ReplayClock

    def save(self, source: str, name: str = "turn") -> None:
        save_bot(bot_ports(), name, source)

    def deploy(self, name: str, bot: str = "turn") -> DeployedBot:
        wanted = Wanted(name, bot, "trend", FIRST, cash=Decimal(1000))
        ports, inbox = bot_ports(), bootstrap.webhook()
        return deploy_bot(ports, prepare_deployment(ports, inbox, wanted, check_bot))

    def publish(self, number: int, *more: int) -> None:
        with closing(bus()) as opened:
            messages = [kline(n, "100") for n in (number, *more)]
            opened.publish("klines", [Record(b"BTCUSDT@1m", each) for each in messages])

    def sent(self, name: str) -> list[str]:
        """States that it wished for, oldest first."""
        deployed = bot_ports().deployments.get(name)
        if deployed is None:
            return []
        report = report_deployment(bot_ports(), bootstrap.trading(), deployed, 50)
        return [signal.state.value for signal in reversed(report.signals)]

    def state(self, name: str) -> str:
        deployed = bot_ports().deployments.get(name)
        assert deployed is not None
        return "running" if deployed.is_running else deployed.why

    @contextmanager
    def worker(self) -> Iterator[list[int]]:
        stopping, wishes = Event(), list[int]()
        thread = Thread(
            target=lambda: wishes.append(deployed_bots(stopping, once=False, look=0.02))
        )
        thread.start()
        try:
            yield wishes
        finally:
            stopping.set()
            thread.join(timeout=PATIENCE)
            assert not thread.is_alive()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = ReplayClock(FIRST + timedelta(minutes=30))
    # Without a process for each source, which takes a while to begin.
    bootstrap.use(Choices(settings=Settings(), home=tmp_path, clock=clock, load_bot=bot_of))
    strategy = Strategy(name="trend", instruments={"BTCUSDT": "BTC/USDT"}, sibling_wait=0)
    bootstrap.strategies().apply(expected_version=0, strategies=[strategy])
    yield House(tmp_path, clock)
    bootstrap.reset()


def update(name: str) -> None:
    """To the newest version of its bot."""
    found = prepare_update(bot_ports(), bootstrap.webhook(), check_bot, name, None, {})
    update_deployment(bot_ports(), found)


def until(come: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not come():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.01)


def test_what_is_deployed_stopped_and_deleted_meanwhile_is_followed(house: House) -> None:
    house.save(BOT)
    with house.worker() as wishes:
        house.deploy("one")
        house.publish(0)
        until(lambda: house.sent("one") == ["long"])
        house.deploy("two")
        until(lambda: house.sent("two") == ["long"])
        stop_deployment(bot_ports(), bootstrap.webhook(), "one", "enough")
        house.clock.advance_to(house.clock.now() + timedelta(seconds=1))
        until(lambda: not _reads("one"))
        house.publish(1)
        until(lambda: house.sent("two") == ["long", "flat"])
        assert house.sent("one") == ["long"]
        start_deployment(bot_ports(), "one")
        until(lambda: house.sent("one") == ["long", "flat"])
        stop_deployment(bot_ports(), bootstrap.webhook(), "two", "enough")
        until(lambda: not _reads("two"))
        delete_deployment(bot_ports(), bootstrap.webhook(), "two")
    assert wishes == [4]
    assert [each.name for each in bot_ports().deployments.all()] == ["one"]


def test_one_that_cannot_go_on_is_stopped_and_the_others_go_on(house: House) -> None:
    house.save(BOT)
    house.save(BROKEN, "broken")
    house.deploy("good")
    house.deploy("bad", "broken")
    house.deploy("lost")
    lost = bot_ports().deployments.get("lost")
    assert lost is not None
    bot_ports().deployments.put(replace(lost, number=VersionNumber(9, 9)))
    house.deploy("mute")
    mute = bot_ports().deployments.get("mute")
    assert mute is not None
    bot_ports().deployments.put(replace(mute, strategy="nobody"))
    with house.worker():
        until(lambda: "no version 9.9" in house.state("lost"))
        until(lambda: "no strategy nobody" in house.state("mute"))
        house.publish(0, 1)
        until(lambda: house.sent("good") == ["long", "flat"])
        until(lambda: house.state("bad").startswith("it has stopped: line 9, Turn.on_candle"))
        house.clock.advance_to(house.clock.now() + timedelta(seconds=1))
        house.save(BOT, "broken")
        update("bad")
        start_deployment(bot_ports(), "bad")
        house.publish(2)
        until(lambda: house.sent("good") == ["long", "flat", "long"])
        until(lambda: len(house.sent("bad")) == 3)
    assert house.state("good") == house.state("bad") == "running"


def test_one_that_never_answers_keeps_no_other_waiting(house: House) -> None:
    with closing(ProcessSandbox(6)) as box:

        def load(source: str, name: str) -> type[Bot]:
            return box(source, name) if name.startswith("endless") else bot_of(source, name)

        bootstrap.use(replace(bootstrap.choices(), load_bot=load))
        house.save(BOT)
        house.save(BOT.replace("ctx.target", "while True: pass\n        ctx.target"), "endless")
        house.deploy("bad", "endless")
        house.deploy("good")
        with house.worker():
            house.publish(0)
            until(lambda: house.sent("good") == ["long"])
            assert house.state("bad") == "running"  # it thinks
            until(lambda: house.state("bad").endswith("it did not answer within 6 seconds"))


def test_a_bot_knows_what_was_analysed_an_hour_before(house: House) -> None:
    with closing(analyses()) as kept:
        of = instrument_subject("binance", "BTC/USDT")
        known_at = FIRST + timedelta(minutes=5)
        kept.add([Analysis(of, known_at - timedelta(hours=1), {"momentum_7d": 0.5})])
    house.save(
        BOT.replace("ctx.target", "if ctx.analytics: ctx.target").replace(
            "0.5)", 'ctx.analytics["BTC/USDT"]["momentum_7d"])'
        )
    )
    house.deploy("one")
    house.publish(0, 1, 2, 3, 4)
    assert deployed_bots(Event(), once=True) == 1
    (signal,) = bootstrap.trading().signals.recent(9)
    assert (signal.state.value, signal.fired_at) == ("long", known_at)


def test_an_update_is_followed(house: House) -> None:
    house.save(BOT)
    house.clock.advance_to(FIRST + timedelta(days=2))
    numbers = count(1)
    with house.worker():
        house.deploy("one")
        house.publish(0)
        until(lambda: house.sent("one") == ["long"])
        house.save(BOT.replace("0 if", "0.1 if"))  # sells a part of it
        house.clock.advance_to(house.clock.now() + timedelta(seconds=1))
        update("one")

        def has_sold_a_part() -> bool:
            house.publish(next(numbers))
            return "long long" in " ".join(house.sent("one"))

        until(has_sold_a_part)


def test_one_that_has_run_for_long_begins_again_and_loses_nothing(house: House) -> None:
    house.save(BOT)
    assert timedelta(seconds=CPU_SECONDS) > AGAIN_AFTER
    with house.worker() as wishes:
        house.deploy("one")
        house.publish(0)
        until(lambda: house.sent("one") == ["long"])
        (before,) = _runs()
        house.clock.advance_to(house.clock.now() + AGAIN_AFTER)
        until(lambda: _runs() not in ([], [before]))
        house.publish(1)
        until(lambda: house.sent("one") == ["long", "flat"])
    assert wishes == [2]


def test_what_could_not_be_taken_back_is_taken_back_later(house: House) -> None:
    house.save(BOT.replace("ctx.target(0 if ctx.position else 0.5)", "ctx.buy(1, limit=90)"))
    house.deploy("one")
    file = bootstrap.home() / STATE_FILE
    with house.worker() as wishes, closing(sqlite3.connect(file, timeout=PATIENCE)) as table:
        house.publish(0)
        until(lambda: house.sent("one") == ["long"])
        table.execute("CREATE TRIGGER full BEFORE INSERT ON record BEGIN SELECT * FROM away; END")
        house.clock.advance_to(house.clock.now() + timedelta(seconds=1))
        found = bot_ports().deployments.get("one")
        assert found is not None
        bot_ports().deployments.put(stopped(found, "enough", house.clock.now()))
        until(lambda: _runs() == [])
        time.sleep(0.1)
        assert len(bootstrap.signals().recent(9)) == 1
        table.execute("DROP TRIGGER full")
        until(lambda: len(bootstrap.signals().recent(9)) == 2)
    assert wishes == [1]


def test_what_went_wrong_before_a_word_of_the_owners_is_not_noted_after_it(house: House) -> None:
    house.save(BOT)
    before = house.deploy("one")
    house.clock.advance_to(house.clock.now() + timedelta(seconds=1))
    stop_deployment(bot_ports(), bootstrap.webhook(), "one", "enough")
    rest_deployment(bot_ports(), bootstrap.webhook(), before, {"BTC/USDT": "line 3"})
    assert house.state("one") == "enough"
    start_deployment(bot_ports(), "one")
    rest_deployment(bot_ports(), bootstrap.webhook(), before, {"BTC/USDT": "line 3"}, "why")
    assert house.state("one") == "running"


def test_a_source_that_was_replaced_meanwhile_is_not_deployed(house: House) -> None:
    house.save(BOT)
    ports = bot_ports()
    wanted = Wanted("one", "turn", "trend", FIRST, cash=Decimal(1000))
    prepared = prepare_deployment(ports, bootstrap.webhook(), wanted, check_bot)
    house.save(BROKEN)
    with pytest.raises(StoreConflict):
        deploy_bot(ports, prepared)
    assert ports.deployments.all() == []


def test_it_runs_beside_the_trading_where_something_is_deployed(house: House) -> None:
    house.save(BOT)
    assert "market bots" not in _threads(MarketChain(["BTC/USDT"], collects=False))
    house.deploy("one")
    assert "market bots" in _threads(MarketChain(["BTC/USDT"], collects=False))
    assert "market bots" not in _threads(MarketChain(["BTC/USDT"], collects=True))


def _threads(chain: MarketChain) -> list[str]:
    return [thread.name for thread in chain._threads]  # noqa: SLF001 - they are not started


def test_a_signal_is_stored_soon_after_its_candle(house: House) -> None:
    house.save(BOT)
    for name in ("one", "two", "three"):
        house.deploy(name)
    seen, took = 0, []

    def has_come() -> bool:
        return all(len(house.sent(name)) > seen for name in ("one", "two", "three"))

    with house.worker():
        for seen in range(6):
            began = time.monotonic()
            house.publish(seen)
            until(has_come)
            took.append(time.monotonic() - began)
    assert sorted(took)[2] < 1  # usually 0.05 s


def _runs() -> list[Thread]:
    return [thread for thread in enumerate_threads() if thread.name.startswith("bot ")]


def _reads(name: str) -> bool:
    """Whether messages are kept for the deployment."""
    query = 'SELECT COUNT(*) FROM position WHERE "group" = ?'
    with closing(sqlite3.connect(bootstrap.home() / BUS_FILE, timeout=PATIENCE)) as file:
        return bool(file.execute(query, (reader_group(name),)).fetchone()[0])
