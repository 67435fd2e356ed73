"""Which of an account's plans are still at work: the plan with all its orders, sent or not."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.money import ZERO, exact_arithmetic
from chalicelib.domain.trading.ledger import Portfolio
from chalicelib.domain.trading.order import Order
from chalicelib.domain.trading.plan import AccountState, Plan, Step
from chalicelib.ports import OrderStore, PlanStore


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlan:
    """A plan whose signals have not all had their final word."""

    plan: Plan
    orders: tuple[Order, ...]

    def is_booked(self, portfolio: Portfolio) -> bool:
        """Whether all that its orders and crosses have moved so far is in the books."""
        done = portfolio.progress.get
        return done(self.plan.id, 0) >= len(self.plan.crosses) and all(
            done(order.intent.id, 0) >= len(order.fills) for order in self.orders
        )

    @property
    def is_guard(self) -> bool:
        """Whether it only waits for the market: a stop that rests, and that nobody wants back."""
        return self.plan.step is Step.PROTECT and all(
            order.status.is_resting and not order.cancel_requested for order in self.orders
        )


def still_to_book(order: Order, portfolio: Portfolio) -> Decimal:
    """Base that the order has moved, or may still move, and that the books do not show."""
    booked = order.fills[: portfolio.progress.get(order.intent.id, 0)]
    most = order.filled if order.status.is_final else order.intent.quantity
    with exact_arithmetic():
        return most - sum((fill.quantity for fill in booked), ZERO)


def open_plans(plans: PlanStore, orders: OrderStore, state: AccountState) -> list[OpenPlan]:
    """The open plans in the order in which they were decided, read consistently."""
    found = []
    for plan_id in state.open_plans:
        plan = plans.get(plan_id)
        if plan is None:
            raise StoreConflict(f"plan {plan_id} of {state.account} is open but not stored")
        found.append(OpenPlan(plan=plan, orders=plan.orders(orders.of_plan(plan_id))))
    return found


def open_stops(found: Iterable[OpenPlan]) -> dict[tuple[str, str], Order]:
    """The stops that may be at the venue or on their way, by strategy and symbol."""
    return {
        (share.strategy, order.intent.symbol): order
        for item in found
        for order in item.orders
        if order.intent.is_stop and not order.status.is_final
        for share in order.intent.shares
    }


def consumed_signals(found: Iterable[OpenPlan]) -> frozenset[str]:
    """Signals that an open plan has taken; no other plan of the account may take them."""
    return frozenset(v.signal_id for item in found for v in item.plan.verdicts)
