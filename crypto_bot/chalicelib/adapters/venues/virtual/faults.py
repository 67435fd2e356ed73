"""What can go wrong between us and the virtual venue, drawn so that every run is the same run.

Nothing here is random: each draw is a hash of the seed, the client order id and the attempt.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Final

from chalicelib.domain.errors import (
    ExchangeError,
    OrderNotPlaced,
    OrderRejected,
    OutcomeUnknown,
)
from chalicelib.domain.money import ZERO, Exact
from chalicelib.domain.trading.order import OrderIntent

_DRAWS: Final = 2**64


class Fault(StrEnum):
    """What happens to one submitted order; the names are those of the options."""

    NONE = "none"
    REFUSED = "refused"  # the venue says no, for no reason of ours
    RATE_LIMITED = "rate_limited"  # 429: not placed
    BANNED = "banned"  # 418: not placed, and nothing else is answered for a while
    LOST = "lost"  # the connection breaks before the venue reads the request
    ERROR_BEFORE = "error_before"  # a 5xx, and no order
    LATE = "late"  # time-out; the venue accepts the request afterwards
    ANSWER_LOST = "answer_lost"  # accepted, and the connection breaks
    ERROR_AFTER = "error_after"  # accepted, and a 5xx

    @property
    def hides_the_answer(self) -> bool:
        """Whether the venue worked on the order and we do not learn of it."""
        return self in {Fault.ANSWER_LOST, Fault.ERROR_AFTER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults(Exact):
    """How often each fault strikes, as fractions of all sends that add up to 1 at most.

    `script` overrules the fractions for the account's first sends, one word each.
    """

    rates: dict[Fault, Decimal]
    script: tuple[Fault, ...] = ()
    late_by: timedelta = timedelta(seconds=2)
    retry_after: timedelta = timedelta(seconds=1)
    ban: timedelta = timedelta(seconds=10)
    invisible: Decimal = ZERO
    invisible_for: timedelta = timedelta(seconds=2)

    @property
    def any(self) -> bool:
        """Whether an order can meet anything but an answer at once."""
        return bool(self.script) or self.invisible > 0 or any(self.rates.values())

    @property
    def bans(self) -> bool:
        """Whether the venue may ever stop to answer."""
        return Fault.BANNED in self.script or self.rates.get(Fault.BANNED, ZERO) > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dice:
    """The draws of one order: the same seed, order and attempt always fall the same."""

    seed: str
    client_order_id: str
    attempt: int

    def fault(self, faults: Faults, sent: int) -> Fault:
        """What strikes the account's send number `sent`, counted from 0."""
        if sent < len(faults.script):
            return faults.script[sent]
        draw, reached = self._draw("fault"), ZERO
        for fault, rate in faults.rates.items():
            reached += rate
            if draw < reached:
                return fault
        return Fault.NONE

    def happens(self, purpose: str, probability: Decimal) -> bool:
        """Whether something of this probability happens this time."""
        return probability > 0 and self._draw(purpose) < probability

    def _draw(self, purpose: str) -> Decimal:
        text = f"{self.seed}|{self.client_order_id}|{self.attempt}|{purpose}"
        return Decimal(int.from_bytes(sha256(text.encode()).digest()[:8])) / _DRAWS


_WORDS: Final = {
    Fault.LOST: "the connection broke",
    Fault.ERROR_BEFORE: "the venue answered 503",
    Fault.LATE: "no answer came in time",
    Fault.ANSWER_LOST: "the connection broke",
    Fault.ERROR_AFTER: "the venue answered 500",
}


def failure(fault: Fault, intent: OrderIntent, retry_at: datetime) -> ExchangeError:
    """What the sender sees of the fault: never whether there is an order behind it."""
    name = f"{intent.side} {intent.quantity} {intent.symbol} ({intent.client_order_id})"
    if fault is Fault.REFUSED:
        return OrderRejected("VENUE_REFUSED", f"{name}: refused, as the fault options ask for")
    if fault is Fault.RATE_LIMITED:
        return OrderNotPlaced(f"{name}: 429, too many requests", retry_at=retry_at)
    if fault is Fault.BANNED:
        return OrderNotPlaced(f"{name}: 418, banned", retry_at=retry_at)
    return OutcomeUnknown(f"{name}: {_WORDS[fault]}")
