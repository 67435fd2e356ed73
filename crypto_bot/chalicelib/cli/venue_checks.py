"""`accounts check`: the promises of an exchange, tried on the account itself."""

from collections.abc import Iterator

from chalicelib import bootstrap
from chalicelib.adapters.venues.checks import (
    READ_ONLY,
    WITH_ORDERS,
    Subject,
    instruments_are_sane,
    run_checks,
)
from chalicelib.cli.checks import Check, followed_symbols
from chalicelib.domain.errors import CryptoBotError
from chalicelib.domain.trading.account import Account, Configuration, Mode


def check_promises(
    account: Account, configuration: Configuration, *, order: bool
) -> Iterator[Check]:
    """One smallest order is placed where `order` says so, or where it can do no harm.

    That is on virtual and sandbox accounts whose books are not open yet: what it buys belongs to
    no strategy.
    """
    try:
        exchange = bootstrap.trading().exchanges.open(account)
    except CryptoBotError:
        return  # said already, as the account's first finding
    symbols = followed_symbols(account, configuration)
    subject = Subject(
        exchange=exchange,
        symbol=symbols[0] if symbols else f"BTC/{account.quote}",
        clock=bootstrap.clock(),
        account=account.name,
    )
    places = account.mode is not Mode.LIVE and (order or not _has_books(account))
    tried = WITH_ORDERS if places else READ_ONLY
    if account.prices_from == "synthetic":  # a made-up market has every instrument there could be
        tried = tuple(check for check in tried if check is not instruments_are_sane)
    for result in run_checks(subject, tried):
        yield Check(
            name=f"account {account.name}: {result.name}",
            ok=not result.problem,
            detail=result.problem or f"tried on {subject.symbol}",
        )
    if not places:
        yield Check(
            name=f"account {account.name}: smallest order makes the round trip",
            ok=None,
            detail=_why_not(account),
        )


def _has_books(account: Account) -> bool:
    return bootstrap.trading().ledger.portfolio(account.name, account.quote).sequence > 0


def _why_not(account: Account) -> str:
    if account.mode is Mode.LIVE:
        return "not tried, because the account is live"
    return "not tried, because the account's books are open; --order tries it all the same"
