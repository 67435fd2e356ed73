"""The gate before any purchase: why a wish for more is refused. Reductions always pass."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from chalicelib.domain.money import ZERO, Exact, exact_arithmetic, plain
from chalicelib.domain.trading.account import HaltLevel, Subscription
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.domain.trading.wishes import Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions(Exact):
    """What the gate looks at besides the wish. Equity in quote; `price` None: no price known.

    `orders_today` and `realized_today` (quote, after fees) are the strategy's on all instruments.
    """

    now: datetime
    halt: HaltLevel
    equity: Decimal
    price: Decimal | None
    frozen: Mapping[str, str]
    orders_today: int = 0
    realized_today: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A code CATEGORY_CONDITION with its numbers, and the status the signal ends in."""

    status: SignalStatus
    code: str
    detail: str

    @property
    def reason(self) -> str:
        """For people: the detail first, the code for looking it up."""
        return f"{self.detail} ({self.code})"


def screen(
    wish: Wish, strategy: Strategy, subscription: Subscription, conditions: Conditions
) -> Refusal | None:
    """Why the wish for more is refused now; None lets it through to sizing."""
    return (
        _halted(conditions)
        or _paused(subscription)
        or _frozen(wish, conditions)
        or _late(wish, strategy, conditions)
        or _slipped(wish, subscription, conditions)
        or _too_many_orders(subscription, conditions)
        or _lost_too_much(subscription, conditions)
    )


def _halted(conditions: Conditions) -> Refusal | None:
    if conditions.halt is HaltLevel.NONE:
        return None
    return _denied("TRADING_HALTED", f"no entries while halted: {conditions.halt}")


def _paused(subscription: Subscription) -> Refusal | None:
    if not subscription.paused:
        return None
    return Refusal(
        status=SignalStatus.SKIPPED,
        code="STRATEGY_PAUSED",
        detail=f"{subscription.strategy} is paused on {subscription.account}",
    )


def _frozen(wish: Wish, conditions: Conditions) -> Refusal | None:
    reason = conditions.frozen.get(wish.latest.symbol)
    return _denied("INSTRUMENT_FROZEN", reason) if reason else None


def _late(wish: Wish, strategy: Strategy, conditions: Conditions) -> Refusal | None:
    age = conditions.now - wish.fired_at
    if age <= strategy.entry_lag:
        return None
    return Refusal(
        status=SignalStatus.EXPIRED,
        code="ENTRY_TOO_LATE",
        detail=f"fired {age.total_seconds():.0f} s ago, "
        f"at most {strategy.entry_lag.total_seconds():.0f} s are allowed",
    )


def _slipped(wish: Wish, subscription: Subscription, conditions: Conditions) -> Refusal | None:
    alert, now, most = wish.latest.price, conditions.price, subscription.max_slippage
    if alert is None or now is None or most is None:
        return None
    with exact_arithmetic():
        slippage = abs(now - alert) / alert
    if slippage <= most:
        return None
    return Refusal(
        status=SignalStatus.SKIPPED,
        code="PRICE_TOO_FAR",
        detail=f"price {plain(now)} is {slippage:.2%} from the alert's {plain(alert)}, "
        f"at most {most:.2%} is allowed",
    )


def _too_many_orders(subscription: Subscription, conditions: Conditions) -> Refusal | None:
    most, today = subscription.max_orders_per_day, conditions.orders_today
    if most is None or today < most:
        return None
    return _denied("ORDERS_PER_DAY_EXCEEDED", f"{today} orders today, at most {most} are allowed")


def _lost_too_much(subscription: Subscription, conditions: Conditions) -> Refusal | None:
    most = subscription.daily_loss_stop
    if most is None or conditions.equity <= 0:
        return None
    with exact_arithmetic():
        lost = -conditions.realized_today / conditions.equity
    if lost < most or lost <= ZERO:
        return None
    return _denied(
        "DAILY_LOSS_EXCEEDED", f"lost {lost:.2%} of equity today, the stop is {most:.2%}"
    )


def _denied(code: str, detail: str) -> Refusal:
    return Refusal(status=SignalStatus.DENIED, code=code, detail=detail)
