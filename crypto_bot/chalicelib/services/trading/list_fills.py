"""[orders] -> what we ourselves bought and sold of one instrument, for marks on a chart."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.order import Order
from chalicelib.ports import OrderStore

# So many orders are looked at, so that an answer takes no longer the more there are.
_LOOKED_AT: Final = 500
_TICK: Final = timedelta(microseconds=1)


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
    older = None
    if len(found) == _LOOKED_AT and found[-1].created_at >= since:
        found, older = _whole_instants(found)
    fills = [
        OwnFill(order=order, fill=fill)
        for order in found
        if order.intent.symbol == symbol and order.created_at >= since
        for fill in order.fills
    ]
    return OwnFills(
        fills=tuple(sorted(fills, key=lambda own: (own.fill.at, own.fill.trade_id))),
        older=older,
    )


def _whole_instants(found: list[Order]) -> tuple[list[Order], datetime]:
    """Of the last instant some orders may not have been looked at: all of it is the next page's.

    Unless there is nothing else: then what was not looked at is left out, so that the pages end.
    """
    last = found[-1].created_at
    whole = [order for order in found if order.created_at > last]
    return (whole, last + _TICK) if whole else (found, last)
