"""Order request -> fills: one account and its matching, in memory, in exact decimals, no I/O.

The market is one price per instrument, set by the test, with as much liquidity behind it as the
test allows. Time comes in as an argument, so nothing here can differ between two runs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from tests.venues.orders import (
    ZERO,
    FeeAsset,
    Instrument,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Refusal,
    Refused,
    Side,
    TimeInForce,
    Trade,
)
from tests.venues.wallet import Balance, Wallet


@dataclass(slots=True)
class Market:
    last: Decimal
    bid: Decimal
    ask: Decimal
    liquidity: Decimal | None = None  # None: without end


class Book:
    def __init__(
        self,
        instruments: Iterable[Instrument],
        balances: Mapping[str, Decimal],
        *,
        fee_asset: FeeAsset = FeeAsset.RECEIVED,
        unique_open_client_ids: bool = False,
    ) -> None:
        self.instruments = {instrument.id: instrument for instrument in instruments}
        self._wallet = Wallet(balances, fee_asset)
        self.markets: dict[str, Market] = {}
        self.orders: list[Order] = []
        self.trades: list[Trade] = []
        self._unique_open_client_ids = unique_open_client_ids

    def instrument(self, name: str) -> Instrument:
        """`name` is the venue's id or ccxt's symbol."""
        if name in self.instruments:
            return self.instruments[name]
        for instrument in self.instruments.values():
            if instrument.symbol == name:
                return instrument
        raise Refused(Refusal.SYMBOL)

    @property
    def balances(self) -> Mapping[str, Balance]:
        return self._wallet.balances

    def balance(self, asset: str) -> Balance:
        return self._wallet.balance(asset)

    def set_price(
        self,
        name: str,
        last: Decimal,
        *,
        bid: Decimal | None = None,
        ask: Decimal | None = None,
        now_ms: int = 0,
    ) -> None:
        """Move the market; resting orders that it reaches fill at their own price."""
        instrument = self.instrument(name)
        known = self.markets.get(instrument.id)
        self.markets[instrument.id] = Market(
            last=last,
            bid=last if bid is None else bid,
            ask=last if ask is None else ask,
            liquidity=known.liquidity if known else None,
        )
        self._match_resting(instrument, now_ms)

    def set_liquidity(self, name: str, quantity: Decimal | None, *, now_ms: int = 0) -> None:
        """What can still trade at the set price; each fill uses it up. None is without end."""
        instrument = self.instrument(name)
        self.markets[instrument.id].liquidity = quantity
        self._match_resting(instrument, now_ms)

    def would_take(self, request: OrderRequest) -> bool:
        market = self.markets[request.instrument.id]
        if request.price is None:
            return True
        if request.side is Side.BUY:
            return request.price >= market.ask
        return request.price <= market.bid

    def place(
        self,
        request: OrderRequest,
        *,
        now_ms: int,
        visible_from_ms: int = 0,
        fill_fraction: Decimal | None = None,
    ) -> Order:
        """`fill_fraction` caps what trades at once, on top of the liquidity."""
        quantity = self._checked_quantity(request)
        order = Order(
            id=1_000_001 + len(self.orders),
            request=request,
            quantity=quantity,
            created_ms=now_ms,
            updated_ms=now_ms,
            visible_from_ms=visible_from_ms,
            waits=request.stop_price is not None,
        )
        if self._is_triggered(order):
            raise Refused(Refusal.TRIGGER)
        self._wallet.lock(order, self._reference_price(request))
        self.orders.append(order)
        if not order.waits:
            self._match_arriving(order, now_ms, fill_fraction)
        return order

    def cancel(self, order: Order, *, now_ms: int) -> None:
        self._end(order, OrderStatus.CANCELED, now_ms)

    def _checked_quantity(self, request: OrderRequest) -> Decimal:
        instrument = request.instrument
        if instrument.id not in self.markets:
            raise Refused(Refusal.SYMBOL)
        quantity = self._quantity(request)
        if not instrument.minimum_quantity <= quantity <= instrument.maximum_quantity:
            raise Refused(Refusal.QUANTITY)
        if quantity % instrument.step:
            raise Refused(Refusal.QUANTITY)
        prices = [price for price in (request.price, request.stop_price) if price is not None]
        if any(price <= 0 or price % instrument.tick for price in prices):
            raise Refused(Refusal.PRICE)
        if quantity * self._reference_price(request) < instrument.minimum_notional:
            raise Refused(Refusal.NOTIONAL)
        if self._unique_open_client_ids and self._client_id_is_open(request.client_id):
            raise Refused(Refusal.DUPLICATE)
        return quantity

    def _quantity(self, request: OrderRequest) -> Decimal:
        if request.quantity is not None:
            return request.quantity
        if request.budget is None:
            raise Refused(Refusal.QUANTITY)
        return _round_down(request.budget / self._reference_price(request), request.instrument.step)

    def _reference_price(self, request: OrderRequest) -> Decimal:
        if request.price is not None:
            return request.price
        market = self.markets[request.instrument.id]
        return market.ask if request.side is Side.BUY else market.bid

    def _client_id_is_open(self, client_id: str) -> bool:
        return any(order.is_open and order.request.client_id == client_id for order in self.orders)

    def _match_arriving(self, order: Order, now_ms: int, fill_fraction: Decimal | None) -> None:
        request = order.request
        takes = self.would_take(request)
        if request.type is OrderType.LIMIT_MAKER and takes:
            self._end(order, OrderStatus.EXPIRED, now_ms)
            return
        share = order.quantity if fill_fraction is None else order.quantity * fill_fraction
        quantity = self._tradable(order, share) if takes else ZERO
        if request.time_in_force is TimeInForce.FOK and quantity < order.quantity:
            quantity = ZERO
        if quantity:
            self._fill(order, quantity, self._touch(request), now_ms, maker=False)
        rests = request.type is not OrderType.MARKET and request.time_in_force is TimeInForce.GTC
        if order.is_open and not rests:
            self._end(order, OrderStatus.EXPIRED, now_ms)

    def _is_triggered(self, order: Order) -> bool:
        level, last = order.request.stop_price, self.markets[order.request.instrument.id].last
        if level is None or not order.waits:
            return False
        return last <= level if order.request.side is Side.SELL else last >= level

    def _match_resting(self, instrument: Instrument, now_ms: int) -> None:
        for order in self.orders:
            if not order.is_open or order.request.instrument is not instrument:
                continue
            if self._is_triggered(order):
                order.waits = False
                self._match_arriving(order, now_ms, None)
            if order.waits or not order.is_open:
                continue
            quantity = self._tradable(order, order.remaining)
            if quantity and order.request.price is not None and self.would_take(order.request):
                self._fill(order, quantity, order.request.price, now_ms, maker=True)

    def _touch(self, request: OrderRequest) -> Decimal:
        market = self.markets[request.instrument.id]
        return market.ask if request.side is Side.BUY else market.bid

    def _tradable(self, order: Order, wanted: Decimal) -> Decimal:
        instrument = order.request.instrument
        liquidity = self.markets[instrument.id].liquidity
        quantity = min(wanted, order.remaining)
        if liquidity is not None:
            quantity = min(quantity, liquidity)
        return _round_down(quantity, instrument.step)

    def _fill(
        self, order: Order, quantity: Decimal, price: Decimal, now_ms: int, *, maker: bool
    ) -> None:
        trade = self._trade(order, quantity, price, now_ms, maker=maker)
        market = self.markets[trade.instrument.id]
        if market.liquidity is not None:
            market.liquidity -= quantity
        order.trades.append(trade)
        self.trades.append(trade)
        order.executed += quantity
        order.cost += quantity * price
        order.updated_ms = now_ms
        self._wallet.settle(order, trade)
        if order.remaining:
            order.status = OrderStatus.PARTIALLY_FILLED
            self._wallet.keep_what_it_needs(order, self._reference_price(order.request))
        else:
            self._end(order, OrderStatus.FILLED, now_ms)

    def _trade(
        self, order: Order, quantity: Decimal, price: Decimal, now_ms: int, *, maker: bool
    ) -> Trade:
        request = order.request
        instrument = request.instrument
        rate = instrument.maker_fee_rate if maker else instrument.fee_rate
        fee, fee_asset = self._wallet.fee(request, quantity, price, rate)
        return Trade(
            id=500_001 + len(self.trades),
            order_id=order.id,
            client_id=request.client_id,
            instrument=instrument,
            side=request.side,
            price=price,
            quantity=quantity,
            fee=fee,
            fee_asset=fee_asset,
            time_ms=now_ms,
            maker=maker,
        )

    def _end(self, order: Order, status: OrderStatus, now_ms: int) -> None:
        order.status = status
        order.updated_ms = now_ms
        self._wallet.release(order)


def _round_down(quantity: Decimal, step: Decimal) -> Decimal:
    return (quantity / step).to_integral_value(rounding=ROUND_DOWN) * step
