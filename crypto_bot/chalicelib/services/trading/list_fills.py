"""[orders] -> what we ourselves bought and sold of one instrument, for marks on a chart."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.order import Order
from chalicelib.ports import OrderStore

# So many orders are looked at, so that an answer takes no longer the more there are.
_LOOKED_AT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFill:
    """One fill with the order that it is of."""

    order: Order
    fill: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFills:
    """`fills` oldest first; `older` is the `until` to go on with, None where that was all."""

    fills: tuple[OwnFill, ...]
    older: datetime | None


def list_fills(
    orders: OrderStore, symbol: str, *, since: datetime, until: datetime | None = None
) -> OwnFills:
    """Of orders made from `since` on and before `until`."""
    found = orders.recent(_LOOKED_AT, until)
    fills = [
        OwnFill(order=order, fill=fill)
        for order in found
        if order.intent.symbol == symbol and order.created_at >= since
        for fill in order.fills
    ]
    more = len(found) == _LOOKED_AT and found[-1].created_at > since
    return OwnFills(
        fills=tuple(sorted(fills, key=lambda own: (own.fill.at, own.fill.trade_id))),
        older=found[-1].created_at if more else None,
    )
