"""A bot that trades several instruments together, live: as the backtest has it on these candles."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, ClassVar

import pytest

from chalicelib.domain.bots.backtest import Backtest, Terms, backtest
from chalicelib.domain.bots.bot import Bot, set_up
from chalicelib.domain.bots.candles import at_ms, candles_of
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.live import (
    Followed,
    LiveBot,
    begin,
    closes_of,
    follow,
    messages_of,
    warmed,
)
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.standing import Held, Reckoning
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.trading.alerts.alert import parse_alert
from tests.unit.bots.paper_market import BTC, ETH, FREE, Act, instrument, scripted

SOL = "SOL/USDT"
ALL = (BTC, ETH, SOL)
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
CASH = Decimal(1000)
Past = Mapping[str, Sequence[Candle]]


def candle(number: int, close: str, opened: str = "") -> Candle:
    first, last = Decimal(opened or close), Decimal(close)
    return Candle(
        START + number * HOUR, first, max(first, last), min(first, last), last, Decimal(1)
    )


def walks(count: int, seed: int, gaps: bool = False) -> dict[str, list[Candle]]:  # noqa: FBT001, FBT002
    """Each candle opens where the one before closed, so that a fill is at the close decided on."""
    dice = Random(seed)  # noqa: S311 - prices, no secrets
    found: dict[str, list[Candle]] = {}
    for symbol in ALL:
        price, row = Decimal(100), []
        for number in range(count):
            if gaps and number and dice.random() < 0.2:
                continue
            before = price
            price = round(price * (1 + Decimal(dice.randint(-30, 30)) / 1000), 2)
            row.append(candle(number, str(price), str(before)))
        found[symbol] = row
    return found


def by_close(past: Past) -> list[dict[str, Candle]]:
    found: dict[datetime, dict[str, Candle]] = {}
    for symbol, row in past.items():
        for each in row:
            found.setdefault(each.start, {})[symbol] = each
    return [found[start] for start in sorted(found)]


def live(setup: Setup, past: Past) -> list[Followed]:
    bot = begin(setup, None, since=START, cash=CASH)
    found = []
    for closed in by_close(past):
        found.append(follow(setup, bot, closed))
        # As a store gives it back.
        state = json.loads(json.dumps(found[-1].bot.state))
        bot = found[-1].bot._replace(state=state)
    return found


def by_backtest(setup: Setup, past: Past) -> Backtest:
    fine = {"quantity_step": Decimal("1e-12"), "price_tick": Decimal("0.01")}
    terms = Terms({symbol: instrument(symbol, **fine) for symbol in ALL}, CASH, FREE)
    columns = {symbol: candles_of(symbol, setup.interval, row) for symbol, row in past.items()}
    return backtest(setup, columns, terms)


def basket(script: Mapping[int, Act], **attributes: Any) -> Setup:
    (setup,) = set_up(scripted(script, together=True, instruments=ALL, **attributes))
    return setup


def said(done: Followed) -> list[tuple[str, dict[str, Any]]]:
    return [(message.symbol, json.loads(message.body)) for message in messages_of(done, "mine")]


class Rotating(Bot):
    """Chases what has risen most, by averages of different instruments and by chance."""

    instruments: ClassVar[Sequence[str]] = ALL
    interval = "1h"
    together = True
    warmup = 3

    def start(self, ctx: Context) -> None:
        self.lines = [ctx.sma(3, symbol=symbol) for symbol in ALL]
        self.slow = ctx.ema(2, symbol=ETH, interval="2h")

    def on_candle(self, ctx: Context) -> None:
        ctx.state["closes"] = ctx.state.get("closes", 0) + 1
        crossed = [line.crossed_above(100) for line in self.lines]
        fresh = [symbol for symbol in ALL if ctx[symbol].is_fresh]
        held = [f"{ctx[symbol].position:.6f}" for symbol in ALL]
        ctx.log(f"{ctx.state['closes']} {fresh} {crossed} {held} {self.slow.value}")
        ctx.plot("equity", ctx.equity, panel="equity")
        share = ctx.random.uniform(0, 0.33)
        for symbol in fresh:
            ctx.target(share if ctx.random.random() < 0.7 else 0, symbol=symbol)


@pytest.mark.parametrize("seed", range(5))
def test_it_wishes_for_what_the_backtest_does_and_holds_as_much(seed: int) -> None:
    (setup,) = set_up(Rotating)
    past = walks(40, seed)
    test, found = by_backtest(setup, past), live(setup, past)
    booked: dict[tuple[str, int], Decimal] = {}
    for fill in test.fills:
        signed = fill.quantity if fill.side == "buy" else -fill.quantity
        booked[fill.symbol, fill.at] = booked.get((fill.symbol, fill.at), Decimal(0)) + signed
    wished = {
        (wish.symbol, at_ms(wish.start + HOUR)): wish.after.quantity - wish.before.quantity
        for done in found[:-1]  # what the last one wants, the backtest has no candle for
        for wish in done.wishes
    }
    assert len(wished) > 40
    assert wished.keys() == booked.keys()
    assert all(abs(wished[key] - booked[key]) < Decimal("1e-9") for key in wished)
    before = found[-2].bot.reckoning
    assert all(abs(before.quantity(s) - test.positions[s]) < Decimal("1e-9") for s in ALL)
    assert abs(before.cash - test.cash) < Decimal("1e-6")


def watch(bot: Any, ctx: Context) -> None:
    values = [(ctx[symbol].close, ctx[symbol].is_fresh) for symbol in ALL]
    crossed = [line.crossed_above(100) for line in bot.lines]
    crossed += [line.crossed_below(bot.slow) for line in bot.lines]
    crossed += [line.crossed_below(bot.lines[n - 1]) for n, line in enumerate(bot.lines)]
    ctx.log(f"{values} {crossed} {bot.slow.value} {ctx.random.random()}")


@pytest.mark.parametrize("seed", range(5))
def test_candle_by_candle_it_sees_what_the_backtest_sees(seed: int) -> None:
    """Where now this instrument has no candle, and now that one."""
    (setup,) = set_up(type("Watching", (Rotating,), {"on_candle": watch}))
    past = walks(40, seed, gaps=True)
    lines = [line.text for line in by_backtest(setup, past).logs]
    found = [
        line
        for done in live(setup, past)
        for mark in done.marks.values()
        for line in mark.lines
        if not line.startswith("without a candle of ")
    ]
    assert found == lines
    assert any(line.count("False)") == 2 for line in lines), "two of them had none"


def test_cash_is_one_and_what_gives_some_comes_first() -> None:
    def turn(ctx: Context) -> None:
        ctx.target(0.9, symbol=BTC)
        ctx.target(0.1, symbol=ETH)

    setup = basket({0: lambda ctx: ctx.target(0.9, symbol=ETH), 1: turn})
    past = {symbol: [candle(n, "10") for n in range(2)] for symbol in ALL}
    first, second = live(setup, past)
    assert said(first)[0][1]["id"] == "mine ETH/USDT 1h 1772438400000"
    sizes = [(s, fields.get("size"), fields.get("size_ratio")) for s, fields in said(second)]
    assert sizes == [(ETH, None, "0.111111111111"), (BTC, "90", None)]
    assert second.bot.reckoning == Reckoning(
        Decimal(0), {BTC: Held(Decimal(90), Decimal(10)), ETH: Held(Decimal(10), Decimal(10))}
    )
    for message in messages_of(second, "mine"):
        parse_alert(message.body)


def test_a_share_is_of_all_that_it_holds() -> None:
    setup = basket(
        {
            0: lambda ctx: (ctx.buy(5, symbol=BTC), ctx.buy(value=100, symbol=BTC)),
            1: lambda ctx: (ctx.buy(10, symbol=ETH), ctx.buy(value=50, symbol=ETH)),
        }
    )
    rows = {BTC: ["10", "20"], ETH: ["10", "10"], SOL: ["1", "1"]}
    past = {s: [candle(n, close) for n, close in enumerate(row)] for s, row in rows.items()}
    _, second = live(setup, past)
    # 15 BTC at 20, 15 ETH at 10 and 700 of cash.
    assert [fields["size"] for _, fields in said(second)] == ["13.043478"]


def test_an_instrument_without_a_candle_is_sold_at_its_last_close() -> None:
    setup = basket(
        {
            0: lambda ctx: ctx.target(0.5, symbol=SOL),
            1: lambda ctx: ctx.close_position(symbol=SOL),
        }
    )
    past = {symbol: [candle(0, "10"), candle(1, "11")] for symbol in (BTC, ETH)}
    past[SOL] = [candle(0, "20.50")]
    _, second = live(setup, past)
    [(symbol, fields)] = said(second)
    assert (symbol, fields["market_position"], fields["order_price"]) == (SOL, "flat", "20.5")
    assert fields["time"] == "2026-03-02T10:00:00+00:00"
    assert second.bot.reckoning.held == {}
    assert (second.marks[BTC].lines, second.marks[SOL].lines) == (
        ("without a candle of SOL/USDT",),
        (),
    )
    assert closes_of(second.bot) == {BTC: 11, ETH: 11, SOL: Decimal("20.5")}


def test_orders_wait_for_the_candles_of_their_own_instrument() -> None:
    def ask(ctx: Context) -> None:
        ctx.buy(1, limit=90, stop_loss=80, symbol=BTC)
        ctx.buy(2, limit=9, symbol=ETH)

    setup = basket({0: ask, 2: lambda ctx: ctx.cancel(symbol=ETH)})
    past = {
        BTC: [candle(0, "100"), candle(1, "89", "100"), candle(2, "79", "89")],
        ETH: [candle(0, "10"), candle(1, "10"), candle(2, "10")],
        SOL: [candle(n, "1") for n in range(3)],
    }
    asked, filled, stopped = live(setup, past)
    assert [(symbol, fields["order_price"]) for symbol, fields in said(asked)] == [
        (BTC, "90"),
        (ETH, "9"),
    ]
    assert filled.bot.reckoning.held == {BTC: Held(Decimal(1), Decimal(90))}
    assert [order.symbol for order in filled.bot.waiting] == [ETH, BTC]
    assert stopped.bot.reckoning == Reckoning(Decimal(990))
    assert [symbol for symbol, _ in said(stopped)] == [ETH, BTC, ETH]
    assert stopped.bot.waiting == ()


def test_curves_stand_with_their_instruments_and_words_with_the_first() -> None:
    (setup,) = set_up(Rotating)
    done = live(setup, walks(6, 1))[-1]
    names = {symbol: [point.name for point in mark.points] for symbol, mark in done.marks.items()}
    assert names == {
        BTC: ["equity", "BTC/USDT sma(3)"],
        ETH: ["ETH/USDT sma(3)", "ETH/USDT ema(2) 2h"],
        SOL: ["SOL/USDT sma(3)"],
    }
    assert [len(mark.lines) for mark in done.marks.values()] == [1, 0, 0]


def test_it_is_warmed_by_what_there_is_of_each_and_goes_on_by_other_terms() -> None:
    (setup,) = set_up(Rotating)
    past = walks(10, 3)
    early = {s: row[:6] for s, row in past.items()} | {SOL: past[SOL][:4]}
    begun = warmed(setup, begin(setup, None, since=START + 6 * HOUR, cash=CASH), early)
    assert begun.seen == START + 5 * HOUR
    assert begun.reckoning == Reckoning(CASH)
    line = follow(setup, begun, by_close(past)[6]).marks[BTC].lines[0]
    assert line.startswith("4 ['BTC/USDT', 'ETH/USDT', 'SOL/USDT']")
    nothing = begin(setup, None, since=START, cash=CASH)
    assert warmed(setup, nothing, {BTC: []}) == nothing


def test_with_other_indicators_it_begins_anew_on_the_candles_that_were_kept() -> None:
    (setup,) = set_up(Rotating)
    bot = live(setup, walks(5, 3))[-1].bot
    (other,) = set_up(type("Rotating", (Rotating,), {"start": Bot.start}))
    anew = begin(other, bot, since=START, cash=CASH, version="1.1")
    assert (anew.seen, anew.reckoning) == (bot.seen, bot.reckoning)
    assert anew.state is not None
    assert bot.state is not None
    assert (anew.state["bot"], anew.state["seen"]) == ({}, 3)
    assert anew.state["candles"] == bot.state["candles"]


def test_another_version_goes_on_where_an_instrument_had_gaps() -> None:
    (setup,) = set_up(Rotating)
    past = {s: row[:5] for s, row in walks(5, 2).items()}
    past[SOL] = past[SOL][4:]
    bot: LiveBot = live(setup, past)[-1].bot
    versioned = begin(
        setup, bot._replace(terms=bot.terms + " @1.0"), since=START, cash=CASH, version="1.1"
    )
    assert (versioned.state, versioned.terms) == (bot.state, "Rotating 1h @1.1")
