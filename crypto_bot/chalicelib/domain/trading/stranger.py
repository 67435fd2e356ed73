"""Orders that rest at the venue under an id like ours, and are in no open plan of the account.

Either these stores have lost them, or another bot trades with the same keys. Both may buy twice.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from chalicelib.domain.money import Exact, plain
from chalicelib.domain.trading.side import Side

# A venue may list for a while what is over, so it takes two looks so far apart.
CONFIRMED_AFTER: Final = timedelta(seconds=45)

_OUR_KIND: Final = 5  # of UUID: made of a name. Others draw theirs at random (4), or by the clock.


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder(Exact):
    """One that rests at the venue; `client_order_id` is '' unless it is a UUID, as all ours are."""

    venue_order_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    limit_price: Decimal

    @property
    def looks_like_ours(self) -> bool:
        """By its client order id, whoever has sent it."""
        return bool(self.client_order_id) and UUID(self.client_order_id).version == _OUR_KIND


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """Seen first at `seen_at`. `mine`: the owner knows it, and it may stay."""

    order: OpenOrder
    seen_at: datetime
    confirmed: bool = False
    mine: bool = False

    @property
    def bars_entries(self) -> bool:
        """Whether nothing is bought of its instrument while it rests."""
        return self.confirmed and not self.mine

    @property
    def reason(self) -> str:
        """For people, with the venue's id and ours."""
        order = self.order
        return (
            f"order {order.venue_order_id} to {order.side} {plain(order.quantity)} at "
            f"{plain(order.limit_price)} rests at the venue under an id like the bot's "
            f"({order.client_order_id}) and is in no plan of its"
        )


def strangers_among(
    listed: Iterable[OpenOrder], known: Container[str], before: Sequence[Stranger], now: datetime
) -> tuple[Stranger, ...]:
    """What rests now; `known` are the client order ids of the account's own open plans."""
    earlier = {stranger.order.venue_order_id: stranger for stranger in before}
    found = []
    for order in listed:
        if order.looks_like_ours and order.client_order_id not in known:
            seen = earlier.get(order.venue_order_id) or Stranger(order=order, seen_at=now)
            is_sure = seen.confirmed or now - seen.seen_at >= CONFIRMED_AFTER
            found.append(replace(seen, order=order, confirmed=is_sure))
    return tuple(sorted(found, key=lambda stranger: stranger.order.venue_order_id))
