"""The venue's ways to place an order and to find one again, as coroutines."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, assert_never

from chalicelib.adapters.venues.ccxt import client_ids, parsing
from chalicelib.adapters.venues.ccxt.parsing import Unified
from chalicelib.adapters.venues.ccxt.sending import SENDING
from chalicelib.adapters.venues.ccxt.venue import Venue
from chalicelib.adapters.venues.ccxt.venue_table import Lookup
from chalicelib.domain.money import ZERO
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.order import (
    OrderIntent,
    OrderReport,
    OrderStatus,
    OrderType,
    TimeInForce,
)

# Lists are asked from a little before the send: the venue's clock is not ours.
_BEFORE_SEND: Final = timedelta(minutes=1)
_PAGE: Final = 100


async def create(venue: Venue, intent: OrderIntent) -> Unified:
    """One request. Amounts go as text; the client order id is always ours."""
    params = {
        **venue.row.order_params,
        **_deadline(venue),
        venue.row.id_param: _venue_id(venue, intent),
    }
    price = None
    if intent.type is OrderType.LIMIT:
        params["timeInForce"] = intent.time_in_force.value
        price = _text(intent.limit_price)
    if intent.stop_price is not None:
        params["stopLossPrice"] = _text(intent.stop_price)
    answer: Unified | None = await venue.client.create_order(
        intent.symbol, intent.type.value, intent.side.value, _text(intent.quantity), price, params
    )
    return _identified(answer)


def _deadline(venue: Venue) -> dict[str, str]:
    """When the venue itself shall refuse what was under way for too long; whole seconds."""
    sending, bound = SENDING.get(), venue.row.acceptance_bound
    if not venue.row.deadline_param or sending is None or bound is None:
        return {}
    return {venue.row.deadline_param: f"{sending.permit_until + bound:%Y-%m-%dT%H:%M:%SZ}"}


async def submitted(
    venue: Venue, intent: OrderIntent, answer: Unified, at: datetime
) -> OrderReport:
    """What became of an order that the venue has just taken; ACCEPTED where it cannot tell yet."""
    rests = intent.type is OrderType.LIMIT and intent.time_in_force is TimeInForce.GTC
    try:
        # Bitfinex calls every new order active, the immediate ones too.
        told = answer.get("status") and (rests or parsing.is_over(answer))
        order = answer if told else await _lookup(venue, intent, at)
        if order is not None:
            return await complete(venue, intent, order, at)
    except venue.failures:
        pass  # it is there, and the next tick's lookup tells the rest
    return OrderReport(
        client_order_id=intent.client_order_id,
        venue_order_id=str(answer["id"]),
        status=OrderStatus.ACCEPTED,
        filled=ZERO,
        fills=(),
    )


async def find(venue: Venue, intent: OrderIntent, since: datetime) -> OrderReport | None:
    """The order with all its fills, or None when the venue does not know it."""
    order = await _lookup(venue, intent, since)
    return None if order is None else await complete(venue, intent, order, since)


async def cancel(venue: Venue, intent: OrderIntent, venue_order_id: str, since: datetime) -> None:
    """Nothing to do where the venue no longer knows the order."""
    identity = venue_order_id
    if not identity:
        order = await _lookup(venue, intent, since)
        if order is None or parsing.is_over(order):
            return
        identity = str(order["id"])
    try:
        await venue.client.cancel_order(identity, intent.symbol)
    except venue.not_found:
        return


async def complete(
    venue: Venue, intent: OrderIntent, order: Unified, since: datetime
) -> OrderReport:
    """The report, with a further request only where fills are missing in `order`."""
    known = _fills(venue, intent, order.get("trades") or (), order, since)
    filled = parsing.amount(order.get("filled"))
    if parsing.traded(known) != filled:
        trades = await _trades(venue, intent, order, since)
        known = _fills(venue, intent, trades, order, since)
    return parsing.report(intent, order, known)


def _fills(
    venue: Venue, intent: OrderIntent, trades: Iterable[Unified], order: Unified, since: datetime
) -> tuple[Fill, ...]:
    at = parsing.instant(order.get("timestamp"), since)
    whole = [trade for trade in trades if trade.get("amount") is not None]  # Kraken: bare ids
    return parsing.fills(whole, venue.client.market(intent.symbol)["quote"], at)


async def _lookup(venue: Venue, intent: OrderIntent, since: datetime) -> Unified | None:
    lookup: Lookup = venue.row.lookup
    match lookup:
        case Lookup.FETCH_ORDER:
            return await _fetched(venue, intent)
        case Lookup.ORDER_STATUS:
            ours = {"client_order_id": _venue_id(venue, intent)}
            return await _order_status(venue, intent, ours)
        case Lookup.LISTS:
            return await _listed(venue, intent, since)
        case Lookup.NONE:
            return await _listed(venue, intent, since)
        case _:
            assert_never(lookup)


async def _fetched(venue: Venue, intent: OrderIntent) -> Unified | None:
    try:
        order: Unified = await venue.client.fetch_order(
            None, intent.symbol, {venue.row.lookup_param: _venue_id(venue, intent)}
        )
    except venue.not_found:
        return None
    return _ours(venue, intent, _identified(order))


async def _order_status(venue: Venue, intent: OrderIntent, which: Unified) -> Unified | None:
    """Gemini answers with one order, or with a list where a client id came more than once."""
    try:
        answer = await venue.client.privatePostV1OrderStatus({**which, "include_trades": True})
    except venue.not_found:
        return None
    answers = answer if isinstance(answer, list) else [answer]
    if not answers:
        return None
    market = venue.client.market(intent.symbol)
    order: dict[str, Any] = venue.client.parse_order(answers[0], market)
    order["trades"] = venue.client.parse_trades(answers[0].get("trades") or [], market)
    return _ours(venue, intent, _identified(order))


async def _listed(venue: Venue, intent: OrderIntent, since: datetime) -> Unified | None:
    wanted = str(_venue_id(venue, intent)).lower()
    narrowed = {venue.row.lookup_param: wanted} if venue.row.lookup_param else {}
    params = {**venue.row.list_params, **narrowed}
    start = parsing.milliseconds(since - _BEFORE_SEND)
    for method, from_then in _lists(venue):
        read = getattr(venue.client, method)
        async for order in _pages(read, intent.symbol, start if from_then else None, params):
            if str(order.get("clientOrderId")).lower() == wanted:
                return order
            if narrowed:
                raise parsing.ForeignOrder(f"{method} by {intent.client_order_id} lists others")
    return None


async def _pages(
    read: Callable[..., Coroutine[Any, Any, list[Unified]]],
    symbol: str,
    start: int | None,
    params: Mapping[str, Any],
) -> AsyncIterator[Unified]:
    """From the newest back to `start`: who reads the first page only misses what is behind it."""
    until: int | None = None
    while True:
        end = {} if until is None else {"until": until}
        orders = await read(symbol, start, _PAGE, {**params, **end})
        for order in orders:
            yield order
        if start is None or len(orders) < _PAGE:
            return
        oldest = min(int(order["timestamp"]) for order in orders)
        if until is not None and oldest >= until:
            raise LookupError(f"the venue lists the same {_PAGE} orders again and again")
        until = oldest


def _lists(venue: Venue) -> list[tuple[str, bool]]:
    """(method, whether it takes the time): first the open ones, which have no beginning."""
    lists = [("fetch_open_orders", False)]
    if venue.client.has.get("fetchCanceledAndClosedOrders") is True:
        return [*lists, ("fetch_canceled_and_closed_orders", True)]
    if venue.client.has.get("fetchClosedOrders") is True:
        lists.append(("fetch_closed_orders", True))
    if venue.client.has.get("fetchCanceledOrders") is True:
        lists.append(("fetch_canceled_orders", True))
    return lists


async def _trades(
    venue: Venue, intent: OrderIntent, order: Unified, since: datetime
) -> Iterable[Unified]:
    identity = str(order["id"])
    if venue.row.lookup is Lookup.ORDER_STATUS:
        again = await _order_status(venue, intent, {"order_id": identity})
        return again["trades"] if again else ()
    bare = [trade["id"] for trade in order.get("trades") or () if trade.get("amount") is None]
    if bare or venue.client.has.get("fetchOrderTrades") is True:
        named = {"trades": bare} if bare else {}
        of_order: list[Unified] = await venue.client.fetch_order_trades(
            identity, intent.symbol, None, _PAGE, named
        )
        return of_order
    start = parsing.milliseconds(since - _BEFORE_SEND)
    trades = await venue.client.fetch_my_trades(intent.symbol, start, _PAGE)
    return [trade for trade in trades if str(trade.get("order")) == identity]


def _identified(order: Unified | None) -> Unified:
    """An answer without the venue's id is not about an order, however well ccxt fills it in."""
    if not order or not order.get("id"):
        raise ValueError("the venue's answer names no order")
    return order


def _ours(venue: Venue, intent: OrderIntent, order: Unified) -> Unified:
    carried = order.get("clientOrderId")
    if carried is not None and str(carried).lower() != str(_venue_id(venue, intent)).lower():
        raise parsing.ForeignOrder(f"order {order['id']} answers for {intent.client_order_id}")
    return order


def _venue_id(venue: Venue, intent: OrderIntent) -> str | int:
    return client_ids.render(intent.client_order_id, venue.row.id_format)


def _text(value: Decimal) -> str:
    return f"{value:f}"
