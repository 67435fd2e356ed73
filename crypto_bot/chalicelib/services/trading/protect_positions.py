"""Holdings with a stop_loss get their stop at the venue, and lose it when it does not fit any more.

Each stop is a plan of its own. What is taken back is placed anew only after the venue has said
that it is gone, so that two stops never sell the same holding.
"""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.domain.money import ZERO
from chalicelib.domain.trading.order import OrderIntent
from chalicelib.domain.trading.plan import AccountState, Plan, Step, plan_id
from chalicelib.domain.trading.protection import draft_guards
from chalicelib.domain.trading.settlement import numbered
from chalicelib.domain.trading.side import Side
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.open_plans import OpenPlan, open_plans, open_stops


def protect_positions(desk: Desk) -> frozenset[str]:
    """Write down which stops are to come and to go; execute_orders and reconcile_orders see to it.

    Returns the ids of those orders. Asks the venue for nothing but its filters.
    """
    ports = desk.ports
    state = ports.plans.state(desk.name)
    open_now = open_plans(ports.plans, ports.orders, state)
    stops = open_stops(open_now)
    rests = desk.exchange.traits().has_stop_orders
    stances = [s for s in state.stances if rests and s.is_protected and s.stop_loss is not None]
    if not stops and not stances:
        return frozenset()
    symbols = sorted({stance.symbol for stance in stances})
    guards = draft_guards(
        desk.account,
        stances,
        ports.ledger.portfolio(desk.name, desk.account.quote),
        desk.exchange.instruments(symbols) if symbols else {},
        stops,
        _moving(open_now),
    )
    for stop in guards.release:
        ports.orders.save(replace(stop, cancel_requested=True))
    going = {stop.intent.id for stop in stops.values() if stop.cancel_requested}
    going |= {stop.intent.id for stop in guards.release}
    return frozenset(going | _place(desk, state, guards.place))


def _moving(open_now: Sequence[OpenPlan]) -> frozenset[tuple[str, str]]:
    """Whoever sells or exchanges something, until the plan of it is closed.

    Before that its fills may not be booked, another leg may follow, and what became of a stop has
    not been seen. Meanwhile the tick watches.
    """
    crossing = {
        (name, cross.symbol)
        for item in open_now
        for cross in item.plan.crosses
        for name in (cross.seller, cross.buyer)
    }
    selling = {
        (share.strategy, order.intent.symbol)
        for item in open_now
        for order in item.orders
        if order.intent.side is Side.SELL
        for share in order.intent.shares
    }
    return frozenset(crossing | selling)


def _place(desk: Desk, state: AccountState, intents: Sequence[OrderIntent]) -> set[str]:
    placed: set[str] = set()
    for intent in intents:
        sequence = state.sequence + 1
        identity = plan_id(desk.name, sequence)
        plan = Plan(
            id=identity,
            account=desk.name,
            sequence=sequence,
            step=Step.PROTECT,
            created_at=desk.ports.clock.now(),
            configuration_version=desk.configuration.version,
            equity=ZERO,
            intents=numbered([intent], identity),
        )
        after = replace(state, sequence=sequence, open_plans=(*state.open_plans, identity))
        state = desk.ports.plans.commit(plan, after)
        placed |= {numbered_intent.id for numbered_intent in plan.intents}
    return placed
