"""A tradable pair with the venue's filters, and the price snapshot it is sized on."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from chalicelib.domain.money import ZERO, Exact, round_down, round_up
from chalicelib.domain.trading.side import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument(Exact):
    """Filters of one venue: quantities in base, notionals in quote, fee as a fraction."""

    symbol: str
    base: str
    quote: str
    quantity_step: Decimal
    price_tick: Decimal
    minimum_quantity: Decimal = ZERO
    maximum_quantity: Decimal | None = None
    minimum_notional: Decimal = ZERO
    taker_fee: Decimal = ZERO
    price_digits: int | None = None  # significant digits, where the venue counts those (Bitfinex)

    def round_quantity(self, quantity: Decimal) -> Decimal:
        """Down to the step: never more than was asked for."""
        return round_down(quantity, self.quantity_step)

    def limit_price(self, price: Decimal, side: Side) -> Decimal:
        """To a tick on the promise's side: a buyer never pays more, a seller never takes less."""
        tick = self._tick_at(price)
        return round_down(price, tick) if side is Side.BUY else round_up(price, tick)

    def _tick_at(self, price: Decimal) -> Decimal:
        if self.price_digits is None or price <= 0:
            return self.price_tick
        return max(self.price_tick, Decimal(1).scaleb(price.adjusted() - self.price_digits + 1))

    def shortfall(self, quantity: Decimal, price: Decimal) -> str:
        """Why the venue would refuse this size, as a denial code; empty when it would not."""
        if quantity <= ZERO or quantity < self.minimum_quantity:
            return "QUANTITY_BELOW_MINIMUM"
        if quantity * price < self.minimum_notional:
            return "NOTIONAL_BELOW_MINIMUM"
        return ""

    def is_sellable(self, quantity: Decimal, price: Decimal) -> bool:
        """Whether what is held can be sold at all, or is dust."""
        return not self.shortfall(self.round_quantity(quantity), price)


def unstated(symbol: str) -> LookupError:
    """To be raised where filters are needed that the venue does not state."""
    return LookupError(f"the venue states no filters of {symbol} that can be used")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker(Exact):
    """Prices of one symbol at `at`; bid and ask are None where the venue gave none."""

    symbol: str
    last: Decimal
    at: datetime
    bid: Decimal | None = None
    ask: Decimal | None = None

    @property
    def is_priced(self) -> bool:
        """Whether anything can be valued at it: a number above zero."""
        return self.last.is_finite() and self.last > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance(Exact):
    """One asset at the venue: what may be used and what open orders have locked."""

    asset: str
    free: Decimal
    locked: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """Free and locked together."""
        return self.free + self.locked
