"""A bot's orders in a backtest and on an account, on the same candles: the same entries and exits.

What may differ is the price: an account trades at what the market shows when a tick looks at it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.buses.sqlite import SqliteBus
from chalicelib.adapters.stores.bots import TableBotStates
from chalicelib.domain.bots.backtest import Terms, backtest
from chalicelib.domain.bots.bot import Bot, set_up
from chalicelib.domain.bots.candles import candles_of
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.deployment import Deployment
from chalicelib.domain.market.bus_message import Record
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.trading.ledger import EntryKind
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.services.bots.run_bots import RunningBots, run_bots
from chalicelib.services.trading.receive_signal import Inbox, StrategyCache
from tests.market.klines import FIRST, MINUTE, kline
from tests.trading_floor import HandClock, TradingFloor, virtual_account
from tests.unit.bots.paper_market import BTC, FREE, instrument, scripted

Act = Callable[[Context], Any]
Row = Sequence[str]  # open, high, low, close
Fill = tuple[str, int]  # side, and the number of the candle
CASH = 1000


class Live:
    """The bot by `run_bots`, and an account that follows it, tick by tick."""

    def __init__(self, folder: Path, bot: type[Bot]) -> None:
        self.clock = HandClock(FIRST)
        account = virtual_account(
            policy="signal_sized", options={"balances": {"USDT": str(CASH)}, "fee": "0"}
        )
        self.table = SqliteTable(":memory:")
        self.floor = TradingFloor(
            {BTC: "100"},
            {"btc": "0.9"},
            account=account,
            table=self.table,
            clock=self.clock,
            strategy={"timeframe": "1m", "max_lag": 120},
        )
        self.bus = SqliteBus(folder / "bus.sqlite3", self.clock, retention=timedelta(days=9))
        self.reader = self.bus.read("klines", "bots")
        ports = self.floor.ports
        self.work = RunningBots(
            reader=self.reader,
            states=TableBotStates(self.floor.table),
            inbox=Inbox(
                signals=ports.signals,
                strategies=StrategyCache(ports.strategies, self.clock),
                clock=self.clock,
            ),
            deployment=Deployment("mine", "btc", tuple(set_up(bot, interval="1m")), FIRST),
        )
        run_bots(self.work, wait=0)  # is given its partitions

    def play(self, rows: Sequence[Row]) -> None:
        """Each minute the market goes from the open by the low and the high to the close."""
        for number, (first, high, low, last) in enumerate(rows):
            for price in (first, low, high, last):
                self.floor.prices.set(BTC, Decimal(price))
                self.floor.tick()
                self.clock.pass_time(seconds=15)
            message = kline(number, last, o=first, h=high, l=low)
            self.bus.publish("klines", [Record(b"BTCUSDT@1m", message)])
            report = run_bots(self.work, wait=0)
            assert (report.refused, report.stopped) == ((), ())
        self.floor.tick()

    def fills(self) -> list[tuple[Fill, Decimal]]:
        entries = self.floor.ports.ledger.entries("paper")
        found = []
        for entry in entries:
            if entry.kind is EntryKind.FILL:
                (done,) = entry.executions
                side = "buy" if done.quantity > 0 else "sell"
                number = (entry.at - FIRST) // MINUTE
                found.append(((side, number), abs(done.quote / done.quantity)))
        return found

    def close(self) -> None:
        self.reader.close()
        self.bus.close()
        self.table.close()


def by_backtest(bot: type[Bot], rows: Sequence[Row]) -> list[tuple[Fill, Decimal]]:
    (setup,) = set_up(bot, interval="1m")
    minutes = []
    for number, row in enumerate(rows):
        first, high, low, last = map(Decimal, row)
        minutes.append(Candle(FIRST + number * MINUTE, first, high, low, last, Decimal(1)))
    candles = candles_of(BTC, Interval("1m"), minutes)
    terms = Terms(costs=FREE, instruments={BTC: instrument()}, cash=Decimal(CASH))
    return [
        ((fill.side.value, (fill.at - candles.start[0]) // 60_000), fill.price)
        for fill in backtest(setup, {BTC: candles}, terms).fills
    ]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[[Mapping[int, Act], Sequence[Row]], Any]]:
    made: list[Live] = []

    def both(script: Mapping[int, Act], rows: Sequence[Row]) -> Any:
        bot = scripted(script)
        made.append(Live(tmp_path, bot))
        made[0].play(rows)
        return by_backtest(bot, rows), made[0].fills(), made[0]

    yield both
    for live in made:
        live.close()


FLAT: Row = ("100", "100", "100", "100")
DIP: Row = ("100", "100", "94", "98")
RISE: Row = ("98", "112", "98", "111")
FALL: Row = ("111", "111", "88", "90")


@pytest.mark.parametrize(
    ("script", "rows", "expected"),
    [
        (
            {0: lambda ctx: ctx.buy(2, limit=95)},
            [FLAT, FLAT, DIP, DIP],
            [("buy", 2)],
        ),
        (
            {0: lambda ctx: ctx.buy(2, stop=105)},
            [FLAT, FLAT, RISE, FLAT],
            [("buy", 2)],
        ),
        (
            {0: lambda ctx: ctx.buy(2, limit=95, stop_loss=90, take_profit=110)},
            [FLAT, DIP, RISE, FLAT],
            [("buy", 1), ("sell", 2)],
        ),
        (
            {0: lambda ctx: ctx.buy(2, limit=95, stop_loss=90, take_profit=120)},
            [FLAT, DIP, RISE, FALL, FLAT],
            [("buy", 1), ("sell", 3)],
        ),
        (
            {0: lambda ctx: ctx.buy(2, limit=95, expires=1)},
            [FLAT, FLAT, DIP],
            [],
        ),
        (
            {0: lambda ctx: ctx.buy(2, limit=95), 1: lambda ctx: ctx.cancel()},
            [FLAT, FLAT, DIP],
            [],
        ),
        (
            {0: lambda ctx: ctx.buy(2), 1: lambda ctx: ctx.sell(limit=110)},
            [FLAT, FLAT, FLAT, RISE, FLAT],
            [("buy", 1), ("sell", 3)],
        ),
        (
            {0: lambda ctx: ctx.buy(2), 1: lambda ctx: ctx.sell(stop=96)},
            [FLAT, FLAT, DIP, FLAT],
            [("buy", 1), ("sell", 2)],
        ),
        (
            {0: lambda ctx: ctx.buy(2), 2: lambda ctx: ctx.sell(trailing=0.1)},
            [FLAT, FLAT, ("100", "111", "100", "111"), ("111", "112", "111", "112"), FALL],
            [("buy", 1), ("sell", 4)],
        ),
        (
            {0: lambda ctx: ctx.buy(2, trail_stop=0.1)},
            [FLAT, FLAT, ("100", "111", "100", "111"), FALL],
            [("buy", 1), ("sell", 3)],
        ),
        (
            {
                0: lambda ctx: (ctx.buy(2, limit=95), ctx.buy(1, limit=92)),
                3: lambda ctx: ctx.sell(),
            },
            [FLAT, DIP, ("98", "98", "91", "91"), FLAT, FLAT],
            [("buy", 1), ("buy", 2), ("sell", 4)],
        ),
        (
            {0: lambda ctx: ctx.buy(2), 1: lambda ctx: ctx.sell(1, limit=110)},
            [FLAT, FLAT, RISE, RISE],
            [("buy", 1), ("sell", 2)],
        ),
        (
            {0: lambda ctx: ctx.buy(1, limit=95), 2: lambda ctx: ctx.close_position()},
            [FLAT, FLAT, FLAT, DIP],
            [],
        ),
    ],
    ids=[
        "limit",
        "stop",
        "bracket, target",
        "bracket, stop",
        "expiry",
        "cancel",
        "sell at a limit",
        "sell at a stop",
        "trailing stop",
        "trailing stop of a purchase",
        "two rungs, and out",
        "sell a part",
        "give up",
    ],
)
def test_the_same_entries_and_exits(
    run: Any, script: Mapping[int, Act], rows: Sequence[Row], expected: list[Fill]
) -> None:
    in_test, live, _ = run(script, rows)
    assert [fill for fill, _ in in_test] == expected
    assert [fill for fill, _ in live] == expected


def test_the_prices_differ_as_is_said(run: Any) -> None:
    script: dict[int, Act] = {0: lambda ctx: ctx.buy(2, limit=95), 2: lambda ctx: ctx.sell(stop=96)}
    in_test, live, _ = run(script, [FLAT, DIP, FLAT, DIP])
    assert [price for _, price in in_test] == [Decimal(95), Decimal(96)]
    assert [price for _, price in live] == [Decimal(94), Decimal(94)]  # what a tick has seen


def test_a_wick_that_no_tick_has_seen_is_left_at_the_close(tmp_path: Path) -> None:
    script: dict[int, Act] = {0: lambda ctx: ctx.buy(2), 1: lambda ctx: ctx.sell(stop=90)}
    bot = scripted(script)
    with closing(Live(tmp_path, bot)) as live:
        live.play([FLAT, FLAT])
        live.floor.prices.set(BTC, Decimal(99))
        live.clock.pass_time(minutes=1)
        live.bus.publish(
            "klines", [Record(b"BTCUSDT@1m", kline(2, "99", o="100", h="100", l="89"))]
        )
        assert live.floor.owned("btc") == 2
        run_bots(live.work, wait=0)
        live.floor.tick()
        assert live.floor.owned("btc") == 0


def test_what_is_taken_back_too_late_is_sold(tmp_path: Path) -> None:
    script: dict[int, Act] = {0: lambda ctx: ctx.buy(2, limit=90), 1: lambda ctx: ctx.cancel()}
    with closing(Live(tmp_path, scripted(script))) as live:
        live.play([FLAT])
        live.clock.pass_time(seconds=62)
        live.floor.prices.set(BTC, Decimal(89))
        live.floor.tick()  # after the candle has closed, and before the bot has seen it
        assert live.floor.owned("btc") == 2
        live.bus.publish(
            "klines", [Record(b"BTCUSDT@1m", kline(1, "95", o="100", h="100", l="95"))]
        )
        run_bots(live.work, wait=0)
        live.floor.prices.set(BTC, Decimal(95))
        live.floor.tick()
        assert live.floor.owned("btc") == 0
