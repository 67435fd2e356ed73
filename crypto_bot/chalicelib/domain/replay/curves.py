"""The books, marked at the prices of every moment: what the account and each strategy were worth.

Exact sums are the books'; these curves are floats, for figures and for the eye.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from chalicelib.domain.bots.candles import at_ms
from chalicelib.domain.replay.orders import ListedOrder
from chalicelib.domain.replay.telling import History
from chalicelib.domain.trading.ledger import Entry

Slot = tuple[str, str]


class Marks(NamedTuple):
    """Prices of one instrument by the time (ms) from which each was known, ascending."""

    at: list[int]
    price: list[float]


class Curves(NamedTuple):
    """Columns of equal length; `profit` is by strategy, after fees, and adds up to what is won."""

    at: list[int]
    equity: list[float]
    profit: dict[str, list[float]]


class _Change(NamedTuple):
    at: int
    quantity: float
    quote: float


def closes(history: History) -> Marks:
    """Known when the candle has closed."""
    candles, length = history
    return Marks([start + length for start in candles.start], candles.close)


def listed_marks(orders: Iterable[ListedOrder]) -> Marks:
    """Of all lists on the instrument; of one moment the last one."""
    in_turn = sorted(orders, key=lambda order: order.at)
    found = {at_ms(order.at): float(order.price) for order in in_turn}
    return Marks(list(found), list(found.values()))


def curves_of(entries: Iterable[Entry], marks: Mapping[str, Marks], cash: float) -> Curves:
    """At every moment of the marks; an instrument without a price yet is worth nothing."""
    grid = sorted(set[int]().union(*(each.at for each in marks.values())))
    prices = {symbol: priced(grid, each) for symbol, each in marks.items()}
    profit: dict[str, list[float]] = {}
    for (strategy, symbol), changes in _changes(entries).items():
        worth = _worth(grid, prices[symbol], changes)
        known = profit.get(strategy)
        profit[strategy] = worth if known is None else _sum(known, worth)
    equity = [cash] * len(grid)
    for column in profit.values():
        equity = _sum(equity, column)
    return Curves(grid, equity, dict(sorted(profit.items())))


def priced(grid: list[int], marks: Marks) -> list[float]:
    """The price that was known last at each moment; 0 before the first."""
    if grid == marks.at:  # mostly all instruments have the same candles
        return marks.price
    known = dict(zip(marks.at, marks.price, strict=True))
    price, found = 0.0, []
    for at in grid:
        price = known.get(at, price)
        found.append(price)
    return found


def _changes(entries: Iterable[Entry]) -> dict[Slot, list[_Change]]:
    found: dict[Slot, list[_Change]] = {}
    for entry in entries:
        at = at_ms(entry.at)
        for move in entry.executions:
            fee = 0.0 if move.fee_base else float(move.fee)
            change = _Change(at, float(move.quantity - move.fee_base), float(move.quote) + fee)
            found.setdefault((move.strategy, move.symbol), []).append(change)
    return found


def _worth(grid: Sequence[int], prices: Sequence[float], changes: Sequence[_Change]) -> list[float]:
    """What was taken out so far and what is held, a stretch between two changes at a time."""
    found: list[float] = []
    held = taken = 0.0
    for change in changes:
        place = bisect_left(grid, change.at)
        found += [taken + held * price for price in prices[len(found) : place]]
        held += change.quantity
        taken -= change.quote
    return found + [taken + held * price for price in prices[len(found) :]]


def _sum(one: Sequence[float], other: Sequence[float]) -> list[float]:
    return [a + b for a, b in zip(one, other, strict=True)]
