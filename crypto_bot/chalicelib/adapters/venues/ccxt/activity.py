"""What the venue lists of the account: open orders, and own trades in an instrument since then."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from chalicelib.adapters.venues.ccxt import client_ids, parsing
from chalicelib.adapters.venues.ccxt.client_ids import ClientIdFormat
from chalicelib.adapters.venues.ccxt.parsing import Unified
from chalicelib.adapters.venues.ccxt.venue import Venue
from chalicelib.domain.trading.evidence import Activity, OwnTrade, RestingOrder
from chalicelib.domain.trading.order import OrderIntent
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.stranger import OpenOrder

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


async def open_orders(venue: Venue, symbols: Sequence[str]) -> tuple[OpenOrder, ...] | None:
    """What rests under a UUID or any other id: of everything, or of these symbols one by one.

    None where ccxt has no such list, or where our own ids are bare numbers.
    """
    listable = venue.client.has.get("fetchOpenOrders") is True
    if not listable or venue.row.id_format is ClientIdFormat.INTEGER45:
        return None
    asked = [None] if venue.row.lists_all_open else symbols
    listed = [row for symbol in asked for row in await venue.client.fetch_open_orders(symbol)]
    return tuple(
        OpenOrder(
            venue_order_id=str(row["id"]),
            client_order_id=_uuid_on(venue, row),
            symbol=str(row["symbol"]),
            side=Side(row["side"]),
            quantity=parsing.amount(row.get("amount")),
            limit_price=parsing.amount(row.get("price")),
        )
        for row in listed
    )


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
    """Whether the venue names our client order id on it."""
    wanted = str(client_ids.render(intent.client_order_id, venue.row.id_format)).lower()
    return wanted in _ids_on(venue, row)


def _uuid_on(venue: Venue, row: Unified) -> str:
    """The client order id, where it is of the form that ours have there; else ''."""
    told = (client_ids.recognise(given) for given in _ids_on(venue, row))
    return next(filter(None, told), "")


def _ids_on(venue: Venue, row: Unified) -> tuple[str, str]:
    """As ccxt reads it, which reads none off trades, and as the venue names it."""
    info = row.get("info")
    raw = info.get(venue.row.id_param) if isinstance(info, dict) else None
    return str(row.get("clientOrderId")).lower(), str(raw).lower()
