"""`crypto-bot worker bots`: whatever kills it, the same candles give the same signals once each."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.buses.sqlite import SqliteBus
from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.stores.bot_trails import TableBotTrails
from chalicelib.adapters.stores.bots import TableBotStates
from chalicelib.adapters.stores.signals import TableSignalStore
from chalicelib.adapters.stores.strategies import TableStrategyStore
from chalicelib.bootstrap import Choices
from chalicelib.domain.bots.bot import Bot, set_up
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.deployment import Deployment
from chalicelib.domain.bots.ready_made import ready_made
from chalicelib.domain.errors import SettingsError, StoreConflict, StoreUnavailable
from chalicelib.domain.market.bus_message import Position, Record
from chalicelib.domain.trading.signal import Signal
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.services.bots.run_bots import BotReport, RunningBots, run_bots
from chalicelib.services.trading.receive_signal import Inbox, StrategyCache
from chalicelib.settings import Settings
from tests.market.klines import FIRST, MINUTE, kline
from tests.market.program import Machine, kill
from tests.unit.bots.paper_market import scripted

SYMBOLS = {"BTCUSDT": "BTC/USDT", "ETHUSDT": "ETH/USDT", "DOGEUSDT": "DOGE/USDT"}
PATIENCE = 60.0
LAST = FIRST + timedelta(days=3)
Told = set[tuple[str, datetime, str, Decimal | None]]


def walk(seed: int, count: int) -> list[str]:
    """Whole steps of half a percent, so that no move is nearly a threshold."""
    dice, price = Random(seed), Decimal(100)  # noqa: S311 - prices, no secrets
    closes = []
    for _ in range(count):
        price *= 1 + Decimal(dice.choice([-3, -1, -1, 0, 1, 1, 3])) / 200
        closes.append(f"{price:.6f}")
    return closes


def by_hand(symbol: str, closes: Sequence[str]) -> Told:
    """What the rule says of them, at 1.2 percent."""
    found: Told = set()
    holds = False
    for number in range(1, len(closes)):
        before, close = Decimal(closes[number - 1]), Decimal(closes[number])
        change = (close - before) / before
        if change > Decimal("0.012") if holds else change < Decimal("-0.012"):
            holds = not holds
            fired = FIRST + (number + 1) * MINUTE
            found.add((SYMBOLS[symbol], fired, "long" if holds else "flat", close))
    return found


def told(signals: Sequence[Signal]) -> Told:
    found = {(s.symbol, s.fired_at, s.state.value, s.price) for s in signals}
    assert len(found) == len(signals), "a wish was doubled"
    return found


def strategy() -> Strategy:
    return Strategy(name="scalper", instruments=SYMBOLS, sibling_wait=0)


class Died(BaseException):
    """The process is no more; nothing of ours catches it."""


@dataclass
class Fate:
    """Death just before the effect of this number, which is just after the one before it."""

    at: int = -1
    count: int = 0
    error: BaseException = field(default_factory=Died)

    def meet(self, effect: Callable[..., Any], *words: Any) -> Any:
        self.count += 1
        if self.count == self.at:
            raise self.error
        return effect(*words)


@dataclass
class Fated:
    """A store or a reader whose effects may be the last ones; all else goes through."""

    inner: Any
    fate: Fate

    def add(self, *words: Any) -> Any:
        return self.fate.meet(self.inner.add, *words)

    def put(self, kept: Any) -> Any:
        return self.fate.meet(self.inner.put, kept)

    def commit(self, partition: int, position: Position) -> None:
        self.fate.meet(self.inner.commit, partition, position)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@dataclass
class House:
    """A bus and a table that outlive the processes which use them."""

    folder: Path
    clock: ReplayClock = field(default_factory=lambda: ReplayClock(LAST))
    table: SqliteTable = field(default_factory=lambda: SqliteTable(":memory:"))
    fate: Fate = field(default_factory=Fate)
    since: datetime = FIRST
    setups: Any = None
    speaks_for: str = "scalper"

    def __post_init__(self) -> None:
        self.bus = SqliteBus(self.folder / "bus.sqlite3", self.clock, retention=timedelta(days=9))
        self.strategies = TableStrategyStore(self.table)
        self.strategies.apply(
            expected_version=0, strategies=[strategy()], accounts=[], subscriptions=[]
        )

    def publish(self, *messages: bytes, symbol: str = "BTCUSDT") -> None:
        self.bus.publish("klines", [Record(f"{symbol}@1m".encode(), m) for m in messages])

    @contextmanager
    def process(self) -> Iterator[RunningBots]:
        """Everything that it holds in memory is gone at its end."""
        setups = self.setups or set_up(ready_made("scalper"), parameters={"threshold": 1.2})
        with closing(self.bus.read("klines", "bots-scalper")) as reader:
            yield RunningBots(
                reader=Fated(reader, self.fate),
                states=Fated(TableBotStates(self.table), self.fate),
                inbox=Inbox(
                    signals=Fated(TableSignalStore(self.table), self.fate),
                    strategies=StrategyCache(self.strategies, self.clock),
                    clock=self.clock,
                ),
                deployment=Deployment("scalper", self.speaks_for, tuple(setups), self.since),
                trails=Fated(TableBotTrails(self.table), self.fate),
            )

    def work_off(self) -> list[BotReport]:
        with self.process() as work:
            reports = [run_bots(work, wait=0)]  # is given its partitions
            while not reports[1:] or reports[-1].messages:
                reports.append(run_bots(work, wait=0))
            return reports

    @property
    def signals(self) -> list[Signal]:
        return TableSignalStore(self.table).recent(1000)

    @property
    def noted(self) -> list[str]:
        """Ids of the signals that its trails know of."""
        trails = TableBotTrails(self.table)
        return sorted(s for symbol in SYMBOLS.values() for s in trails.signals("scalper", symbol))

    def close(self) -> None:
        self.bus.close()
        self.table.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with closing(House(tmp_path)) as made:
        yield made


def play(house: House) -> None:
    """Two instruments in three portions, each of which is worked off before the next one comes."""
    closes = {symbol: walk(seed, 24) for seed, symbol in enumerate(("BTCUSDT", "ETHUSDT"))}
    for first in (0, 8, 16):
        for symbol, prices in closes.items():
            portion = [kline(n, prices[n], symbol) for n in range(first, first + 8)]
            house.publish(*portion, symbol=symbol)
        try:
            house.work_off()
        except Died:
            house.work_off()


def expected() -> Told:
    return by_hand("BTCUSDT", walk(0, 24)) | by_hand("ETHUSDT", walk(1, 24))


def test_death_at_any_effect_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with closing(House(_folder(tmp_path, "calm"))) as calm:
        play(calm)
        assert told(calm.signals) == expected()
        assert len(calm.signals) == 8
    effects = calm.fate.count
    assert effects > 15
    for number in range(1, effects + 1):
        fate = Fate(at=number)
        with closing(House(_folder(tmp_path, str(number)), fate=fate)) as house:
            play(house)
            assert fate.count > number, "nobody died"
            assert told(house.signals) == expected(), number
            assert house.noted == sorted(signal.id for signal in house.signals), number


def ordering() -> Any:
    """Two orders, of which one is taken back when a purchase keeps the other one."""

    def change(ctx: Context) -> None:
        ctx.cancel("1")
        ctx.buy(1)

    script: dict[int, Callable[[Context], Any]] = {
        0: lambda ctx: (ctx.buy(1, limit=90), ctx.buy(1, limit=80, stop_loss=70)),
        1: change,
        2: Context.close_position,
    }
    return set_up(scripted(script), instruments=["BTC/USDT"], interval="1m")


def test_death_between_orders_loses_and_doubles_none(tmp_path: Path) -> None:
    def play_orders(house: House) -> None:
        house.publish(*[kline(number, "100") for number in range(4)])
        try:
            house.work_off()
        except Died:
            house.work_off()

    def ordered(house: House) -> set[tuple[str, str, tuple[str, ...]]]:
        return {(s.id, s.order.words if s.order else s.state, s.keeps) for s in house.signals}

    with closing(House(_folder(tmp_path, "calm"), setups=ordering())) as calm:
        play_orders(calm)
        wanted = ordered(calm)
        assert len(calm.signals) == len(wanted) == 6
    for number in range(1, calm.fate.count + 1):
        folder, fate = _folder(tmp_path, str(number)), Fate(at=number)
        with closing(House(folder, fate=fate, setups=ordering())) as house:
            play_orders(house)
            assert fate.count > number, "nobody died"
            assert ordered(house) == wanted, number
            assert len(house.signals) == 6, number


def basket() -> Any:
    """All that it asks for is about as many instruments as have a candle."""

    class Basket(Bot):
        instruments = tuple(SYMBOLS.values())
        interval = "1m"
        together = True

        def on_candle(self, ctx: Context) -> None:
            fresh = [symbol for symbol, market in ctx.markets.items() if market.is_fresh]
            ctx.log(" ".join(fresh))
            for symbol in fresh:
                ctx.target(0 if ctx[symbol].position else 0.9 / len(fresh), symbol=symbol)

    return set_up(Basket)


def test_death_while_candles_wait_for_others_loses_and_doubles_nothing(tmp_path: Path) -> None:
    def play_basket(house: House) -> None:
        for first, symbol in product((0, 4), SYMBOLS):
            without = 5 if symbol == "DOGEUSDT" else -1
            portion = [kline(n, "100", symbol) for n in range(first, first + 4) if n != without]
            house.publish(*portion, symbol=symbol)
            try:
                house.work_off()
            except Died:
                house.work_off()

    def wished(house: House) -> Told:
        signals = house.signals
        found = {
            (s.symbol, s.fired_at, s.state.value, None if s.size is None else s.size.amount)
            for s in signals
        }
        assert len(found) == len(signals), "a wish was doubled"
        return found

    with closing(House(_folder(tmp_path, "calm"), setups=basket())) as calm:
        play_basket(calm)
        wanted = wished(calm)
        assert len(wanted) == 8 * 3 - 1
        assert ("BTC/USDT", FIRST + MINUTE, "long", Decimal(30)) in wanted
        assert ("ETH/USDT", FIRST + 6 * MINUTE, "flat", None) in wanted
        assert ("DOGE/USDT", FIRST + 6 * MINUTE, "flat", None) not in wanted
    for number in range(1, calm.fate.count + 1):
        folder, fate = _folder(tmp_path, str(number)), Fate(at=number)
        with closing(House(folder, fate=fate, setups=basket())) as house:
            play_basket(house)
            assert fate.count > number, "nobody died"
            assert wished(house) == wanted, number
            assert house.noted == sorted(signal.id for signal in house.signals), number


def test_what_another_process_read_meanwhile_is_not_gathered_twice(house: House) -> None:
    house.setups = basket()
    with house.process() as first:
        run_bots(first, wait=0)
        for symbol in ("BTCUSDT", "ETHUSDT"):
            house.publish(kline(0, "100", symbol), symbol=symbol)
        run_bots(first, wait=0)
        house.publish(kline(0, "100", "DOGEUSDT"), symbol="DOGEUSDT")
        house.work_off()
        assert len(house.signals) == 3
        with closing(house.bus.read("klines", "bots-scalper")) as again:
            first.reader = again
            run_bots(first, wait=0)
            run_bots(first, wait=0)
            assert len(house.signals) == 3
            for symbol in SYMBOLS:
                house.publish(kline(1, "100", symbol), symbol=symbol)
            report = run_bots(first, wait=0)
    assert report.wishes == 3


def test_what_came_in_time_is_waited_for_until_it_is_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a pause there is more on the bus than is read at once."""
    monkeypatch.setattr("chalicelib.services.bots.run_bots._AT_ONCE", 2)
    house.setups = basket()
    for symbol in SYMBOLS:
        house.publish(*[kline(n, "100", symbol) for n in range(5)], symbol=symbol)
    house.clock.advance_to(house.clock.now() + timedelta(days=1))
    reports = house.work_off()
    assert (sum(r.late for r in reports), sum(r.wishes for r in reports)) == (0, 15)


