"""A backtest that is fed piece by piece, and one that cannot be begun."""

from decimal import Decimal

import pytest

from chalicelib.domain.bots.backtest import BacktestRun, Terms
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.refusals import BotRefused
from tests.unit.bots.paper_market import BTC, ETH, FREE, HOUR, candles, instrument, scripted


def at(*hours: int) -> Candles:
    """One candle at each, all of one price."""
    whole = candles(*[(100,)] * len(hours))
    return whole._replace(start=[hour * HOUR for hour in hours])


def test_pieces_add_up() -> None:
    (setup,) = set_up(scripted({1: lambda ctx: ctx.buy(2)}))
    run = BacktestRun(setup, Terms({BTC: instrument()}, Decimal(1000), FREE))
    run.feed({BTC: at(0, 1, 3)})
    run.feed({BTC: at(4, 7)})
    found = run.result()
    assert (found.missing, found.start) == (3, [hour * HOUR for hour in (0, 1, 3, 4, 7)])
    assert (found.equity, found.cash) == ([1000.0] * 5, Decimal(800))


def test_gaps_of_all_instruments_are_counted() -> None:
    (setup,) = set_up(scripted({}, together=True), instruments=(BTC, ETH))
    terms = Terms({symbol: instrument(symbol) for symbol in (BTC, ETH)}, Decimal(1000), FREE)
    run = BacktestRun(setup, terms)
    run.feed({BTC: at(0, 2), ETH: at(0, 3)})
    assert run.result().missing == 3


def test_steps_and_minimums_of_every_instrument_are_needed() -> None:
    (setup,) = set_up(scripted({}, together=True), instruments=(BTC, ETH))
    with pytest.raises(BotRefused) as refused:
        BacktestRun(setup, Terms({BTC: instrument()}, Decimal(1000), FREE))
    assert str(refused.value) == "the steps and minimums of ETH/USDT are missing"
