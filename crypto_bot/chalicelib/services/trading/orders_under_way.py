"""Orders that may still move something, so that books and venue cannot be compared yet."""

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.open_plans import open_plans


def refuse_orders_under_way(desk: Desk) -> None:
    """ActionRefused names them. A stop that rests at the venue moves nothing while it does."""
    state = desk.ports.plans.state(desk.name)
    waiting = [
        order
        for item in open_plans(desk.ports.plans, desk.ports.orders, state)
        for order in item.orders
        if not order.status.is_final and not (order.intent.is_stop and order.status.is_resting)
    ]
    held = [order.intent.id for order in waiting if order.status is OrderStatus.HELD]
    if held:
        raise ActionRefused(
            f"order {held[0]} of account {desk.name} is HELD; say what became of it first: "
            f"crypto-bot resolve {held[0]}"
        )
    if waiting:
        raise ActionRefused(
            f"{len(waiting)} orders of account {desk.name} are under way, "
            f"{waiting[0].intent.id} among them; try again when the ticks have dealt with them"
        )
    if state.is_partly_booked:
        raise ActionRefused(
            f"the books of account {desk.name} do not show all that it has traded: "
            f"{state.stuck[0].reason}"
        )
