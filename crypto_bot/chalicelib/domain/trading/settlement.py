"""How a plan ends: another leg for what an order left over, then the last word on its signals."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from chalicelib.domain.money import ONE, ZERO, exact_arithmetic, plain, split_pro_rata
from chalicelib.domain.trading.account import Account, HaltLevel
from chalicelib.domain.trading.entries import filled_shares
from chalicelib.domain.trading.instrument import Instrument, unstated
from chalicelib.domain.trading.netting import bounded, cost_factor, limit_price
from chalicelib.domain.trading.order import (
    Order,
    OrderIntent,
    OrderStatus,
    Share,
    client_order_id,
    order_id,
)
from chalicelib.domain.trading.plan import Plan, Verdict
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import Outcome, SignalStatus

# A venue that refuses these will refuse the next leg as well.
_HOPELESS = frozenset({"AUTHENTICATION_FAILED", "PERMISSION_DENIED", "SYMBOL_UNKNOWN"})
_NO_MORE = "no more was free, or allowed in one order"


@dataclass(frozen=True, slots=True)
class Means:
    """What a leg may move: `free` base for a sale, or spendable quote for a purchase.

    `owned` is what each strategy of a sale has left: what it sold by another order meanwhile is not
    sold for it again. A purchase has none.
    """

    free: Decimal
    owned: Mapping[str, Decimal] | None = None


def wants_next_leg(
    order: Order, orders: Sequence[Order], account: Account, halt: HaltLevel
) -> bool:
    """Whether an order ended short of its quantity and another leg may take the rest."""
    if not order.status.is_final or order.remaining <= 0 or order.cancel_requested:
        return False
    if order.status is OrderStatus.DENIED or order.code in _HOPELESS:
        return False
    if order.intent.side is Side.BUY and halt is not HaltLevel.NONE:
        return False
    later = any(o.leg > order.leg and o.intent.symbol == order.intent.symbol for o in orders)
    return not later and order.leg + 1 < account.max_legs


def next_leg(
    order: Order,
    *,
    account: Account,
    instrument: Instrument,
    price: Decimal,
    means: Means,
    now: datetime,
) -> Order | None:
    """The leg for what is left, at today's price; None where it is too small to trade."""
    with exact_arithmetic():
        most = means.free
        if order.intent.side is Side.BUY:
            most = means.free / (price * cost_factor(account, instrument))
        left = _left(order, instrument, means.owned)
        whole = sum(left.values(), ZERO)
        quantity = instrument.round_quantity(min(whole, max(most, ZERO)))
        side, worst = order.intent.side, order.intent.worst_price
        limit = limit_price(account, instrument, side, price, worst)
        limit = bounded(limit, worst, instrument, side)
        if instrument.shortfall(quantity, min(limit, price)):
            return None
        identity = order_id(order.plan_id, order.intent.symbol, order.leg + 1)
        intent = replace(
            order.intent,
            id=identity,
            client_order_id=client_order_id(identity),
            quantity=quantity,
            limit_price=limit,
            shares=_shared_out(quantity, left, instrument),
        )
    return Order(
        intent=intent, plan_id=order.plan_id, leg=order.leg + 1, created_at=now, updated_at=now
    )


def _left(
    order: Order, instrument: Instrument, owned: Mapping[str, Decimal] | None
) -> dict[str, Decimal]:
    """What every strategy of the order still has to receive or give, at most what it owns."""
    received = filled_shares(order.intent, order.filled, instrument.quantity_step)
    left = {
        share.strategy: share.quantity - part
        for share, part in zip(order.intent.shares, received, strict=True)
    }
    if owned is None:
        return left
    return {name: max(min(part, owned.get(name, ZERO)), ZERO) for name, part in left.items()}


def _shared_out(
    quantity: Decimal, left: Mapping[str, Decimal], instrument: Instrument
) -> tuple[Share, ...]:
    parts: Sequence[Decimal] = list(left.values())
    if quantity != sum(parts, ZERO):
        parts = split_pro_rata(quantity, parts, instrument.quantity_step.scaleb(-6))
    return tuple(
        Share(strategy=name, quantity=part)
        for name, part in zip(left, parts, strict=True)
        if part > 0
    )


