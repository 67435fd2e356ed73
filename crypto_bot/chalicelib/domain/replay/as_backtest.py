"""The books of a replay in the shape whose figures a backtest of a bot has: both compare."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from chalicelib.domain.bots.backtest import Backtest
from chalicelib.domain.bots.candles import at_ms
from chalicelib.domain.bots.paper_ledger import PaperFill, RoundTrip
from chalicelib.domain.money import ZERO, exact_arithmetic
from chalicelib.domain.replay.curves import Curves
from chalicelib.domain.trading.ledger import Entry, EntryKind
from chalicelib.domain.trading.position import ClosedPosition, closed_positions
from chalicelib.domain.trading.side import Side


def as_backtest(entries: Sequence[Entry], curves: Curves, cash: Decimal) -> Backtest:
    """`cash` is what the account began with; each sale ends a round trip, first in first out."""
    fills = list(_fills(entries, cash))
    return Backtest(
        start=curves.at,
        equity=curves.equity,
        fills=fills,
        round_trips=[_round_trip(closed) for closed in closed_positions(entries)],
        denied=[],
        cash=fills[-1].cash if fills else cash,
        positions={fill.symbol: fill.position for fill in fills},
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
