"""The bots that come with the product, each on recorded candles of its kind of interval."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import pytest

from chalicelib.domain.bots.backtest import Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import Candles, candles_of
from chalicelib.domain.bots.ready_made import READY_MADE, ready_made
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.views import Timeline, Views
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.trading.instrument import Instrument
from tests.real.test_candles import recorded, rows
from tests.unit.bots.step_by_step import in_one_go, step_by_step

BTC = "BTC/USDT"
YEAR = "{}.15m.2023-04-01.2024-04-09.parquet"
COINS = ("BTC/USDT", "SOL/USDT", "DOGE/USDT")
COUNT = 6_000  # of fifteen minutes: two months
SINGLE = [name for name in READY_MADE if name != "top-basket"]


def quarters(symbol: str) -> Candles:
    found = rows(recorded(YEAR.format(symbol.replace("/", "-"))))
    return candles_of(symbol, Interval.M15, found[:COUNT])


@pytest.fixture(scope="module")
def btc() -> Candles:
    return quarters(BTC)


def terms(setup: Setup) -> Terms:
    return Terms({symbol: _instrument(symbol) for symbol in setup.instruments}, Decimal(10_000))


def _instrument(symbol: str) -> Instrument:
    return Instrument(
        symbol=symbol,
        base=symbol.partition("/")[0],
        quote="USDT",
        quantity_step=Decimal("0.00001"),
        price_tick=Decimal("0.00001"),
        minimum_notional=Decimal(10),
    )


# What suits quarters of an hour, of which two months have few that move by 1 %.
CHOSEN: Final[Mapping[str, Mapping[str, float]]] = {
    "scalper": {"threshold": 0.5},
    "dca": {"every": 96},
}


@pytest.mark.parametrize("name", SINGLE)
def test_it_trades_and_is_refused_nothing(name: str, btc: Candles) -> None:
    (setup,) = set_up(
        ready_made(name), instruments=[BTC], interval="15m", parameters=CHOSEN.get(name, {})
    )
    test = backtest(setup, {BTC: btc}, terms(setup))
    assert len(test.fills) >= 20
    assert test.denied == []
    assert 0.7 < test.equity[-1] / 10_000 < 1.5
    part = {BTC: btc.between(0, setup.bot.warmup + 250)}
    whole = in_one_go(setup, part, terms(setup))
    assert whole.orders
    assert step_by_step(setup, part, terms(setup)) == whole


def test_the_basket_follows_the_ranking(btc: Candles) -> None:
    candles = {symbol: quarters(symbol) for symbol in COINS[1:]} | {BTC: btc}
    (setup,) = set_up(
        ready_made("top-basket"),
        instruments=COINS,
        interval="15m",
        parameters={"size": 2, "every": 90, "band": 0.1},
    )
    middle = btc.start[COUNT // 2]
    orders = ((btc.start[0], COINS), (middle, (COINS[2], COINS[1], COINS[0])))
    views = Views(
        ranking=Timeline((at, [{"market": name} for name in names]) for at, names in orders)
    )
    test = backtest(setup, candles, terms(setup), views)
    assert len(test.fills) > 50
    assert test.denied == []
    early = {fill.symbol for fill in test.fills if fill.at < middle}
    assert early == {COINS[0], COINS[1]}
    assert test.positions[COINS[0]] == 0
    assert min(test.positions[name] for name in COINS[1:]) > 0
    part = {symbol: series.between(0, 400) for symbol, series in candles.items()}
    whole = in_one_go(setup, part, terms(setup), views)
    assert len(whole.orders) > 8
    assert step_by_step(setup, part, terms(setup), views) == whole
