"""What a portfolio came to under one policy: figures, each strategy's part, every alert's end."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import fsum
from typing import NamedTuple

from chalicelib.domain.bots.metrics import Metrics, measure
from chalicelib.domain.money import ZERO, exact_arithmetic
from chalicelib.domain.replay.as_backtest import as_backtest
from chalicelib.domain.replay.curves import Curves, Marks, curves_of, priced
from chalicelib.domain.trading.drift import Deviation, Tally
from chalicelib.domain.trading.ledger import Entry, Holding


class Refused(NamedTuple):
    """An alert that the webhook did not take."""

    strategy: str
    at: str
    status: int
    reason: str


class Books(NamedTuple):
    """What is read when a replay has ended."""

    entries: Sequence[Entry]
    holdings: Sequence[Holding]
    deviations: Sequence[Deviation]
    tallies: Sequence[Tally]
    refused: Sequence[Refused]


class Part(NamedTuple):
    """One strategy's. `profit` is realised and open together, after fees; amounts in quote.

    `slippage` is against TradingView's prices, above zero where ours were worse.
    """

    strategy: str
    symbol: str
    weight: Decimal
    profit: Decimal
    realized: Decimal
    open_profit: Decimal
    held: Decimal
    tally: Tally


class PolicyResult(NamedTuple):
    """Of one policy with one set of weights."""

    policy: str
    weights: Mapping[str, Decimal]
    curves: Curves
    metrics: Metrics
    parts: tuple[Part, ...]
    deviations: tuple[Deviation, ...]
    refused: tuple[Refused, ...]


def result_of(
    policy: str,
    weights: Mapping[str, Decimal],
    symbols: Mapping[str, str],
    books: Books,
    marks: Mapping[str, Marks],
    cash: Decimal,
) -> PolicyResult:
    """`symbols` is each strategy's instrument."""
    curves = curves_of(books.entries, marks, float(cash))
    return PolicyResult(
        policy=policy,
        weights=weights,
        curves=curves,
        metrics=measure(
            as_backtest(books.entries, curves, cash), float(cash), _kept(curves.at, marks)
        ),
        parts=tuple(_part(name, symbols[name], weights[name], books, marks) for name in symbols),
        deviations=tuple(books.deviations),
        refused=tuple(books.refused),
    )


def _kept(grid: list[int], marks: Mapping[str, Marks]) -> list[float]:
    """Equal parts of each instrument, one in quote each, bought at its first price and kept."""
    grown = [[(p or m.price[0]) / m.price[0] for p in priced(grid, m)] for m in marks.values()]
    return [fsum(values) for values in zip(*grown, strict=True)]


def _part(
    name: str, symbol: str, weight: Decimal, books: Books, marks: Mapping[str, Marks]
) -> Part:
    held = next(
        (h for h in books.holdings if (h.strategy, h.symbol) == (name, symbol)),
        Holding(strategy=name, symbol=symbol),
    )
    tally = next((t for t in books.tallies if t.strategy == name), Tally(account="", strategy=name))
    with exact_arithmetic():
        last = Decimal(repr(marks[symbol].price[-1])) if symbol in marks else ZERO
        gain = held.quantity * last - held.cost
        return Part(
            strategy=name,
            symbol=symbol,
            weight=weight,
            profit=held.realized + gain,
            realized=held.realized,
            open_profit=gain,
            held=held.quantity,
            tally=tally,
        )
