"""What the venue lists of the account in one instrument: open orders, and own trades since then."""

from datetime import datetime, timedelta
from typing import Final

from chalicelib.adapters.venues.ccxt import client_ids, parsing
from chalicelib.adapters.venues.ccxt.parsing import Unified
from chalicelib.adapters.venues.ccxt.venue import Venue
from chalicelib.domain.trading.evidence import Activity, OwnTrade, RestingOrder
from chalicelib.domain.trading.order import OrderIntent
from chalicelib.domain.trading.side import Side

# Lists are asked from a little before the send: the venue's clock is not ours.
_BEFORE_SEND: Final = timedelta(minutes=1)
_PAGE: Final = 100


async def activity(
    venue: Venue, intent: OrderIntent, venue_order_id: str, since: datetime
) -> Activity:
    """Two requests at most; a list that ccxt does not have for this venue is None."""
    resting = await _resting(venue, intent, venue_order_id)
    identities = {order.venue_order_id for order in resting or () if order.asked_for}
    identities |= {venue_order_id} - {""}
    return Activity(resting=resting, trades=await _trades(venue, intent, since, identities))


async def _resting(
    venue: Venue, intent: OrderIntent, venue_order_id: str
) -> tuple[RestingOrder, ...] | None:
    if venue.client.has.get("fetchOpenOrders") is not True:
        return None
    orders = await venue.client.fetch_open_orders(intent.symbol)
    return tuple(
        RestingOrder(
            venue_order_id=str(order["id"]),
            side=Side(order["side"]),
            quantity=parsing.amount(order.get("amount")),
            filled=parsing.amount(order.get("filled")),
            limit_price=parsing.amount(order.get("price")),
            asked_for=_carries(venue, intent, order) or str(order["id"]) == venue_order_id,
        )
        for order in orders
    )


async def _trades(
    venue: Venue, intent: OrderIntent, since: datetime, identities: set[str]
) -> tuple[OwnTrade, ...] | None:
    if venue.client.has.get("fetchMyTrades") is not True:
        return None
    start = parsing.milliseconds(since - _BEFORE_SEND)
    trades = await venue.client.fetch_my_trades(intent.symbol, start, _PAGE)
    quote = venue.client.market(intent.symbol)["quote"]
    return tuple(
        OwnTrade(
            venue_order_id=str(trade.get("order") or ""),
            side=Side(trade["side"]),
            fill=parsing.fills([trade], quote, since)[0],
            asked_for=_carries(venue, intent, trade) or str(trade.get("order")) in identities,
        )
        for trade in trades
    )


def _carries(venue: Venue, intent: OrderIntent, row: Unified) -> bool:
    """Whether the venue names our client order id on it; ccxt reads none off trades."""
    wanted = str(client_ids.render(intent.client_order_id, venue.row.id_format)).lower()
    info = row.get("info")
    raw = info.get(venue.row.id_param) if isinstance(info, dict) else None
    return wanted in {str(row.get("clientOrderId")).lower(), str(raw).lower()}
