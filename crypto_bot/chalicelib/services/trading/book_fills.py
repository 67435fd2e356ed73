"""Fills and internal crosses of open plans become ledger entries, each exactly once.

The portfolio is saved with the entries and counts what is booked of every open order, so a
second booking of the same fill loses the compare-and-set instead of moving money.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from chalicelib.domain.money import ZERO
from chalicelib.domain.trading.attempt import attempted, in_words
from chalicelib.domain.trading.entries import cross_entry, fees_within_means, fill_entry
from chalicelib.domain.trading.instrument import Instrument, unstated
from chalicelib.domain.trading.ledger import Entry, Portfolio, post
from chalicelib.domain.trading.order import Order
from chalicelib.domain.trading.plan import Plan
from chalicelib.domain.trading.stuck import Act
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.note_stuck import note_stuck
from chalicelib.services.trading.open_plans import OpenPlan, open_plans


def book_fills(desk: Desk) -> int:
    """Book what the open plans have moved since the last call; how many entries.

    An order that cannot be booked is left for the next call, and noted with the account.
    """
    ports = desk.ports
    state = ports.plans.state(desk.name)
    found = open_plans(ports.plans, ports.orders, state)
    portfolio = ports.ledger.portfolio(desk.name, desk.account.quote)
    faults: dict[tuple[str, str], str] = {}
    booked = 0
    if not all(item.is_booked(portfolio) for item in found):
        symbols = sorted({intent.symbol for item in found for intent in item.plan.intents})
        instruments = desk.exchange.instruments(symbols)
        trial = _Trial(portfolio, instruments)
        sound = [trial.without_odd(item) for item in found]
        booked, faults = _book(ports, sound, portfolio, instruments), trial.faults
    note_stuck(desk, state, Act.BOOKED, faults)
    return booked


class _Trial:
    """Booking on a portfolio that is not kept, to learn what can be booked at all."""

    def __init__(self, portfolio: Portfolio, instruments: Mapping[str, Instrument]) -> None:
        self._before = portfolio
        self._after = portfolio
        self._instruments = instruments
        self.faults: dict[tuple[str, str], str] = {}

    def without_odd(self, item: OpenPlan) -> OpenPlan:
        """The plan as if what cannot be booked of it had not happened yet."""
        plan, done = item.plan, self._before.progress
        error = self._fault(partial(_crosses, plan, self._before))
        if error:
            self.faults |= {(plan.id, cross.symbol): error for cross in plan.crosses}
            plan = replace(plan, crosses=plan.crosses[: done.get(plan.id, 0)])
        orders = []
        for order in item.orders:
            symbol = order.intent.symbol
            instrument = self._instruments.get(symbol)
            error = self._fault(partial(_fills, order, self._before, instrument))
            if error:
                self.faults[plan.id, symbol] = error
            known = order.fills[: done.get(order.intent.id, 0)] if error else order.fills
            orders.append(replace(order, fills=known))
        return OpenPlan(plan=plan, orders=tuple(orders))

    def _fault(self, entries: Callable[[], Sequence[Entry]]) -> str:
        posted = attempted(lambda: _posted(self._after, entries()))
        if isinstance(posted, Exception):
            return in_words(posted)
        self._after, _ = posted
        return ""


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
            fresh += _fills(order, portfolio, instruments.get(order.intent.symbol))
            progress[order.intent.id] = len(order.fills)
    if not fresh:
        return 0
    kept = replace(portfolio, progress={name: count for name, count in progress.items() if count})
    after, entries = _posted(kept, fresh)
    ports.ledger.book(after, entries)
    return len(entries)


def _posted(portfolio: Portfolio, fresh: Sequence[Entry]) -> tuple[Portfolio, list[Entry]]:
    entries: list[Entry] = []
    for entry in fresh:
        portfolio, booked = post(portfolio, fees_within_means(portfolio, entry))
        entries.append(booked)
    return portfolio, entries


def _crosses(plan: Plan, portfolio: Portfolio) -> list[Entry]:
    done = portfolio.progress.get(plan.id, 0)
    return [
        cross_entry(
            account=plan.account, plan_id=plan.id, index=index, cross=cross, at=plan.created_at
        )
        for index, cross in enumerate(plan.crosses)
        if index >= done
    ]


def _fills(order: Order, portfolio: Portfolio, instrument: Instrument | None) -> list[Entry]:
    done = portfolio.progress.get(order.intent.id, 0)
    entries: list[Entry] = []
    before = sum((fill.quantity for fill in order.fills[:done]), ZERO)
    for fill in order.fills[done:]:
        if instrument is None:
            raise unstated(order.intent.symbol)
        entries.append(
            fill_entry(intent=order.intent, fill=fill, filled_before=before, instrument=instrument)
        )
        before += fill.quantity
    return entries
