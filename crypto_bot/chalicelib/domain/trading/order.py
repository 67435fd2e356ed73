"""An order: the intent a plan wrote down, and the states it may move through."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from chalicelib.domain.money import ZERO, Exact, exact_arithmetic
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.side import Side

# Changing this orphans every open order: reconcile finds them by the id derived from it.
CLIENT_ORDER_NAMESPACE: Final = UUID("5f0e1a51-6d0c-5a55-9d3e-3f8a1f8d7c21")


# A stored permit lets its writer send once, within this time; after it the request may not leave.
PERMIT: Final = timedelta(seconds=2)
MAX_ATTEMPTS: Final = 3


class OrderStatus(StrEnum):
    """The field's names. SUBMITTED covers every send whose outcome is not known yet."""

    INITIALIZED = "INITIALIZED"
    DENIED = "DENIED"
    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    HELD = "HELD"

    @property
    def is_final(self) -> bool:
        """Whether the venue can add nothing any more."""
        return self in _FINAL

    @property
    def is_resting(self) -> bool:
        """Whether the venue is known to have it in its book."""
        return self in {OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED}


_FINAL = frozenset(
    {
        OrderStatus.DENIED,
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
    }
)
_KNOWN_BY_VENUE = frozenset(
    {
        OrderStatus.ACCEPTED,
        OrderStatus.PARTIALLY_FILLED,
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.EXPIRED,
    }
)

LEGAL_MOVES: Final[dict[OrderStatus, frozenset[OrderStatus]]] = {
    OrderStatus.INITIALIZED: frozenset({OrderStatus.SUBMITTED, OrderStatus.DENIED}),
    OrderStatus.SUBMITTED: _KNOWN_BY_VENUE
    | {OrderStatus.INITIALIZED, OrderStatus.REJECTED, OrderStatus.HELD},
    OrderStatus.ACCEPTED: _KNOWN_BY_VENUE | {OrderStatus.HELD},
    OrderStatus.PARTIALLY_FILLED: (_KNOWN_BY_VENUE - {OrderStatus.ACCEPTED}) | {OrderStatus.HELD},
    OrderStatus.HELD: _KNOWN_BY_VENUE | {OrderStatus.REJECTED},
    **{status: frozenset() for status in _FINAL},
}


class OrderType(StrEnum):
    """What the venue is asked for."""

    LIMIT = "limit"
    MARKET = "market"


class TimeInForce(StrEnum):
    """IOC takes what is there and cancels the rest; GTC rests in the book."""

    IOC = "IOC"
    GTC = "GTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Exact):
    """One strategy's part of a netted order, in base."""

    strategy: str
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIntent(Exact):
    """What is to be sent, written down before anything is. `limit_price` bounds every style.

    With a `stop_price` it is a stop: it waits at the venue until the last price is there or below,
    and is a limit order from then on. `worst_price` is the limit that a strategy has set, for every
    leg of it.
    """

    id: str
    client_order_id: str
    account: str
    symbol: str
    side: Side
    quantity: Decimal
    limit_price: Decimal
    type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.IOC
    stop_price: Decimal | None = None
    because: str = ""  # why, where no signal says it
    shares: tuple[Share, ...]
    worst_price: Decimal | None = None

    @property
    def is_stop(self) -> bool:
        """Whether it only protects: it trades when the market comes to it, or never."""
        return self.stop_price is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Exact):
    """An intent on its way; `fills` is what the venue has reported of it so far."""

    intent: OrderIntent
    plan_id: str
    leg: int = 0
    status: OrderStatus = OrderStatus.INITIALIZED
    attempts: int = 0
    first_sent_at: datetime | None = None
    sent_at: datetime | None = None
    permit_until: datetime | None = None
    venue_order_id: str = ""
    filled: Decimal = ZERO
    fills: tuple[Fill, ...] = ()
    cancel_requested: bool = False
    code: str = ""
    reason: str = ""
    created_at: datetime
    updated_at: datetime
    version: int = 0

    @property
    def remaining(self) -> Decimal:
        """Base quantity that has not been filled."""
        return self.intent.quantity - self.filled

    def moved_to(
        self, status: OrderStatus, *, at: datetime, code: str = "", reason: str = ""
    ) -> "Order":
        """The order in its next state. ValueError for a move the state machine does not have."""
        if status is not self.status and status not in LEGAL_MOVES[self.status]:
            raise ValueError(f"order {self.intent.id} cannot go from {self.status} to {status}")
        return replace(
            self,
            status=status,
            updated_at=at,
            code=code or self.code,
            reason=reason or self.reason,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReport(Exact):
    """What the venue says of one order, in our words; `fills` is everything it knows so far."""

    client_order_id: str
    venue_order_id: str
    status: OrderStatus
    filled: Decimal
    fills: tuple[Fill, ...]
    reason: str = ""


def order_id(plan_id: str, symbol: str, leg: int) -> str:
    """The identity of a leg: at most one accepted venue order ever carries it."""
    return f"{plan_id}#{symbol}#{leg}"


def client_order_id(identity: str) -> str:
    """The UUID every attempt of this order carries; venues render it in their own format."""
    return str(uuid5(CLIENT_ORDER_NAMESPACE, identity))


def apply_report(order: Order, report: OrderReport, *, at: datetime) -> Order:
    """The order with the venue's word on it: fills only ever grow, a final state stays.

    Fills are merged by trade id so that a shorter answer later loses nothing. An order whose fills
    do not add up yet is not over, whatever the venue says: what is over is not looked up again.
    """
    known = {fill.trade_id for fill in order.fills}
    fills = (*order.fills, *(fill for fill in report.fills if fill.trade_id not in known))
    with exact_arithmetic():
        booked = sum((fill.quantity for fill in fills), ZERO)
    filled = max(order.filled, report.filled, booked)
    merged = replace(
        order,
        fills=fills,
        filled=filled,
        venue_order_id=report.venue_order_id or order.venue_order_id,
        updated_at=at,
    )
    if order.status.is_final:
        return merged
    status = report.status
    if filled > booked or (status is OrderStatus.ACCEPTED and filled > 0):
        status = OrderStatus.PARTIALLY_FILLED
    return merged.moved_to(status, at=at, reason=report.reason)