def test_one_that_stops_at_one_of_many_closes_sees_no_other(house: House) -> None:
    class Stopping(Bot):
        instruments = tuple(SYMBOLS.values())
        interval = "1m"
        together = True

        def on_candle(self, ctx: Context) -> None:
            ctx.target(1 / (ctx["BTC/USDT"].close - 101), symbol="BTC/USDT")

    house.setups = set_up(Stopping)
    for symbol in SYMBOLS:
        numbers = (0, 3) if symbol == "DOGEUSDT" else range(4)
        house.publish(*[kline(n, f"{102 - n}", symbol) for n in numbers], symbol=symbol)
    reports = house.work_off()
    (stopped,) = (sentence for report in reports for sentence in report.stopped)
    assert stopped.startswith("scalper on BTC/USDT, ETH/USDT, DOGE/USDT: line ")
    assert [report.resting.keys() for report in reports if report.resting] == [
        set(SYMBOLS.values())
    ]
    assert [signal.fired_at for signal in house.signals] == [FIRST + MINUTE]


def test_a_candle_that_cannot_be_is_none_and_its_close_goes_on_without_it(house: House) -> None:
    house.setups = basket()
    for symbol in SYMBOLS:
        odd = {"h": "1"} if symbol == "ETHUSDT" else {}
        house.publish(kline(0, "100", symbol, **odd), symbol=symbol)
    reports = house.work_off()
    assert (sum(r.malformed for r in reports), sum(r.wishes for r in reports)) == (1, 0)
    house.clock.advance_to(house.clock.now() + timedelta(seconds=29))
    assert sum(report.late for report in house.work_off()) == 0
    house.clock.advance_to(house.clock.now() + timedelta(seconds=1))
    reports = house.work_off()
    assert (sum(r.late for r in reports), sum(r.wishes for r in reports)) == (1, 2)


