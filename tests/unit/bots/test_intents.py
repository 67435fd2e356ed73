"""The orders that a bot may ask for: what becomes of each word, and what is said of a wrong one."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.intent import Action, Intent, Unit
from chalicelib.domain.bots.refusals import BotFailed
from chalicelib.domain.bots.step import AccountView, step
from tests.unit.bots.paper_market import BTC, ETH, HOUR, candles, scripted

Act = Callable[[Context], Any]


def asked(act: Act, close: float = 100.0) -> tuple[Intent, ...]:
    """At the close of its second candle."""
    (setup,) = set_up(scripted({1: act}))
    rows = candles([close], [close])
    return step(setup, None, {BTC: rows}, AccountView(Decimal(1000), {})).orders


def intent(action: Action, amount: str = "0", unit: Unit = Unit.ALL, **words: Any) -> Intent:
    exact: dict[str, Any] = {
        name: Decimal(w) if isinstance(w, str) else w for name, w in words.items()
    }
    return Intent("1", HOUR, BTC, action, Decimal(amount), unit, **exact)


BUY, SELL, TARGET = Action.BUY, Action.SELL, Action.TARGET
QUANTITY, VALUE, FRACTION = Unit.QUANTITY, Unit.VALUE, Unit.FRACTION


@pytest.mark.parametrize(
    ("act", "wanted"),
    [
        (lambda c: c.buy(0.1), intent(BUY, "0.1", QUANTITY)),
        (lambda c: c.buy(Decimal("12.340")), intent(BUY, "12.34", QUANTITY)),
        (lambda c: c.buy(1e15), intent(BUY, "1e15", QUANTITY)),
        (lambda c: c.buy(1e-15), intent(BUY, "1e-15", QUANTITY)),
        (
            lambda c: c.buy(value=50, limit=90, stop_loss=80, take_profit=95, expires=1),
            intent(BUY, "50", VALUE, limit="90", stop_loss="80", take_profit="95", expires=1),
        ),
        (
            lambda c: c.buy(fraction=1, stop=110, stop_loss=105, take_profit=111),
            intent(BUY, "1", FRACTION, stop="110", stop_loss="105", take_profit="111"),
        ),
        (
            lambda c: c.buy(1, trail_stop=0.999),
            intent(BUY, "1", QUANTITY, trail_stop="0.999"),
        ),
        (lambda c: c.sell(), intent(SELL)),
        (
            lambda c: c.sell(2, limit=130, expires=1_000_000),
            intent(SELL, "2", QUANTITY, limit="130", expires=1_000_000),
        ),
        (lambda c: c.sell(stop=90, expires=2), intent(SELL, stop="90", expires=2)),
        (
            lambda c: c.sell(fraction=0.5, trailing=0.02),
            intent(SELL, "0.5", FRACTION, trailing="0.02"),
        ),
        (
            lambda c: c.target(-0.5, stop_loss=110, take_profit=90, band=0.05),
            intent(TARGET, "-0.5", FRACTION, stop_loss="110", take_profit="90", band="0.05"),
        ),
        (
            lambda c: c.target(0.5, stop_loss=90, take_profit=110),
            intent(TARGET, "0.5", FRACTION, stop_loss="90", take_profit="110"),
        ),
        (lambda c: c.close_position(), intent(Action.CLOSE)),
        (lambda c: c.cancel("7"), Intent("", HOUR, BTC, Action.CANCEL, cancels="7")),
        (lambda c: c.cancel(), Intent("", HOUR, BTC, Action.CANCEL)),
    ],
)
def test_an_order_says_what_was_asked_for_and_nothing_else(act: Act, wanted: Intent) -> None:
    assert asked(act) == (wanted,)


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (
            lambda c: c.buy(1, limit=90, stop=110),
            "buy(quantity=1, limit=90, stop=110): limit and stop are both given; an order has one"
            " of them",
        ),
        (
            lambda c: c.buy(1, limit=0),
            "buy(quantity=1, limit=0): limit is 0; it must be above zero",
        ),
        (
            lambda c: c.buy(1, limit=90, stop_loss=95),
            "buy(quantity=1, limit=90, stop_loss=95): stop_loss is 95; it must lie below 90, where"
            " it is entered",
        ),
        (
            lambda c: c.buy(1, stop=110, take_profit=105),
            "buy(quantity=1, stop=110, take_profit=105): take_profit is 105; it must lie above"
            " 110, where it is entered",
        ),
        (
            lambda c: c.sell(trailing=1),
            "sell(trailing=1): trailing is 1; it must be a fraction below 1, such as 0.02 for 2 %",
        ),
        *[
            (
                lambda c, size=size: c.buy(size),
                f"buy(quantity={size}): quantity is {size}; it must be between 1e-15 and 1e+15",
            )
            for size in (1.1e15, 9.9e-16, 10**400)
        ],
        *[
            (
                lambda c, count=count: c.sell(expires=count),
                f"sell(expires={count}): expires is {count}; it must be a whole number of candles"
                " from 1 to 1000000",
            )
            for count in (0, 2.0, 1_000_001)
        ],
        (
            lambda c: c.target(1, band="x"),
            "target(fraction=1, band='x'): band is 'x'; it must be a number",
        ),
        *[
            (
                lambda c, band=band: c.target(1, band=band),
                f"target(fraction=1, band={band}): band must be from 0 to below 1",
            )
            for band in (1, -0.1)
        ],
        (
            lambda c: c.close_position(symbol="SOL/USDT"),
            "close(symbol='SOL/USDT'): symbol is 'SOL/USDT'; this bot trades BTC/USDT",
        ),
    ],
)
def test_what_is_wrong_is_said_with_everything_that_was_asked_for(act: Act, sentence: str) -> None:
    with pytest.raises(BotFailed) as refused:
        asked(act)
    assert str(refused.value).partition("01:00: ")[2] == sentence


def test_a_portfolio_says_all_that_it_trades() -> None:
    (setup,) = set_up(
        scripted({0: lambda c: c.buy(1, symbol="SOL/USDT")}, together=True, instruments=(BTC, ETH))
    )
    with pytest.raises(BotFailed) as refused:
        step(setup, None, {BTC: candles([100.0])}, AccountView(Decimal(1000), {}))
    assert str(refused.value).partition("00:00: ")[2] == (
        "buy(quantity=1, symbol='SOL/USDT'): symbol is 'SOL/USDT'; this bot trades BTC/USDT,"
        " ETH/USDT"
    )


def test_start_asks_for_nothing() -> None:
    early = type("Early", (scripted({}),), {"start": lambda _self, ctx: ctx.buy(1)})
    with pytest.raises(BotFailed) as refused:
        step(set_up(early)[0], None, {}, AccountView(Decimal(1000), {}))
    assert str(refused.value).partition("Early.start: ")[2] == (
        "buy(quantity=1): start asks for nothing: orders are made in on_candle"
    )


def test_a_price_that_no_order_may_have_is_no_close_to_protect_from() -> None:
    with pytest.raises(BotFailed) as refused:
        asked(lambda ctx: ctx.buy(1, stop_loss=1), close=2e15)
    assert str(refused.value).endswith(
        "buy(quantity=1, stop_loss=1): close is 2000000000000000.0; it must be between 1e-15 and"
        " 1e+15"
    )
