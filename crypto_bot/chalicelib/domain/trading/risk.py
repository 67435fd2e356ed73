"""The gate before any purchase: why a wish for more is refused. Reductions always pass."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from chalicelib.domain.money import ZERO, Exact, exact_arithmetic, plain
from chalicelib.domain.trading.account import MAX_PRICE_AGE, HaltLevel, Subscription
from chalicelib.domain.trading.hours import is_open
from chalicelib.domain.trading.plan import Breaker
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.domain.trading.wishes import Wish

# Ages and limits of time are wrong by as much; more than a slow answer can account for.
MOST_SKEW: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions(Exact):
    """What the gate looks at besides the wish. Equity in quote; `price` None: no price known.

    `orders_today` and `realized_today` (quote, after fees) are the strategy's on all instruments;
    `losses` its losing round trips in a row on this one, the last of them ended at `sold_at`.
    `skew` is how far the venue's clock is ahead of ours, `priced_at` None a price of now.
    """

    now: datetime
    halt: HaltLevel
    equity: Decimal
    price: Decimal | None
    frozen: Mapping[str, str]
    orders_today: int = 0
    realized_today: Decimal = ZERO
    breakers: tuple[Breaker, ...] = ()
    skew: timedelta | None = None
    priced_at: datetime | None = None
    max_price_age: int = MAX_PRICE_AGE
    losses: int = 0
    sold_at: datetime | None = None


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
        bar(subscription, conditions)
        or _frozen(wish, conditions)
        or _late(wish, strategy, conditions)
        or _slipped(wish, subscription, conditions)
        or _cooling_down(subscription, conditions)
        or _too_many_orders(subscription, conditions)
        or _lost_too_much(subscription, conditions)
    )


def bar(subscription: Subscription, conditions: Conditions) -> Refusal | None:
    """Why nothing may be bought for the strategy now, whoever wishes it."""
    return (
        _halted(conditions)
        or _broken(conditions)
        or _paused(subscription)
        or _closed(subscription, conditions)
        or _skewed(conditions)
        or _stale(conditions)
    )


def too_many_positions(held: int, most: int) -> Refusal:
    """The account may not open one more."""
    return _denied("OPEN_POSITIONS_EXCEEDED", f"{held} positions are open, at most {most} may be")


def over_exposed(coin: str, most: Decimal) -> Refusal:
    """Nothing more of the coin may be bought."""
    detail = f"{coin} may be {most:.2%} of equity at most, which leaves no room for more"
    return _denied("EXPOSURE_EXCEEDED", detail)


def _halted(conditions: Conditions) -> Refusal | None:
    if conditions.halt is HaltLevel.NONE:
        return None
    return _denied("TRADING_HALTED", f"no entries while halted: {conditions.halt}")


def _broken(conditions: Conditions) -> Refusal | None:
    return next((_denied(b.code, b.reason) for b in conditions.breakers), None)


def _paused(subscription: Subscription) -> Refusal | None:
    if not subscription.paused:
        return None
    detail = f"{subscription.strategy} is paused on {subscription.account}"
    return _skipped("STRATEGY_PAUSED", detail)


def _closed(subscription: Subscription, conditions: Conditions) -> Refusal | None:
    if is_open(subscription.trading_hours, conditions.now):
        return None
    hours = ", ".join(subscription.trading_hours)
    detail = f"{conditions.now:%a %H:%M} UTC is not in the trading hours {hours}"
    return _skipped("TRADING_HOURS_CLOSED", detail)


def _skewed(conditions: Conditions) -> Refusal | None:
    if conditions.skew is None or abs(conditions.skew) <= MOST_SKEW:
        return None
    ahead = conditions.skew.total_seconds()
    side = "behind" if ahead > 0 else "ahead of"
    return _denied(
        "CLOCK_SKEWED",
        f"this machine's clock is {abs(ahead):.0f} s {side} the venue's, at most "
        f"{MOST_SKEW.total_seconds():.0f} s are allowed; set it by NTP",
    )


def _stale(conditions: Conditions) -> Refusal | None:
    if conditions.priced_at is None:
        return None
    age, most = (conditions.now - conditions.priced_at).total_seconds(), conditions.max_price_age
    if age <= most:
        return None
    return _skipped("PRICE_STALE", f"the venue's price is {age:.0f} s old, at most {most} s may be")


def _frozen(wish: Wish, conditions: Conditions) -> Refusal | None:
    reason = conditions.frozen.get(wish.latest.symbol)
    return _denied("INSTRUMENT_FROZEN", reason) if reason else None


def _late(wish: Wish, strategy: Strategy, conditions: Conditions) -> Refusal | None:
    if wish.latest.order is not None:
        return None  # it says itself how long it waits
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
    return _skipped(
        "PRICE_TOO_FAR",
        f"price {plain(now)} is {slippage:.2%} from the alert's {plain(alert)}, "
        f"at most {most:.2%} is allowed",
    )


def _cooling_down(subscription: Subscription, conditions: Conditions) -> Refusal | None:
    seconds, sold_at = subscription.cooldown, conditions.sold_at
    if seconds is None or sold_at is None or conditions.losses < subscription.cooldown_after:
        return None
    left = timedelta(seconds=seconds) - (conditions.now - sold_at)
    if left <= timedelta(0):
        return None
    trips = "loss" if conditions.losses == 1 else "losses in a row"
    return _denied(
        "STRATEGY_COOLING_DOWN",
        f"after {conditions.losses} {trips} it waits {seconds} s, {left.total_seconds():.0f} s are "
        "left",
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


def _skipped(code: str, detail: str) -> Refusal:
    return Refusal(status=SignalStatus.SKIPPED, code=code, detail=detail)
