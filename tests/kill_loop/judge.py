"""What the venue's own book, the sender and our stores say of each other, when all is quiet."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from chalicelib.adapters.stores.ledger import TableLedgerStore
from chalicelib.adapters.stores.orders import TableOrderStore
from chalicelib.adapters.stores.plans import TablePlanStore
from chalicelib.adapters.stores.signals import TableSignalStore
from chalicelib.domain.errors import LedgerUnbalanced
from chalicelib.domain.trading.ledger import EntryKind, Portfolio, fold
from chalicelib.domain.trading.order import Order
from chalicelib.domain.trading.signal import Signal
from chalicelib.drivers.table import Table

_EVERYTHING = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that there is to judge by; `acknowledged` are the ids of signals answered with 2xx."""

    account: str
    quote: str
    venue: Mapping[str, Any]
    acknowledged: frozenset[str]
    table: Table

    @property
    def orders(self) -> list[Order]:
        return TableOrderStore(self.table).recent(_EVERYTHING)

    @property
    def signals(self) -> dict[str, Signal]:
        return {s.id: s for s in TableSignalStore(self.table).recent(_EVERYTHING)}

    @property
    def portfolio(self) -> Portfolio:
        return TableLedgerStore(self.table).portfolio(self.account, self.quote)


def problems(evidence: Evidence) -> list[str]:
    """Every broken promise as a sentence; none is what we want."""
    return [
        *_duplicates(evidence),
        *_strangers(evidence),
        *_lost_alerts(evidence),
        *_twice_planned(evidence),
        *_trades_apart(evidence),
        *_unbalanced(evidence),
        *_broken_books(evidence),
    ]


def _duplicates(evidence: Evidence) -> Iterator[str]:
    """At most one accepted order per client order id, by the venue's own book."""
    count = Counter(order["client_id"] for order in evidence.venue["orders"])
    for client_id, times in count.items():
        if times > 1:
            yield f"the venue accepted {times} orders with the client order id {client_id}"


def _strangers(evidence: Evidence) -> Iterator[str]:
    """The venue has no order that our stores do not know, and none that is still open."""
    known = {order.intent.client_order_id: order for order in evidence.orders}
    for theirs in evidence.venue["orders"]:
        ours = known.get(theirs["client_id"])
        if ours is None:
            yield f"the venue has an order that no plan names: {theirs}"
        elif ours.filled != Decimal(theirs["executed"]):
            yield f"order {ours.intent.id} filled {ours.filled}, at the venue {theirs['executed']}"
        if theirs["status"] in {"NEW", "PARTIALLY_FILLED"}:
            yield f"the venue still works on an order: {theirs}"
    for order in known.values():
        if not order.status.is_final:
            yield f"order {order.intent.id} ended {order.status}: {order.reason}"


def _lost_alerts(evidence: Evidence) -> Iterator[str]:
    """Every alert that was answered with 2xx ended, and says why."""
    signals = evidence.signals
    for signal_id in sorted(evidence.acknowledged):
        signal = signals.get(signal_id)
        if signal is None:
            yield f"signal {signal_id} was answered 200 and is not stored"
        elif not signal.status.is_final or not signal.reason:
            yield f"signal {signal_id} ended {signal.status} with the reason {signal.reason!r}"


def _twice_planned(evidence: Evidence) -> Iterator[str]:
    """A signal belongs to at most one plan of an account."""
    plans = TablePlanStore(evidence.table).recent(_EVERYTHING)
    count = Counter(verdict.signal_id for plan in plans for verdict in plan.verdicts)
    yield from (f"signal {name} is in {times} plans" for name, times in count.items() if times > 1)


def _trades_apart(evidence: Evidence) -> Iterator[str]:
    """Fills in the books are the venue's trades, one for one and digit for digit."""
    booked = {
        (o.intent.client_order_id, f.trade_id, f.quantity, f.price, f.fee, f.fee_asset)
        for o in evidence.orders
        for f in o.fills
    }
    made = {
        (
            order["client_id"],
            str(trade["id"]),
            Decimal(trade["quantity"]),
            Decimal(trade["price"]),
            Decimal(trade["fee"]),
            trade["fee_asset"],
        )
        for order in evidence.venue["orders"]
        for trade in order["trades"]
    }
    for trade in sorted(booked ^ made, key=str):
        yield f"only {'we' if trade in booked else 'the venue'} knew of the trade {trade}"
    entries = TableLedgerStore(evidence.table).entries(evidence.account)
    fills = [entry.id for entry in entries if entry.kind is EntryKind.FILL]
    if len(fills) != len(made):
        yield f"{len(fills)} fills are booked, and the venue made {len(made)} trades"


def _unbalanced(evidence: Evidence) -> Iterator[str]:
    """Per asset the books say what the venue holds, to the last digit."""
    held = {
        a: Decimal(b["free"]) + Decimal(b["locked"]) for a, b in evidence.venue["balances"].items()
    }
    portfolio = evidence.portfolio
    for asset in sorted(held.keys() | _assets(portfolio)):
        ours, theirs = portfolio.owned(asset), held.get(asset, Decimal(0))
        if ours != theirs:
            yield f"the books say {ours} {asset}, the venue holds {theirs}"


def _broken_books(evidence: Evidence) -> Iterator[str]:
    """The hash chain holds, the fold of the entries is the portfolio, and nothing was drift."""
    ledger = TableLedgerStore(evidence.table)
    entries = ledger.entries(evidence.account)
    portfolio = evidence.portfolio
    try:
        rebuilt = fold(evidence.account, evidence.quote, entries)
    except LedgerUnbalanced as error:
        yield str(error)
        return
    if (rebuilt.balances, rebuilt.head_hash) != (portfolio.balances, portfolio.head_hash):
        yield f"the books rebuilt from {len(entries)} entries differ from those that are kept"
    yield from (f"{e.id} was noted as drift" for e in entries if e.kind is EntryKind.DRIFT)


def _assets(portfolio: Portfolio) -> Iterable[str]:
    return {asset for assets in portfolio.balances.values() for asset in assets}
