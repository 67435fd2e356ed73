"""What the books must say in the end, worked out from the lists alone: no line of the bot is used.

One account, and every strategy trades the quantities of its own list on the one instrument. Long
only: a long entry buys, its exit sells, short trades do nothing. What one strategy sells at an
instant another one that buys then takes over at the price and without a fee, as far as both go;
only the rest is an order, one per side, at the price and with a fee in quote.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext

from tests.real.trade_list import ENTRY, LONG, Row

ZERO = Decimal(0)
# An amount that did not fit would raise: everything below is exact, to the last digit.
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])

Quantities = dict[str, Decimal]


@dataclass(slots=True)
class Books:
    """The account after all rows so far. `history` has every strategy's quantity per instant."""

    cash: Decimal
    fee_rate: Decimal
    quantities: Quantities = field(default_factory=dict)
    costs: Quantities = field(default_factory=dict)  # what the open position has cost, with fees
    realized: Quantities = field(default_factory=dict)
    fees: Quantities = field(default_factory=dict)
    history: dict[datetime, Quantities] = field(default_factory=dict)
    orders: int = 0
    crosses: int = 0
    crossed: Decimal = ZERO
    long_entries: int = 0
    long_exits: int = 0
    short_entries: int = 0

    @property
    def all_fees(self) -> Decimal:
        """In quote."""
        return sum(self.fees.values(), ZERO)


def fold(lists: Mapping[str, Iterable[Row]], *, cash: Decimal, fee_rate: Decimal) -> Books:
    """The books of an account that opened with `cash` and followed the lists by strategy."""
    books = Books(cash=cash, fee_rate=fee_rate)
    for name in lists:
        books.quantities[name] = books.costs[name] = books.realized[name] = books.fees[name] = ZERO
    with localcontext(_EXACT):
        for at, rows in _by_instant(lists):
            _count(books, rows.values())
            _trade(books, rows)
            books.history[at] = dict(books.quantities)
    return books


def _by_instant(
    lists: Mapping[str, Iterable[Row]],
) -> list[tuple[datetime, dict[tuple[str, str], Row]]]:
    """Rows by time, keyed by strategy and leg; open exits have not taken place."""
    moments: dict[datetime, dict[tuple[str, str], Row]] = {}
    for name, rows in lists.items():
        for row in rows:
            if not row.is_open:
                moments.setdefault(row.at, {})[name, row.leg] = row
    return sorted(moments.items())


def _count(books: Books, rows: Iterable[Row]) -> None:
    for row in rows:
        if row.side == LONG and row.leg == ENTRY:
            books.long_entries += 1
        elif row.side == LONG:
            books.long_exits += 1
        elif row.leg == ENTRY:
            books.short_entries += 1


def _trade(books: Books, rows: Mapping[tuple[str, str], Row]) -> None:
    longs = {key: row for key, row in rows.items() if row.side == LONG}
    prices = {row.price for row in longs.values()}
    if not prices:
        return
    (price,) = prices  # one instrument has one price at a time
    buys = {name: row.quantity for (name, leg), row in longs.items() if leg == ENTRY}
    sells = {name: row.quantity for (name, leg), row in longs.items() if leg != ENTRY}
    _cross(books, sells, buys, price)
    _order(books, {name: -quantity for name, quantity in sells.items()}, price)
    _order(books, buys, price)


def _cross(books: Books, sells: Quantities, buys: Quantities, price: Decimal) -> None:
    """By name the sellers meet the buyers; what changes hands is taken off both."""
    for seller in sorted(sells):
        for buyer in sorted(buys):
            part = min(sells[seller], buys[buyer])
            if part:
                _move(books, seller, -part, price, ZERO)
                _move(books, buyer, part, price, ZERO)
                sells[seller] -= part
                buys[buyer] -= part
                books.crosses += 1
                books.crossed += part


def _order(books: Books, quantities: Quantities, price: Decimal) -> None:
    for name, quantity in quantities.items():
        _move(books, name, quantity, price, abs(quantity) * price * books.fee_rate)
    books.orders += any(quantities.values())


def _move(books: Books, name: str, quantity: Decimal, price: Decimal, fee: Decimal) -> None:
    """Once a strategy is flat again, what its position took out of the cash is what it lost."""
    paid = quantity * price + fee
    books.cash -= paid
    books.fees[name] += fee
    books.quantities[name] += quantity
    books.costs[name] += paid
    if not books.quantities[name]:
        books.realized[name] -= books.costs[name]
        books.costs[name] = ZERO
