"""ports.Exchange over ccxt: one class for every venue; the venue table tells the differences."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import Context
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from chalicelib.adapters.venues.ccxt import orders, parsing
from chalicelib.adapters.venues.ccxt.activity import activity, open_orders
from chalicelib.adapters.venues.ccxt.errors import submit_failure
from chalicelib.adapters.venues.ccxt.market_data import MarketData
from chalicelib.adapters.venues.ccxt.sending import SENDING, Sending
from chalicelib.adapters.venues.ccxt.venue import Venue
from chalicelib.adapters.venues.ccxt.venue_clock import VenueClock
from chalicelib.domain.errors import ExchangeUnavailable, OrderNotPlaced, OrderRejected
from chalicelib.domain.trading.evidence import Activity
from chalicelib.domain.trading.instrument import Balance, Instrument
from chalicelib.domain.trading.key_permissions import KeyPermissions
from chalicelib.domain.trading.order import OrderIntent, OrderReport, OrderType
from chalicelib.domain.trading.stranger import OpenOrder
from chalicelib.ports import Clock, VenueTraits

T = TypeVar("T")

# How far back a lookup goes where nobody says when the order was sent.
_RECENTLY: Final = timedelta(days=1)


class CcxtExchange(MarketData):
    """One account at one venue. Several threads may submit at once."""

    def __init__(self, venue: Venue, clock: Clock) -> None:
        super().__init__(venue, clock)
        self._venue_clock = VenueClock(venue)

    def traits(self) -> VenueTraits:
        """From the venue table."""
        return self._venue.row.traits

    def balances(self) -> Mapping[str, Balance]:
        """Every asset with anything in it."""
        return self._read("its balances", self._balances)

    def submit(self, intent: OrderIntent, permit_until: datetime) -> OrderReport:
        """Send once; the three errors of the port say what is known when it fails."""
        self._check(intent)
        sending = Sending(
            permit_until=permit_until,
            clock=self._clock,
            refuses_with_500=self._venue.row.refuses_with_500,
        )
        context = Context()
        context.run(SENDING.set, sending)
        try:
            answer = self._thread.run(lambda: orders.create(self._venue, intent), context)
        except Exception as error:  # noqa: BLE001 - whatever it was, the order may be there
            self._venue_clock.learn_from(error)
            until = self._silence.asked_for
            raise submit_failure(error, sending, self._redactor, until) from None
        return self._thread.run(
            lambda: orders.submitted(self._venue, intent, answer, self._clock.now())
        )

    def find(self, intent: OrderIntent, since: datetime) -> OrderReport | None:
        """By our id, open or closed, with all fills."""
        return self._read(f"order {intent.client_order_id}", lambda: self._find(intent, since))

    def activity(self, intent: OrderIntent, venue_order_id: str, since: datetime) -> Activity:
        """What the venue lists, as far as ccxt has its lists."""
        return self._read(
            "its lists of orders", lambda: self._activity(intent, venue_order_id, since)
        )

    def open_orders(self, symbols: Sequence[str]) -> Sequence[OpenOrder] | None:
        """In one request where the venue lists every instrument at once."""
        return self._read("its open orders", lambda: self._open_orders(symbols))

    def key_permissions(self) -> KeyPermissions | None:
        """Asked only where the venue table knows how."""
        if not self._venue.row.permissions:
            return None
        return self._read("the permissions of its keys", self._key_permissions)

    def clock_skew(self) -> timedelta | None:
        """One question about the time; None where no signature depends on it."""
        return self._read("its time", self._venue_clock.skew)

    def cancel(self, intent: OrderIntent, venue_order_id: str) -> None:
        """An order that the venue no longer knows is no error."""
        self._read(
            f"the cancellation of {intent.client_order_id}",
            lambda: self._cancel(intent, venue_order_id),
        )

    def _read(self, what: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return super()._read(what, lambda: self._venue_clock.watched(work))

    def _check(self, intent: OrderIntent) -> None:
        """Refuse what ccxt would bend into shape: it rounds prices half up, across our bound."""
        if intent.type is OrderType.MARKET and not self._venue.row.has_market_orders:
            raise OrderRejected(
                "ORDER_TYPE_UNSUPPORTED", f"{self._venue.id} takes no market orders in base"
            )
        if intent.is_stop and not self._venue.row.has_stop_orders:
            raise OrderRejected("ORDER_TYPE_UNSUPPORTED", f"{self._venue.id} is sent no stops")
        try:
            instrument = self._read("its filters", lambda: self._ready_for(intent))
        except ExchangeUnavailable as error:
            raise OrderNotPlaced(f"nothing was sent: {error}", retry_at=error.retry_at) from error
        if unusable := self.unusable().get(intent.symbol):
            raise OrderRejected("INSTRUMENT_UNUSABLE", f"{intent.symbol}: {unusable}")
        if instrument is None:
            raise OrderRejected("SYMBOL_UNKNOWN", f"{self._venue.id} has no {intent.symbol}")
        _check_grid(intent, instrument)

    async def _ready_for(self, intent: OrderIntent) -> Instrument | None:
        await self._venue_clock.adjust()
        return (await self._instruments([intent.symbol])).get(intent.symbol)

    async def _balances(self) -> dict[str, Balance]:
        await self._venue_clock.adjust()
        await self._markets.ensure(())
        return parsing.balances(await self._venue.client.fetch_balance())

    async def _find(self, intent: OrderIntent, since: datetime) -> OrderReport | None:
        await self._prepare(intent)
        return await orders.find(self._venue, intent, since)

    async def _activity(
        self, intent: OrderIntent, venue_order_id: str, since: datetime
    ) -> Activity:
        await self._prepare(intent)
        return await activity(self._venue, intent, venue_order_id, since)

    async def _open_orders(self, symbols: Sequence[str]) -> Sequence[OpenOrder] | None:
        await self._venue_clock.adjust()
        await self._markets.ensure(symbols)
        return await open_orders(self._venue, symbols)

    async def _key_permissions(self) -> KeyPermissions:
        await self._venue_clock.adjust()
        answer = await getattr(self._venue.client, self._venue.row.permissions)()
        return parsing.key_permissions(answer)

    async def _prepare(self, intent: OrderIntent) -> None:
        await self._venue_clock.adjust()
        await self._markets.ensure([intent.symbol])

    async def _cancel(self, intent: OrderIntent, venue_order_id: str) -> None:
        await self._prepare(intent)
        since = self._clock.now() - _RECENTLY
        await orders.cancel(self._venue, intent, venue_order_id, since)


def _check_grid(intent: OrderIntent, instrument: Instrument) -> None:
    if instrument.round_quantity(intent.quantity) != intent.quantity:
        raise OrderRejected(
            "QUANTITY_INVALID",
            f"quantity {intent.quantity} of {intent.symbol} is no multiple of "
            f"{instrument.quantity_step}",
        )
    prices = [intent.limit_price] if intent.type is OrderType.LIMIT else []
    if intent.stop_price is not None:
        prices.append(intent.stop_price)
    for price in prices:
        if instrument.limit_price(price, intent.side) != price:
            raise OrderRejected(
                "PRICE_INVALID",
                f"price {price} of {intent.symbol} is no multiple of {instrument.price_tick}",
            )
