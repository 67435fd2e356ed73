"""What a portfolio came to under one policy: figures, each strategy's part, every alert's end."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import fsum
from typing import NamedTuple

from chalicelib.domain.bots.metrics import Metrics, measure
from chalicelib.domain.money import exact_arithmetic
from chalicelib.domain.replay.as_backtest import as_backtest
from chalicelib.domain.replay.curves import Curves, Marks, curves_of, priced
from chalicelib.domain.replay.portfolio import Portfolio
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
    policy: str, weights: Mapping[str, Decimal], books: Books, portfolio: Portfolio
) -> PolicyResult:
    """Figures and parts are of the same moment, the curves' last."""
    cash, marks, symbols = portfolio.cash, portfolio.marks, portfolio.symbols
    curves = curves_of(books.entries, marks, float(cash), portfolio.span)
    last = {symbol: each.known(curves.at[-1]) for symbol, each in marks.items() if curves.at}
    marked = [each for each in marks.values() if portfolio.span.of(each.at)]
    return PolicyResult(
        policy=policy,
        weights=weights,
        curves=curves,
        metrics=measure(
            as_backtest(books.entries, curves, cash), float(cash), _kept(curves.at, marked)
        ),
        parts=tuple(_part(name, symbols[name], weights[name], books, last) for name in symbols),
        deviations=tuple(books.deviations),
        refused=tuple(books.refused),
    )


def _kept(grid: list[int], marks: Sequence[Marks]) -> list[float]:
    """Equal parts of each instrument, one in quote each, bought at its first price and kept."""
    grown = []
    for each in marks:
        prices = priced(grid, each)
        first = next(price for price in prices if price)
        grown.append([(price or first) / first for price in prices])
    return [fsum(values) for values in zip(*grown, strict=True)]


def _part(name: str, symbol: str, weight: Decimal, books: Books, last: Mapping[str, float]) -> Part:
    held = next(
        (h for h in books.holdings if (h.strategy, h.symbol) == (name, symbol)),
        Holding(strategy=name, symbol=symbol),
    )
    tally = next((t for t in books.tallies if t.strategy == name), Tally(account="", strategy=name))
    with exact_arithmetic():
        gain = held.quantity * Decimal(repr(last.get(symbol, 0.0))) - held.cost
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
