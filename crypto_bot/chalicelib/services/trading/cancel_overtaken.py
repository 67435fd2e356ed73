"""Purchases that a newer exit of the same strategy overtakes are taken back."""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Signal
from chalicelib.domain.trading.wishes import gather_wishes
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.open_plans import consumed_signals, open_plans
from chalicelib.services.trading.read_situation import undecided


def cancel_overtaken(desk: Desk, due: Sequence[Signal]) -> None:
    """What waits is denied, what rests is to be cancelled, what ended gets no further leg."""
    if all(signal.state is DesiredState.LONG for signal in due):
        return
    ports = desk.ports
    state = ports.plans.state(desk.name)
    found = open_plans(ports.plans, ports.orders, state)
    signals = undecided(desk, due, consumed_signals(found))
    wishes, _ = gather_wishes(signals, {(s.strategy, s.symbol): s for s in state.stances})
    exits = {key for key, wish in wishes.items() if wish.state is not DesiredState.LONG}
    for item in found:
        for order in item.orders:
            owners = {(share.strategy, order.intent.symbol) for share in order.intent.shares}
            if order.intent.side is Side.BUY and owners & exits:
                _take_back(desk, order)


def _take_back(desk: Desk, order: Order) -> None:
    if order.status is OrderStatus.INITIALIZED:
        reason = "a newer exit overtook it (OVERTAKEN_BY_EXIT)"
        now = desk.ports.clock.now()
        denied = order.moved_to(OrderStatus.DENIED, at=now, code="OVERTAKEN_BY_EXIT", reason=reason)
        desk.ports.orders.save(denied)
    elif not order.cancel_requested and order.remaining > 0:
        desk.ports.orders.save(replace(order, cancel_requested=True))