def test_a_first_start_that_died_does_not_move_the_moment_from_which_it_is_heard(
    house: House,
) -> None:
    house.publish(*[kline(n, close) for n, close in enumerate(["100", "98"])])
    house.fate.at = 3  # after its state and the signal, before the state that it led to
    with pytest.raises(Died):
        house.work_off()
    assert len(house.signals) == 1
    house.since = LAST
    house.publish(kline(2, "100"))
    house.work_off()
    assert [signal.state.value for signal in sorted(house.signals, key=lambda s: s.fired_at)] == [
        "long",
        "flat",
    ]


def test_a_signal_from_before_a_crash_stands_by_whatever_parameters_it_is_repeated(
    house: House,
) -> None:
    house.publish(*[kline(n, close) for n, close in enumerate(["100", "98"])])
    house.fate.at = 3
    with pytest.raises(Died):
        house.work_off()
    house.setups = set_up(ready_made("scalper"), parameters={"percentage": 20.0})
    reports = house.work_off()
    assert (sum(r.wishes for r in reports), reports[1].refused) == (1, ())
    (signal,) = house.signals
    assert signal.size is not None
    assert signal.size.amount == 10
    house.publish(kline(2, "100"))
    house.work_off()
    assert len(house.signals) == 2


def test_candles_that_come_again_are_seen_once(house: House) -> None:
    closes = ["100", "98", "97.9", "99.5"]
    house.publish(*[kline(n, close) for n, close in enumerate(closes)])
    house.work_off()
    house.publish(*[kline(n, close) for n, close in enumerate(closes)], kline(4, "90"))
    reports = house.work_off()
    assert sum(report.malformed for report in reports) == 0
    assert told(house.signals) == by_hand("BTCUSDT", [*closes, "90"])
    assert len(house.signals) == 3


