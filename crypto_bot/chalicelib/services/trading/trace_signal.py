"""One signal's way: what each account decided on it, what was sent for it, and when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.trading.order import Order
from chalicelib.domain.trading.plan import Plan, Verdict
from chalicelib.domain.trading.signal import Outcome, Signal
from chalicelib.ports import TradingPorts


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What one account made of it. `verdict` and `orders` are of its plan, where there is one."""

    account: str
    outcome: Outcome
    planned_at: datetime | None = None
    step: str = ""
    verdict: Verdict | None = None
    orders: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happened to it."""

    what: str
    at: datetime
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The signal with its way; `timings` in the order in which things happened."""

    signal: Signal
    chain: tuple[Link, ...]
    timings: tuple[Moment, ...]


def trace_signal(ports: TradingPorts, signal_id: str) -> Trace | None:
    """None where there is no such signal. Two reads per account that has planned it."""
    signal = ports.signals.get(signal_id)
    if signal is None:
        return None
    chain = tuple(_link(ports, signal, outcome) for outcome in signal.outcomes)
    moments = sorted(_moments(signal, chain), key=lambda moment: moment.at)
    return Trace(signal=signal, chain=chain, timings=tuple(moments))


def _link(ports: TradingPorts, signal: Signal, outcome: Outcome) -> Link:
    plan = ports.plans.get(outcome.plan_id) if outcome.plan_id else None
    if plan is None:
        return Link(account=outcome.account, outcome=outcome)
    return Link(
        account=outcome.account,
        outcome=outcome,
        planned_at=plan.created_at,
        step=plan.step,
        verdict=next((v for v in plan.verdicts if v.signal_id == signal.id), None),
        orders=tuple(_orders(ports, plan, signal)),
    )


def _orders(ports: TradingPorts, plan: Plan, signal: Signal) -> Iterator[Order]:
    """Those of the plan in which the signal's strategy has a share of its instrument."""
    for order in plan.orders(ports.orders.of_plan(plan.id)):
        sharing = {share.strategy for share in order.intent.shares}
        if order.intent.symbol == signal.symbol and signal.strategy in sharing:
            yield order


def _moments(signal: Signal, chain: tuple[Link, ...]) -> Iterator[Moment]:
    yield Moment(what="fired", at=signal.fired_at)
    yield Moment(what="received", at=signal.received_at)
    for link in chain:
        if link.planned_at is not None:
            yield Moment(what="planned", at=link.planned_at, account=link.account)
        for order in link.orders:
            if order.first_sent_at is not None:
                yield Moment(what="sent", at=order.first_sent_at, account=link.account)
            for fill in order.fills:
                yield Moment(what="filled", at=fill.at, account=link.account)
        if link.outcome.status.is_final:
            yield Moment(what="ended", at=link.outcome.at, account=link.account)
