"""What the owner moves between the unmanaged part, the pool and the strategies, as entries.

Nothing is bought or sold by it. Each has its opposite: what was adopted can be written off again,
and what went into the pool can be taken out of it.
"""

from datetime import datetime
from decimal import Decimal

from chalicelib.domain.money import ZERO, exact_arithmetic
from chalicelib.domain.trading.ledger import (
    POOL,
    UNMANAGED,
    Entry,
    EntryKind,
    Execution,
    Holding,
    Portfolio,
    Posting,
    strategy_account,
)


def pool_entry(portfolio: Portfolio, quantity: Decimal, *, reason: str, at: datetime) -> Entry:
    """Quote that strategies may spend from now on; below zero: what they may spend no more."""
    quote = portfolio.quote
    with exact_arithmetic():
        given = -quantity
    return Entry(
        id=f"adoption#{portfolio.sequence + 1}#{quote}",
        account=portfolio.account,
        kind=EntryKind.ADOPTION,
        at=at,
        postings=(
            Posting(account=UNMANAGED, asset=quote, amount=given),
            Posting(account=POOL, asset=quote, amount=quantity),
        ),
        reference=reason,
    )


def adoption_entry(portfolio: Portfolio, adopted: Holding, *, reason: str, at: datetime) -> Entry:
    """Base that a strategy owns from now on, at the cost that `adopted` says."""
    base = adopted.symbol.split("/", maxsplit=1)[0]
    owner = strategy_account(adopted.strategy)
    with exact_arithmetic():
        given = -adopted.quantity
    return Entry(
        id=f"adoption#{portfolio.sequence + 1}#{base}",
        account=portfolio.account,
        kind=EntryKind.ADOPTION,
        at=at,
        postings=(
            Posting(account=UNMANAGED, asset=base, amount=given),
            Posting(account=owner, asset=base, amount=adopted.quantity),
        ),
        executions=(
            Execution(
                strategy=adopted.strategy,
                symbol=adopted.symbol,
                quantity=adopted.quantity,
                quote=adopted.cost,
            ),
        ),
        reference=reason,
    )


def write_off_entry(
    portfolio: Portfolio, written_off: Holding, *, reason: str, at: datetime
) -> Entry:
    """Base that a strategy owns no more, given away for the cost that `written_off` says."""
    base = written_off.symbol.split("/", maxsplit=1)[0]
    owner = strategy_account(written_off.strategy)
    with exact_arithmetic():
        quantity, quote = -written_off.quantity, -written_off.cost
    return Entry(
        id=f"write-off#{portfolio.sequence + 1}#{base}",
        account=portfolio.account,
        kind=EntryKind.WRITE_OFF,
        at=at,
        postings=(
            Posting(account=owner, asset=base, amount=quantity),
            Posting(account=UNMANAGED, asset=base, amount=written_off.quantity),
        ),
        executions=(
            Execution(
                strategy=written_off.strategy,
                symbol=written_off.symbol,
                quantity=quantity,
                quote=quote,
            ),
        ),
        reference=reason,
    )


def part_of(held: Holding, quantity: Decimal, price: Decimal | None) -> Holding:
    """So much of a holding, at `price`, or at its own cost: then nothing is won or lost by it."""
    with exact_arithmetic():
        if price is not None:
            cost = quantity * price
        elif held.quantity > 0:
            cost = held.cost * (quantity / held.quantity)
        else:
            cost = ZERO
    return Holding(strategy=held.strategy, symbol=held.symbol, quantity=quantity, cost=cost)