def test_of_two_processes_that_follow_one_bot_the_slower_begins_anew(house: House) -> None:
    house.publish(kline(0, "100"))
    with house.process() as slow:
        run_bots(slow, wait=0)
        run_bots(slow, wait=0)
        house.publish(kline(1, "98"))
        house.work_off()
        with pytest.raises(StoreConflict):
            run_bots(slow, wait=0)
    house.work_off()
    assert told(house.signals) == by_hand("BTCUSDT", ["100", "98"])


def test_a_partition_that_is_given_back_is_gone_on_with_where_the_other_one_left_it(
    house: House,
) -> None:
    house.publish(kline(0, "100"))
    with house.process() as first:
        run_bots(first, wait=0)
        run_bots(first, wait=0)
        house.publish(kline(1, "98"))
        house.work_off()  # somebody else had it meanwhile
        house.publish(kline(2, "99.5"))
        with closing(house.bus.read("klines", "bots-scalper")) as again:
            first.reader = again
            run_bots(first, wait=0)
            run_bots(first, wait=0)
    assert told(house.signals) == by_hand("BTCUSDT", ["100", "98", "99.5"])


def test_a_bot_that_stops_is_told_and_the_others_go_on(house: House) -> None:
    broken = scripted({1: lambda ctx: ctx.buy(1 / (ctx.close - ctx.close))})
    (stops,) = set_up(broken, instruments=["ETH/USDT"], interval="1m")
    scalper = set_up(ready_made("scalper"), instruments=["BTC/USDT"])
    house.setups = [stops, *scalper]
    for symbol in ("ETHUSDT", "BTCUSDT"):
        closes = ["100", "98", "98", "98"]
        house.publish(*[kline(n, c, symbol) for n, c in enumerate(closes)], symbol=symbol)
    reports = house.work_off()
    (sentence,) = [line for report in reports for line in report.stopped]
    assert "scalper on ETH/USDT: line" in sentence
    assert "on_candle at the candle of 2026-03-02 12:01: ZeroDivisionError" in sentence
    assert [signal.symbol for signal in house.signals] == ["BTC/USDT"]