def outcomes(
    plan: Plan, orders: Sequence[Order], instruments: Mapping[str, Instrument], at: datetime
) -> dict[str, Outcome]:
    """The final word on every signal of a plan whose orders have all ended, by signal id.

    Filters are needed only where something has moved: what is delisted can still come to its end.
    """
    result = {}
    with exact_arithmetic():
        for verdict in plan.verdicts:
            status, reason = verdict.status, verdict.reason
            if status is SignalStatus.PLANNED:
                mine = [o for o in orders if o.intent.symbol == verdict.symbol]
                status, reason = _nothing_moved(mine)
                if verdict.crossed or any(order.filled for order in mine):
                    price = mine[-1].intent.limit_price if mine else _crossed_at(plan, verdict)
                    if verdict.symbol not in instruments:
                        raise unstated(verdict.symbol)
                    status, reason = _judge(verdict, mine, instruments[verdict.symbol], price)
            result[verdict.signal_id] = Outcome(
                account=plan.account, status=status, reason=reason, at=at, plan_id=plan.id
            )
    return result


def _crossed_at(plan: Plan, verdict: Verdict) -> Decimal:
    return next((cross.price for cross in plan.crosses if cross.symbol == verdict.symbol), ONE)


def _judge(
    verdict: Verdict, orders: Sequence[Order], instrument: Instrument, price: Decimal
) -> tuple[SignalStatus, str]:
    moved = moved_for(verdict.strategy, orders, instrument)
    left = verdict.quantity - moved
    if moved + verdict.crossed <= 0:
        return _nothing_moved(orders)
    if left <= 0 or instrument.shortfall(instrument.round_quantity(left), price):
        return verdict.success, _in_words(verdict, moved, orders, instrument)
    why = _nothing_moved(orders)[1] if orders else _NO_MORE
    part = f"{plain(moved + verdict.crossed)} of {plain(verdict.quantity + verdict.crossed)}"
    words = f"{part} {instrument.base}: {why}"
    if verdict.reason:
        words = f"{words}; {verdict.reason}"
    return SignalStatus.PARTIALLY_EXECUTED, words


def moved_for(strategy: str, orders: Iterable[Order], instrument: Instrument) -> Decimal:
    """Base that the orders have moved for one strategy."""
    moved = ZERO
    for order in orders:
        parts = filled_shares(order.intent, order.filled, instrument.quantity_step)
        for share, part in zip(order.intent.shares, parts, strict=True):
            if share.strategy == strategy:
                moved += part
    return moved


def _nothing_moved(orders: Sequence[Order]) -> tuple[SignalStatus, str]:
    if not orders:
        return SignalStatus.SKIPPED, "no order was needed"
    last = max(orders, key=lambda order: order.leg)
    if last.status is OrderStatus.FILLED:
        return SignalStatus.EXPIRED, _NO_MORE
    if last.status is OrderStatus.REJECTED:
        return SignalStatus.REJECTED, last.reason or "the venue refused the order"
    if last.status is OrderStatus.DENIED:
        return SignalStatus.DENIED, last.reason
    legs = f" after {last.leg + 1} tries" if last.leg else ""
    limit = plain(last.intent.limit_price)
    return SignalStatus.EXPIRED, last.reason or f"not filled at {limit}{legs}"


def _in_words(
    verdict: Verdict, moved: Decimal, orders: Sequence[Order], instrument: Instrument
) -> str:
    parts = [verdict.reason] if verdict.reason else []
    if moved:
        verb = "bought" if orders[0].intent.side is Side.BUY else "sold"
        price = plain(average_price(orders))
        parts.append(f"{verb} {plain(moved)} {instrument.base} at {price}")
    if verdict.crossed:
        parts.append(f"{plain(verdict.crossed)} {instrument.base} changed hands inside the account")
    return "; ".join(parts)


def average_price(orders: Iterable[Order]) -> Decimal:
    """Mean price over all fills, to ten significant digits; zero without fills."""
    fills = [fill for order in orders for fill in order.fills]
    quantity = sum((fill.quantity for fill in fills), ZERO)
    if not quantity:
        return ZERO
    with exact_arithmetic():
        exact = sum((fill.quantity * fill.price for fill in fills), ZERO) / quantity
        return exact.quantize(ONE.scaleb(exact.adjusted() - 9))


def numbered(intents: Iterable[OrderIntent], plan_id: str) -> tuple[OrderIntent, ...]:
    """The intents with the identity that the plan gives them: leg 0 of their instrument."""
    result = []
    for intent in intents:
        identity = order_id(plan_id, intent.symbol, 0)
        result.append(replace(intent, id=identity, client_order_id=client_order_id(identity)))
    return tuple(result)
