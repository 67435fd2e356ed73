"""The floor of the simulated venue: what becomes of an order that has reached its book."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Final

from chalicelib.domain.errors import OrderRejected, OutcomeUnknown
from chalicelib.domain.money import ZERO
from chalicelib.domain.trading.instrument import Instrument
from chalicelib.domain.trading.order import (
    OrderIntent,
    OrderStatus,
    TimeInForce,
    client_order_id,
)
from chalicelib.domain.trading.side import Side
from chalicelib.ports import VenueTraits
from tests.simulation.kernel import Kernel, Process
from tests.simulation.orders import VenueBook, VenueOrder

MORNING: Final = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What kind of venue it is. Seconds; rates are fractions of orders."""

    traits: VenueTraits
    late_by: float  # the longest that a request may be under way and still be accepted
    visibility: float = 3.0
    hidden: float = 0.3
    partial: float = 0.3
    nothing: float = 0.1  # an order that meets an empty book
    trailing: float = 0.1  # trades that show later than the filled quantity
    liquid: float = 0.7  # how often somebody meets an order that rests
    expires: float = 0.05  # resting orders that the venue ends itself
    late: int = 1  # how much likelier a late arrival is than any other fault
    unfilled: OrderStatus = OrderStatus.EXPIRED  # what an immediate order's rest becomes
    vanishes: float = 0.0  # orders that look-ups stop finding for a while after they were shown
    unique_while_open: bool = False


@dataclass
class Market:
    """Prices that all accounts see, by symbol, and the filters."""

    instruments: dict[str, Instrument]
    prices: dict[str, Decimal]


def _nobody(intent: OrderIntent, process: Process | None) -> None:
    """Nobody listens."""


def _always(intent: OrderIntent) -> bool:
    del intent
    return True


