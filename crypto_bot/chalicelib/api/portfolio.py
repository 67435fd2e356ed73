"""Routes about what is owned: books, positions, the ledger, figures over time."""

from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import CURSOR, INSTANT, LIMIT, Asked, Routes
from chalicelib.api.answers import Refused, page

if TYPE_CHECKING:
    from chalicelib.domain.trading.account import Account

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_ROWS: Final = {"type": "array", "items": {"type": "object"}}
_NEXT: Final = {"type": ["string", "null"]}
_POINTS: Final = {
    "type": "integer",
    "minimum": 1,
    "maximum": 1000,
    "default": 200,
    "description": "How many figures at most, the newest.",
}


@routes.reads("/portfolios", answer={"properties": {"portfolios": _ROWS}})
def list_portfolios(_asked: Asked) -> dict[str, Any]:
    """Cash and positions of every account, as the books have them."""
    from chalicelib import bootstrap

    ledger = bootstrap.trading().ledger
    return {"portfolios": [ledger.portfolio(a.name, a.quote) for a in _accounts("")]}


@routes.reads(
    "/positions",
    query={
        "account": "Only this account's.",
        "all": {"type": "boolean", "description": "true: those that are empty now, too."},
    },
    answer={"properties": {"positions": _ROWS}},
)
def list_positions(asked: Asked) -> dict[str, Any]:
    """What each strategy holds on each account, with the prices at which it would leave."""
    from chalicelib import bootstrap
    from chalicelib.domain.operation.overview import positions_of

    ports = bootstrap.trading()
    positions = [
        position
        for account in _accounts(asked.text("account"))
        for position in positions_of(
            account,
            ports.ledger.portfolio(account.name, account.quote),
            ports.plans.state(account.name),
            empty=asked.flag("all"),
        )
    ]
    return {"positions": positions}


@routes.reads(
    "/ledger/{account}",
    query={"limit": LIMIT, "cursor": CURSOR, "strategy": "Only what moved for this strategy."},
    answer={"properties": {"entries": _ROWS, "next": _NEXT}},
)
def list_entries(asked: Asked, account: str) -> dict[str, Any]:
    """The entries of an account's books, the newest first; the legs of each add up to zero.

    With a strategy a page may hold fewer entries than its limit: go on until `next` is null.
    """
    from chalicelib import bootstrap
    from chalicelib.api.listing import MOST_LOOKED_AT

    [known] = _accounts(account)
    ledger = bootstrap.trading().ledger
    top = ledger.portfolio(known.name, known.quote).sequence
    last = min(_sequence(asked.cursor()) or top, top)
    strategy, limit = asked.text("strategy"), asked.limit()
    span = MOST_LOOKED_AT if strategy else limit
    found = ledger.entries(known.name, after=max(0, last - span), limit=min(span, last))
    entries = [
        entry
        for entry in reversed(found)
        if not strategy or any(e.strategy == strategy for e in entry.executions)
    ]
    shown = entries[:limit]
    end = shown[-1].sequence - 1 if len(entries) > limit else last - span
    return page("entries", shown, end=str(end) if end > 0 else None)


def _sequence(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 13):  # noqa: PLR2004
        raise Refused(400, "cursor is not one that this list gave", field="cursor")
    return int(cursor)


@routes.reads(
    "/performance/{account}",
    query={
        "strategy": "Of this strategy; left out: of the whole account.",
        "since": INSTANT,
        "until": INSTANT,
        "limit": _POINTS,
    },
    answer={"properties": {"points": _ROWS, "quote": {"type": "string"}}},
)
def list_figures(asked: Asked, account: str) -> dict[str, Any]:
    """Equity and profit over time in the account's quote currency, the oldest first."""
    from chalicelib import bootstrap

    [known] = _accounts(account)
    points = bootstrap.analytics().performance(
        known.name,
        asked.text("strategy"),
        int(asked.text("limit", "200")),
        since=asked.instant("since"),
        until=asked.instant("until"),
    )
    return {"quote": known.quote, "points": points[::-1]}


def _accounts(name: str) -> "list[Account]":
    """All by name, or the one that was asked for."""
    from chalicelib import bootstrap
    from chalicelib.domain.errors import SettingsError
    from chalicelib.domain.trading.configuration.names import account_named

    configuration = bootstrap.strategies().configuration()
    if not name:
        return [account for _, account in sorted(configuration.accounts.items())]
    try:
        return [account_named(configuration, name)]
    except SettingsError as error:
        raise Refused(404, str(error), field="account") from error