def test_a_wish_that_is_refused_is_said_and_waits_in_quarantine(house: House) -> None:
    def leave(ctx: Context) -> None:
        ctx.buy(quantity=1e13)  # more than an alert may say

    house.setups = set_up(scripted({0: leave}), instruments=["BTC/USDT"], interval="1m")
    house.publish(kline(0, "100"))
    refused = [line for report in house.work_off() for line in report.refused]
    assert refused == [
        "scalper: size is '10000000000000'; it must be between 1e-18 and 1e+12",
    ]
    assert house.signals == []
    (kept,) = TableSignalStore(house.table).quarantined(9)
    assert kept.strategy == "scalper"


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder


def _configure(home: Path) -> None:
    bootstrap.use(Choices(settings=Settings(), home=home))
    bootstrap.strategies().apply(
        expected_version=0, strategies=[strategy()], accounts=[], subscriptions=[]
    )
    bootstrap.reset()


def _count(home: Path) -> int:
    with closing(sqlite3.connect(home / "state.sqlite3", timeout=PATIENCE)) as state:
        found = state.execute("SELECT COUNT(*) FROM record WHERE partition LIKE 'signal#%'")
        return int(found.fetchone()[0])


def _until_more(home: Path, before: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while _count(home) <= before:
        assert time.monotonic() < deadline, "it stores no signal"
        time.sleep(0.01)


def test_a_strategy_that_is_not_there_ends_the_worker_and_loses_nothing(house: House) -> None:
    house.publish(*[kline(n, close) for n, close in enumerate(["100", "98"])])
    house.speaks_for = "nobody"
    with pytest.raises(SettingsError, match="there is no strategy nobody"):
        house.work_off()
    house.speaks_for = "scalper"
    house.work_off()
    assert len(house.signals) == 1


def test_a_store_that_is_away_is_asked_again(house: House) -> None:
    house.publish(*[kline(n, close) for n, close in enumerate(["100", "98"])])
    house.fate.at, house.fate.error = 2, StoreUnavailable("the disk is full")
    with pytest.raises(StoreUnavailable, match="nothing was stored"):
        house.work_off()
    assert house.signals == []
    house.work_off()
    assert len(house.signals) == 1


def test_kill_minus_nine_at_random_moments_gives_the_same_signals(tmp_path: Path) -> None:
    home = _folder(tmp_path, "home")
    _configure(home)
    walks = {symbol: walk(seed, 600) for seed, symbol in enumerate(SYMBOLS)}
    with closing(SqliteBus(home / "bus.sqlite3", ReplayClock(LAST), retention=MINUTE)) as bus:
        for symbol, closes in walks.items():
            records = [
                Record(f"{symbol}@1m".encode(), kline(n, close, symbol))
                for n, close in enumerate(closes)
            ]
            bus.publish("klines", records)
    words = ["worker", "bots", "--bot", "scalper", "--param", "threshold=1.2"]
    words += ["--since", FIRST.isoformat()]
    machine, dice = Machine(home=home), Random(7)  # noqa: S311 - moments, no secrets
    for _ in range(3):
        before = _count(home)
        process = machine.start(*words)
        try:
            _until_more(home, before)
            time.sleep(dice.uniform(0, 0.2))
        finally:
            kill(process)
    assert machine.command(*words, "--once").endswith(" signals\n")
    bootstrap.use(Choices(settings=Settings(), home=home))
    signals = bootstrap.signals().recent(10_000)
    bootstrap.reset()
    assert told(signals) == set().union(*(by_hand(*pair) for pair in walks.items()))
    assert len(signals) > 150
