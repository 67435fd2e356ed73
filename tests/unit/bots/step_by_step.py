"""A backtest once more, candle by candle: of the bot there is nothing between two but JSON."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from chalicelib.domain.bots.backtest import BacktestRun, Terms
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.desk import Bar
from chalicelib.domain.bots.intent import Intent
from chalicelib.domain.bots.loop import show
from chalicelib.domain.bots.paper_desk import PaperDesk
from chalicelib.domain.bots.paper_ledger import PaperFill
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.standing import Held
from chalicelib.domain.bots.step import AccountView, step
from chalicelib.domain.bots.views import Views
from chalicelib.domain.money import exact_arithmetic


class Told(NamedTuple):
    """What a bot asked for, what came of it, and what the bot is at the end."""

    orders: list[Intent]
    fills: list[PaperFill]
    state: Mapping[str, Any]


def in_one_go(
    setup: Setup, candles: Mapping[str, Candles], terms: Terms, views: Views | None = None
) -> Told:
    """The usual backtest, whose orders are noted on their way to the desk."""
    run = BacktestRun(setup, terms, views)
    asked: list[Intent] = []
    accept = run.desk.accept

    def noting(intents: list[Intent]) -> None:
        asked.extend(intents)
        accept(intents)

    run.desk.accept = noting  # type: ignore[assignment, method-assign]
    run.feed(candles)
    result = run.result()
    return Told(asked, result.fills, result.state)


def step_by_step(
    setup: Setup, candles: Mapping[str, Candles], terms: Terms, views: Views | None = None
) -> Told:
    """The virtual desk is the account."""
    account = BacktestRun(setup, terms)  # for its desk; its bot sees nothing
    desk, markets = account.desk, account.session.ctx.markets
    state: Any = None
    asked: list[Intent] = []
    places = {
        symbol: {start: place for place, start in enumerate(series.start)}
        for symbol, series in candles.items()
    }
    for start in sorted({start for series in candles.values() for start in series.start}):
        closed = {
            symbol: candles[symbol].between(at[start], at[start] + 1)
            for symbol, at in places.items()
            if start in at
        }
        if desk.waiting:
            with exact_arithmetic():
                desk.match([_bar(symbol, one) for symbol, one in closed.items()])
        for symbol, one in closed.items():
            show(markets[symbol], one, 0)
        done = step(setup, state, closed, _view(desk), views)
        state = json.loads(json.dumps(done.state, allow_nan=False))
        desk.accept(done.orders)
        asked += done.orders
    return Told(asked, desk.ledger.fills, state)


def _bar(symbol: str, one: Candles) -> Bar:
    return Bar(symbol, one.start[0], one.open[0], one.high[0], one.low[0])


def _view(desk: PaperDesk) -> AccountView:
    held = {
        symbol: Held(
            holding.quantity, holding.cost / holding.quantity if holding.quantity else None
        )
        for symbol, holding in desk.ledger.holdings.items()
    }
    return AccountView(desk.ledger.cash, held, desk.open_orders())
