"""Closed positions, first in first out: which purchase a sale sold, and what it earned."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from chalicelib.domain.money import ZERO, Exact, exact_arithmetic
from chalicelib.domain.trading.ledger import Entry, Execution


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot(Exact):
    """What is left of one purchase. `cost` is in quote without fees, `fees` is in quote."""

    entry_id: str
    at: datetime
    quantity: Decimal
    cost: Decimal
    fees: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPosition(Exact):
    """One lot, or the part of it that one sale sold. `profit` is proceeds - cost - fees.

    `cost` and `proceeds` are without fees. A fee taken in base is not among `fees`: it made the
    lot smaller, or took its own part of the lot on the way out. `entry_at` is None for what was
    sold beyond everything the books saw bought.
    """

    account: str
    strategy: str
    symbol: str
    quantity: Decimal
    entry_at: datetime | None
    entry_id: str
    cost: Decimal
    exit_at: datetime
    exit_id: str
    proceeds: Decimal
    fees: Decimal

    @property
    def profit(self) -> Decimal:
        """In quote, after fees."""
        with exact_arithmetic():
            return self.proceeds - self.cost - self.fees


def closed_positions(entries: Iterable[Entry]) -> list[ClosedPosition]:
    """Every sale of the books matched with the oldest lots, in the order of the sales."""
    lots: dict[tuple[str, str], list[Lot]] = {}
    closed: list[ClosedPosition] = []
    with exact_arithmetic():
        for entry in sorted(entries, key=lambda entry: entry.sequence):
            for execution in entry.executions:
                held = lots.setdefault((execution.strategy, execution.symbol), [])
                if execution.quantity > 0:
                    held.append(_bought(entry, execution))
                elif execution.quantity < 0:
                    closed += _sold(entry, execution, held)
    return closed


def _quote_fee(execution: Execution) -> Decimal:
    return ZERO if execution.fee_base else execution.fee


def _bought(entry: Entry, execution: Execution) -> Lot:
    return Lot(
        entry_id=entry.id,
        at=entry.at,
        quantity=execution.quantity - execution.fee_base,
        cost=execution.quote,
        fees=_quote_fee(execution),
    )


def _sold(entry: Entry, execution: Execution, held: list[Lot]) -> list[ClosedPosition]:
    """Takes what was sold out of `held`, oldest first."""
    left = execution.fee_base - execution.quantity
    proceeds, fees = -execution.quote, _quote_fee(execution)
    closed: list[ClosedPosition] = []
    while left > 0:
        piece = _take(held, left, entry)
        got, paid = _share(proceeds, piece.quantity, left), _share(fees, piece.quantity, left)
        closed.append(
            ClosedPosition(
                account=entry.account,
                strategy=execution.strategy,
                symbol=execution.symbol,
                quantity=piece.quantity,
                entry_at=piece.at if piece.entry_id else None,
                entry_id=piece.entry_id,
                cost=piece.cost,
                exit_at=entry.at,
                exit_id=entry.id,
                proceeds=got,
                fees=piece.fees + paid,
            )
        )
        left, proceeds, fees = left - piece.quantity, proceeds - got, fees - paid
    return closed


def _take(held: list[Lot], wanted: Decimal, sale: Entry) -> Lot:
    """The oldest lot, or as much of it as is wanted; a lot of nothing when none is left."""
    if not held:
        return Lot(entry_id="", at=sale.at, quantity=wanted, cost=ZERO, fees=ZERO)
    lot = held[0]
    if lot.quantity <= wanted:
        return held.pop(0)
    cost = _share(lot.cost, wanted, lot.quantity)
    fees = _share(lot.fees, wanted, lot.quantity)
    held[0] = replace(
        lot, quantity=lot.quantity - wanted, cost=lot.cost - cost, fees=lot.fees - fees
    )
    return replace(lot, quantity=wanted, cost=cost, fees=fees)


def _share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """The last part takes all that is left, so that the parts add up whatever was rounded."""
    return amount if part == whole else amount * part / whole
