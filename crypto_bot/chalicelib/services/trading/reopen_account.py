"""An account that a backup brought back decides again, once its books fit the venue.

What was traded after the backup shows as a gap between the two. What may be the owner's own doing
only he can tell: the rest stays closed until he has moved it with adopt and write-off, or said so.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.money import ZERO, plain
from chalicelib.domain.trading.entries import drift_entry
from chalicelib.domain.trading.evidence import Activity, OwnTrade, RestingOrder
from chalicelib.domain.trading.gaps import Gap, gaps_between
from chalicelib.domain.trading.ledger import Entry, Portfolio, post
from chalicelib.domain.trading.order import OrderIntent
from chalicelib.domain.trading.side import Side
from chalicelib.ports import ShowsActivity, TradingPorts
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.open_plans import open_plans
from chalicelib.services.trading.orders_under_way import refuse_orders_under_way
from chalicelib.services.trading.owner_desk import owner_desk
from chalicelib.services.trading.read_situation import traded_symbols

# What the owner calls his own besides assets.
ORDERS: Final = "orders"

_NOBODY: Final = str(UUID(int=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Books and venue of an account whose backup was taken then.

    `strangers` rest at the venue and are none of the account's orders; `trades` are its own in
    what it trades, since the backup; None where the venue does not list them. `refusals` say what
    has to be done before it can be reopened.
    """

    account: str
    taken_at: datetime
    gaps: tuple[Gap, ...]
    strangers: tuple[tuple[str, RestingOrder], ...] | None
    trades: tuple[tuple[str, OwnTrade], ...] | None
    refusals: tuple[str, ...]


def reopen_account(
    ports: TradingPorts, account: str, *, mine: Collection[str], owner: str, dry_run: bool
) -> Comparison:
    """What was found. `mine` are assets whose gaps are the owner's own doing, or `ORDERS`.

    ActionRefused for an account that does not wait, while orders of the backup are still looked
    up, and, unless it is a dry run, where something is left to be done.
    """
    with owner_desk(ports, account, owner) as desk:
        state = ports.plans.state(account)
        if state.restored_from is None:
            raise ActionRefused(f"account {account} is open: it did not come out of a backup")
        refuse_orders_under_way(desk)
        found = _compare(desk, state.restored_from, mine)
        if dry_run:
            return found
        if found.refusals:
            raise ActionRefused("; ".join(found.refusals))
        _note(desk, found.gaps)
        state = ports.plans.state(account)
        ports.plans.save_state(replace(state, restored_from=None, due_at=ports.clock.now()))
        return found


def _compare(desk: Desk, taken_at: datetime, mine: Collection[str]) -> Comparison:
    portfolio = desk.ports.ledger.portfolio(desk.name, desk.account.quote)
    gaps = gaps_between(portfolio, desk.exchange.balances()) if portfolio.sequence else []
    seen = _activity(desk, portfolio, taken_at)
    strangers = _strangers(desk, seen)
    refusals = [_refusal(desk.name, gap) for gap in gaps if _is_open(gap, mine)]
    if strangers and ORDERS not in mine:
        refusals.append(
            f"{len(strangers)} orders rest at the venue that the books do not know: cancel them "
            f"on its own page, or say --mine {ORDERS} where you placed them"
        )
    return Comparison(
        account=desk.name,
        taken_at=taken_at,
        gaps=tuple(gaps),
        strangers=strangers,
        trades=_trades(seen),
        refusals=tuple(refusals),
    )


def _is_open(gap: Gap, mine: Collection[str]) -> bool:
    return bool(gap.lacking) or (gap.is_doubtful and gap.asset not in mine)


def _refusal(account: str, gap: Gap) -> str:
    missing = plain(gap.lacking or -gap.difference)
    if gap.strategies > 0:
        cure = f"crypto-bot accounts write-off {account} STRATEGY SYMBOL {missing}"
    else:
        cure = f"crypto-bot accounts adopt {account} {gap.asset} {missing} --to unmanaged"
    own = "" if gap.lacking else f", or --mine {gap.asset} where you took your own away"
    return (
        f"the books have {plain(gap.books)} {gap.asset} and the venue {plain(gap.venue)}: where "
        f"orders after the backup have taken it: {cure}{own}"
    )


def _activity(desk: Desk, portfolio: Portfolio, since: datetime) -> dict[str, Activity] | None:
    exchange = desk.ports.exchanges.open(desk.account)
    if not isinstance(exchange, ShowsActivity):
        return None
    symbols = traded_symbols(desk, portfolio)
    return {
        symbol: exchange.activity(_question(desk.name, symbol), "", since) for symbol in symbols
    }


def _question(account: str, symbol: str) -> OrderIntent:
    """Asks about an instrument: no order has this client order id."""
    return OrderIntent(
        id="",
        client_order_id=_NOBODY,
        account=account,
        symbol=symbol,
        side=Side.BUY,
        quantity=ZERO,
        limit_price=ZERO,
        shares=(),
    )


def _strangers(
    desk: Desk, seen: dict[str, Activity] | None
) -> tuple[tuple[str, RestingOrder], ...] | None:
    if seen is None or any(activity.resting is None for activity in seen.values()):
        return None
    state = desk.ports.plans.state(desk.name)
    known = {
        order.venue_order_id
        for item in open_plans(desk.ports.plans, desk.ports.orders, state)
        for order in item.orders
    }
    return tuple(
        (symbol, order)
        for symbol, activity in seen.items()
        for order in activity.resting or ()
        if order.venue_order_id not in known
    )


def _trades(seen: dict[str, Activity] | None) -> tuple[tuple[str, OwnTrade], ...] | None:
    if seen is None or any(activity.trades is None for activity in seen.values()):
        return None
    return tuple(
        (symbol, trade) for symbol, activity in seen.items() for trade in activity.trades or ()
    )


def _note(desk: Desk, gaps: Sequence[Gap]) -> None:
    """What is left of the differences is the owner's: unmanaged, as any deposit."""
    ports = desk.ports
    portfolio = ports.ledger.portfolio(desk.name, desk.account.quote)
    entries: list[Entry] = []
    for gap in gaps:
        drift = drift_entry(
            portfolio=portfolio, asset=gap.asset, difference=gap.difference, at=ports.clock.now()
        )
        portfolio, booked = post(portfolio, drift)
        entries.append(booked)
    if entries:
        ports.ledger.book(portfolio, entries)
