"""The owner says what became of a HELD order, which nothing but the venue's own page could tell."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.money import ZERO, Exact, plain
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.domain.trading.side import Side
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.wake_account import wake_account


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution(Exact):
    """`quantity` in base, 0 for an order that is absent; `price` in quote; `fee` in `fee_asset`."""

    quantity: Decimal = ZERO
    price: Decimal = ZERO
    fee: Decimal = ZERO
    fee_asset: str = ""


def resolve_order(
    ports: TradingPorts, order_id: str, resolution: Resolution | None, *, dry_run: bool
) -> Order:
    """The order as it is afterwards; None says that the venue never had it.

    The fill is booked by the next tick as any other, under a trade id of its own. ActionRefused
    for an order that is not HELD and for a fill larger than what is open. What is left of a sale is
    tried again; a purchase ends here, because its alert is old by now.
    """
    order = ports.orders.get(order_id)
    if order is None:
        raise ActionRefused(f"there is no order {order_id}; crypto-bot orders --held lists them")
    if order.status is not OrderStatus.HELD:
        raise ActionRefused(
            f"order {order_id} is {order.status}; only a HELD order waits for the owner's word"
        )
    now = ports.clock.now()
    after = _absent(order, now) if resolution is None else _filled(order, resolution, now)
    after = replace(after, cancel_requested=order.intent.side is Side.BUY)
    if dry_run:
        return after
    saved = ports.orders.save(after)
    wake_account(ports.plans, order.intent.account, now)
    return saved


def _absent(order: Order, now: datetime) -> Order:
    if order.fills:
        return order.moved_to(
            OrderStatus.CANCELED, at=now, reason="the owner says that nothing more was filled"
        )
    return order.moved_to(
        OrderStatus.REJECTED,
        at=now,
        code="RESOLVED_ABSENT",
        reason="the owner says that the venue never had it",
    )


def _filled(order: Order, resolution: Resolution, now: datetime) -> Order:
    if not ZERO < resolution.quantity <= order.remaining:
        raise ActionRefused(
            f"order {order.intent.id} has {plain(order.remaining)} open, and "
            f"{plain(resolution.quantity)} was to be filled; name a quantity above 0 and at most "
            f"{plain(order.remaining)}"
        )
    if resolution.price <= 0:
        raise ActionRefused(
            f"the price of order {order.intent.id} is {plain(resolution.price)}; "
            "name the one the venue shows, above 0"
        )
    filled = order.filled + resolution.quantity
    fill = Fill(
        trade_id=f"resolved#{order.intent.id}",
        quantity=resolution.quantity,
        price=resolution.price,
        fee=resolution.fee,
        fee_asset=resolution.fee_asset or order.intent.symbol.split("/", maxsplit=1)[1],
        at=now,
    )
    whole = filled == order.intent.quantity
    moved = order.moved_to(
        OrderStatus.FILLED if whole else OrderStatus.CANCELED,
        at=now,
        code="RESOLVED_FILLED",
        reason="the owner says what was filled",
    )
    return replace(moved, filled=filled, fills=(*order.fills, fill))
