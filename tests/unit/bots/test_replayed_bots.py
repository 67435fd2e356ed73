"""A bot over the past with a note of its orders, and of the account that it saw at each candle."""

from decimal import Decimal
from typing import Final

import pytest

from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import no_candles
from chalicelib.domain.bots.checks.replay import part, replay, starts_of, told
from chalicelib.domain.bots.context import Context, Plot
from chalicelib.domain.bots.desk import OpenOrder
from chalicelib.domain.bots.intent import (
    BUY,
    CANCEL,
    CLOSE,
    FRACTION,
    SELL,
    TARGET,
    VALUE,
    Intent,
)
from chalicelib.domain.bots.standing import Held
from chalicelib.domain.bots.step import AccountView
from tests.unit.bots.paper_market import BTC, ETH, HOUR, candles, scripted

CALM: Final = candles(*[(100.0,)] * 7)
NOTHING: Final = {BTC: Held(Decimal(0))}


def test_orders_curves_and_account_are_noted_candle_by_candle() -> None:
    def buys(ctx: Context) -> None:
        ctx.buy(2)
        ctx.buy(1, limit=90)
        ctx.plot("two", 2)

    bot = scripted({1: buys, 3: lambda ctx: ctx.cancel(), 5: lambda ctx: ctx.sell()})
    run = replay(set_up(bot)[0], {BTC: CALM}, Decimal(1000))
    assert {at // HOUR: told(asked) for at, asked in run.asked.items()} == {
        1: "buy BTC/USDT quantity 2 and buy BTC/USDT quantity 1 limit 90",
        3: "cancel BTC/USDT",
        5: "sell BTC/USDT",
    }
    assert run.plots == [Plot("two", "price", [HOUR], [2])]
    assert run.state["bot"] == {"number": 7}
    held = {BTC: Held(Decimal(2), Decimal(100))}
    waits = (OpenOrder("2", BTC, "buy", 1.0, Decimal(90), None),)
    paid = Decimal("799.8")  # with a fee of 0.1 %
    assert [run.accounts.at(at) for at in CALM.start] == [
        AccountView(Decimal(1000), NOTHING),
        AccountView(Decimal(1000), NOTHING),
        AccountView(paid, held, waits),
        AccountView(paid, held, waits),
        AccountView(paid, held),
        AccountView(paid, held),
        AccountView(Decimal("999.6"), NOTHING),
    ]


def test_amounts_are_as_fine_as_any_venue_has_them() -> None:
    bot = scripted({0: lambda ctx: ctx.buy(value=100)})
    run = replay(set_up(bot)[0], {BTC: candles(*[(3.0,)] * 2)}, Decimal(1000))
    assert run.accounts.at(HOUR).positions == {BTC: Held(Decimal("33.33333333"), Decimal(3))}


def test_a_replay_goes_on_from_a_state() -> None:
    setup = set_up(scripted({2: lambda ctx: ctx.buy(1)}))[0]
    state = replay(setup, {BTC: CALM.between(0, 2)}, Decimal(1000)).state
    run = replay(setup, {BTC: CALM.between(2, 4)}, Decimal(1000), state)
    assert list(run.asked) == [2 * HOUR]
    assert run.state["bot"] == {"number": 4}


def test_a_part_of_the_candles_begins_and_ends_where_it_says() -> None:
    late = candles((50.0,), (51.0,), start=5)
    series = {BTC: CALM, ETH: late}
    assert starts_of(series) == [number * HOUR for number in range(7)]
    assert starts_of({ETH: late, BTC: CALM.between(0, 1)}) == [0, 5 * HOUR, 6 * HOUR]
    assert part(series, 4 * HOUR, 6 * HOUR) == {BTC: CALM.between(4, 6), ETH: late.between(0, 1)}
    assert part(series, 0, 5 * HOUR) == {BTC: CALM.between(0, 5), ETH: no_candles()}


@pytest.mark.parametrize(
    ("intent", "sentence"),
    [
        (Intent("1", 0, BTC, TARGET, unit=FRACTION), "target BTC/USDT fraction 0"),
        (Intent("1", 0, BTC, CLOSE), "close BTC/USDT"),
        (Intent("1", 0, BTC, CANCEL, cancels="7"), "cancel BTC/USDT"),
        (Intent("1", 0, ETH, SELL, Decimal("1E-8"), VALUE), "sell ETH/USDT value 0.00000001"),
        (
            Intent(
                *("1", 0, BTC, BUY, Decimal("1E+3"), VALUE),
                limit=Decimal("1E+2"),
                stop=Decimal(98),
                trailing=Decimal("0.02"),
                stop_loss=Decimal(90),
                take_profit=Decimal(120),
                trail_stop=Decimal("0.05"),
            ),
            "buy BTC/USDT value 1000 limit 100 stop 98 trailing 0.02 stop_loss 90 take_profit 120"
            " trail_stop 0.05",
        ),
    ],
)
def test_an_order_is_told_with_all_its_numbers(intent: Intent, sentence: str) -> None:
    assert told([intent]) == sentence
    assert told([intent, intent]) == f"{sentence} and {sentence}"


def test_no_order_is_told_as_nothing() -> None:
    assert told([]) == "nothing"
