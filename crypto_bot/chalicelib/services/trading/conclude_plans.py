"""Plans whose orders have all ended: another leg for what is left, or the signals' last word."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from chalicelib.domain.money import ONE, ZERO, exact_arithmetic
from chalicelib.domain.trading.account import next_check
from chalicelib.domain.trading.ledger import Portfolio
from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.domain.trading.plan import AccountState, Stance, Step
from chalicelib.domain.trading.protection import stop_reason
from chalicelib.domain.trading.settlement import Means, next_leg, outcomes, wants_next_leg
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Outcome
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.open_plans import OpenPlan, open_plans, still_to_book
from chalicelib.services.trading.record_outcome import record_outcome


def conclude_plans(desk: Desk) -> int:
    """Move every open plan on as far as its orders have ended; how many legs or plans that is."""
    state = desk.ports.plans.state(desk.name)
    found = open_plans(desk.ports.plans, desk.ports.orders, state)
    at_work = [order for item in found for order in item.orders]
    return sum(_conclude(desk, item, at_work) for item in found)


def _conclude(desk: Desk, item: OpenPlan, at_work: list[Order]) -> int:
    legs = _next_legs(desk, item, at_work)
    for leg in legs:
        desk.ports.orders.save(leg)
        at_work.append(leg)
    if legs:
        return len(legs)
    waiting = {o.intent.symbol for o in item.orders if not o.status.is_final}
    now = desk.ports.clock.now()
    for signal_id, outcome in _outcomes(desk, item, waiting, now).items():
        record_outcome(desk, signal_id, outcome)
    if waiting:
        return 0  # an order of unknown fate does not keep the others' signals in the dark
    portfolio = desk.ports.ledger.portfolio(desk.name, desk.account.quote)
    if not item.is_booked(portfolio):
        return 0  # what fills of a closed plan nobody would look at again
    _close(desk, item, portfolio, now)
    return 1


def _outcomes(
    desk: Desk, item: OpenPlan, waiting: set[str], now: datetime
) -> Mapping[str, Outcome]:
    symbols = {i.symbol for i in item.plan.intents} | {c.symbol for c in item.plan.crosses}
    instruments = desk.exchange.instruments(sorted(symbols)) if symbols else {}
    ended = tuple(v for v in item.plan.verdicts if v.symbol not in waiting)
    return outcomes(replace(item.plan, verdicts=ended), item.orders, instruments, now)


def _next_legs(desk: Desk, item: OpenPlan, at_work: Sequence[Order]) -> list[Order]:
    if item.plan.step is Step.PROTECT or all(order.remaining <= 0 for order in item.orders):
        return []
    halt = desk.ports.control.halt_level()
    short = [o for o in item.orders if wants_next_leg(o, item.orders, desk.account, halt)]
    if not short:
        return []
    symbols = sorted({order.intent.symbol for order in short})
    instruments, tickers = desk.exchange.instruments(symbols), desk.exchange.tickers(symbols)
    portfolio = desk.ports.ledger.portfolio(desk.name, desk.account.quote)
    free = {asset: balance.free for asset, balance in desk.exchange.balances().items()}
    quote = desk.account.quote
    free[quote] = min(portfolio.cash - _spent_by(at_work, portfolio), free.get(quote, ZERO))
    legs = []
    for order in short:
        symbol = order.intent.symbol
        if symbol not in tickers:
            continue
        is_purchase = order.intent.side is Side.BUY
        instrument = instruments[symbol]
        leg = next_leg(
            order,
            account=desk.account,
            instrument=instrument,
            price=tickers[symbol].last,
            means=Means(
                free=free.get(instrument.quote if is_purchase else instrument.base, ZERO),
                owned=None if is_purchase else _owned(order, portfolio, at_work),
            ),
            now=desk.ports.clock.now(),
        )
        if leg is not None:
            legs.append(leg)
            if is_purchase:
                fee = ONE + instrument.taker_fee
                free[quote] -= leg.intent.quantity * leg.intent.limit_price * fee
    return legs


def _spent_by(at_work: Iterable[Order], portfolio: Portfolio) -> Decimal:
    """What purchases took, or may still take, of the pool that the books show; before fees."""
    with exact_arithmetic():
        return sum(
            (
                still_to_book(order, portfolio) * order.intent.limit_price
                for order in at_work
                if order.intent.side is Side.BUY
            ),
            ZERO,
        )


def _owned(order: Order, portfolio: Portfolio, at_work: Iterable[Order]) -> dict[str, Decimal]:
    """What each strategy of a sale has left to sell. What any order is selling for it already, or
    has sold without its being booked yet, is still in the books and yet not there to be sold.
    """
    symbol = order.intent.symbol
    with exact_arithmetic():
        owned = {
            share.strategy: portfolio.holding(share.strategy, symbol).quantity
            for share in order.intent.shares
        }
        for other in at_work:
            if other.intent.side is not Side.SELL or other.intent.symbol != symbol:
                continue
            part = still_to_book(other, portfolio) / other.intent.quantity
            for share in other.intent.shares:
                if share.strategy in owned:
                    owned[share.strategy] -= share.quantity * part
    return owned


def _close(desk: Desk, item: OpenPlan, portfolio: Portfolio, now: datetime) -> None:
    """Take the plan off the open ones; look again soon if it left anything to do."""
    state = desk.ports.plans.state(desk.name)
    left = tuple(name for name in state.open_plans if name != item.plan.id)
    unfinished = (
        item.plan.step is Step.REDUCE
        or any(o.remaining for o in item.orders)
        or _has_leftovers(item, state, portfolio)
    )
    desk.ports.plans.save_state(
        replace(
            state.with_stances((*_given_up(item, state, portfolio), *_stopped(item, state))),
            open_plans=left,
            due_at=now if unfinished or left else next_check(desk.account, now),
        )
    )


def _has_leftovers(item: OpenPlan, state: AccountState, portfolio: Portfolio) -> bool:
    """Whether a strategy that has left still owns something, or came to own it meanwhile."""
    ordered = {
        (share.strategy, order.intent.symbol)
        for order in item.orders
        for share in order.intent.shares
    }
    answered = {(verdict.strategy, verdict.symbol) for verdict in item.plan.verdicts}
    return any(
        portfolio.holding(*key).quantity > 0 and state.stance(*key).state is not DesiredState.LONG
        for key in ordered | answered
    )


def _given_up(item: OpenPlan, state: AccountState, portfolio: Portfolio) -> tuple[Stance, ...]:
    """Entries that bought nothing: the strategy is not in, so it must not count as active."""
    failed = {
        (share.strategy, order.intent.symbol)
        for order in item.orders
        if order.intent.side is Side.BUY and order.status is not OrderStatus.FILLED
        for share in order.intent.shares
    }
    return tuple(
        stance.left()
        for stance in state.stances
        if (stance.strategy, stance.symbol) in failed
        and not portfolio.holding(stance.strategy, stance.symbol).quantity
    )


def _stopped(item: OpenPlan, state: AccountState) -> tuple[Stance, ...]:
    """A strategy whose stop has sold has left; one whose stop was refused is watched instead."""
    changed = []
    for stop in (order for order in item.orders if order.intent.is_stop):
        for share in stop.intent.shares:
            stance = state.stance(share.strategy, stop.intent.symbol)
            if stance.is_protected and stop.filled:
                changed.append(stance.left(stop_reason(stop)))
            elif stance.is_protected and stop.status is OrderStatus.REJECTED:
                changed.append(replace(stance, stop_refused=stop.reason))
    return tuple(changed)
