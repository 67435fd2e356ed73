"""What the services need of the world: one Protocol per dependency, adapters behind them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol, TypeVar, runtime_checkable

from chalicelib.domain.operation.channel import Channel, Dispatch, Notifications
from chalicelib.domain.operation.figures import FigureName
from chalicelib.domain.operation.notice import Bulletin, Notice
from chalicelib.domain.operation.watch import Watch
from chalicelib.domain.trading.account import Account, Configuration, Halt, HaltLevel, Subscription
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.evidence import Activity
from chalicelib.domain.trading.instrument import Balance, Instrument, Ticker
from chalicelib.domain.trading.key_permissions import KeyPermissions
from chalicelib.domain.trading.ledger import Entry, Portfolio
from chalicelib.domain.trading.order import Order, OrderIntent, OrderReport
from chalicelib.domain.trading.performance import PerformancePoint
from chalicelib.domain.trading.plan import AccountState, Plan
from chalicelib.domain.trading.signal import Signal
from chalicelib.domain.trading.strategy import Strategy

T = TypeVar("T")


class Clock(Protocol):
    """The time, always aware and UTC."""

    def now(self) -> datetime:
        """The current instant."""
        ...


class Workers(Protocol):
    """Where independent tasks run side by side."""

    def run_all(self, tasks: Sequence[Callable[[], T]], limit: int) -> list[T]:
        """Results in the order of the tasks, at most `limit` at once.

        A task that raises does not stop the others; the first error is raised when all ended.
        """
        ...


class SignalStore(Protocol):
    """Alerts that became signals. Updates are compare-and-set: StoreConflict when lost."""

    def add(self, signal: Signal) -> Signal | None:
        """Store the signal once. None if it is new, else the one stored before under its id."""
        ...

    def get(self, signal_id: str) -> Signal | None:
        """The signal, read consistently."""
        ...

    def update(self, signal: Signal) -> Signal:
        """Save over the version it was read at; returns it with its new version."""
        ...

    def due(self, now: datetime, limit: int) -> list[Signal]:
        """Signals not final whose `due_at` has come, earliest first. May lag by a moment."""
        ...

    def next_due(self) -> datetime | None:
        """When the earliest signal that is not final is due."""
        ...

    def recent(self, limit: int, before: datetime | None = None) -> list[Signal]:
        """Newest first by arrival, final or not, those received before `before`."""
        ...

    def quarantine(self, alert: QuarantinedAlert) -> None:
        """Keep what was authenticated and is no signal, once; the oldest makes room."""
        ...

    def quarantined(self, limit: int) -> list[QuarantinedAlert]:
        """Newest first."""
        ...

    def quarantined_alert(self, alert_id: str) -> QuarantinedAlert | None:
        """One of them, read consistently."""
        ...

    def drop_quarantined(self, alert_id: str) -> None:
        """Forget one of them; nothing happens where it is gone already."""
        ...


class PlanStore(Protocol):
    """Plans and the state that planning keeps per account."""

    def state(self, account: str) -> AccountState:
        """Read consistently; a fresh state (version 0) for an account never planned."""
        ...

    def commit(self, plan: Plan, state: AccountState) -> AccountState:
        """Write the plan and the state in one step, or neither: StoreConflict when lost."""
        ...

    def save_state(self, state: AccountState) -> AccountState:
        """Compare-and-set of the state alone."""
        ...

    def get(self, plan_id: str) -> Plan | None:
        """The plan, read consistently."""
        ...

    def due_accounts(self, now: datetime) -> list[str]:
        """Accounts whose state is due. May lag by a moment."""
        ...

    def next_due(self) -> datetime | None:
        """When the earliest account is due."""
        ...

    def recent(self, limit: int) -> list[Plan]:
        """Newest first."""
        ...


class OrderStore(Protocol):
    """Orders on their way; INITIALIZED first legs live in their plan until they are sent."""

    def of_plan(self, plan_id: str) -> tuple[Order, ...]:
        """Stored orders of the plan, read consistently, by instrument and leg."""
        ...

    def get(self, order_id: str) -> Order | None:
        """One order, read consistently."""
        ...

    def save(self, order: Order) -> Order:
        """Insert at version 0, else compare-and-set; returns it with its new version."""
        ...

    def recent(self, limit: int, before: datetime | None = None) -> list[Order]:
        """Newest first by creation, open or final, those created before `before`."""
        ...

    def held(self, limit: int) -> list[Order]:
        """Orders that wait for the owner's word, oldest first."""
        ...


