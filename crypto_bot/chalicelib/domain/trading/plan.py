"""A plan: the immutable record of one allocation decision, and what an account remembers of it."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256

from chalicelib.domain.money import ZERO, Exact
from chalicelib.domain.trading.order import Order, OrderIntent
from chalicelib.domain.trading.signal import DesiredState, SignalStatus


class Step(StrEnum):
    """Reductions and internal crosses come first, increases are a plan of their own."""

    REDUCE = "reduce"
    INCREASE = "increase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Exact):
    """What a plan decided about one signal.

    PLANNED means that the plan's orders have the last word: `success` is the final status once
    `quantity` (base, above zero) has moved. `crossed` is the part that needs no order.
    """

    signal_id: str
    strategy: str
    symbol: str
    status: SignalStatus
    reason: str
    success: SignalStatus = SignalStatus.EXECUTED
    quantity: Decimal = ZERO
    crossed: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Cross(Exact):
    """Base that moves between two strategies inside the ledger, at `price`, without an order."""

    symbol: str
    seller: str
    buyer: str
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Exact):
    """Written once, before any of its orders is sent. Prices by symbol, equity in quote."""

    id: str
    account: str
    sequence: int
    step: Step
    created_at: datetime
    configuration_version: int
    equity: Decimal
    prices: dict[str, Decimal] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    intents: tuple[OrderIntent, ...] = ()
    crosses: tuple[Cross, ...] = ()

    def orders(self, stored: tuple[Order, ...]) -> tuple[Order, ...]:
        """All orders of the plan: the stored ones, and an INITIALIZED one per unsent intent."""
        known = {order.intent.id for order in stored}
        unsent = tuple(
            Order(
                intent=intent,
                plan_id=self.id,
                created_at=self.created_at,
                updated_at=self.created_at,
            )
            for intent in self.intents
            if intent.id not in known
        )
        return (*stored, *unsent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stance(Exact):
    """Where a strategy stands on one instrument of one account, as far as plans have decided.

    `applied_at` is the fire time of the newest signal applied; `stepped_over` says that this
    signal came from a position we never saw, so one in between is missing. `surplus` marks the
    holder of the weight of inactive strategies (boost). `grows_from` is what was owned when a
    cross served part of an addition that is still to be completed. `orders_on` and
    `orders_today` count orders where they are capped.
    """

    strategy: str
    symbol: str
    state: DesiredState = DesiredState.FLAT
    applied_at: datetime | None = None
    stepped_over: bool = False
    signal_id: str = ""
    surplus: bool = False
    grows_from: Decimal | None = None
    orders_on: date | None = None
    orders_today: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """What planning remembers of an account; saved by compare-and-set on `version`.

    `due_at` is when the account next needs a tick, None while there is nothing to do.
    `frozen` maps symbols that must not be traded to the reason. `trimmed_for` names entries for
    which cash was already raised, so that it is raised once. Nothing is sent before
    `blocked_until`: the venue asked for silence.
    """

    account: str
    sequence: int = 0
    open_plans: tuple[str, ...] = ()
    stances: tuple[Stance, ...] = ()
    frozen: dict[str, str] = field(default_factory=dict)
    due_at: datetime | None = None
    checked_at: datetime | None = None
    trimmed_for: tuple[str, ...] = ()
    blocked_until: datetime | None = None
    version: int = 0

    def stance(self, strategy: str, symbol: str) -> Stance:
        """The strategy's stance on the instrument; flat if nothing was ever decided."""
        for stance in self.stances:
            if stance.strategy == strategy and stance.symbol == symbol:
                return stance
        return Stance(strategy=strategy, symbol=symbol)

    def with_stances(self, changed: tuple[Stance, ...]) -> "AccountState":
        """The state with these stances in place of their predecessors."""
        merged = {(s.strategy, s.symbol): s for s in (*self.stances, *changed)}
        return replace(self, stances=tuple(merged[key] for key in sorted(merged)))


def plan_id(account: str, sequence: int) -> str:
    """The identity of an account's n-th decision."""
    return sha256(f"{account}#{sequence}".encode()).hexdigest()[:24]
