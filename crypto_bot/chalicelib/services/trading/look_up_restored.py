"""The tick of an account that a backup brought back: it learns what became of orders, no more."""

from typing import Final

from chalicelib.services.trading.book_fills import book_fills
from chalicelib.services.trading.conclude_plans import conclude_plans
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.reconcile_orders import reconcile_orders

_ROUNDS: Final = 3  # an order that rests is taken back, then found, then booked


def look_up_restored(desk: Desk) -> int:
    """How many entries were booked. Nothing is decided and nothing sent until it is reopened."""
    booked = 0
    for _ in range(_ROUNDS):
        if not desk.ports.plans.state(desk.name).open_plans:
            break
        changed = reconcile_orders(desk)
        booked += book_fills(desk)
        if not conclude_plans(desk).moved and not changed:
            break
    return booked
