"""[states, trails, signals, plans, orders] -> how a deployment stands, and what came of it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from chalicelib.domain.bots.deployed import DeployedBot
from chalicelib.domain.bots.live import closes_of
from chalicelib.domain.bots.standing import Standing
from chalicelib.domain.bots.trail import Mark
from chalicelib.domain.money import exact_arithmetic
from chalicelib.domain.trading.order import Order
from chalicelib.domain.trading.signal import Signal
from chalicelib.ports import TradingPorts
from chalicelib.ports.bots import BotPorts


class BotStanding(NamedTuple):
    """On one instrument. `close` is the last one that it saw; all None before the first.

    `equity` is its own reckoning: what it holds, at that close, as if every order had been filled.
    Of a bot that trades its instruments together, cash, equity and gain are those of all of them.
    """

    symbol: str
    seen: datetime | None
    standing: Standing | None
    close: Decimal | None
    equity: Decimal | None
    gain: Decimal | None
    resting: str


class DeploymentReport(NamedTuple):
    """`signals` are its last ones, `orders` those that they led to; both newest first."""

    deployed: DeployedBot
    bots: tuple[BotStanding, ...]
    signals: tuple[Signal, ...]
    orders: tuple[Order, ...]


def report_deployment(
    ports: BotPorts, trading: TradingPorts, deployed: DeployedBot, limit: int
) -> DeploymentReport:
    """`limit` is how many signals of each instrument."""
    found = [
        trading.signals.get(identity)
        for symbol in deployed.instruments
        for identity in ports.trails.signals(deployed.name, symbol)[:limit]
    ]
    stored = sorted(
        (signal for signal in found if signal is not None),
        key=lambda signal: signal.fired_at,
        reverse=True,
    )
    bots = tuple(_standing(ports, deployed, symbol) for symbol in deployed.instruments)
    return DeploymentReport(deployed, bots, tuple(stored), _orders(trading, stored))


def marks_of(ports: BotPorts, deployed: DeployedBot, limit: int) -> list[tuple[str, Mark]]:
    """With their symbols, newest first."""
    found = [
        (symbol, mark)
        for symbol in deployed.instruments
        for mark in ports.trails.newest(deployed.name, symbol, limit)
    ]
    return sorted(found, key=lambda each: each[1].at, reverse=True)[:limit]


def _orders(trading: TradingPorts, signals: Sequence[Signal]) -> tuple[Order, ...]:
    """Others may share one: what several strategies want of an instrument is ordered together."""
    found: dict[str, Order] = {}
    for signal in signals:
        for plan_id in {outcome.plan_id for outcome in signal.outcomes if outcome.plan_id}:
            plan = trading.plans.get(plan_id)
            placed = () if plan is None else plan.orders(trading.orders.of_plan(plan_id))
            found |= {o.intent.id: o for o in placed if o.intent.symbol == signal.symbol}
    return tuple(sorted(found.values(), key=lambda order: order.created_at, reverse=True))


def _standing(ports: BotPorts, deployed: DeployedBot, symbol: str) -> BotStanding:
    resting = deployed.resting.get(symbol, "")
    kept = ports.states.get(deployed.name, deployed.on(symbol))
    if kept is None:
        return BotStanding(symbol, None, None, None, None, None, resting)
    bot, closes = kept.bot, closes_of(kept.bot)
    with exact_arithmetic():
        standing = bot.reckoning.on(symbol, closes)
        if symbol not in closes:
            return BotStanding(symbol, bot.seen, standing, None, None, None, resting)
        equity = bot.reckoning.equity(closes)
        gain = equity / deployed.cash - 1
    return BotStanding(symbol, bot.seen, standing, closes[symbol], equity, gain, resting)