class LedgerStore(Protocol):
    """The books of every account."""

    def portfolio(self, account: str, quote: str) -> Portfolio:
        """The fold so far, read consistently; sequence 0 for an account never opened."""
        ...

    def book(self, portfolio: Portfolio, entries: Sequence[Entry]) -> Portfolio:
        """Append numbered entries and save their fold in one step, or nothing at all.

        StoreConflict when the books moved on or one of the ids exists.
        """
        ...

    def entries(self, account: str, after: int = 0, limit: int | None = None) -> list[Entry]:
        """Entries in order of their sequence, those above `after`."""
        ...


class StrategyStore(Protocol):
    """The owner's configuration: strategies, accounts, subscriptions, versioned."""

    def configuration(self) -> Configuration:
        """Everything in one consistent reading."""
        ...

    def strategy(self, name: str) -> Strategy | None:
        """One strategy, one read."""
        ...

    def apply(
        self,
        *,
        expected_version: int,
        strategies: Sequence[Strategy] = (),
        accounts: Sequence[Account] = (),
        subscriptions: Sequence[Subscription] = (),
        removed_subscriptions: Sequence[tuple[str, str]] = (),
    ) -> int:
        """Write these over what is there; returns the new version, StoreConflict if another won."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to work on an account until `expires_at`; `token` rises with every holder."""

    account: str
    owner: str
    token: int
    expires_at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """That a tick ended well, and when."""

    at: datetime
    outcome: str


class ControlStore(Protocol):
    """The kill switch, leases and the heartbeat."""

    def halt_level(self) -> HaltLevel:
        """Read consistently."""
        ...

    def last_halt(self) -> Halt | None:
        """Who last set the switch to what; None where nobody ever did."""
        ...

    def set_halt(self, level: HaltLevel, reason: str, at: datetime) -> None:
        """Take effect before the next send."""
        ...

    def acquire(self, account: str, owner: str, now: datetime, duration: timedelta) -> Lease | None:
        """The lease, or None while another holds it."""
        ...

    def release(self, lease: Lease) -> None:
        """Give it back if it is still ours; not an error if it is not."""
        ...

    def beat(self, heartbeat: Heartbeat) -> None:
        """One unconditional write at the end of a good tick."""
        ...

    def last_beat(self) -> Heartbeat | None:
        """The last good tick."""
        ...


class AnalyticsStore(Protocol):
    """Figures computed from the books, for people and for allocation."""

    def add(self, points: Sequence[PerformancePoint]) -> None:
        """Store points; one with the same account, strategy and time is replaced."""
        ...

    def performance(
        self, account: str, strategy: str, limit: int, since: datetime | None = None
    ) -> list[PerformancePoint]:
        """Newest first; strategy '' is the whole account."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueTraits:
    """One row of the venue table: what reconcile may conclude, and how much may be in flight.

    `acceptance_bound` is how long after signing a request can still be accepted; None means the
    venue gives no bound and an order of unknown fate is HELD instead of resent. Intents with a
    `stop_price` are for those that have stop orders.
    """

    in_flight: int
    acceptance_bound: timedelta | None
    visibility_lag: timedelta
    finds_by_client_id: bool
    has_sandbox: bool = False
    has_market_orders: bool = True
    has_stop_orders: bool = False

    def settle_after(self, permit: timedelta, clock_margin: timedelta) -> timedelta | None:
        """How long after a send "not found" proves absence; None where nothing proves it."""
        if self.acceptance_bound is None or not self.finds_by_client_id:
            return None
        return permit + self.acceptance_bound + self.visibility_lag + clock_margin


class Exchange(Protocol):
    """One account at one venue. Every amount is Decimal; every method may block for seconds."""

    def traits(self) -> VenueTraits:
        """Constant; no call to the venue."""
        ...

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Filters of the symbols that exist; ExchangeUnavailable if they cannot be read."""
        ...

    def tickers(self, symbols: Sequence[str]) -> Mapping[str, Ticker]:
        """Prices in one request where the venue can; symbols without a price are left out."""
        ...

    def balances(self) -> Mapping[str, Balance]:
        """Every asset with anything in it."""
        ...

    def submit(self, intent: OrderIntent, permit_until: datetime) -> OrderReport:
        """Send once. The permit is checked again directly before the request leaves.

        OrderRejected, OrderNotPlaced or OutcomeUnknown tell the three ways it can fail.
        """
        ...

    def find(self, intent: OrderIntent, since: datetime) -> OrderReport | None:
        """The order by its client order id, open or closed, with all fills; None if not found.

        `since` is the first send. ExchangeUnavailable if the venue cannot be asked.
        """
        ...

    def cancel(self, intent: OrderIntent, venue_order_id: str) -> None:
        """Ask for the rest to be cancelled; only a later `find` tells what became of it."""
        ...

    def daily_closes(self, symbol: str, days: int) -> list[Decimal]:
        """Closing prices of the last finished UTC days, oldest first."""
        ...


