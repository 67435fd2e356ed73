"""The books, marked at the prices of every moment: what the account and each strategy were worth.

Exact sums are the books'; these curves are floats, for figures and for the eye.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from chalicelib.domain.bots.candles import at_ms
from chalicelib.domain.replay.orders import ListedOrder
from chalicelib.domain.replay.telling import History
from chalicelib.domain.trading.ledger import Entry

Slot = tuple[str, str]


class Marks(NamedTuple):
    """Prices of one instrument by the time (ms) from which each was known, ascending.

    The curves are drawn at these. `opened` and `open` are the beginnings and opens of candles: what
    was known last at a moment in between.
    """

    at: list[int]
    price: list[float]
    opened: Sequence[int] = ()
    open: Sequence[float] = ()

    def known(self, at: int) -> float:
        """0 before the first."""
        place = bisect_right(self.at, at) - 1
        opened = bisect_right(self.opened, at) - 1
        if place >= 0 and (
            self.at[place] == at or opened < 0 or self.opened[opened] < self.at[place]
        ):
            return self.price[place]
        return self.open[opened] if opened >= 0 else 0.0


class Span(NamedTuple):
    """From `since` to before `until`; None is endless."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether it lies in it."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)

    def part(self, since: datetime | None, until: datetime | None) -> "Span":
        """Between these, and never beyond itself."""
        begins = [at for at in (self.since, since) if at is not None]
        ends = [at for at in (self.until, until) if at is not None]
        return Span(max(begins, default=None), min(ends, default=None))

    def of(self, moments: list[int]) -> list[int]:
        """Those (ms, ascending) that lie in it."""
        first = 0 if self.since is None else bisect_left(moments, at_ms(self.since))
        end = len(moments) if self.until is None else bisect_left(moments, at_ms(self.until))
        return moments[first:end]


ALWAYS: Final = Span()


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
    closed = [start + length for start in candles.start]
    return Marks(closed, candles.close, candles.start, candles.open)


def listed_marks(orders: Iterable[ListedOrder]) -> Marks:
    """Of all lists on the instrument; of one moment the last one."""
    in_turn = sorted(orders, key=lambda order: order.at)
    found = {at_ms(order.at): float(order.price) for order in in_turn}
    return Marks(list(found), list(found.values()))


def curves_of(
    entries: Sequence[Entry], marks: Mapping[str, Marks], cash: float, span: Span = ALWAYS
) -> Curves:
    """At every moment of the marks in `span`, and at the last fill where that is later still.

    Marks before and after the span are given, too: what is held at its ends has a price.
    """
    grid = _moments(entries, marks, span)
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
    if not grid:
        return []
    first, size = bisect_left(marks.at, grid[0]), len(grid) - 1
    # Mostly all instruments have the same candles, and only the last moment may be a fill's.
    if marks.at[first : first + size] == grid[:-1]:
        return [*marks.price[first : first + size], marks.known(grid[-1])]
    return [marks.known(at) for at in grid]


def _moments(entries: Iterable[Entry], marks: Mapping[str, Marks], span: Span) -> list[int]:
    """A fill may follow after the last mark; left out, the parts would not add up to the whole."""
    grid = span.of(sorted(set[int]().union(*(each.at for each in marks.values()))))
    last = max((at_ms(entry.at) for entry in entries if entry.executions), default=None)
    if last is not None and (not grid or last > grid[-1]):
        grid.append(last)
    return grid


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
