"""The bots that come with the product: what each of them does at which close."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.bots.backtest import Backtest, Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import Candles, length_ms
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.bots.ready_made import READY_MADE, ready_made
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.step import AccountView, step
from chalicelib.domain.bots.views import Views
from tests.unit.bots.paper_market import BTC, FREE, candles, instrument, told
from tests.unit.bots.rankings import ranked
from tests.unit.bots.step_by_step import in_one_go, step_by_step
from tests.unit.indicators.candles import generated

COSTS = Costs(Decimal("0.001"), Decimal("0.001"), Decimal(2))


def run(name: str, *rows: Sequence[float], cash: int = 1000, **parameters: float) -> Backtest:
    """After as many candles at 100 as the bot needs before it decides; numbered from there on."""
    bot = ready_made(name)
    (setup,) = set_up(bot, instruments=[BTC], interval="1h", parameters=parameters)
    still = [(100.0,)] * bot.warmup
    terms = Terms({BTC: instrument()}, Decimal(cash), FREE)
    return backtest(setup, {BTC: candles(*still, *rows, start=-bot.warmup)}, terms)


def closes(*prices: float) -> list[tuple[float]]:
    """Candles that stand still at each price, so that a fill is at the next close."""
    return [(price,) for price in prices]


def sides(test: Backtest) -> list[tuple[int, str]]:
    return [(number, side) for number, side, _, _ in told(test)]


def test_sma_cross_is_in_while_the_fast_average_is_above_the_slow_one() -> None:
    prices = closes(100, 110, 110, 110, 110, 110, 90, 90)
    test = run("sma-cross", *prices, fast=2, slow=5, percentage=50.0)
    assert told(test) == [
        (2, "buy", Decimal("4.545"), Decimal(110)),  # half of 1000
        (7, "sell", Decimal("4.545"), Decimal(90)),
    ]
    assert sides(run("sma-cross", *prices, fast=5, slow=5)) == []


def test_rsi_reversion_buys_below_low_and_sells_above_high() -> None:
    # Of length 2, the index goes 100, 0, 0, 44.4, 82.8.
    prices = closes(100, 90, 90, 92, 97, 97)
    test = run("rsi-reversion", *prices, length=2)
    assert told(test) == [
        (2, "buy", Decimal("11.111"), Decimal(90)),
        (5, "sell", Decimal("11.111"), Decimal(97)),
    ]
    assert sides(run("rsi-reversion", *prices, length=2, high=83)) == [(2, "buy")]
    assert sides(run("rsi-reversion", *prices, length=2, high=44)) == [(2, "buy"), (4, "sell")]
    # 100, 100, 33.3, 17.9
    falling = closes(100, 102, 100, 98.7, 98.7)
    assert sides(run("rsi-reversion", *falling, length=2)) == [(4, "buy")]
    assert sides(run("rsi-reversion", *falling, length=2, low=34)) == [(3, "buy")]
    assert sides(run("rsi-reversion", *falling, length=2, low=17)) == []


def test_rsi_reversion_leaves_at_its_stop_and_waits_for_the_next_fall() -> None:
    fall = [(100,), (90,), (90, 90, 85.4, 86), (86,), (86,)]
    test = run("rsi-reversion", *fall, length=2)
    assert told(test)[1:] == [(2, "sell", Decimal("11.111"), Decimal("85.50"))]
    assert sides(run("rsi-reversion", *fall, length=2, stop=5.5)) == [(2, "buy")]


def test_donchian_breakout_buys_new_highs_and_sells_new_lows() -> None:
    quiet = [(100, 101, 99, 100)] * 9
    rows = [
        (100, 101, 99, 101),  # no higher than the highs before
        (101, 101.5, 100, 101.5),
        (101.5, 101.5, 99, 99),  # no lower than the lows before
        (99, 99, 98.5, 98.5),
        (98.5,),
    ]
    test = run("donchian-breakout", *quiet, *rows, entry=5, leave=5, percentage=50.0)
    assert told(test) == [
        (11, "buy", Decimal("4.926"), Decimal("101.5")),
        (13, "sell", Decimal("4.926"), Decimal("98.5")),
    ]
    # Over more candles, the lows go deeper.
    deep = [(100, 101, 98, 100), *quiet[:6], *rows]
    long = run("donchian-breakout", *deep, entry=5, leave=10)
    assert sides(long) == [(9, "buy")]


def test_dca_buys_for_the_same_amount_until_its_cash_is_used_up() -> None:
    test = run("dca", *closes(100, 100, 50, 100, 100, 100, 100, 100), amount=300.0, every=2)
    assert told(test) == [
        (1, "buy", Decimal(3), Decimal(100)),
        (3, "buy", Decimal(3), Decimal(100)),
        (5, "buy", Decimal(3), Decimal(100)),
    ]
    assert (test.cash, test.denied) == (100, [])
    exactly = run("dca", *closes(100, 50, 50), amount=500.0, every=1)
    assert told(exactly) == [
        (1, "buy", Decimal(10), Decimal(50)),
        (2, "buy", Decimal(10), Decimal(50)),
    ]
    assert exactly.state["bot"] == {"candles": 3}


def test_less_than_one_coin_is_sold_as_well() -> None:
    rows = closes(100, 90, 90, 92, 97, 97)
    assert sides(run("rsi-reversion", *rows, cash=50, length=2)) == [(2, "buy"), (5, "sell")]
    rows = closes(*[100] * 5, 101, 101, 99, 99)
    found = run("donchian-breakout", *rows, cash=50, entry=5, leave=5)
    assert sides(found) == [(6, "buy"), (8, "sell")]


def test_grid_asks_for_nothing_at_its_top() -> None:
    (setup,) = set_up(ready_made("grid"), instruments=[BTC], interval="1h")
    account = AccountView(Decimal(1000), {})
    assert step(setup, None, {BTC: candles((100,), (101,))}, account).orders == ()


def test_grid_holds_a_part_for_every_rung_above_the_close() -> None:
    down = closes(100, 99, 98.5, 98.01, 98.01)
    test = run("grid", *down, rungs=4)
    assert told(test) == [
        (2, "buy", Decimal("2.538"), Decimal("98.5")),  # a quarter of 1000
        (4, "buy", Decimal("2.557"), Decimal("98.01")),
    ]
    up = [*down, *closes(98.5, 99, 99, 100, 100)]
    assert sides(run("grid", *up, rungs=4)) == [(2, "buy"), (4, "buy"), (7, "sell"), (9, "sell")]
    assert run("grid", *up, rungs=4).positions == {BTC: 0}


def test_grid_sells_what_it_bought_one_rung_higher_only() -> None:
    swings = closes(100, 98.9, 99.9, 99.1, 100, 100)
    assert sides(run("grid", *swings, rungs=4)) == [(2, "buy"), (5, "sell")]
    wide = closes(100, 98.1, 98, 99.9, 100, 100)
    assert sides(run("grid", *wide, rungs=4, spacing=2.0)) == [(3, "buy"), (5, "sell")]


def test_grid_has_no_more_parts_than_rungs_and_keeps_its_top_while_it_holds() -> None:
    crash = closes(100, 90, 90, 80, 80, 99.5, 99.5, 100, 100)
    test = run("grid", *crash, rungs=4)
    assert told(test)[:2] == [
        (2, "buy", Decimal("11.111"), Decimal(90)),  # all of it
        (6, "sell", Decimal("8.333"), Decimal("99.5")),  # all but the part of the first rung
    ]
    assert sides(test) == [(2, "buy"), (6, "sell"), (8, "sell")]


def test_the_top_of_the_grid_rises_while_nothing_is_held() -> None:
    rising = closes(100, 110, 109, 108.9, 108.9)
    assert sides(run("grid", *rising)) == [(4, "buy")]


# --- each of them on a long walk ---------------------------------------------------------------


def walk(setup: Setup, count: int = 1200) -> dict[str, Candles]:
    """Another one for each instrument, with a candle missing here and there."""
    length = length_ms(setup.interval)
    found = {}
    for seed, symbol in enumerate(setup.instruments, start=3):
        rows = [(at * length, *prices[:5]) for at, prices in enumerate(generated(count, seed=seed))]
        kept = [row for at, row in enumerate(rows) if at % 97 != seed]
        columns: Any = [list(column) for column in zip(*kept, strict=True)]
        found[symbol] = Candles(*columns)
    return found


def terms(setup: Setup) -> Terms:
    filters = {"quantity_step": Decimal("0.00001"), "minimum_notional": Decimal(10)}
    instruments = {symbol: instrument(symbol, **filters) for symbol in setup.instruments}
    return Terms(instruments, Decimal(10_000), COSTS)


def first_setup(name: str) -> Setup:
    """Such that a walk of a thousand candles has enough of everything."""
    parameters: dict[str, dict[str, float]] = {
        "scalper": {"threshold": 0.6},
        "top-basket": {"size": 3},
    }
    return set_up(ready_made(name), parameters=parameters.get(name, {}))[0]


def changing(setup: Setup) -> Views:
    """Every hundred candles another one is the largest."""
    names = list(setup.instruments)
    turned = {n: names[n // 100 % len(names) :] + names[: n // 100 % len(names)] for n in TURNS}
    return ranked(turned, length_ms(setup.interval))


TURNS = range(0, 1200, 100)


@pytest.mark.parametrize("name", READY_MADE)
def test_it_trades_and_is_refused_nothing(name: str) -> None:
    setup = first_setup(name)
    test = backtest(setup, walk(setup), terms(setup), changing(setup))
    assert len(test.fills) > 8
    assert test.denied == []
    assert test.cash >= 0
    assert all(held >= 0 for held in test.positions.values())


@pytest.mark.parametrize("name", READY_MADE)
def test_step_by_step_through_json_it_asks_for_the_same(name: str) -> None:
    setup = first_setup(name)
    count = setup.bot.warmup + 130
    candles_of_it = {symbol: series.between(0, count) for symbol, series in walk(setup).items()}
    views = changing(setup)
    whole = in_one_go(setup, candles_of_it, terms(setup), views)
    assert whole.orders
    assert step_by_step(setup, candles_of_it, terms(setup), views) == whole


@pytest.mark.parametrize("name", READY_MADE)
def test_its_docstring_says_when_it_loses(name: str) -> None:
    said = READY_MADE[name].__doc__ or ""
    assert "lose" in said
    assert "earn" in said
