"""A plan: the immutable record of one allocation decision, and what an account remembers of it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Final

from chalicelib.domain.money import ZERO, Exact, plain
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.domain.trading.order import Order, OrderIntent
from chalicelib.domain.trading.signal import DesiredState, SignalStatus
from chalicelib.domain.trading.stranger import Stranger
from chalicelib.domain.trading.stuck import Act, Stuck

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Step(StrEnum):
    """Reductions and internal crosses come first, increases are a plan of their own.

    PROTECT is one stop at the venue; its plan stays open for as long as that rests.
    """

    REDUCE = "reduce"
    INCREASE = "increase"
    PROTECT = "protect"


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
class Trigger(Exact):
    """The market came to a protecting price, so the strategy leaves without having said so."""

    strategy: str
    symbol: str
    code: str
    level: Decimal
    price: Decimal

    @property
    def reason(self) -> str:
        """For people: the prices first, the code for looking it up."""
        return f"price {plain(self.price)} has reached {plain(self.level)} ({self.code})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Exact):
    """Written once, before any of its orders is sent. Prices by symbol, equity in quote.

    A stop depends on neither, so in the plan of one they are left out.
    """

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
    triggers: tuple[Trigger, ...] = ()

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
    `orders_today` count orders where they are capped. `realized_before` is what the holding had
    realised when the strategy last entered, `losses` its losing round trips in a row before that.

    `stop_loss` and `take_profit` are prices at which it leaves by itself; `left_by` is the code of
    the one that made it leave, which its alerts do not know of. `stop_refused` says why the venue
    does not take its stop.

    `keeps` names the waiting orders that the signal applied leaves alone; all others that were
    fired before it are over. `told_quantity` is what the strategy itself reckons that it holds, in
    base, where it says so. `ordered_at` is the fire time of the newest order that has waited and
    was applied. `shrinks_to` is what a stop of a part leaves held, until all above it is sold.
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
    realized_before: Decimal | None = None
    losses: int = 0
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    left_by: str = ""
    stop_refused: str = ""
    keeps: tuple[str, ...] = ()
    told_quantity: Decimal | None = None
    ordered_at: datetime | None = None
    shrinks_to: Decimal | None = None

    @property
    def told(self) -> DesiredState:
        """Where its alerts have it, which is what the next one goes by."""
        return DesiredState.LONG if self.left_by else self.state

    @property
    def is_protected(self) -> bool:
        """Whether it is in, and would leave at a price."""
        levels = (self.stop_loss, self.take_profit)
        return self.state is DesiredState.LONG and levels != (None, None)

    def left(self, code: str = "") -> "Stance":
        """Flat without an alert that says so; `code` names the protecting price that did it."""
        return replace(
            self,
            state=DesiredState.FLAT,
            surplus=False,
            stop_loss=None,
            take_profit=None,
            shrinks_to=None,
            left_by=code,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Why the account buys nothing: until `until`, or until the owner resumes it where None."""

    code: str
    reason: str
    opened_at: datetime
    until: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether it still keeps the account from buying."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermarks(Exact):
    """Profit in quote from which losses are counted: the best so far, and when `day` began."""

    best: Decimal
    day: date
    at_dawn: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """What planning remembers of an account; saved by compare-and-set on `version`.

    `due_at` is when the account next needs a tick, None while there is nothing to do.
    `frozen` maps symbols that must not be traded to the reason. `trimmed_for` names entries for
    which cash was already raised, so that it is raised once. The venue is not asked anything
    before `blocked_until`: it wants silence, and said so in the words of `blocked_because`.
    `breakers` are the open ones. `sends` are the last minute's, where they are limited.
    `restored_from` is when the backup was taken that the account came back from: until the owner
    has compared it with the venue, it decides nothing. `strangers` were at the venue when its open
    orders were last listed, at `listed_at`. `stuck` are the parts of open plans that can be neither
    booked nor concluded. `best` has the best price since a trailing order waits, by signal id.
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
    blocked_because: str = ""
    breakers: tuple[Breaker, ...] = ()
    watermarks: Watermarks | None = None
    sends: tuple[datetime, ...] = ()
    restored_from: datetime | None = None
    strangers: tuple[Stranger, ...] = ()
    listed_at: datetime | None = None
    stuck: tuple[Stuck, ...] = ()
    version: int = 0
    best: dict[str, Decimal] = field(default_factory=dict)

    @property
    def barred(self) -> dict[str, str]:
        """Symbols of which nothing is bought, with the reason: frozen, a stranger's, or stuck."""
        reasons = {symbol: [reason] for symbol, reason in self.frozen.items()}
        for stranger in self.strangers:
            if stranger.bars_entries:
                reasons.setdefault(stranger.order.symbol, []).append(stranger.reason)
        for stuck in self.stuck:
            reasons.setdefault(stuck.symbol, []).append(stuck.reason)
        return {symbol: "; ".join(each) for symbol, each in reasons.items()}

    @property
    def is_partly_booked(self) -> bool:
        """Whether something traded is not in the books, so that they cannot be compared."""
        return any(stuck.act is Act.BOOKED for stuck in self.stuck)

    @property
    def watched(self) -> tuple[str, ...]:
        """Symbols at whose prices every tick has to look."""
        return tuple(sorted({s.symbol for s in self.stances if s.is_protected}))

    @property
    def wakes_at(self) -> datetime | None:
        """When a tick has to look at the account: at `due_at`, and always while it is watched."""
        if not self.watched or self.checked_at is None:
            return self.due_at
        return max(self.checked_at, self.blocked_until or self.checked_at)

    def is_blocked(self, now: datetime) -> bool:
        """Whether the venue wants to hear nothing of this account yet."""
        return self.blocked_until is not None and now < self.blocked_until

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


def first_sequence(account: Account, now: datetime) -> int:
    """Where an account's plans are counted from: the milliseconds of its beginning.

    Client order ids follow from the number, and a venue remembers those of a home that is gone:
    counting from one again, a lookup would find an order of then. The virtual venue goes with its
    home.
    """
    if account.mode is Mode.VIRTUAL:
        return 0
    return (now - _EPOCH) // timedelta(milliseconds=1)


def plan_id(account: str, sequence: int) -> str:
    """The identity of an account's n-th decision."""
    return sha256(f"{account}#{sequence}".encode()).hexdigest()[:24]
