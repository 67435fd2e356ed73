"""Listed orders -> the alerts that TradingView would have sent, and when it would have.

A list names the candle of a fill and not the moment. An order filled at the candle's open was told
then. One that was filled inside, such as a stop, is told when the first candle that came to its
price has closed, and where none came to it, when the chart's candle has: any earlier would be
looking ahead.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from chalicelib.domain.bots.candles import Candles, at_ms, moment
from chalicelib.domain.money import plain
from chalicelib.domain.replay.orders import ListedOrder

# So near to the open a listed price counts as the open's: other venues and ticks differ a little.
NEAR: Final = 0.001

_MS: Final = timedelta(milliseconds=1)


class History(NamedTuple):
    """The candles of one instrument, each `length` ms long."""

    candles: Candles
    length: int


class Telling(NamedTuple):
    """One alert: `message` is the body, `at` when it is sent, `listed_at` the candle's time."""

    at: datetime
    strategy: str
    listed_at: datetime
    message: Mapping[str, str]


class Teller(NamedTuple):
    """Who sends: `ticker` and `interval` are the chart's; without a history nothing is inside."""

    strategy: str
    ticker: str
    interval: str
    timeframe: timedelta
    history: History | None


def tellings(orders: Iterable[ListedOrder], teller: Teller) -> Iterator[Telling]:
    """In the order of the orders; none is told before the one before it."""
    last: datetime | None = None
    for number, order in enumerate(orders, 1):
        at = _told_at(order, teller)
        at = at if last is None else max(at, last)
        last = at
        yield Telling(at, teller.strategy, order.at, _message(order, teller, at, number))


def unreached(orders: Iterable[ListedOrder], teller: Teller) -> int:
    """How many orders there are candles for, of which none comes to the listed price."""
    if teller.history is None:
        return 0
    history, length = teller.history, teller.timeframe
    return sum(
        bool(_inside(order, history, length)) and _seen_at(order, history, length) is None
        for order in orders
    )


def in_turn(told: Iterable[Iterable[Telling]]) -> list[Telling]:
    """Of all strategies, by time; of one time by strategy, each in its own order."""
    return sorted((each for one in told for each in one), key=lambda each: (each.at, each.strategy))


def _told_at(order: ListedOrder, teller: Teller) -> datetime:
    if teller.history is None:
        return order.at
    seen = _seen_at(order, teller.history, teller.timeframe)
    if seen is not None:
        return seen
    # It was filled by then, elsewhere or in a gap; of when exactly our candles know nothing.
    end, inside = order.at + teller.timeframe, _inside(order, teller.history, teller.timeframe)
    candles, length = teller.history
    return max(end, moment(candles.start[inside[-1]] + length)) if inside else end


def _seen_at(order: ListedOrder, history: History, timeframe: timedelta) -> datetime | None:
    """When our candles show that it was filled: at the open, or inside the first that came there.

    In a gap at the listed time there is no open to compare with, and the candles left are looked
    through.
    """
    candles, length = history
    price = float(order.price)
    for number in _inside(order, history, timeframe):
        is_first = candles.start[number] <= at_ms(order.at)
        if is_first and abs(price / candles.open[number] - 1) <= NEAR:
            return order.at
        if candles.low[number] <= price <= candles.high[number]:
            return moment(candles.start[number] + length)
    return None


def _inside(order: ListedOrder, history: History, timeframe: timedelta) -> range:
    """The places of the candles that are open while the chart's is."""
    candles, length = history
    first, end = at_ms(order.at), at_ms(order.at + timeframe)
    return range(bisect_right(candles.start, first - length), bisect_left(candles.start, end))


def _message(order: ListedOrder, teller: Teller, at: datetime, number: int) -> dict[str, str]:
    """As the placeholders of TradingView would have filled the full template."""
    before, after = order.before, order.after
    return {
        "id": f"{teller.strategy} {number}",
        "strategy": teller.strategy,
        "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "ticker": teller.ticker,
        "interval": teller.interval,
        "order_action": "buy" if after > before else "sell",
        "order_contracts": plain(abs(after - before)),
        "order_price": plain(order.price),
        "order_id": order.signal,
        "order_comment": order.signal,
        "market_position": _side(after),
        "market_position_size": plain(abs(after)),
        "prev_market_position": _side(before),
        "prev_market_position_size": plain(abs(before)),
    }


def _side(held: Decimal) -> str:
    if not held:
        return "flat"
    return "long" if held > 0 else "short"
