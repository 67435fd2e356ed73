"""Fills and internal crosses of open plans become ledger entries, each exactly once.

The portfolio is saved with the entries and counts what is booked of every open order, so a
second booking of the same fill loses the compare-and-set instead of moving money.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chalicelib.domain.money import ZERO
from chalicelib.domain.trading.entries import cross_entry, fees_within_means, fill_entry
from chalicelib.domain.trading.instrument import Instrument
from chalicelib.domain.trading.ledger import Entry, Portfolio, post
from chalicelib.domain.trading.order import Order
from chalicelib.domain.trading.plan import Plan
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.open_plans import OpenPlan, open_plans


def book_fills(desk: Desk) -> int:
    """Book what the open plans have moved since the last call; how many entries."""
    ports = desk.ports
    found = open_plans(ports.plans, ports.orders, ports.plans.state(desk.name))
    portfolio = ports.ledger.portfolio(desk.name, desk.account.quote)
    if all(item.is_booked(portfolio) for item in found):
        return 0
    symbols = sorted({intent.symbol for item in found for intent in item.plan.intents})
    instruments = desk.exchange.instruments(symbols)
    return _book(ports, found, portfolio, instruments)


def _book(
    ports: TradingPorts,
    found: Sequence[OpenPlan],
    portfolio: Portfolio,
    instruments: Mapping[str, Instrument],
) -> int:
    progress: dict[str, int] = {}
    fresh: list[Entry] = []
    for item in found:
        fresh += _crosses(item.plan, portfolio)
        progress[item.plan.id] = len(item.plan.crosses)
        for order in item.orders:
            fresh += _fills(order, portfolio, instruments[order.intent.symbol])
            progress[order.intent.id] = len(order.fills)
    entries: list[Entry] = []
    after = replace(portfolio, progress={name: count for name, count in progress.items() if count})
    for entry in fresh:
        after, booked = post(after, fees_within_means(after, entry))
        entries.append(booked)
    ports.ledger.book(after, entries)
    return len(entries)


def _crosses(plan: Plan, portfolio: Portfolio) -> list[Entry]:
    done = portfolio.progress.get(plan.id, 0)
    return [
        cross_entry(
            account=plan.account, plan_id=plan.id, index=index, cross=cross, at=plan.created_at
        )
        for index, cross in enumerate(plan.crosses)
        if index >= done
    ]


def _fills(order: Order, portfolio: Portfolio, instrument: Instrument) -> list[Entry]:
    done = portfolio.progress.get(order.intent.id, 0)
    entries = []
    before = sum((fill.quantity for fill in order.fills[:done]), ZERO)
    for fill in order.fills[done:]:
        entries.append(
            fill_entry(intent=order.intent, fill=fill, filled_before=before, instrument=instrument)
        )
        before += fill.quantity
    return entries
