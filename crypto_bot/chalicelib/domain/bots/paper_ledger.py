"""What a backtest owns: exact at every fill, one round trip from flat to flat."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple

from chalicelib.domain.bots.fill_model import BUYS, SELLS
from chalicelib.domain.money import ZERO
from chalicelib.domain.trading.side import Side


class PaperFill(NamedTuple):
    """`at` is the start of the candle, in ms; `cash` and `position` are what is there after it."""

    order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    at: int
    is_maker: bool
    cash: Decimal
    position: Decimal


class RoundTrip(NamedTuple):
    """A position from its first fill to its last; values are without fees, profit is after them."""

    symbol: str
    side: Side
    quantity: Decimal
    entered_at: int
    entry_value: Decimal
    left_at: int
    exit_value: Decimal
    fees: Decimal
    profit: Decimal

    @property
    def entry_price(self) -> Decimal:
        """On average."""
        return self.entry_value / self.quantity

    @property
    def exit_price(self) -> Decimal:
        """On average."""
        return self.exit_value / self.quantity


class Holding:
    """Of one instrument. `cost` is what the quantity held has cost, below zero when short."""

    __slots__ = ("cost", "entered", "entered_at", "fees", "quantity", "spent", "taken")

    def __init__(self) -> None:
        self.quantity = ZERO
        self.cost = ZERO
        self._begin(0)

    def _begin(self, at: int) -> None:
        self.entered_at = at
        self.entered = self.spent = self.taken = self.fees = ZERO

    @property
    def average_price(self) -> float | None:
        """What the position has cost on average."""
        return float(self.cost) / float(self.quantity) if self.quantity else None

    def enlarge(self, quantity: Decimal, value: Decimal, fee: Decimal, at: int) -> None:
        """`quantity` and `value` have the sign of the position."""
        if not self.quantity:
            self._begin(at)
        self.quantity += quantity
        self.cost += value
        self.entered += quantity
        self.spent += value
        self.fees += fee

    def reduce(self, quantity: Decimal, value: Decimal, fee: Decimal) -> None:
        """Both have the other sign than the position, and at most its size."""
        left = self.quantity + quantity
        if left:
            self.cost += self.cost * quantity / self.quantity
        else:  # and no last digit of a division stays behind
            self.cost = ZERO
        self.quantity = left
        self.taken += value
        self.fees += fee

    def round_trip(self, symbol: str, at: int) -> RoundTrip:
        """What there has been since the position was begun."""
        return RoundTrip(
            symbol,
            BUYS if self.entered > ZERO else SELLS,
            abs(self.entered),
            self.entered_at,
            abs(self.spent),
            at,
            abs(self.taken),
            self.fees,
            -self.taken - self.spent - self.fees,
        )


class PaperLedger:
    """Cash in quote; `fills` and `round_trips` in the order in which they happened."""

    def __init__(self, symbols: Iterable[str], cash: Decimal) -> None:
        self.cash = cash
        self.holdings: Final = {symbol: Holding() for symbol in symbols}
        self.fills: Final[list[PaperFill]] = []
        self.round_trips: Final[list[RoundTrip]] = []

    def book(  # noqa: PLR0913 - the parts of a fill
        self,
        order_id: str,
        symbol: str,
        quantity: Decimal,
        price: Decimal,
        rate: Decimal,
        at: int,
        *,
        is_maker: bool,
    ) -> None:
        """`quantity` above zero is bought, below zero sold; through zero are two positions."""
        holding = self.holdings[symbol]
        held = holding.quantity
        value = quantity * price
        size, is_purchase = abs(quantity), quantity > ZERO
        fee = size * price * rate
        self.cash -= value + fee
        if not held or (held > ZERO) is is_purchase:
            holding.enlarge(quantity, value, fee, at)
        elif size <= abs(held):
            self._reduce(symbol, holding, quantity, price, fee, at)
        else:
            of_exit = fee * held / -quantity
            self._reduce(symbol, holding, -held, price, of_exit, at)
            rest = quantity + held
            holding.enlarge(rest, rest * price, fee - of_exit, at)
        side = BUYS if is_purchase else SELLS
        self.fills.append(
            PaperFill(
                order_id,
                symbol,
                side,
                size,
                price,
                fee,
                at,
                is_maker,
                self.cash,
                holding.quantity,
            )
        )

    def _reduce(
        self,
        symbol: str,
        holding: Holding,
        quantity: Decimal,
        price: Decimal,
        fee: Decimal,
        at: int,
    ) -> None:
        holding.reduce(quantity, quantity * price, fee)
        if not holding.quantity:
            self.round_trips.append(holding.round_trip(symbol, at))
