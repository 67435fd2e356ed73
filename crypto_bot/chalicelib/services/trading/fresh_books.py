"""The books with what the venue holds beyond them, for one asset: before the owner moves it."""

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.trading.entries import drift_entry
from chalicelib.domain.trading.gaps import gaps_between
from chalicelib.domain.trading.ledger import Entry, Portfolio, post
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.orders_under_way import refuse_orders_under_way


def fresh_books(desk: Desk, asset: str) -> tuple[Portfolio, list[Entry]]:
    """The portfolio as it would be, and the entries that make it so; nothing is stored.

    ActionRefused for an account whose books are not open, and while its orders are under way.
    """
    portfolio = desk.ports.ledger.portfolio(desk.name, desk.account.quote)
    if not portfolio.sequence:
        raise ActionRefused(
            f"the books of account {desk.name} are not open yet; its first alert opens them"
        )
    refuse_orders_under_way(desk)
    noted: list[Entry] = []
    for gap in gaps_between(portfolio, desk.exchange.balances()):
        if gap.asset == asset:
            drift = drift_entry(
                portfolio=portfolio,
                asset=asset,
                difference=gap.difference,
                at=desk.ports.clock.now(),
            )
            portfolio, booked = post(portfolio, drift)
            noted.append(booked)
    return portfolio, noted
