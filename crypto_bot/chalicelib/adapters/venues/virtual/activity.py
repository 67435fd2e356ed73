"""The virtual venue's pages -> what it lists: of one instrument, and of all that rests."""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.adapters.venues.virtual.book import BookOrder, OrderFile
from chalicelib.domain.trading.evidence import Activity, OwnTrade, RestingOrder
from chalicelib.domain.trading.order import OrderIntent
from chalicelib.domain.trading.stranger import OpenOrder


def activity_of(
    files: Iterable[OrderFile], intent: OrderIntent, since: datetime, now: datetime
) -> Activity:
    """Open orders, and the trades since then, of orders that look-ups find by now."""
    listed = [
        order
        for file in files
        for order in file.orders
        if order.symbol == intent.symbol and order.visible_at <= now
    ]
    return Activity(
        resting=tuple(_resting(order, intent) for order in listed if not order.status.is_final),
        trades=tuple(
            trade for order in listed for trade in _trades(order, intent) if trade.fill.at >= since
        ),
    )


def open_orders_of(files: Iterable[OrderFile], now: datetime) -> tuple[OpenOrder, ...]:
    """What rests of them, and is visible by now."""
    return tuple(
        OpenOrder(
            venue_order_id=order.venue_order_id,
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            limit_price=order.limit_price,
        )
        for file in files
        if (order := file.open_order) is not None and order.visible_at <= now
    )


def _resting(order: BookOrder, intent: OrderIntent) -> RestingOrder:
    return RestingOrder(
        venue_order_id=order.venue_order_id,
        side=order.side,
        quantity=order.quantity,
        filled=order.filled,
        limit_price=order.limit_price,
        asked_for=order.client_order_id == intent.client_order_id,
    )


def _trades(order: BookOrder, intent: OrderIntent) -> Iterable[OwnTrade]:
    return (
        OwnTrade(
            venue_order_id=order.venue_order_id,
            side=order.side,
            fill=fill,
            asked_for=order.client_order_id == intent.client_order_id,
        )
        for fill in order.fills
    )
