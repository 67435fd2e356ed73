"""The venue of the simulation: the `Exchange` port over its own book, with everything that goes
wrong between us and a venue.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeVar

from chalicelib.domain.errors import (
    ExchangeUnavailable,
    OrderNotPlaced,
    OrderRejected,
    OutcomeUnknown,
)
from chalicelib.domain.trading.instrument import Balance, Instrument, Ticker
from chalicelib.domain.trading.order import OrderIntent, OrderReport
from chalicelib.domain.trading.stranger import OpenOrder
from chalicelib.ports import VenueTraits
from tests.simulation.floor import Floor
from tests.simulation.kernel import Kernel, Process
from tests.simulation.orders import VenueBook, VenueOrder

T = TypeVar("T")

MORNING: Final = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CLIENT_TIMEOUT: Final = 10.0

# What may happen to a send, by name.
SEND_FAULTS: Final = (
    "refused",
    "429",
    "ban",
    "lost",
    "accepted, then lost",
    "late",
    "5xx, not accepted",
    "5xx, accepted",
)
# After how many seconds the sender of an accepted order knows that it will not hear of it.
_ACCEPTED: Final = {"accepted, then lost": CLIENT_TIMEOUT, "5xx, accepted": 0.1}


def _listed(order: VenueOrder) -> OpenOrder:
    intent = order.intent
    return OpenOrder(
        venue_order_id=str(order.number),
        client_order_id=intent.client_order_id,
        symbol=intent.symbol,
        side=intent.side,
        quantity=intent.quantity,
        limit_price=intent.limit_price,
    )


def _unheard(process: Process | None) -> None:
    """Nobody listens."""


@dataclass(eq=False)
class SimulatedVenue:
    """One account at the venue. `called` hears of every request that reaches it.

    `script` names the fates of the next sends; `lands` says whether the request of a killed sender
    arrives, None leaves it to the dice.
    """

    kernel: Kernel
    floor: Floor
    called: Callable[[Process | None], None] = _unheard
    script: list[str] = field(default_factory=list)
    banned_until: float = 0.0
    lands: bool | None = None
    checks_permit: bool = True
    finds_closed: bool = True

    @property
    def book(self) -> VenueBook:
        """The truth about the account."""
        return self.floor.book

    # --- the port --------------------------------------------------------------------------

    def traits(self) -> VenueTraits:
        """See `Exchange.traits`."""
        return self.floor.habits.traits

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """See `Exchange.instruments`; loaded once per process."""
        known = self.floor.market.instruments
        found = {symbol: known[symbol] for symbol in symbols if symbol in known}
        process = self.kernel.process
        if process is not None and self not in process.memory:
            self._read("venue instruments", lambda: None)
            process.memory.add(self)
        return found

    def tickers(self, symbols: Sequence[str]) -> Mapping[str, Ticker]:
        """See `Exchange.tickers`."""

        def quoted() -> Mapping[str, Ticker]:
            return {
                symbol: Ticker(
                    symbol=symbol, last=self.floor.market.prices[symbol], at=self.floor.time()
                )
                for symbol in symbols
                if symbol in self.floor.market.prices
            }

        return self._read("venue tickers", quoted)

    def balances(self) -> Mapping[str, Balance]:
        """See `Exchange.balances`."""
        return self._read("venue balances", self.book.balances)

    def daily_closes(self, symbol: str, days: int) -> list[Decimal]:
        """See `Exchange.daily_closes`; this venue has seen no days."""
        del symbol, days
        return []

    def find(self, intent: OrderIntent, since: datetime) -> OrderReport | None:
        """See `Exchange.find`."""
        del since

        def found() -> OrderReport | None:
            now = self.kernel.now
            there = self.book.of(intent.client_order_id)
            visible = [o for o in there if o.hidden_until <= now]
            if len(visible) < len(there):
                self.floor.count("order not shown")
            if not self.finds_closed:
                visible = [o for o in visible if o.is_open]
            return self._shown(visible[-1]) if visible else None

        return self._read("venue find", found)

    def cancel(self, intent: OrderIntent, venue_order_id: str) -> None:
        """See `Exchange.cancel`. It may come too late, and its answer may get lost."""
        del venue_order_id

        def cancelled() -> None:
            for order in self.book.of(intent.client_order_id):
                if order.is_open and order.hidden_until <= self.kernel.now:
                    self.floor.cancel(order)
            if self._strikes():
                self.floor.count("cancel, answer lost")
                raise ExchangeUnavailable("the answer to the cancellation was lost")

        self._read("venue cancel", cancelled)

    def submit(self, intent: OrderIntent, permit_until: datetime) -> OrderReport:
        """See `Exchange.submit`."""
        kernel, name = self.kernel, "venue submit"
        dies = kernel.reach(name)  # the throttle
        if self.checks_permit and self.floor.time() > permit_until:
            raise OrderNotPlaced("the permit ended before the request left")
        self.called(kernel.process)
        signed = kernel.now
        self._maybe_die_under_way(intent, signed)
        kernel.travel(name)
        if kernel.now - signed > self.floor.habits.late_by:
            raise OrderNotPlaced("the request came outside its time window")
        if kernel.trace is not None and kernel.process is not None:
            words = f"{name} {intent.side} {intent.quantity} {intent.symbol}"
            kernel.trace(kernel.now, kernel.process.name, f"{words} ({intent.client_order_id[:8]})")
        fault = self._drawn()
        if fault:
            self.floor.count(fault)
            if fault in _ACCEPTED:
                self._accept_unheard(fault, intent, dies=dies)
            self._fail(fault, intent, signed)
        report = self._shown(self.floor.accept(intent))
        if dies:
            kernel.end_after(name)
        kernel.travel(name)
        return report

    def _shown(self, order: VenueOrder) -> OrderReport:
        report = order.report(self.kernel.now)
        if len(report.fills) < len(order.fills):
            self.floor.count("trades not shown")
        return report

    # --- what goes wrong -------------------------------------------------------------------

    def _maybe_die_under_way(self, intent: OrderIntent, signed: float) -> None:
        """A request may survive the death of its sender."""
        kernel, alone = self.kernel, False
        if kernel.process is None or not (kernel.trouble.kill or kernel.kill_at):
            return

        def land() -> None:
            if alone:
                self._land_later(intent, signed)()

        if kernel.dice.random() < 0.5 if self.lands is None else self.lands:
            kernel.at(kernel.now + kernel.dice.random() * self.floor.habits.late_by, land)
        alone = True
        kernel.maybe_kill("venue submit under way")
        alone = False

    def _land_later(self, intent: OrderIntent, signed: float) -> Callable[[], None]:
        def land() -> None:
            if self.kernel.now - signed > self.floor.habits.late_by:
                return
            try:
                self.floor.accept(intent)
            except (OrderRejected, OutcomeUnknown):
                return  # nobody is there to hear it

        return land

    def _drawn(self) -> str:
        if self.script:
            return self.script.pop(0)
        dice = self.kernel.dice
        if self.kernel.now < self.banned_until:
            return "banned"
        if not self._strikes():
            return ""
        faults = (*SEND_FAULTS, "refused", *("late",) * (self.floor.habits.late - 1))
        return faults[int(dice.random() * len(faults))]

    def _accept_unheard(self, fault: str, intent: OrderIntent, *, dies: bool) -> None:
        self.floor.accept(intent)
        if dies:
            self.kernel.end_after("venue submit")
        self._wait(_ACCEPTED[fault])
        raise OutcomeUnknown("the answer was lost")

    def _fail(self, fault: str, intent: OrderIntent, signed: float) -> None:
        kernel = self.kernel
        if fault == "refused":
            raise OrderRejected("VENUE_REFUSED", "the venue does not want this order")
        if fault in {"429", "ban", "banned"}:
            raise OrderNotPlaced("too many requests", retry_at=self._silence(fault))
        if fault == "lost":
            self._wait(CLIENT_TIMEOUT)
            raise OutcomeUnknown("no answer in time")
        if fault == "late":
            room = max(signed + self.floor.habits.late_by - kernel.now, 0.0)
            kernel.at(kernel.now + kernel.dice.random() * room, self._land_later(intent, signed))
            self._wait(CLIENT_TIMEOUT if kernel.dice.random() < 0.5 else 0.5)
            raise OutcomeUnknown("no answer in time")
        if fault == "5xx, not accepted":
            raise OutcomeUnknown("503")
        raise ValueError(f"no such fault: {fault}")

    def _silence(self, fault: str) -> datetime:
        if fault == "ban":
            self.banned_until = self.kernel.now + 30 + self.kernel.dice.random() * 90
        until = self.banned_until if fault != "429" else self.kernel.now + 5
        return self.floor.time() + timedelta(seconds=until - self.kernel.now)

    def _read(self, name: str, apply: Callable[[], T], share: float = 0.15) -> T:
        def fault() -> None:
            self.called(self.kernel.process)
            if self.kernel.now < self.banned_until:
                self.floor.count("banned")
                raise ExchangeUnavailable("418: banned")
            if self._strikes(share):
                self.floor.count(f"{name} failed")
                self._wait(CLIENT_TIMEOUT if self.kernel.dice.random() < 0.3 else 0.1)
                raise ExchangeUnavailable("no answer in time")

        return self.kernel.effect(name, apply, fault)

    def _strikes(self, share: float = 1.0) -> bool:
        kernel = self.kernel
        rate = kernel.trouble.venue * share
        return bool(rate) and kernel.process is not None and kernel.dice.random() < rate

    def _wait(self, seconds: float) -> None:
        if self.kernel.process is not None:
            self.kernel.sleep(seconds)


class ListingVenue(SimulatedVenue):
    """One that lists what rests on the account, whoever has sent it."""

    def open_orders(self, symbols: Sequence[str]) -> Sequence[OpenOrder]:
        """See `ShowsOpenOrders.open_orders`."""
        del symbols

        def listed() -> Sequence[OpenOrder]:
            now = self.kernel.now
            there = [order for order in self.book.orders if order.is_open]
            return [_listed(order) for order in there if order.hidden_until <= now]

        return self._read("venue open orders", listed, share=2.5)  # it is asked for so seldom
