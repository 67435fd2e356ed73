"""What a portfolio came to under one policy: figures, each strategy's part, every alert's end."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from math import fsum
from typing import NamedTuple

from chalicelib.domain.bots.backtest import Backtest
from chalicelib.domain.bots.candles import at_ms
from chalicelib.domain.bots.metrics import Metrics, measure
from chalicelib.domain.bots.paper_ledger import PaperFill, RoundTrip
from chalicelib.domain.money import ZERO, exact_arithmetic
from chalicelib.domain.replay.curves import Curves, Marks, curves_of, priced
from chalicelib.domain.trading.drift import Deviation, Tally
from chalicelib.domain.trading.ledger import Entry, EntryKind, Holding
from chalicelib.domain.trading.position import ClosedPosition, closed_positions
from chalicelib.domain.trading.side import Side


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
            _as_backtest(books.entries, curves, cash), float(cash), _kept(curves.at, marks)
        ),
        parts=tuple(_part(name, symbols[name], weights[name], books, marks) for name in symbols),
        deviations=tuple(books.deviations),
        refused=tuple(books.refused),
    )


def _kept(grid: list[int], marks: Mapping[str, Marks]) -> list[float]:
    """Equal parts of each instrument, bought at its first price and kept; 1 at the beginning."""
    grown = [[(p or m.price[0]) / m.price[0] for p in priced(grid, m)] for m in marks.values()]
    return [fsum(values) / len(values) for values in zip(*grown, strict=True)]


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


def _as_backtest(entries: Sequence[Entry], curves: Curves, cash: Decimal) -> Backtest:
    """The books in the shape whose figures a backtest of a bot has, so that both compare."""
    return Backtest(
        start=curves.at,
        equity=curves.equity,
        fills=list(_fills(entries, cash)),
        round_trips=[_round_trip(closed) for closed in closed_positions(entries)],
        denied=[],
        cash=cash,
        positions={},
        logs=[],
        plots=[],
        state={},
        missing=0,
    )


def _fills(entries: Iterable[Entry], cash: Decimal) -> Iterable[PaperFill]:
    """What was traded at the venue; what strategies took over from each other cost nothing."""
    held: dict[str, Decimal] = {}
    with exact_arithmetic():
        for entry in entries:
            for move in entry.executions:
                held[move.symbol] = held.get(move.symbol, ZERO) + move.quantity - move.fee_base
                cash -= move.quote + (ZERO if move.fee_base else move.fee)
                if entry.kind is EntryKind.FILL:
                    yield PaperFill(
                        order_id=entry.reference,
                        symbol=move.symbol,
                        side=Side.BUY if move.quantity > 0 else Side.SELL,
                        quantity=abs(move.quantity),
                        price=move.quote / move.quantity,
                        fee=move.fee,
                        at=at_ms(entry.at),
                        is_maker=False,
                        cash=cash,
                        position=held[move.symbol],
                    )


def _round_trip(closed: ClosedPosition) -> RoundTrip:
    return RoundTrip(
        symbol=closed.symbol,
        side=Side.BUY,
        quantity=closed.quantity,
        entered_at=at_ms(closed.entry_at or closed.exit_at),
        entry_value=closed.cost,
        left_at=at_ms(closed.exit_at),
        exit_value=closed.proceeds,
        fees=closed.fees,
        profit=closed.profit,
    )
