"""The figures of a trial, found without a look at each candle: a sweep pays for every one of them.

Between two fills cash and position stand still. So the equity is worked out at the last candle of
each day only, and the deepest drawdown only in those stretches that can hold it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from chalicelib.domain.bots.backtest import Backtest
from chalicelib.domain.bots.metrics import (
    calmar_of,
    daily_returns,
    measure,
    measure_profits,
    measure_returns,
)
from chalicelib.domain.bots.paper_desk import AfterFill, PaperDesk

# Of each trial, by the names that a backtest has for them.
FIGURES: Final = (
    *("total_return", "cagr", "volatility", "sharpe", "sortino", "max_drawdown", "calmar"),
    *("round_trips", "win_rate", "profit_factor", "expectancy", "fees"),
)
_DAY: Final = 86_400_000

Figures = Mapping[str, float | None]


class Course(NamedTuple):
    """What all trials on the same candles of one instrument have in common.

    `ends` are the places of each day's last candle.
    """

    start: Sequence[int]
    closes: Sequence[float]
    ends: Sequence[int]


# The candles from one number to before another, with the cash and the position at their closes.
Stretch = tuple[int, int, float, float]


def course(start: Sequence[int], closes: Sequence[float]) -> Course:
    """Of candles, oldest first."""
    ends: list[int] = []
    place = 0
    while place < len(start):
        place = bisect_left(start, (start[place] // _DAY + 1) * _DAY, place)
        ends.append(place - 1)
    return Course(start, closes, ends)


def stretches(along: Course, cash: float, changes: Iterable[AfterFill]) -> Iterator[Stretch]:
    """From fill to fill, none of them empty."""
    position, done = 0.0, 0
    for at, cash_then, position_then in changes:
        until = bisect_right(along.start, at, done) - 1
        if until > done:
            yield done, until, cash, position
            done = until
        cash, position = cash_then, position_then
    if done < len(along.start):
        yield done, len(along.start), cash, position


def by_day(along: Course, held: Sequence[Stretch]) -> tuple[list[int], list[float]]:
    """The equity at the first candle, from which days are counted, and at the last of each day."""
    places = along.ends if not along.ends or along.ends[0] == 0 else [0, *along.ends]
    equity: list[float] = []
    for first, end, cash, position in held:
        inside = places[bisect_left(places, first) : bisect_left(places, end)]
        equity += [cash + position * along.closes[place] for place in inside]
    return [along.start[place] for place in places], equity


def deepest(along: Course, cash: float, held: Sequence[Stretch]) -> float | None:
    """The least of E / (highest E before) - 1 at any close."""
    if not held:
        return None
    highest, least = cash, 1.0
    for first, end, free, position in held:
        if not position:
            highest = max(highest, free)
            least = min(least, free / highest)
            continue
        closes = along.closes[first:end]
        ends = (free + position * min(closes), free + position * max(closes))
        if min(ends) < least * max(highest, *ends):  # else it cannot be here
            for close in closes:
                equity = free + position * close
                if equity > highest:
                    highest = equity
                elif equity / highest < least:
                    least = equity / highest
        highest = max(highest, *ends)
    return least - 1


def figures_along(along: Course, desk: PaperDesk, cash: float) -> Figures:
    """The same as `measure` finds; `cash` is what it began with."""
    held = list(stretches(along, cash, desk.after_fills))
    start, equity = by_day(along, held)
    of_returns = measure_returns(start, equity, daily_returns(start, equity, cash), cash)
    depth = deepest(along, cash, held)
    ledger = desk.ledger
    found = {
        **of_returns,
        "max_drawdown": depth,
        "calmar": calmar_of(of_returns["cagr"], depth),
        **measure_profits([float(trip.profit) for trip in ledger.round_trips]),
        "fees": float(sum(fill.fee for fill in ledger.fills)),
    }
    return _named(found)


def figures_of(test: Backtest, cash: float) -> Figures:
    """Of a portfolio, whose equity there is at each candle."""
    return _named(measure(test, cash)._asdict())


def _named(found: Mapping[str, float | None]) -> Figures:
    return {name: found[name] for name in FIGURES}