@runtime_checkable
class ShowsClock(Protocol):
    """An exchange that can be asked for the time."""

    def clock_skew(self) -> timedelta | None:
        """How far the venue's clock is ahead of ours now, less what the answer's way may explain.

        None where the venue's clock does not matter; ExchangeUnavailable if it cannot be asked.
        """
        ...


@runtime_checkable
class ShowsActivity(Protocol):
    """An exchange that lists what its account did; one of the owner's own class need not."""

    def activity(self, intent: OrderIntent, venue_order_id: str, since: datetime) -> Activity:
        """Open orders of the intent's instrument, and own trades in it since then.

        Rows of the order are marked, told by its client id or by `venue_order_id` ('': unknown).
        ExchangeUnavailable if the venue cannot be asked.
        """
        ...


@runtime_checkable
class ShowsPermissions(Protocol):
    """An exchange that may know what its keys are good for."""

    def key_permissions(self) -> KeyPermissions | None:
        """None where the venue does not tell; ExchangeUnavailable if it cannot be asked."""
        ...


class Exchanges(Protocol):
    """Opens exchanges; heavy libraries are loaded by the first account that needs them."""

    def open(self, account: Account) -> Exchange:
        """A connected exchange, cached per account version. SettingsError names what is missing."""
        ...


class SecretStore(Protocol):
    """Exchange keys and the like; values never appear in errors or logs."""

    def secret(self, name: str) -> Mapping[str, str]:
        """Fields of a secret. SettingsError names the secret when missing or malformed."""
        ...


class NoticeStore(Protocol):
    """What the owner was told and is to be told. Updates are compare-and-set."""

    def add(self, notice: Notice) -> bool:
        """Store the notice once; whether its key is new."""
        ...

    def update(self, notice: Notice) -> Notice:
        """Save over the version it was read at; returns it with its new version."""
        ...

    def undone(self, limit: int) -> list[Notice]:
        """Those that some channel still waits for, oldest first."""
        ...

    def recent(self, limit: int) -> list[Notice]:
        """Newest first."""
        ...

    def watch(self) -> Watch:
        """What the last look remembered; a fresh one (version 0) before the first."""
        ...

    def save_watch(self, watch: Watch) -> Watch:
        """Compare-and-set."""
        ...

    def dispatch(self) -> Dispatch:
        """What became of the messages so far; a fresh one (version 0) before the first."""
        ...

    def save_dispatch(self, dispatch: Dispatch) -> Dispatch:
        """Compare-and-set."""
        ...

    def notifications(self) -> Notifications:
        """The owner's channels; none (version 0) where nothing was applied yet."""
        ...

    def save_notifications(self, notifications: Notifications) -> Notifications:
        """Compare-and-set."""
        ...


class Notifier(Protocol):
    """One opened channel."""

    def where(self) -> str:
        """Where its messages go, for people: nothing in it opens anything."""
        ...

    def send(self, bulletin: Bulletin) -> None:
        """Hand it over within seconds, or NotDelivered."""
        ...


class Notifiers(Protocol):
    """Opens channels."""

    def open(self, channel: Channel) -> Notifier:
        """SettingsError names what its secret lacks."""
        ...


class Telemetry(Protocol):
    """Where figures go that somebody or something watches."""

    def ticked(self, figures: Mapping[FigureName, int], details: Mapping[str, object]) -> None:
        """After each tick; `details` are for the log only."""
        ...

    def webhook_failed(self) -> None:
        """An alert was answered with an error of ours."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingPorts:
    """Everything the trading services may touch, so that each takes one argument for the world."""

    clock: Clock
    workers: Workers
    signals: SignalStore
    plans: PlanStore
    orders: OrderStore
    ledger: LedgerStore
    strategies: StrategyStore
    control: ControlStore
    exchanges: Exchanges


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationPorts:
    """What watching over the trading needs besides."""

    trading: TradingPorts
    notices: NoticeStore
    notifiers: Notifiers
    stage: str
