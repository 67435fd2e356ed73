"""The owner says that a strategy owns something no more: it was sold or taken by somebody else.

Only the books change. Where coins are missing, this is what lets the instrument trade again.
"""

from dataclasses import dataclass
from decimal import Decimal

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.money import Exact, exact_arithmetic, plain
from chalicelib.domain.trading.ledger import Entry, Portfolio, post
from chalicelib.domain.trading.owner_entries import part_of, write_off_entry
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.fresh_books import fresh_books
from chalicelib.services.trading.owner_desk import owner_desk
from chalicelib.services.trading.wake_account import wake_account


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOff(Exact):
    """`quantity` in base; `price` in quote is what it went for, None: for what it had cost."""

    strategy: str
    symbol: str
    quantity: Decimal
    price: Decimal | None = None
    reason: str = ""


def write_off_holding(
    ports: TradingPorts, account: str, write_off: WriteOff, *, owner: str, dry_run: bool
) -> list[Entry]:
    """The entries that say so; what the venue holds beyond the books is booked before them.

    The base becomes unmanaged, which evens out what is missing there. A strategy that has nothing
    left to sell counts as flat. ActionRefused for more than it owns.
    """
    base = write_off.symbol.split("/", maxsplit=1)[0]
    with owner_desk(ports, account, owner) as desk:
        before, noted = fresh_books(desk, base)
        held = before.holding(write_off.strategy, write_off.symbol)
        if not Decimal(0) < write_off.quantity <= held.quantity:
            raise ActionRefused(
                f"{write_off.strategy} owns {plain(held.quantity)} of {write_off.symbol} on "
                f"account {account}, and {plain(write_off.quantity)} was to be written off; "
                "crypto-bot positions shows what there is"
            )
        reason = write_off.reason or f"written off by the owner: of {write_off.strategy}"
        part = part_of(held, write_off.quantity, write_off.price)
        entry = write_off_entry(before, part, reason=reason, at=ports.clock.now())
        after, booked = post(before, entry)
        if not dry_run:
            ports.ledger.book(after, [*noted, booked])
            _leave_if_empty(desk, after, write_off)
            wake_account(ports.plans, account, ports.clock.now())
    return [*noted, booked]


def _leave_if_empty(desk: Desk, portfolio: Portfolio, write_off: WriteOff) -> None:
    """After the books: a strategy that is out and owns something would be sold out by a tick."""
    strategy, symbol = write_off.strategy, write_off.symbol
    left = portfolio.holding(strategy, symbol).quantity
    instrument = desk.exchange.instruments([symbol]).get(symbol)
    ticker = desk.exchange.tickers([symbol]).get(symbol)
    with exact_arithmetic():
        if left and (not instrument or not ticker or instrument.is_sellable(left, ticker.last)):
            return
    state = desk.ports.plans.state(desk.name)
    desk.ports.plans.save_state(state.with_stances((state.stance(strategy, symbol).left(),)))
