"""What a venue shows of one order whose fate is not known, and what that leaves to be said of it.

The owner may know more than the venue's answers, and never less: a word that an answer contradicts
is refused, with the command that fits what was found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from chalicelib.domain.money import ZERO, Exact, exact_arithmetic, plain
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.order import Order, OrderReport, OrderStatus
from chalicelib.domain.trading.side import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingOrder(Exact):
    """One of the account's open orders; `asked_for` says that it carries the order's client id."""

    venue_order_id: str
    side: Side
    quantity: Decimal
    filled: Decimal
    limit_price: Decimal
    asked_for: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTrade:
    """One of the account's executions; `asked_for` says that it belongs to the order."""

    venue_order_id: str
    side: Side
    fill: Fill
    asked_for: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What the account did in one instrument; None for a list that the venue does not have."""

    resting: tuple[RestingOrder, ...] | None
    trades: tuple[OwnTrade, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """`found` is the lookup by client order id; `activity` None where the exchange has no lists.

    `differences` is what the venue holds beyond the books, by asset: base and quote of the order.
    """

    asked_at: datetime
    found: OrderReport | None
    activity: Activity | None
    differences: Mapping[str, Decimal]

    @property
    def lists(self) -> Activity:
        """`activity`, with None for each list where there is none at all."""
        return self.activity or Activity(resting=None, trades=None)

    def sentence(self) -> str:
        """All of it in one line, kept with the owner's word."""
        found = "not found" if self.found is None else f"found {self.found.status}"
        apart = ", ".join(
            f"{asset} {plain(amount)}" for asset, amount in sorted(self.differences.items())
        )
        return (
            f"asked {self.asked_at.isoformat(timespec='seconds').replace('+00:00', 'Z')}: "
            f"{found} by its id, {_counted(self.lists.resting, 'open order')}, "
            f"{_counted(self.lists.trades, 'own trade')}, venue less books: {apart}"
        )


def _counted(rows: Sequence[RestingOrder | OwnTrade] | None, what: str) -> str:
    if rows is None:
        return f"no list of {what}s"
    if not rows:
        return f"no {what}s"
    ours = sum(row.asked_for for row in rows)
    return f"{len(rows)} {what}{'' if len(rows) == 1 else 's'} ({ours or 'none'} of it)"


def report_of(order: Order, evidence: Evidence) -> OrderReport | None:
    """What can be adopted: the order as it was found, or as its trades tell when it is over."""
    if evidence.found is not None:
        return evidence.found
    trades = [trade for trade in evidence.lists.trades or () if trade.asked_for]
    if not trades:
        return None
    with exact_arithmetic():
        filled = sum((trade.fill.quantity for trade in trades), ZERO)
    whole = filled >= order.intent.quantity
    if not whole and (evidence.lists.resting is None or resting_as(evidence)):
        return None  # the rest of it may be open
    return OrderReport(
        client_order_id=order.intent.client_order_id,
        venue_order_id=trades[0].venue_order_id,
        status=OrderStatus.FILLED if whole else OrderStatus.CANCELED,
        filled=filled,
        fills=tuple(trade.fill for trade in trades),
        reason="put together from the venue's list of trades",
    )


def resting_as(evidence: Evidence) -> str:
    """The venue's id of the open order that carries ours; '' where none is listed."""
    listed = evidence.lists.resting or ()
    return next((order.venue_order_id for order in listed if order.asked_for), "")


def contradiction(order: Order, evidence: Evidence) -> str:
    """Why the owner's own word is not needed, and what to type instead; '' where only it helps."""
    report = report_of(order, evidence)
    if report is not None:
        return (
            f"the venue has it as {report.venue_order_id}, {report.status}, filled "
            f"{plain(report.filled)}: crypto-bot resolve {order.intent.id} --adopt --yes"
        )
    resting = resting_as(evidence)
    if resting:
        return (
            f"it rests at the venue as {resting}, where a lookup by its id does not find it: "
            "cancel it on the venue's own page, then look again: "
            f"crypto-bot resolve {order.intent.id}"
        )
    return ""
