"""The owner takes back an order that rests at the venue; the next tick asks the venue."""

from dataclasses import replace

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.wake_account import wake_account


def cancel_order(ports: TradingPorts, order_id: str, *, dry_run: bool = False) -> Order:
    """Marks the order and wakes its account. ActionRefused where there is nothing to cancel.

    A dry run refuses the same, and returns the order as it stands.
    """
    order = ports.orders.get(order_id)
    if order is None:
        raise ActionRefused(f"there is no order {order_id}; crypto-bot orders lists them")
    if not order.status.is_resting:
        raise ActionRefused(
            f"order {order_id} is {order.status} and does not rest at the venue{_hint(order)}"
        )
    if dry_run:
        return order
    if not order.cancel_requested:
        now = ports.clock.now()
        order = ports.orders.save(replace(order, cancel_requested=True, updated_at=now))
    wake_account(ports.plans, order.intent.account, ports.clock.now())
    return order


def _hint(order: Order) -> str:
    if order.status is OrderStatus.HELD:
        return f"; tell what became of it: crypto-bot resolve {order.intent.id}"
    if order.status is OrderStatus.SUBMITTED:
        return "; the next tick finds out what became of it"
    return "; there is nothing to cancel"
