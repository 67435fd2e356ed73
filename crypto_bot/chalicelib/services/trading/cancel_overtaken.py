"""Purchases are taken back that the strategy has overtaken: by a newer exit, or at its stop."""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.domain.trading.isolation import exits_among
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Signal
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.open_plans import consumed_signals, open_plans
from chalicelib.services.trading.read_situation import undecided


def cancel_overtaken(desk: Desk, due: Sequence[Signal]) -> None:
    """What waits is never sent, what rests is cancelled, what ended gets no further leg."""
    ports = desk.ports
    state = ports.plans.state(desk.name)
    gone = {(stance.strategy, stance.symbol) for stance in state.stances if stance.left_by}
    if not gone and all(signal.state is DesiredState.LONG for signal in due):
        return
    found = open_plans(ports.plans, ports.orders, state)
    signals = undecided(desk, due, consumed_signals(found))
    exits = exits_among(signals, state)
    for item in found:
        for order in item.orders:
            owners = {(share.strategy, order.intent.symbol) for share in order.intent.shares}
            waits = order.remaining > 0 and not order.cancel_requested
            if waits and order.intent.side is Side.BUY and owners & (exits | gone):
                ports.orders.save(replace(order, cancel_requested=True))
