"""The trading floor: what becomes of an order that has reached the venue. No store, no clock."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from chalicelib.adapters.venues.virtual.book import BookOrder, OrderFile, Page, Wallet
from chalicelib.adapters.venues.virtual.faults import Dice
from chalicelib.adapters.venues.virtual.matching import (
    Market,
    accept,
    check,
    close,
    executable,
    fill,
    next_fill,
)
from chalicelib.adapters.venues.virtual.options import FeeIn, VirtualOptions
from chalicelib.domain.errors import OrderRejected
from chalicelib.domain.money import ONE, ZERO
from chalicelib.domain.trading.order import OrderIntent, OrderStatus, OrderType, TimeInForce
from chalicelib.domain.trading.side import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """The venue's rules, bound to its options."""

    options: VirtualOptions

    def admit(self, page: Page, intent: OrderIntent, market: Market, now: datetime) -> Page:
        """Check, lock and match a new order. OrderRejected names what is wrong with it."""
        if intent.type is OrderType.MARKET and not self.options.traits.has_market_orders:
            raise OrderRejected(
                "ORDER_TYPE_UNSUPPORTED", f"{intent.symbol}: this venue has no market orders"
            )
        if intent.is_stop and not self.options.traits.has_stop_orders:
            raise OrderRejected(
                "ORDER_TYPE_UNSUPPORTED", f"{intent.symbol}: this venue has no stop orders"
            )
        check(intent, market)
        wallet, order = accept(page.wallet, self._new_order(page.file, intent, market, now))
        if order.waits:
            return Page(wallet=wallet, file=page.file.with_order(order))
        price = market.taker_price(intent.side)
        if market.is_marketable(intent.side, order.limit_price):
            wallet, order = self._trade(wallet, order, market, price, now)
        if order.time_in_force is TimeInForce.IOC and not order.status.is_final:
            wallet, order = close(
                wallet,
                order,
                OrderStatus.EXPIRED,
                f"immediate or cancel: {order.remaining} of {order.quantity} not filled at {price}",
            )
        return Page(wallet=wallet, file=page.file.with_order(order))

    def work_off(self, page: Page, market: Market, now: datetime) -> Page:
        """The page after requests that have arrived by now and trades at the current price."""
        due = [arrival for arrival in page.file.arrivals if arrival.at <= now]
        for arrival in due:
            page = self._take_in(page, arrival.intent, market, now)
        still_coming = tuple(a for a in page.file.arrivals if a not in due)
        page = replace(page, file=replace(page.file, arrivals=still_coming))
        order = page.file.open_order
        if order is None:
            return page
        arrives = order.waits and _is_reached(order, market)
        if arrives:
            order = replace(order, triggered=True)
            page = replace(page, file=page.file.with_order(order))
        if not _may_trade(order, market, now):
            return page
        # A stop takes what it finds; an order that rested before is taken at its own price.
        price = market.taker_price(order.side) if arrives else order.limit_price
        wallet, order = self._trade(page.wallet, order, market, price, now)
        return Page(wallet=wallet, file=page.file.with_order(order))

    def cancel(self, page: Page) -> Page:
        """The page without the rest of its open order."""
        order = page.file.open_order
        if order is None:
            return page
        wallet, order = close(page.wallet, order, OrderStatus.CANCELED, "canceled on request")
        return Page(wallet=wallet, file=page.file.with_order(order))

    def _take_in(self, page: Page, intent: OrderIntent, market: Market, now: datetime) -> Page:
        """A late request, whose sender is not there any more to hear that it was refused."""
        if page.file.open_order is not None:
            return page
        try:
            return self.admit(page, intent, market, now)
        except OrderRejected:
            return page

    def _new_order(
        self, file: OrderFile, intent: OrderIntent, market: Market, now: datetime
    ) -> BookOrder:
        instrument, is_limit = market.instrument, intent.type is OrderType.LIMIT
        pays_in_base = intent.side is Side.BUY and self.options.fee_in is FeeIn.RECEIVED
        name = f"{intent.account}|{intent.client_order_id}|{len(file.orders)}"
        faults, dice = self.options.faults, self.dice(intent.client_order_id, file.attempts)
        hidden = dice.happens("invisible", faults.invisible)
        return BookOrder(
            client_order_id=intent.client_order_id,
            venue_order_id=sha256(name.encode()).hexdigest()[:16],
            symbol=intent.symbol,
            side=intent.side,
            time_in_force=intent.time_in_force if is_limit else TimeInForce.IOC,
            quantity=intent.quantity,
            limit_price=intent.limit_price if is_limit else market.taker_price(intent.side),
            base=instrument.base,
            quote=instrument.quote,
            fee_rate=instrument.taker_fee,
            fee_asset=instrument.base if pays_in_base else instrument.quote,
            locked=ZERO,
            accepted_at=now,
            visible_at=now + faults.invisible_for if hidden else now,
            stop_price=intent.stop_price,
            trades_before=sum(len(order.fills) for order in file.orders),
        )

    def _trade(
        self, wallet: Wallet, order: BookOrder, market: Market, price: Decimal, now: datetime
    ) -> tuple[Wallet, BookOrder]:
        dice = self.dice(order.client_order_id, order.trades_before + len(order.fills))
        partly = dice.happens("partial", self.options.partial_fill)
        fraction = self.options.partial_fraction if partly else ONE
        quantity = executable(order, market.instrument, fraction)
        new = next_fill(order, quantity, price, now, self.options.fee_digits)
        return fill(wallet, order, new)

    def dice(self, client_order_id: str, attempt: int) -> Dice:
        """The draws for one attempt, or one trade, of one order."""
        return Dice(seed=self.options.seed, client_order_id=client_order_id, attempt=attempt)


def _is_reached(order: BookOrder, market: Market) -> bool:
    level, last = order.stop_price or order.limit_price, market.ticker.last
    return last >= level if order.side is Side.BUY else last <= level


def _may_trade(order: BookOrder, market: Market, now: datetime) -> bool:
    """Once per instant, so that being looked at twice does not change what is seen."""
    if order.waits:
        return False
    if order.fills and order.fills[-1].at >= now:
        return False
    return market.is_marketable(order.side, order.limit_price)
