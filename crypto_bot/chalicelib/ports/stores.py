"""What trading leaves behind: signals, plans, orders, books, figures."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.ledger import Entry, Portfolio
from chalicelib.domain.trading.order import Order
from chalicelib.domain.trading.performance import PerformancePoint
from chalicelib.domain.trading.plan import AccountState, Plan
from chalicelib.domain.trading.signal import Signal


class SignalStore(Protocol):
    """Alerts that became signals. Updates are compare-and-set: StoreConflict when lost."""

    def add(self, signal: Signal) -> Signal | None:
        """Store the signal once. None if it is new, else the one stored before under its id."""
        ...

    def get(self, signal_id: str) -> Signal | None:
        """The signal, read consistently."""
        ...

    def keep_alert(self, signal_id: str, alert: str) -> None:
        """Keep what the signal was made of, for people. What is kept already stands."""
        ...

    def alert(self, signal_id: str) -> str:
        """What was kept of the alert that it was made of; '' where nothing was."""
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

    def page(
        self,
        limit: int,
        before: str | None = None,
        *,
        first: datetime | None = None,
        last: datetime | None = None,
        only_open: bool = False,
    ) -> list[tuple[str, Signal]]:
        """Newest first by arrival, each with its place, those from `first` to `last`.

        `before` is the place of the last one of the page before; by index, however many there are.
        `only_open` leaves out those that have ended.
        """
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

    def page(
        self,
        limit: int,
        before: str | None = None,
        *,
        first: datetime | None = None,
        last: datetime | None = None,
    ) -> list[tuple[str, Order]]:
        """Newest first by creation, each with its place, those from `first` to `last`.

        `before` is the place of the last one of the page before; by index, however many there are.
        """
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


class AnalyticsStore(Protocol):
    """Figures computed from the books, for people and for allocation."""

    def add(self, points: Sequence[PerformancePoint]) -> None:
        """Store points; one with the same account, strategy and time is replaced."""
        ...

    def performance(
        self,
        account: str,
        strategy: str,
        limit: int,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[PerformancePoint]:
        """Newest first, those at the bounds included; strategy '' is the whole account."""
        ...
