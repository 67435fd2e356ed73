"""One step of a bot on a real account: what it was and what closed -> what it is and what it wants.

Nothing but the arguments goes in, and nothing but the result comes out.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.charts import curves
from chalicelib.domain.bots.context import LogLine, Plot
from chalicelib.domain.bots.desk import Bar, OpenOrder
from chalicelib.domain.bots.elsewhere import BotElsewhere
from chalicelib.domain.bots.intent import Intent
from chalicelib.domain.bots.session import Session
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.standing import Held
from chalicelib.domain.bots.views import Views
from chalicelib.domain.money import ZERO


class AccountView(NamedTuple):
    """What the bot has of its account: its own part of the cash, positions by symbol, orders."""

    cash: Decimal
    positions: Mapping[str, Held]
    open_orders: tuple[OpenOrder, ...] = ()


class Step(NamedTuple):
    """`orders` in the order in which they were asked for, each with the candle it was decided on.

    Where several candles were given at once, whoever executes them knows how late each one is.
    """

    state: dict[str, Any]
    orders: tuple[Intent, ...]
    plots: list[Plot]
    logs: list[LogLine]


def step(
    setup: Setup,
    state: Mapping[str, Any] | None,
    candles: Mapping[str, Candles],
    account: AccountView,
    views: Views | None = None,
) -> Step:
    """`candles` are those that have closed since; None is the state of a bot that begins."""
    if issubclass(setup.bot, BotElsewhere):
        with setup.bot.asked_at_once():
            _step(setup, state, candles, account, views)
    return _step(setup, state, candles, account, views)


def _step(
    setup: Setup,
    state: Mapping[str, Any] | None,
    candles: Mapping[str, Candles],
    account: AccountView,
    views: Views | None,
) -> Step:
    session = Session(setup, views or Views(), state)
    desk = _GivenAccount(account.open_orders)
    session.ctx.cash = float(account.cash)
    for symbol, market in session.ctx.markets.items():
        held = account.positions.get(symbol, Held(ZERO))
        market.position = float(held.quantity)
        market.average_price = None if held.average_price is None else float(held.average_price)
    session.advance(candles, desk)
    return Step(session.state(), tuple(desk.asked), curves(session), session.ctx.logs)


class _GivenAccount:
    """Orders are collected here; whether they are filled, the account says at the next step."""

    waiting: Sequence[object] = ()

    def __init__(self, open_orders: tuple[OpenOrder, ...]) -> None:
        self.asked: list[Intent] = []
        self._open_orders = open_orders

    def match(self, bars: Sequence[Bar]) -> None:
        """Nothing waits here."""

    def mark(self, start: int) -> None:
        """The account is what it is."""

    def accept(self, intents: Sequence[Intent]) -> None:
        """Keep them for the result."""
        self.asked.extend(intents)

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """As they were given."""
        return self._open_orders
