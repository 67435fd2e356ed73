"""A bot whose candles are counted: it trades as it would, and each of its decisions is told."""

from decimal import Decimal

import pytest

from chalicelib.domain.bots.backtest import Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.counted import counted
from chalicelib.domain.bots.refusals import BotFailed
from tests.unit.bots.bot_prices import moving
from tests.unit.bots.paper_market import BTC, instrument
from tests.unit.bots.test_sweep_trials import WARMUP, Cross


def test_each_decision_is_told_after_it_was_made() -> None:
    (setup,) = set_up(Cross, seed=5)
    terms = Terms({BTC: instrument()}, Decimal(1000))
    prices = moving(90)
    told: list[None] = []
    watched = counted(setup, lambda: told.append(None))
    test = backtest(watched, {BTC: prices}, terms)
    assert len(told) == 90 - WARMUP
    assert test == backtest(setup, {BTC: prices}, terms)
    assert test.fills
    assert watched._replace(bot=Cross) == setup
    assert watched.name == "Cross"


def test_the_line_of_a_mistake_is_the_bots_own() -> None:
    class Wrong(Cross):
        def on_candle(self, ctx: object) -> None:
            raise ValueError(ctx)

    (setup,) = set_up(Wrong)
    line = Wrong.on_candle.__code__.co_firstlineno + 1
    for tried in (setup, counted(setup, lambda: None)):
        with pytest.raises(BotFailed, match=rf"^line {line}, Wrong\.on_candle at the candle of"):
            backtest(tried, {BTC: moving(90)}, Terms({BTC: instrument()}, Decimal(1000)))


def test_a_decision_that_was_not_made_is_not_told() -> None:
    told: list[None] = []

    class Stops(Cross):
        def on_candle(self, ctx: object) -> None:  # noqa: ARG002 - a bot's
            if len(told) == 3:
                raise ValueError("enough")

    (setup,) = set_up(Stops)
    watched = counted(setup, lambda: told.append(None))
    with pytest.raises(BotFailed, match=r"^line \d+, Stops\.on_candle at .* ValueError: enough$"):
        backtest(watched, {BTC: moving(90)}, Terms({BTC: instrument()}, Decimal(1000)))
    assert len(told) == 3
