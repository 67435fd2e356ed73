"""INITIALIZED orders go to the venue: permit written first, then one send, then the answer.

A crash between any two lines leaves a SUBMITTED order, which reconcile_orders looks up; nothing
is sent without a permit that this very call has written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.errors import (
    OrderNotPlaced,
    OrderRejected,
    OutcomeUnknown,
    StoreConflict,
)
from chalicelib.domain.trading.account import Configuration, HaltLevel
from chalicelib.domain.trading.order import PERMIT, Order, OrderStatus, apply_report
from chalicelib.domain.trading.plan import AccountState
from chalicelib.domain.trading.side import Side
from chalicelib.ports import Exchange, TradingPorts
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.keep_silence import keep_silence
from chalicelib.services.trading.open_plans import open_plans

# A send may take this long; none is begun when the caller's time ends sooner.
SEND_ALLOWANCE: Final = timedelta(seconds=15)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(slots=True)
class _Silence:
    """Shared by the sends of one call: the venue refused to listen, so the rest waits."""

    asked: bool = False


def execute_orders(desk: Desk, deadline: datetime) -> list[OrderStatus]:
    """Send what waits to be sent, as many at once as the venue allows.

    Returns what became of each that got further: DENIED was not sent, all else was.
    """
    ports, exchange = desk.ports, desk.exchange
    state = ports.plans.state(desk.name)
    if state.is_blocked(ports.clock.now()):
        return []
    waiting = [
        order
        for item in open_plans(ports.plans, ports.orders, state)
        for order in item.orders
        if order.status is OrderStatus.INITIALIZED
    ]
    silence, allowed = _Silence(), _within_rate(desk, state, waiting)
    tasks = [lambda order=order: _execute(desk, order, deadline, silence) for order in allowed]
    moved = ports.workers.run_all(tasks, exchange.traits().in_flight)
    keep_silence(desk)
    return [status for status in moved if status is not OrderStatus.INITIALIZED]


def _within_rate(desk: Desk, state: AccountState, waiting: Sequence[Order]) -> Sequence[Order]:
    """Sales, and as many purchases as the last minute leaves room for; the others wait.

    They are counted in the state before they go, so that no crash and no second executor lets
    more of them through.
    """
    most = desk.account.max_orders_per_minute
    if most is None or not waiting:
        return waiting
    now = desk.ports.clock.now()
    recent = tuple(at for at in state.sends if now - at < _MINUTE)
    taken_back = [order for order in waiting if order.cancel_requested]
    sales = [o for o in waiting if o.intent.side is Side.SELL and not o.cancel_requested]
    purchases = [o for o in waiting if o.intent.side is Side.BUY and not o.cancel_requested]
    leaving = [*sales, *purchases[: max(most - len(recent) - len(sales), 0)]]
    if leaving:
        sends = (*recent, *(now for _ in leaving))
        desk.ports.plans.save_state(replace(state, sends=sends))
    return [*taken_back, *leaving]


def _execute(desk: Desk, order: Order, deadline: datetime, silence: _Silence) -> OrderStatus:
    ports = desk.ports
    now = ports.clock.now()
    if silence.asked or now + SEND_ALLOWANCE > deadline:
        return order.status
    try:
        denial = _denial(desk, order, now)
        if denial:
            code, reason = denial
            refused = order.moved_to(OrderStatus.DENIED, at=now, code=code, reason=reason)
            return ports.orders.save(refused).status
        permitted = ports.orders.save(_permitted(order, now))
    except StoreConflict:
        return order.status  # another executor has this order
    return ports.orders.save(_send(ports, desk.exchange, permitted, silence)).status


def _denial(desk: Desk, order: Order, now: datetime) -> tuple[str, str] | None:
    """Why the order must not be sent any more, looked at directly before every send."""
    if order.cancel_requested:
        return "OVERTAKEN_BY_EXIT", "taken back before it was sent (OVERTAKEN_BY_EXIT)"
    if order.intent.side is Side.SELL:
        return None
    if desk.ports.control.halt_level() is not HaltLevel.NONE:
        return "TRADING_HALTED", "no entries while trading is halted (TRADING_HALTED)"
    state = desk.ports.plans.state(desk.name)
    barred = state.barred.get(order.intent.symbol)
    if barred:
        return "INSTRUMENT_FROZEN", f"{barred} (INSTRUMENT_FROZEN)"
    for breaker in state.breakers:
        if breaker.is_open(now):
            return breaker.code, f"{breaker.reason} ({breaker.code})"
    configuration = _as_it_is_now(desk)
    denials = (
        _unwanted(desk.name, configuration, share.strategy, now - order.created_at)
        for share in order.intent.shares
    )
    return next((denial for denial in denials if denial is not None), None)


def _as_it_is_now(desk: Desk) -> Configuration:
    """The owner may have had second thoughts since this tick began; mostly there were none."""
    store, known = desk.ports.strategies, desk.configuration
    return known if store.is_in_force(known.version) else store.configuration()


def _unwanted(
    account: str, configuration: Configuration, name: str, waited: timedelta
) -> tuple[str, str] | None:
    """Why nothing may be bought for this strategy any more."""
    subscriptions = configuration.subscriptions_of(account)
    subscription = next((s for s in subscriptions if s.strategy == name), None)
    if subscription is None or name not in configuration.strategies:
        reason = f"{account} does not follow {name} any more (STRATEGY_NOT_FOLLOWED)"
        return "STRATEGY_NOT_FOLLOWED", reason
    if subscription.paused:
        return "STRATEGY_PAUSED", f"{name} was paused before it was sent (STRATEGY_PAUSED)"
    if waited > configuration.strategies[name].entry_lag:
        seconds = waited.total_seconds()
        return "ENTRY_TOO_LATE", f"could not be sent for {seconds:.0f} s (ENTRY_TOO_LATE)"
    return None


def _permitted(order: Order, now: datetime) -> Order:
    return replace(
        order.moved_to(OrderStatus.SUBMITTED, at=now),
        attempts=order.attempts + 1,
        first_sent_at=order.first_sent_at or now,
        sent_at=now,
        permit_until=now + PERMIT,
        reason="",
    )


def _send(ports: TradingPorts, exchange: Exchange, order: Order, silence: _Silence) -> Order:
    """The order after the one send it has a permit for; SUBMITTED where nothing is known."""
    until = order.permit_until or ports.clock.now()
    try:
        report = exchange.submit(order.intent, until)
    except OrderRejected as refusal:
        now = ports.clock.now()
        if order.attempts > 1:
            # An earlier attempt may be the reason for the refusal: only a lookup can tell.
            return replace(order, updated_at=now, code=refusal.code, reason=str(refusal))
        return order.moved_to(OrderStatus.REJECTED, at=now, code=refusal.code, reason=str(refusal))
    except OrderNotPlaced as refusal:
        silence.asked = True
        now = ports.clock.now()
        return order.moved_to(OrderStatus.INITIALIZED, at=now, reason=str(refusal))
    except OutcomeUnknown as doubt:
        return replace(order, updated_at=ports.clock.now(), reason=str(doubt))
    return apply_report(order, report, at=ports.clock.now())
