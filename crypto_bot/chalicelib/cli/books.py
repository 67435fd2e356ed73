"""positions, balances, ledger and performance: what the books say."""

import click

from chalicelib import bootstrap
from chalicelib.cli.attention import refuse_while_silent
from chalicelib.cli.options import as_json, in_known_home, one_account, row_limit
from chalicelib.cli.output import show
from chalicelib.cli.rows import Row, balance_rows, holding_row, performance_row, posting_rows
from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.configuration.names import account_named
from chalicelib.domain.trading.ledger import Portfolio
from chalicelib.services.trading.report_performance import report_performance

_POSITIONS = ("account", "strategy", "symbol", "quantity", "cost", "realized", "fees", "quote")
_WHERE_THERE_ARE_ANY = ("stop_loss", "take_profit", "stop_refused", "frozen")
_BALANCES = ("account", "owner", "asset", "amount")
_VENUE = ("account", "asset", "free", "locked", "total", "books", "difference")
_LEDGER = ("account", "sequence", "at", "kind", "owner", "asset", "amount", "reference")
_PERFORMANCE = (
    "at",
    "account",
    "strategy",
    "equity",
    "realized",
    "unrealized",
    "fees",
    "quote",
)
_NO_BOOKS = "No account has books yet: they are opened by its first signal."


def chosen_accounts(name: str | None) -> list[Account]:
    """All accounts by name, or the one that was asked for."""
    configuration = bootstrap.strategies().configuration()
    if name is not None:
        return [account_named(configuration, name)]
    return [configuration.accounts[name] for name in sorted(configuration.accounts)]


def _portfolio(account: Account) -> Portfolio:
    return bootstrap.trading().ledger.portfolio(account.name, account.quote)


@click.command()
@in_known_home
@as_json
@one_account
@click.option("--all", "everything", is_flag=True, help="Those that are empty now, too.")
def positions(as_json: bool, account: str | None, everything: bool) -> None:
    """What each strategy owns.

    Closed positions are in `export positions`.
    """
    rows = [
        holding_row(state, chosen.quote, holding)
        for chosen in chosen_accounts(account)
        for state in [bootstrap.trading().plans.state(chosen.name)]
        for holding in _portfolio(chosen).holdings
        if everything or holding.quantity
    ]
    told = [name for name in _WHERE_THERE_ARE_ANY if any(row[name] for row in rows)]
    show(rows, (*_POSITIONS, *told), as_json=as_json, empty="No strategy holds anything.")


@click.command()
@in_known_home
@as_json
@one_account
@click.option("--venue", is_flag=True, help="Ask the exchange, and compare with the books.")
def balances(as_json: bool, account: str | None, venue: bool) -> None:
    """Who owns what of an account by the books.

    The strategies, the pool that they may spend, and the unmanaged rest.
    """
    rows: list[Row] = []
    for chosen in chosen_accounts(account):
        rows += _venue_rows(chosen) if venue else balance_rows(_portfolio(chosen))
    show(rows, _VENUE if venue else _BALANCES, as_json=as_json, empty=_NO_BOOKS)


def _venue_rows(account: Account) -> list[Row]:
    refuse_while_silent(account.name)
    portfolio = _portfolio(account)
    found = bootstrap.trading().exchanges.open(account).balances()
    return [
        {
            "account": account.name,
            "asset": asset,
            "free": balance.free,
            "locked": balance.locked,
            "total": balance.total,
            "books": portfolio.owned(asset),
            "difference": balance.total - portfolio.owned(asset),
        }
        for asset, balance in sorted(found.items())
    ]


@click.command()
@in_known_home
@as_json
@row_limit(50)
@one_account
def ledger(as_json: bool, limit: int, account: str | None) -> None:
    """The newest entries of the books.

    One line per leg, oldest first.
    """
    rows: list[Row] = []
    for chosen in chosen_accounts(account):
        last = _portfolio(chosen).sequence
        entries = bootstrap.trading().ledger.entries(chosen.name, after=max(0, last - limit))
        rows += [row for entry in entries for row in posting_rows(entry)]
    show(rows, _LEDGER, as_json=as_json, empty=_NO_BOOKS)


@click.command()
@in_known_home
@as_json
@row_limit(1)
@one_account
@click.option("--now", is_flag=True, help="Ask the exchanges for prices, and store the figures.")
def performance(as_json: bool, limit: int, account: str | None, now: bool) -> None:
    """Equity and profit per account and strategy."""
    accounts = chosen_accounts(account)
    if now:
        report_performance(bootstrap.trading(), bootstrap.analytics())
    rows = [row for chosen in accounts for row in _performance_rows(chosen, limit)]
    show(
        rows,
        _PERFORMANCE,
        as_json=as_json,
        empty="No figures are stored yet: they are hourly, or at once with --now.",
    )


def _performance_rows(account: Account, limit: int) -> list[Row]:
    names = sorted({holding.strategy for holding in _portfolio(account).holdings})
    analytics = bootstrap.analytics()
    return [
        performance_row(point, account.quote)
        for name in ["", *names]
        for point in analytics.performance(account.name, name, limit)
    ]
