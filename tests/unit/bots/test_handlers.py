"""`every` makes a bot of a function, and it is the bot that a class would have been."""

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.bots import every
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.refusals import BotFailed
from chalicelib.domain.bots.step import AccountView, step
from tests.unit.bots.paper_market import BTC, ETH, HOUR, candles

NOTHING = AccountView(Decimal(1000), {})


def test_a_function_that_says_nothing_else_is_one_bot_for_each_instrument() -> None:
    @every("5m", BTC, ETH)
    def plain(state: dict[str, Any], data: Context) -> None:
        """Buy and hold."""

    assert (plain.__name__, plain.__doc__, plain.__module__) == ("plain", "Buy and hold.", __name__)
    assert (plain.interval, plain.instruments, plain.warmup) == ("5m", (BTC, ETH), 0)
    assert [setup.instruments for setup in set_up(plain)] == [(BTC,), (ETH,)]


def test_a_function_may_be_one_bot_for_all_of_them() -> None:
    @every("1h", BTC, ETH, warmup=2, together=True)
    def pair(state: dict[str, Any], data: Context) -> None:
        state["seen"] = [list(data.markets), data[BTC].start, data[ETH].history(2).close]

    (setup,) = set_up(pair)
    assert setup.instruments == (BTC, ETH)
    rows = candles([1.0], [2.0], [3.0])
    done = step(setup, None, {BTC: rows, ETH: rows}, NOTHING)
    assert done.state["bot"] == {"seen": [[BTC, ETH], 2 * HOUR, [2.0, 3.0]]}


def test_indicators_take_whole_numbers_and_others() -> None:
    @every("1h", BTC, using=["sma:2", "bollinger:3:2.5", "macd"])
    def drawn(state: dict[str, Any], data: Context) -> None:
        """Look on."""

    done = step(set_up(drawn)[0], None, {BTC: candles([1.0])}, NOTHING)
    assert list(done.state["indicators"]) == [
        "BTC/USDT sma(2)",
        "BTC/USDT bollinger(3, 2.5)",
        "BTC/USDT macd(12, 26, 9)",
    ]


def test_what_is_no_indicator_is_said_whole() -> None:
    @every("1h", BTC, using=["sma:2:x.5"])
    def misspelt(state: dict[str, Any], data: Context) -> None:
        """Never called."""

    with pytest.raises(BotFailed) as failure:
        step(set_up(misspelt)[0], None, {}, NOTHING)
    assert str(failure.value) == "misspelt.start: using: 'sma:2:x.5' is no indicator such as sma:10"
