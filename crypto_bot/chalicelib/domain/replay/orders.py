"""Listed trades -> the orders of their strategy: each made TradingView fire one alert.

Rows of one time, price and signal were one order, though a partial exit lists it as several
trades. An exit and an entry the other way at one time and price were a reversal: one order, too.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple

from chalicelib.domain.money import ZERO
from chalicelib.domain.replay.refusals import TradeListRefused
from chalicelib.domain.replay.trade_list import LONG, ListedFill, ListedTrade, TradeList


class ListedOrder(NamedTuple):
    """`before` and `after` are what the strategy held: above zero long, below zero short."""

    at: datetime
    signal: str
    price: Decimal
    before: Decimal
    after: Decimal


class _Move(NamedTuple):
    fill: ListedFill
    change: Decimal
    enters: bool


def orders_of(listed: TradeList) -> list[ListedOrder]:
    """Oldest first. TradeListRefused where trades of both sides were open at once."""
    orders: list[ListedOrder] = []
    held = ZERO
    for fill, change, enters in _moves(listed.trades):
        before, held = held, held + change
        if enters and before * change < 0:
            raise TradeListRefused(
                f"{listed.source}, line {fill.line}: a trade the other way is open, so this is no"
                " list of one position"
            )
        last = orders[-1] if orders else None
        if last is not None and enters and _is_one_reversal(last, fill, change):
            orders[-1] = last._replace(signal=fill.signal, after=held)
        else:
            orders.append(ListedOrder(fill.at, fill.signal, fill.price, before, held))
    return orders


def _is_one_reversal(last: ListedOrder, fill: ListedFill, change: Decimal) -> bool:
    together = (last.at, last.price) == (fill.at, fill.price)
    return together and last.before * change < 0


def _moves(trades: Sequence[ListedTrade]) -> Iterator[_Move]:
    """At each time first what was held is left, then what is new entered, and what of it left."""
    leaving: dict[datetime, list[ListedTrade]] = {}
    entering: dict[datetime, list[ListedTrade]] = {}
    for trade in trades:
        entering.setdefault(trade.entry.at, []).append(trade)
        if trade.exit is not None and trade.exit.at > trade.entry.at:
            leaving.setdefault(trade.exit.at, []).append(trade)
    for at in sorted(leaving.keys() | entering.keys()):
        yield from _exits(leaving.get(at, ()))
        for group in _alike(
            entering.get(at, ()), attrgetter("side", "entry.price", "entry.signal")
        ):
            change = sum((_signed(trade) for trade in group), ZERO)
            yield _Move(group[0].entry, change, enters=True)
            yield from _exits([t for t in group if t.exit is not None and t.exit.at == at])


def _exits(trades: Iterable[ListedTrade]) -> Iterator[_Move]:
    for group in _alike(trades, attrgetter("exit.price", "exit.signal")):
        left = group[0].exit
        if left is not None:
            change = -sum((_signed(trade) for trade in group), ZERO)
            yield _Move(left, change, enters=False)


def _alike(
    trades: Iterable[ListedTrade], key: "attrgetter[tuple[object, ...]]"
) -> list[list[ListedTrade]]:
    """In groups, in the order of the first of each."""
    groups: dict[tuple[object, ...], list[ListedTrade]] = {}
    for trade in trades:
        groups.setdefault(key(trade), []).append(trade)
    return list(groups.values())


def _signed(trade: ListedTrade) -> Decimal:
    return trade.quantity if trade.side == LONG else -trade.quantity
