"""One account at one venue: what everyone can do there, and what some can."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol, runtime_checkable

from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.evidence import Activity
from chalicelib.domain.trading.instrument import Balance, Instrument, Ticker
from chalicelib.domain.trading.key_permissions import KeyPermissions
from chalicelib.domain.trading.order import OrderIntent, OrderReport
from chalicelib.domain.trading.stranger import OpenOrder


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
        """Filters of the symbols that exist; ExchangeUnavailable if they cannot be read.

        A symbol whose filters cannot be understood is left out, and hides no other.
        """
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
class ShowsUnusable(Protocol):
    """An exchange that can say why it leaves an instrument out."""

    def unusable(self) -> Mapping[str, str]:
        """Symbols that exist and were left out by the last `instruments`; no call to the venue."""
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
class ShowsOpenOrders(Protocol):
    """An exchange that lists whatever rests on the account; one of the owner's own need not."""

    def open_orders(self, symbols: Sequence[str]) -> Sequence[OpenOrder] | None:
        """Those of these instruments, and of all others where one request tells.

        None where the venue has no such list, or none in which ours can be told from others.
        ExchangeUnavailable if it cannot be asked.
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


@runtime_checkable
class RenewsKeys(Protocol):
    """`Exchanges` that keep an account's keys for a while."""

    def renew(self, account: Account) -> bool:
        """Read the keys again now; whether they are others than those that are in use."""
        ...
