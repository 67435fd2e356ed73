"""A backtest's trades in TradingView's words: who reads them finds the fills that there were."""

import csv
from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.bots import Bot
from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.backtest_report import BacktestReport, report_on
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import moment
from chalicelib.domain.bots.fill_model import BUYS, Costs
from chalicelib.domain.money import ZERO
from chalicelib.domain.replay.backtest_list import trade_list_text, traded
from chalicelib.domain.replay.orders import orders_of
from chalicelib.domain.replay.refusals import TradeListRefused
from chalicelib.domain.replay.trade_list import TradeList, read_trade_list
from tests.unit.bots.paper_market import BTC, ETH, candles, instrument, scripted
from tests.unit.bots.test_sweep_trials import walk


class Moody(Bot):
    """Adds, leaves in parts, turns around, and has stops that are hit inside a candle."""

    instruments: ClassVar[Sequence[str]] = (BTC, ETH)
    interval = "1h"
    together = True

    def on_candle(self, ctx: Any) -> None:
        for symbol in self.instruments:
            chance = ctx.random.random()
            if chance < 0.1:
                ctx.buy(value=50, stop_loss=ctx[symbol].close * 0.995, symbol=symbol)
            elif chance < 0.2:
                ctx.sell(fraction=0.4, symbol=symbol)
            elif chance < 0.23:
                ctx.target(-0.2, symbol=symbol)
            elif chance < 0.26:
                ctx.target(0.3, symbol=symbol)


class Once(Bot):
    instruments: ClassVar[Sequence[str]] = (BTC,)
    interval = "1h"

    def on_candle(self, ctx: Any) -> None:
        if ctx.orders_made < 3:
            ctx.buy(quantity=1) if ctx.orders_made < 2 else ctx.sell(quantity=Decimal("1.5"))


class Trailing(Bot):
    """Enters at the open, leaves a part, and the rest at a stop behind the best price."""

    instruments: ClassVar[Sequence[str]] = (BTC,)
    interval = "1h"

    def on_candle(self, ctx: Any) -> None:
        if not ctx.position:
            ctx.buy(fraction=0.5, trail_stop=0.02)
        elif ctx.random.random() < 0.3:
            ctx.sell(fraction=0.4)


def ran(bot: type[Bot], slippage: str = "1.5") -> BacktestReport:
    (setup,) = set_up(bot)
    terms = Terms(
        {symbol: instrument(symbol) for symbol in setup.instruments},
        Decimal(10_000),
        Costs(Decimal("0.001"), Decimal("0.001"), Decimal(slippage)),
        allows_short=True,
    )
    candles = {symbol: walk(seed, 400) for seed, symbol in enumerate(setup.instruments, start=3)}
    return report_on(setup, "binance", candles, terms)


def read(report: BacktestReport, symbol: str) -> TradeList:
    return read_trade_list(trade_list_text(report, symbol), "test.csv", UTC)


@pytest.mark.parametrize("symbol", [BTC, ETH])
def test_who_reads_it_finds_the_same_trades(symbol: str) -> None:
    report = ran(Moody)
    fills = [fill for fill in report.test.fills if fill.symbol == symbol]
    listed = read(report, symbol)
    assert listed.currency == "USDT"
    told = [
        (trade.side, trade.quantity, *((leg.at, leg.price, leg.signal) for leg in legs if leg))
        for trade in listed.trades
        for legs in [(trade.entry, trade.exit)]
    ]
    known = [
        (each.side, each.quantity, *((moment(f.at), f.price, f.order_id) for f in legs if f))
        for each in traded(fills)
        for legs in [(each.entry, each.exit)]
    ]
    assert told == known
    assert len({trade.side for trade in listed.trades}) == 2
    assert len(known) > len(fills) / 2 > 20


@pytest.mark.parametrize("symbol", [BTC, ETH])
def test_every_fill_is_in_it_with_all_of_its_quantity(symbol: str) -> None:
    report = ran(Moody)
    fills = [fill for fill in report.test.fills if fill.symbol == symbol]
    moved = {id(fill): ZERO for fill in fills}
    for each in traded(fills):
        for leg in (each.entry, each.exit):
            if leg is not None:
                moved[id(leg)] += each.quantity
    assert [moved[id(fill)] for fill in fills] == [fill.quantity for fill in fills]
    told = {order.at: order.after for order in orders_of(read(report, symbol))}
    assert told == {moment(fill.at): fill.position for fill in fills}


def test_what_was_bought_first_is_sold_first_and_an_open_trade_has_no_exit() -> None:
    report = ran(Once, slippage="0")
    first, second, sold = report.test.fills
    assert [fill.side is BUYS for fill in (first, second, sold)] == [True, True, False]
    text = trade_list_text(report, BTC)
    assert text.startswith("\ufeffTrade number,Type,Date and time,Signal,Price USDT,Size (qty),")
    rows = [line.split(",") for line in text.split("\r\n")[1:-1]]
    assert [row[:2] + row[5:6] for row in rows] == [
        ["3", "Exit long", "0.5"],
        ["3", "Entry long", "0.5"],
        ["2", "Exit long", "0.5"],
        ["2", "Entry long", "0.5"],
        ["1", "Exit long", "1"],
        ["1", "Entry long", "1"],
    ]
    assert rows[0][2:5] == ["", "Open", ""]
    fees = (first.price + sold.price) * Decimal("0.001")
    assert Decimal(rows[4][9]) == fees.quantize(Decimal("1E-8"))
    assert Decimal(rows[4][7]) == (sold.price - first.price - fees).quantize(Decimal("1E-8"))
    listed = read(report, BTC)
    assert [trade.exit is None for trade in listed.trades] == [False, False, True]


