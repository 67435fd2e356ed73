"""Deployed bots, run in rounds as on AWS, with an account that follows them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib.adapters.bot_files import bot_of
from chalicelib.adapters.series.sqlite import SqliteTimeSeries
from chalicelib.adapters.stores.bot_trails import TableBotTrails
from chalicelib.adapters.stores.bot_versions import TableBotStore
from chalicelib.adapters.stores.bots import TableBotStates
from chalicelib.adapters.stores.deployments import TableDeploymentStore
from chalicelib.adapters.workers import InlineWorkers
from chalicelib.domain.bots.live import LiveBot
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.views import Views
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.series_day import KeptDay, SeriesDay, SeriesRow
from chalicelib.domain.trading.account import Subscription
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.ports.bots import BotPorts
from chalicelib.services.bots.check_on_lake import CheckedOn
from chalicelib.services.bots.delete_deployment import delete_deployment
from chalicelib.services.bots.deploy_bot import Wanted, deploy_bot, prepare_deployment
from chalicelib.services.bots.find_bot import FoundBot
from chalicelib.services.bots.run_bots import Known
from chalicelib.services.bots.run_deployments import (
    DeploymentRound,
    RunningDeployments,
    run_deployments,
)
from chalicelib.services.bots.save_bot import save_bot
from chalicelib.services.bots.start_deployment import start_deployment
from chalicelib.services.bots.stop_deployment import stop_deployment
from chalicelib.services.bots.update_deployment import prepare_update, update_deployment
from chalicelib.services.trading.receive_signal import Inbox, StrategyCache
from tests.trading_floor import MORNING, TradingFloor, virtual_account
from tests.unit.bots.paper_market import BTC, ETH

HOUR = timedelta(hours=1)
HEAD = """
from chalicelib.domain.bots import Bot

class Counting(Bot):
    instruments = ("BTC/USDT",)
    interval = "1h"

    def on_candle(self, ctx):
        n = ctx.state["n"] = ctx.state.get("n", 0) + 1
