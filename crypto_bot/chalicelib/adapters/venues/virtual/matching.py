"""Order and price -> fills and wallet, as pure functions in exact decimals."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from chalicelib.adapters.venues.virtual.book import BookOrder, Wallet
from chalicelib.domain.errors import OrderRejected
from chalicelib.domain.money import ONE, ZERO, exact_arithmetic
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.instrument import Instrument, Ticker
from chalicelib.domain.trading.order import OrderIntent, OrderStatus, OrderType
from chalicelib.domain.trading.side import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One instrument at one moment; `cost` is how much worse than last a taker trades."""

    instrument: Instrument
    ticker: Ticker
    cost: Decimal = ZERO

    def taker_price(self, side: Side) -> Decimal:
        """What an order pays or gets that does not wait: exactly last where nothing is set."""
        if not self.cost:
            return self.ticker.last
        with exact_arithmetic():
            worse = self.cost if side is Side.BUY else -self.cost
            other = Side.SELL if side is Side.BUY else Side.BUY
            price = self.instrument.limit_price(self.ticker.last * (ONE + worse), other)
            return price or self.instrument.price_tick

    def is_marketable(self, side: Side, limit_price: Decimal) -> bool:
        """Whether an order with this limit trades now."""
        price = self.taker_price(side)
        return price <= limit_price if side is Side.BUY else price >= limit_price


def check(intent: OrderIntent, market: Market) -> None:
    """The venue's filters. OrderRejected with the code of the first that fails."""
    instrument, quantity, limit = market.instrument, intent.quantity, intent.limit_price
    is_limit = intent.type is OrderType.LIMIT
    price = limit if is_limit else market.taker_price(intent.side)
    if instrument.round_quantity(quantity) != quantity:
        step = instrument.quantity_step
        raise _rejected("QUANTITY_INVALID", intent, f"{quantity} is no multiple of the step {step}")
    if is_limit and (limit <= 0 or instrument.limit_price(limit, intent.side) != limit):
        tick = instrument.price_tick
        raise _rejected("PRICE_INVALID", intent, f"limit {limit} is no multiple of the tick {tick}")
    if intent.stop_price is not None:
        _check_stop(intent, intent.stop_price, market)
    if instrument.maximum_quantity is not None and quantity > instrument.maximum_quantity:
        most = instrument.maximum_quantity
        raise _rejected("QUANTITY_ABOVE_MAXIMUM", intent, f"{quantity} is more than {most}")
    if code := instrument.shortfall(quantity, price):
        least = f"{instrument.minimum_quantity} {instrument.base}"
        raise _rejected(
            code,
            intent,
            f"{quantity} at {price} is less than {least} or worth less than "
            f"{instrument.minimum_notional} {instrument.quote}",
        )


def _check_stop(intent: OrderIntent, level: Decimal, market: Market) -> None:
    tick, last = market.instrument.price_tick, market.ticker.last
    if level <= 0 or market.instrument.limit_price(level, intent.side) != level:
        raise _rejected("PRICE_INVALID", intent, f"stop {level} is no multiple of the tick {tick}")
    if last >= level if intent.side is Side.BUY else last <= level:
        raise _rejected("STOP_REACHED", intent, f"stop {level} would trigger at once, at {last}")


def accept(wallet: Wallet, order: BookOrder) -> tuple[Wallet, BookOrder]:
    """Lock what the order may spend. OrderRejected where it is not there."""
    with exact_arithmetic():
        locked, asset = _needed(order, order.quantity), order.locked_asset
        free = wallet.balance(asset).free
        if free < locked:
            raise OrderRejected(
                "INSUFFICIENT_FUNDS",
                f"{order.side} {order.quantity} {order.symbol} needs {locked} {asset}, "
                f"and {free} are free",
            )
        return wallet.moved(asset, free=-locked, locked=locked), replace(order, locked=locked)


def fill(wallet: Wallet, order: BookOrder, new: Fill) -> tuple[Wallet, BookOrder]:
    """Book one execution: pay out of the lock, give back what it no longer needs."""
    with exact_arithmetic():
        fills = (*order.fills, new)
        left = order.remaining - new.quantity
        locked = _needed(order, left)
        spent, received, asset = _exchanged(order, new)
        released = order.locked - locked
        wallet = wallet.moved(order.locked_asset, free=released - spent, locked=-released)
        status = OrderStatus.PARTIALLY_FILLED if left else OrderStatus.FILLED
        order = replace(order, fills=fills, locked=locked, status=status)
        return wallet.moved(asset, free=received), order


def close(
    wallet: Wallet, order: BookOrder, status: OrderStatus, reason: str
) -> tuple[Wallet, BookOrder]:
    """Take the rest out of the book and unlock it."""
    with exact_arithmetic():
        wallet = wallet.moved(order.locked_asset, free=order.locked, locked=-order.locked)
        return wallet, replace(order, locked=ZERO, status=status, reason=reason)


def executable(order: BookOrder, instrument: Instrument, fraction: Decimal) -> Decimal:
    """The part of the rest that finds a counterpart, in whole steps and never nothing."""
    with exact_arithmetic():
        return instrument.round_quantity(order.remaining * fraction) or order.remaining


def next_fill(
    order: BookOrder, quantity: Decimal, price: Decimal, at: datetime, fee_digits: int | None
) -> Fill:
    """The execution, with its fee: exact, or cut to `fee_digits` so it never exceeds the trade."""
    with exact_arithmetic():
        worth = quantity if order.fee_asset == order.base else quantity * price
        fee = worth * order.fee_rate
        if fee_digits is not None:
            fee = fee.quantize(Decimal(1).scaleb(-fee_digits), rounding=ROUND_DOWN)
        number = order.trades_before + len(order.fills) + 1
        return Fill(
            trade_id=f"{order.client_order_id}#{number}",
            quantity=quantity,
            price=price,
            fee=fee,
            fee_asset=order.fee_asset,
            at=at,
        )


def _needed(order: BookOrder, quantity: Decimal) -> Decimal:
    if order.side is Side.SELL:
        return quantity
    cost = quantity * order.limit_price
    return cost * (ONE + order.fee_rate) if order.fee_asset == order.quote else cost


def _exchanged(order: BookOrder, new: Fill) -> tuple[Decimal, Decimal, str]:
    """What leaves the wallet of the locked asset, what comes in, and of which asset."""
    worth = new.quantity * new.price
    if order.side is Side.SELL:
        return new.quantity, worth - new.fee, order.quote
    if order.fee_asset == order.quote:
        return worth + new.fee, new.quantity, order.base
    return worth, new.quantity - new.fee, order.base


def _rejected(code: str, intent: OrderIntent, why: str) -> OrderRejected:
    return OrderRejected(code, f"{intent.side} {intent.symbol}: {why}")