def test_the_whole_text_has_a_row_for_each_leg_and_totals_that_both_repeat() -> None:
    (setup,) = set_up(
        scripted(
            {
                0: lambda ctx: ctx.buy(2),
                1: lambda ctx: ctx.sell(1),
                2: lambda ctx: ctx.sell(2),
                3: lambda ctx: ctx.buy(0.5),
            }
        )
    )
    costs = Costs(Decimal("0.001"), Decimal("0.001"), Decimal(0))
    terms = Terms({BTC: instrument()}, Decimal(1000), costs, allows_short=True)
    prices = candles((100,), (100,), (110,), (120,), (90,))
    report = report_on(setup, "binance", {BTC: prices}, terms)
    assert trade_list_text(report, BTC).split("\r\n") == [
        "\ufeffTrade number,Type,Date and time,Signal,Price USDT,Size (qty),Size (value),"
        "Net PnL USDT,Return %,Commission USDT,Cumulative PnL USDT,Cumulative PnL %",
        "4,Exit short,,Open,,0.5,60,0,0,0.06,44.465,4.4465",
        "4,Entry short,1970-01-01 03:00,3,120,0.5,60,0,0,0.06,44.465,4.4465",
        "3,Exit short,1970-01-01 04:00,4,90,0.5,60,14.895,24.825,0.105,44.465,4.4465",
        "3,Entry short,1970-01-01 03:00,3,120,0.5,60,14.895,24.825,0.105,44.465,4.4465",
        "2,Exit long,1970-01-01 03:00,3,120,1,100,19.78,19.78,0.22,29.57,2.957",
        "2,Entry long,1970-01-01 01:00,1,100,1,100,19.78,19.78,0.22,29.57,2.957",
        "1,Exit long,1970-01-01 02:00,2,110,1,100,9.79,9.79,0.21,9.79,0.979",
        "1,Entry long,1970-01-01 01:00,1,100,1,100,9.79,9.79,0.21,9.79,0.979",
        "",
    ]


def tried(step: str, slippage: str, opens: Sequence[float]) -> BacktestReport:
    """Each candle closes where the next one opens, whatever digits a float has there."""
    (setup,) = set_up(Trailing)
    rows = [(first, max(first, last), min(first, last), last) for first, last in pairwise(opens)]
    held = instrument(quantity_step=Decimal(step), price_tick=Decimal("1E-8"))
    costs = Costs(Decimal("0.001"), Decimal("0.001"), Decimal(slippage))
    terms = Terms({BTC: held}, Decimal(1000), costs)
    return report_on(setup, "binance", {BTC: candles(*rows)}, terms)


@given(
    near=st.sampled_from((1e-5, 0.1, 1e5)),
    moves=st.lists(st.floats(-0.03, 0.03), min_size=4, max_size=30),
    slippage=st.sampled_from(("0", "5", "0.123456789")),
    step=st.sampled_from(("1E-8", "1E-20")),
)
def test_whatever_a_backtest_fills_is_read_back(
    near: float, moves: list[float], slippage: str, step: str
) -> None:
    report = tried(step, slippage, [near, *(near * (1 + move) for move in moves)])
    known, listed = traded(report.test.fills), read(report, BTC)
    assert known
    for each, trade in zip(known, listed.trades, strict=True):
        assert trade.side == each.side
        assert trade.quantity == kept(each.quantity)
        assert (trade.exit is None) == (each.exit is None)
        for fill, leg in ((each.entry, trade.entry), (each.exit, trade.exit)):
            if fill is not None and leg is not None:
                assert (leg.at, leg.signal) == (moment(fill.at), fill.order_id)
                assert leg.price == kept(fill.price)


def kept(amount: Decimal) -> Decimal:
    """As long as a reader takes it, in whole numbers; no less than the smallest of them."""
    return Decimal(max(round(Fraction(amount) * 10**18), 1)).scaleb(-18)


@pytest.mark.parametrize(
    ("price", "written"),
    [
        ("0.123456789012345678", "0.123456789012345678"),
        ("0.1234567890123456785", "0.123456789012345678"),
        ("0.1234567890123456775", "0.123456789012345678"),
        ("0.12345678901234567851", "0.123456789012345679"),
        ("999999999999999999.50", "999999999999999999.5"),
        ("0.0000000000000000004", "0.000000000000000001"),
        ("1E+2", "100"),
        ("123456789012345678.1234567890123456789", "123456789012345678.123456789012345679"),
        ("123456789012345678901.5", "123456789012345678901.5"),  # as it is, though nobody reads it
    ],
)
def test_a_price_has_the_digits_that_a_reader_takes(price: str, written: str) -> None:
    report = ran(Once, slippage="0")
    fills = [fill._replace(price=Decimal(price)) for fill in report.test.fills]
    report = report._replace(test=report.test._replace(fills=fills))
    rows = list(csv.reader(trade_list_text(report, BTC).splitlines()))[1:]
    assert {row[4] for row in rows} == {"", written}
    if len(written.partition(".")[0]) <= 18:
        assert read(report, BTC).trades[0].entry.price == Decimal(written)


def test_what_is_too_little_to_be_told_is_told_as_the_least() -> None:
    report = ran(Once, slippage="0")
    fills = [fill._replace(quantity=Decimal("3E-19")) for fill in report.test.fills[:1]]
    report = report._replace(test=report.test._replace(fills=fills))
    assert [trade.quantity for trade in read(report, BTC).trades] == [Decimal("1E-18")]


def test_where_nothing_was_traded_there_is_a_header() -> None:
    class Never(Once):
        def on_candle(self, ctx: Any) -> None:
            pass

    with pytest.raises(TradeListRefused, match="lists no trade"):
        read(ran(Never), BTC)