@dataclass(eq=False)
class Floor:
    """One account's book at the venue. `accepted` hears of every order that enters it."""

    kernel: Kernel
    market: Market
    habits: Habits
    book: VenueBook
    accepted: Callable[[OrderIntent, Process | None], None] = _nobody
    is_recorded: Callable[[OrderIntent], bool] = _always
    faults: dict[str, int] = field(default_factory=dict)

    def accept(self, intent: OrderIntent) -> VenueOrder:
        kernel, dice = self.kernel, self.kernel.dice
        same = self.book.of(intent.client_order_id)
        if self.habits.unique_while_open and any(order.is_open for order in same):
            raise OutcomeUnknown("this client order id is open already")
        self._check(intent)
        order = VenueOrder(
            intent=intent,
            number=len(self.book.orders) + 1,
            accepted_at=kernel.now,
            hidden_until=kernel.now,
        )
        if dice.random() < self.habits.hidden:
            order.hidden_until += dice.random() * self.habits.visibility
        order.asleep = intent.is_stop
        self.book.orders.append(order)
        self.accepted(intent, kernel.process)
        price = self.market.prices[intent.symbol]
        self._wake(order, price)
        if not order.asleep and _crosses(intent, price):
            self._trade(order, price)
        if intent.time_in_force is TimeInForce.IOC:
            if order.is_open:
                order.status = self.habits.unfilled
        elif order.is_open:
            self._rest(order)
        return order

    def _check(self, intent: OrderIntent) -> None:
        instrument = self.market.instruments[intent.symbol]
        if intent.quantity % instrument.quantity_step or intent.limit_price % instrument.price_tick:
            raise OrderRejected("QUANTITY_INVALID", f"{intent.quantity} at {intent.limit_price}")
        if instrument.shortfall(intent.quantity, intent.limit_price):
            raise OrderRejected("NOTIONAL_BELOW_MINIMUM", f"{intent.quantity} is too little")
        if not self.book.affords(intent):
            raise OrderRejected("INSUFFICIENT_FUNDS", f"not enough for {intent.quantity}")

    def _trade(self, order: VenueOrder, price: Decimal) -> None:
        dice = self.kernel.dice
        draw = dice.random()
        if draw < self.habits.nothing:
            return
        quantity = order.remaining
        if draw < self.habits.nothing + self.habits.partial:
            step = self.market.instruments[order.intent.symbol].quantity_step
            quantity = (quantity * Decimal(1 + int(dice.random() * 9)) / 10) // step * step
        if quantity <= ZERO:
            return
        self.book.fill(order, quantity, price, self.time())
        if dice.random() < self.habits.trailing:
            order.fills_hidden_until = self.kernel.now + 5

    def price_moved(self, symbol: str) -> None:
        """Stops that the market has come to are limit orders from now on."""
        price = self.market.prices[symbol]
        for order in self.book.orders:
            if order.is_open and order.asleep and order.intent.symbol == symbol:
                self._wake(order, price)
                if not order.asleep and _crosses(order.intent, price):
                    self._trade(order, price)
                self._rest_on(order)

    def _wake(self, order: VenueOrder, price: Decimal) -> None:
        stop = order.intent.stop_price
        if stop is not None and price <= stop:
            self.count("a stop woke")
            order.asleep = False

    def another_buys(self, symbol: str) -> None:
        """A bot with the same keys, and with ids as we make them, far below the market."""
        self.count("another bot's order")
        number = len(self.book.orders) + 1
        intent = OrderIntent(
            id=f"another bot's {number}",
            client_order_id=client_order_id(f"another bot's {number}"),
            account="",
            symbol=symbol,
            side=Side.BUY,
            quantity=Decimal(1),
            limit_price=self.market.prices[symbol] / 100,
            time_in_force=TimeInForce.GTC,
            shares=(),
        )
        order = VenueOrder(
            intent=intent,
            number=number,
            accepted_at=self.kernel.now,
            hidden_until=self.kernel.now,
            is_anothers=True,
        )
        self.book.orders.append(order)

    def another_stops(self) -> None:
        """The other bot takes its orders back."""
        for order in self.book.orders:
            if order.is_anothers and order.is_open:
                order.status = OrderStatus.CANCELED

    def cancel_by_hand(self) -> None:
        """What the owner does on the venue's own page: nobody tells us."""
        for order in self.book.orders:
            if order.is_open:
                order.status = OrderStatus.CANCELED

    def _rest(self, order: VenueOrder) -> None:
        dice = self.kernel.dice
        if dice.random() < self.habits.vanishes:
            gone = self.kernel.now + 3 + dice.random() * 40
            back = gone + 160 + dice.random() * 200
            self.kernel.at(gone, partial(self._hide, order, back))
        self.kernel.at(self.kernel.now + 1 + dice.random() * 30, partial(self._rest_on, order))

    def _hide(self, order: VenueOrder, until: float) -> None:
        """Only what we have written down: of an order that nobody recorded and the venue denies,
        no program can know.
        """
        if self.is_recorded(order.intent):
            self.count("vanished")
            order.hidden_until = until

    def _rest_on(self, order: VenueOrder) -> None:
        dice = self.kernel.dice
        if not order.is_open or order.asleep:
            return
        if dice.random() < self.habits.expires:
            order.status = OrderStatus.EXPIRED
            return
        price = self.market.prices[order.intent.symbol]
        if dice.random() < self.habits.liquid and _crosses(order.intent, price):
            self._trade(order, order.intent.limit_price)
        if order.is_open:
            later = self.kernel.now + 15 + dice.random() * 90
            self.kernel.at(later, partial(self._rest_on, order))

    def cancel(self, order: VenueOrder) -> None:
        """A fill may have come first."""
        price = self.market.prices[order.intent.symbol]
        crosses = not order.asleep and _crosses(order.intent, price)
        if crosses and self.kernel.dice.random() < 0.7:
            self.count("fill before cancel")
            self._trade(order, order.intent.limit_price)
        if order.is_open:
            order.status = OrderStatus.CANCELED

    def time(self) -> datetime:
        return MORNING + timedelta(seconds=self.kernel.now)

    def count(self, fault: str) -> None:
        self.faults[fault] = self.faults.get(fault, 0) + 1


def _crosses(intent: OrderIntent, price: Decimal) -> bool:
    if intent.side is Side.BUY:
        return price <= intent.limit_price
    return price >= intent.limit_price
