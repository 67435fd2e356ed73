"""What a signal waits for: a price at which it counts, until it expires or is taken back.

Only a bot's signals carry one. It waits until every account that follows the strategy has said what
became of it, each by the prices of its own venue.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from chalicelib.domain.money import ONE, Exact, exact_arithmetic, plain
from chalicelib.domain.trading.side import Side

_PERCENT: Final = Decimal(100)


class OrderKind(StrEnum):
    """CANCEL takes an earlier one back; the others wait."""

    LIMIT = "limit"  # at the price or better
    STOP = "stop"  # once the price has come that far against whoever waits
    TRAILING = "trailing"  # once it has come back from its best by a fraction of it
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalOrder(Exact):
    """`price` is in quote, `distance` a fraction of the best price since it waits.

    `name` is the sender's own, by which it is taken back or kept; a CANCEL has that of the order
    that it takes back. `quantity` is in base, by the sender's own reckoning of what it holds; None
    sells everything.
    """

    kind: OrderKind
    side: Side
    name: str
    price: Decimal | None = None
    distance: Decimal | None = None
    quantity: Decimal | None = None
    expires_at: datetime | None = None

    @property
    def worst(self) -> Decimal | None:
        """The worst price at which it may trade."""
        return self.price if self.kind is OrderKind.LIMIT else None

    @property
    def words(self) -> str:
        """For people: what it does, and at which price."""
        if self.kind is OrderKind.CANCEL:
            return f"cancels {self.name}"
        does = "buys" if self.side is Side.BUY else "sells"
        if self.distance is not None:
            way = "above the lowest" if self.side is Side.BUY else "below the highest"
            return f"{does} {plain(self.distance * _PERCENT)} % {way} price"
        is_below = (self.side is Side.BUY) is (self.kind is OrderKind.LIMIT)
        level = "" if self.price is None else plain(self.price)
        return f"{does} at {level} or {'below' if is_below else 'above'}"

    @property
    def waits(self) -> str:
        """For people: what it waits for, and until when."""
        if self.kind is OrderKind.CANCEL or self.expires_at is None:
            return f"waits: {self.words}"
        return f"waits until {self.expires_at:%Y-%m-%d %H:%M} UTC: {self.words}"

    def followed(self, best: Decimal | None, price: Decimal) -> Decimal | None:
        """The best price so far; None for what does not follow it."""
        if self.kind is not OrderKind.TRAILING:
            return None
        if best is None:
            return price
        return max(best, price) if self.side is Side.SELL else min(best, price)

    def is_met(self, price: Decimal, best: Decimal | None = None) -> bool:
        """Whether it counts at this price; `best` is what `followed` gave, this price included."""
        level = self.price
        if self.kind is OrderKind.TRAILING:
            if best is None or self.distance is None:
                return False
            away = self.distance if self.side is Side.BUY else -self.distance
            with exact_arithmetic():
                level = best * (ONE + away)
        if level is None:
            return False
        is_below = (self.side is Side.BUY) is (self.kind is OrderKind.LIMIT)
        return price <= level if is_below else price >= level

    def is_over(self, now: datetime) -> bool:
        """Whether it has waited for as long as it may."""
        return self.expires_at is not None and now >= self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWords(Exact):
    """What a bot of this program says beside what any alert may say; see `Signal`."""

    order: SignalOrder | None = None
    keeps: tuple[str, ...] = ()
    holds: Decimal | None = None


NOTHING_MORE: Final = OwnWords()
