"""Who trades, with what, under which limits: accounts and the strategies they follow."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from chalicelib.domain.money import ZERO, Exact
from chalicelib.domain.trading.strategy import Strategy

DEFAULT_RESERVE = Decimal("0.02")
DEFAULT_INCREMENT = Decimal("0.001")
CHECK_EVERY = timedelta(minutes=15)
MAX_PRICE_AGE = 60


class Mode(StrEnum):
    """Whether money is real: virtual (ours), sandbox (the venue's test system) or live."""

    VIRTUAL = "virtual"
    SANDBOX = "sandbox"
    LIVE = "live"


class OrderStyle(StrEnum):
    """How an intent goes to the venue; see docs/exchanges.md."""

    MARKETABLE_LIMIT = "marketable_limit"  # limit at last +/- increment, immediate or cancel
    LIMIT = "limit"  # rests at last, repriced as new legs
    MARKET = "market"


class Basis(StrEnum):
    """What equity counts a holding at."""

    MARK = "mark"
    COST = "cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Exact):
    """A set of keys, or the virtual exchange, with its quote currency and allocation policy.

    `reserve`, `increment` and `rebalance_band` are fractions; `capital` is in quote and None
    means all of it; `exchange_options` reaches the exchange's constructor untouched. Limits hold
    back purchases only, None switches one off; `max_price_age` is in seconds.
    """

    name: str
    exchange: str
    mode: Mode
    quote: str
    secret: str = ""
    capital: Decimal | None = None
    policy: str = "fixed"
    reserve: Decimal = DEFAULT_RESERVE
    basis: Basis = Basis.MARK
    reboost_on_exit: bool = False
    rebalance_band: Decimal | None = None
    risk_per_trade: Decimal = Decimal("0.01")
    order_style: OrderStyle = OrderStyle.MARKETABLE_LIMIT
    increment: Decimal = DEFAULT_INCREMENT
    max_legs: int = 3
    unfilled_timeout: int = 60
    prices_from: str = ""
    max_drawdown: Decimal | None = None  # fraction of the best equity, until the owner resumes
    daily_loss_stop: Decimal | None = None  # fraction of the equity that the UTC day began with
    max_exposure_per_coin: Decimal | None = None  # fraction of equity, all strategies together
    max_open_positions: int | None = None
    max_orders_per_minute: int | None = None
    max_price_age: int = MAX_PRICE_AGE
    exchange_options: dict[str, Any] = field(default_factory=dict)
    version: int = 0

    @property
    def watches_losses(self) -> bool:
        """Whether a breaker opens on what the account loses, traded or not."""
        return self.max_drawdown is not None or self.daily_loss_stop is not None


def next_check(account: Account, now: datetime) -> datetime | None:
    """When the account is looked at although nothing happens; None for never.

    A virtual one is always in step with its books, so only its losses are worth a look.
    """
    if account.mode is Mode.VIRTUAL and not account.watches_losses:
        return None
    return now + CHECK_EVERY


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription(Exact):
    """One account following one strategy. Fractions except `max_order_notional` (quote).

    `cooldown` is in seconds, after `cooldown_after` losing round trips in a row.
    """

    account: str
    strategy: str
    weight: Decimal = ZERO
    priority: int = 0
    paused: bool = False
    approval: bool = False
    max_order_notional: Decimal | None = None
    max_orders_per_day: int | None = None
    daily_loss_stop: Decimal | None = None  # fraction of equity lost today by this strategy
    max_slippage: Decimal | None = None  # against the alert's price
    cooldown: int | None = None
    cooldown_after: int = 1
    trading_hours: tuple[str, ...] = ()  # when entries are let in, UTC; none: always
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Everything the owner has configured, as one consistent reading with its version."""

    strategies: dict[str, Strategy] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    subscriptions: tuple[Subscription, ...] = ()
    version: int = 0

    def followers(self, strategy: str) -> tuple[str, ...]:
        """Names of the accounts that follow the strategy."""
        return tuple(
            s.account
            for s in self.subscriptions
            if s.strategy == strategy and s.account in self.accounts
        )

    def subscriptions_of(self, account: str) -> tuple[Subscription, ...]:
        """What the account follows."""
        return tuple(s for s in self.subscriptions if s.account == account)

    def symbols_of(self, account: str) -> list[str]:
        """What the account trades, sorted; a strategy that does not exist trades nothing."""
        names = {s.strategy for s in self.subscriptions_of(account)} & set(self.strategies)
        return sorted({symbol for name in names for symbol in self.strategies[name].symbols()})


class HaltLevel(StrEnum):
    """The kill switch: nothing, no new entries, or sell everything the strategies own."""

    NONE = "none"
    NO_ENTRIES = "no_entries"
    FLATTEN = "flatten"

    def on(self, standing: "HaltLevel") -> "HaltLevel":
        """What holds once this is asked for: nothing but NONE ends a sale of everything."""
        return standing if self is HaltLevel.NO_ENTRIES and standing is HaltLevel.FLATTEN else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """The last word on the kill switch, and why."""

    level: HaltLevel
    reason: str
    at: datetime
