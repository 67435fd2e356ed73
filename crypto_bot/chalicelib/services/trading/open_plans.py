"""Which of an account's plans are still at work: the plan with all its orders, sent or not."""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.trading.order import Order
from chalicelib.domain.trading.plan import AccountState, Plan
from chalicelib.ports import OrderStore, PlanStore


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlan:
    """A plan whose signals have not all had their final word."""

    plan: Plan
    orders: tuple[Order, ...]


def open_plans(plans: PlanStore, orders: OrderStore, state: AccountState) -> list[OpenPlan]:
    """The open plans in the order in which they were decided, read consistently."""
    found = []
    for plan_id in state.open_plans:
        plan = plans.get(plan_id)
        if plan is None:
            raise StoreConflict(f"plan {plan_id} of {state.account} is open but not stored")
        found.append(OpenPlan(plan=plan, orders=plan.orders(orders.of_plan(plan_id))))
    return found


def consumed_signals(found: Iterable[OpenPlan]) -> frozenset[str]:
    """Signals that an open plan has taken; no other plan of the account may take them."""
    return frozenset(v.signal_id for item in found for v in item.plan.verdicts)
