"""Orders whose fate is not final are looked up by client order id until it is.

Nothing is ever sent from here. What is found is adopted; what is proved absent may be sent
again by execute_orders; what can neither be found nor proved absent is HELD for the owner.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.errors import ExchangeUnavailable, StoreConflict
from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.order import (
    MAX_ATTEMPTS,
    PERMIT,
    Order,
    OrderStatus,
    apply_report,
)
from chalicelib.ports import Exchange, TradingPorts
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.open_plans import open_plans

CLOCK_MARGIN: Final = timedelta(seconds=2)
# Where a venue bounds nothing, how long an order is looked for before the owner is asked.
PATIENCE: Final = timedelta(minutes=2)


def reconcile_orders(desk: Desk) -> int:
    """Look up every order that may be at the venue; how many changed."""
    ports, exchange = desk.ports, desk.exchange
    state = ports.plans.state(desk.name)
    pending = [
        order
        for item in open_plans(ports.plans, ports.orders, state)
        for order in item.orders
        if order.status in {OrderStatus.SUBMITTED, OrderStatus.HELD} or order.status.is_resting
    ]
    limit = exchange.traits().in_flight
    tasks = [lambda order=order: _reconcile(desk, order) for order in pending]
    return sum(ports.workers.run_all(tasks, limit))


def _reconcile(desk: Desk, order: Order) -> bool:
    try:
        return _save_changed(desk.ports, order, _looked_up(desk, order))
    except (ExchangeUnavailable, StoreConflict):
        return False  # the next tick asks again, or someone else already knows


def _looked_up(desk: Desk, order: Order) -> Order:
    ports, exchange = desk.ports, desk.exchange
    if order.status.is_resting and _is_overdue(order, desk.account, ports.clock.now()):
        exchange.cancel(order.intent, order.venue_order_id)
    report = exchange.find(order.intent, order.first_sent_at or order.created_at)
    if report is not None:
        return apply_report(order, report, at=ports.clock.now())
    if order.status.is_resting:
        return _judge_vanished(desk, order)
    if order.status is OrderStatus.SUBMITTED:
        return _judge_absence(ports, exchange, order)
    return order  # held: the owner has been asked


def _is_overdue(order: Order, account: Account, now: datetime) -> bool:
    sent = order.sent_at or order.created_at
    if order.intent.is_stop:
        return order.cancel_requested
    return order.cancel_requested or now - sent > timedelta(seconds=account.unfilled_timeout)


def _judge_absence(ports: TradingPorts, exchange: Exchange, order: Order) -> Order:
    """Not found. Proof of absence is a second look, begun after anything late would be visible."""
    sent = order.sent_at or order.created_at
    settle = exchange.traits().settle_after(PERMIT, CLOCK_MARGIN)
    now = ports.clock.now()
    if now - sent < (PATIENCE if settle is None else settle):
        return order
    again = exchange.find(order.intent, order.first_sent_at or order.created_at)
    if again is not None:
        return apply_report(order, again, at=now)
    if settle is None:
        return order.moved_to(
            OrderStatus.HELD, at=now, code="ABSENCE_UNPROVEN", reason=_held_because(order)
        )
    if order.code:  # the last attempt was refused, and no earlier one has arrived
        return order.moved_to(OrderStatus.REJECTED, at=now)
    if order.attempts >= MAX_ATTEMPTS:
        return order.moved_to(
            OrderStatus.HELD,
            at=now,
            code="ATTEMPTS_EXHAUSTED",
            reason=f"sent {order.attempts} times and never seen at the venue",
        )
    return order.moved_to(OrderStatus.INITIALIZED, at=now, reason="proved absent, may be sent")


def _judge_vanished(desk: Desk, order: Order) -> Order:
    """The venue had it and shows it no more: it may have filled, and only the owner can tell."""
    now = desk.ports.clock.now()
    if now - order.updated_at < PATIENCE:
        return order
    reason = "the venue showed this order before and shows it no more: look there, then resolve it"
    return order.moved_to(OrderStatus.HELD, at=now, code="ORDER_VANISHED", reason=reason)


def _held_because(order: Order) -> str:
    return (
        f"the venue shows no order {order.intent.client_order_id} and nothing proves that none "
        "is on its way: look at the venue, then resolve it"
    )


def _save_changed(ports: TradingPorts, before: Order, after: Order) -> bool:
    if _content(before) == _content(after):
        return False
    ports.orders.save(after)
    return True


def _content(order: Order) -> Sequence[object]:
    return (order.status, order.filled, order.fills, order.venue_order_id, order.code)
