"""Trades -> the candles that a venue makes of them."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Final

from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.minute import at_ms
from chalicelib.domain.market.trade import Trade

_SUMS: Final = Context(prec=64, traps=[Inexact, InvalidOperation])


def candles_from_trades(trades: Iterable[Trade], interval: Interval) -> list[Candle]:
    """Oldest first; in whatever order the trades come. An interval without trades has none.

    Each trade must be given once. Trades of one millisecond follow each other by their ids.
    """
    candles: dict[datetime, Candle] = {}
    for trade in sorted(trades, key=lambda trade: (trade.at_ms, trade.id)):
        start = interval.start_of(at_ms(trade.at_ms))
        known = candles.get(start)
        candles[start] = _begun(start, trade) if known is None else _grown(known, trade)
    return list(candles.values())


def _begun(start: datetime, trade: Trade) -> Candle:
    price = trade.price
    return Candle(start, price, price, price, price, trade.quantity)


def _grown(candle: Candle, trade: Trade) -> Candle:
    volume: Decimal = _SUMS.add(candle.volume, trade.quantity)
    return Candle(
        candle.start,
        candle.open,
        max(candle.high, trade.price),
        min(candle.low, trade.price),
        trade.price,
        volume,
    )