"""
BUYS = HEAD + "        if n == 1: ctx.buy(10, limit=90)\n"


def unchecked(_: FoundBot, load: Callable[[], Setup]) -> CheckedOn:
    return CheckedOn(load(), "", None)


@dataclass
class House:
    """A time series of hours, what is deployed, and the account."""

    folder: Path
    known: Known | None = None
    floor: TradingFloor = field(init=False)
    rows: list[SeriesRow] = field(default_factory=list)

    def __post_init__(self) -> None:
        options = {"balances": {"USDT": "10000"}, "fee": "0"}
        account = virtual_account(policy="signal_sized", options=options)
        self.floor = TradingFloor({BTC: "100"}, {"btc": "0.9"}, account=account)
        self.clock, table = self.floor.clock, self.floor.table
        self.series = SqliteTimeSeries(self.folder / "series.sqlite3")
        self.ports = BotPorts(
            bots=TableBotStore(table),
            deployments=TableDeploymentStore(table),
            states=TableBotStates(table),
            trails=TableBotTrails(table),
            load=bot_of,
            clock=self.clock,
        )
        trading = self.floor.ports
        both = {"BTCUSDT": BTC, "ETHUSDT": ETH}
        trading.strategies.apply(
            expected_version=1,
            accounts=[account],
            strategies=[Strategy(name="btc", instruments=both, sibling_wait=0)],
            subscriptions=[Subscription(account="paper", strategy="btc", weight=Decimal("0.9"))],
        )
        self.inbox = Inbox(
            signals=trading.signals,
            strategies=StrategyCache(trading.strategies, self.clock),
            clock=self.clock,
        )

    def deploy(self, source: str, *names: str) -> None:
        save_bot(self.ports, "mine", source)
        for name in names or ("mine",):
            wanted = Wanted(name, "mine", "btc", MORNING, cash=Decimal(10_000))
            deploy_bot(self.ports, prepare_deployment(self.ports, self.inbox, wanted, unchecked))

    def update(self, source: str) -> None:
        save_bot(self.ports, "mine", source)
        updating = prepare_update(self.ports, self.inbox, unchecked, "mine", None, {})
        update_deployment(self.ports, updating)

    def candle(self, *prices: str, minute: int = 1) -> None:
        """Open, high, low and close of the next hour, or one price; it is over since a minute."""
        first, high, low, last = map(Decimal, prices * 4 if len(prices) == 1 else prices)
        start = MORNING + len(self.rows) * HOUR
        self.rows.append(SeriesRow(Candle(start, first, high, low, last, Decimal(1)), {}))
        day = SeriesDay(KeptDay(MORNING.date(), {}), tuple(self.rows))
        self.series.replace(CandleSeries("binance", BTC, Interval.H1), day)
        now = start + HOUR + timedelta(minutes=minute)
        self.clock.pass_time(seconds=(now - self.clock.now()).total_seconds())
        self.floor.prices.set(BTC, last)

    def run(self) -> list[DeploymentRound]:
        """A round of four minutes, and what the account makes of it."""
        work = RunningDeployments(
            ports=self.ports,
            inbox=self.inbox,
            series=self.series,
            venue="binance",
            workers=InlineWorkers(),
            known=self.known,
        )
        rounds = run_deployments(work, until=self.clock.now() + timedelta(minutes=4))
        self.floor.tick()
        return rounds

    def at(self, price: str) -> None:
        self.floor.prices.set(BTC, Decimal(price))
        for _ in range(2):
            self.floor.next_minute()

    def stop(self) -> None:
        stop_deployment(self.ports, self.inbox, "mine", "enough")

    @property
    def owned(self) -> Decimal:
        return self.floor.owned("btc")

    @property
    def bot(self) -> LiveBot:
        kept = self.ports.states.get("mine", BTC)
        assert kept is not None
        return kept.bot


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.series.close()


def test_one_that_goes_on_knows_that_its_purchase_was_taken_back(house: House) -> None:
    house.deploy(BUYS + "        if n == 3 and not ctx.open_orders: ctx.buy(10)\n")
    house.candle("100")
    house.run()
    house.stop()
    house.floor.tick()
    house.candle("100")
    start_deployment(house.ports, "mine")
    house.run()
    assert house.bot.waiting == ()
    house.at("89")
    house.candle("100", "100", "89", "89")
    house.run()
    assert house.owned == house.bot.reckoning.quantity(BTC) == 10


@pytest.mark.parametrize("way", ["start", "update"])
def test_so_does_one_that_rested_and_what_sells_goes_on_waiting(house: House, way: str) -> None:
    source = BUYS + (
        "        if n == 1: ctx.buy(5); ctx.sell(5, stop=80)\n        if n == 2: 1 / 0\n"
    )
    both = source.replace('("BTC/USDT",)', '("BTC/USDT", "ETH/USDT")')
    house.deploy(both)
    house.candle("100")
    house.run()
    assert [order.side for order in house.bot.waiting] == ["buy", "sell"]
    house.candle("100")
    house.run()
    deployed = house.ports.deployments.get("mine")
    assert deployed is not None
    assert (deployed.is_running, list(deployed.resting)) == (True, [BTC])
    if way == "start":
        start_deployment(house.ports, "mine")
    else:
        house.update(both.replace("1 / 0", "pass"))
    assert [order.side for order in house.bot.waiting] == ["sell"]


def at_the_second_candle(house: House, *acts: str) -> Known:
    """The owner says so while the bot decides on it."""

    def known(_: Setup, at: datetime) -> Views:
        if at == MORNING + 2 * HOUR:
            if "stop" in acts:
                house.stop()
            if "delete" in acts:
                delete_deployment(house.ports, house.inbox, "mine")
            if "update" in acts:
                house.update(HEAD)
                house.candle("100")  # which only the one before would buy at
        return Views()

    return known


@pytest.mark.parametrize("acts", [("stop",), ("stop", "delete")], ids=lambda acts: acts[-1])
def test_what_is_stopped_in_the_middle_of_a_round_buys_nothing_more(
    house: House, acts: tuple[str, ...]
) -> None:
    house.deploy(HEAD + "        if n == 2: ctx.buy(10, limit=90)\n")
    house.candle("100")
    house.candle("100")
    house.known = at_the_second_candle(house, *acts)
    house.run()
    assert house.run() == []
    house.at("89")
    assert house.owned == 0


def test_one_that_is_updated_in_the_middle_of_a_round_goes_on_with_the_next(house: House) -> None:
    house.deploy(HEAD + "        if n == 3: ctx.buy(10)\n")
    house.candle("100")
    house.candle("100")
    house.clock.pass_time(hours=1)
    house.known = at_the_second_candle(house, "update")
    (first,), (second,) = house.run(), house.run()
    assert [(each.candles, each.wishes, each.finished) for each in (first, second)] == [
        (2, 0, True),
        (1, 0, True),
    ]
    assert house.bot.terms.endswith("@1.1")


def test_each_has_its_turn_where_the_time_is_short(house: House) -> None:
    def takes_two_minutes(_: Setup, __: datetime) -> Views:
        house.clock.pass_time(minutes=2)
        return Views()

    house.deploy(HEAD, "one", "two", "three", "four", "five")
    house.known = takes_two_minutes
    seen = dict.fromkeys(("one", "two", "three", "four", "five"), MORNING)
    for number in range(12):
        house.candle("100", minute=5)  # a schedule comes at the same minutes of each hour
        rounds = house.run()
        closed = MORNING + (number + 1) * HOUR
        seen |= {each.name: closed for each in rounds if each.candles}
        assert {each.name: each.as_of for each in rounds} == seen
    assert MORNING not in seen.values()
