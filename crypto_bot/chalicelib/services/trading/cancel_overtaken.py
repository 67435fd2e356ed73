"""Purchases are taken back that the strategy has overtaken: by a newer exit, or at its stop."""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.domain.trading.isolation import exits_among
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Signal
from chalicelib.domain.trading.waiting_orders import cancels_among, order_named
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.open_plans import OpenPlan, consumed_signals, open_plans
from chalicelib.services.trading.read_situation import undecided


def cancel_overtaken(desk: Desk, due: Sequence[Signal]) -> None:
    """What waits is never sent, what rests is cancelled, what ended gets no further leg."""
    ports = desk.ports
    named = {order_named(signal) for signal in cancels_among(due)}
    due = [signal for signal in due if signal.order is None]  # what waits overtakes nothing yet
    state = ports.plans.state(desk.name)
    gone = {(stance.strategy, stance.symbol) for stance in state.stances if stance.left_by}
    if not gone and not named and all(signal.state is DesiredState.LONG for signal in due):
        return
    found = open_plans(ports.plans, ports.orders, state)
    signals = undecided(desk, due, consumed_signals(found))
    exits = exits_among(signals, state)
    for item in found:
        taken_back = {(v.strategy, v.symbol) for v in item.plan.verdicts if v.signal_id in named}
        for order in item.orders:
            owners = {(share.strategy, order.intent.symbol) for share in order.intent.shares}
            waits = order.remaining > 0 and not order.cancel_requested
            overtaken = order.intent.side is Side.BUY and owners & (exits | gone)
            if waits and (overtaken or owners <= taken_back):
                ports.orders.save(replace(order, cancel_requested=True))


def cancel_for_met(desk: Desk, found: Sequence[OpenPlan], signals: Sequence[Signal]) -> None:
    """The same for an order to sell everything, once its price has come."""
    exits = {
        (signal.strategy, signal.symbol)
        for signal in signals
        if signal.order is not None and signal.state is not DesiredState.LONG
    }
    for order in (order for item in found for order in item.orders) if exits else ():
        owners = {(share.strategy, order.intent.symbol) for share in order.intent.shares}
        waits = order.remaining > 0 and not order.cancel_requested
        if waits and order.intent.side is Side.BUY and owners & exits:
            desk.ports.orders.save(replace(order, cancel_requested=True))
