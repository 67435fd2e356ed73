"""Routes about what a chart shows: candles with what is derived of them, and the owner's fills.

A symbol is a parameter of the query, since no part of a path can hold its slash.
"""

from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import CURSOR, INSTANT, Asked, Routes
from chalicelib.api.answers import Refused, page
from chalicelib.api.market_words import NULLABLE, SYMBOL, TEXTS, VENUE, bars, needed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from chalicelib.domain.market.candle_series import CandleSeries
    from chalicelib.domain.market.series_day import SeriesRow
    from chalicelib.domain.trading.account import Account
    from chalicelib.services.trading.list_fills import OwnFill

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_MOST_BARS: Final = 5_000

_INTERVALS: Final = [
    "1m",
    "3m",
    "5m",
    "15m",
    "30m",
    "1h",
    "2h",
    "4h",
    "6h",
    "8h",
    "12h",
    "1d",
    "1w",
]


@routes.reads(
    "/markets/candles",
    query={
        "venue": VENUE,
        "symbol": SYMBOL,
        "interval": {"type": "string", "enum": _INTERVALS},
        "account": "Whose prices are meant where they are made up.",
        "columns": "What is derived and wanted, such as rsi_14,sma_20; nothing by default.",
        "since": INSTANT,
        "until": INSTANT,
        "limit": bars(_MOST_BARS, 500),
        "cursor": CURSOR,
    },
    answer={
        "properties": {
            **dict.fromkeys(("start", "open", "high", "low", "close", "volume"), TEXTS),
            "columns": TEXTS,
            "derived": {"type": "object"},
            "next": NULLABLE,
        }
    },
)
def list_candles(asked: Asked) -> dict[str, Any]:
    """Candles by column, oldest first, the newest page first.

    `next` asks for the page before. `columns` are the names of all that is derived of these candles
    and can be asked for; `derived` has those that were asked for and are there, null where a value
    is not known yet.
    """
    from chalicelib.bootstrap.charts import chart_sources
    from chalicelib.services.market.read_chart import read_chart

    series = _series(asked)
    with chart_sources(series.venue, asked.text("account")) as sources:
        found = read_chart(
            series,
            sources,
            limit=int(asked.text("limit", "500")),
            since=asked.instant("since"),
            until=_until(asked),
        )
    wanted = [name for name in asked.text("columns").split(",") if name]
    end = None if found.older is None else found.older.isoformat()
    return page("start", [_moment(row.candle.start) for row in found.rows], end=end) | {
        **_amounts(found.rows),
        "columns": found.columns,
        "derived": {
            name: [row.derived.get(name) for row in found.rows]
            for name in wanted
            if name in found.columns
        },
    }


def _series(asked: Asked) -> "CandleSeries":
    from chalicelib.domain.market.candle_series import candle_series

    for name in ("venue", "symbol", "interval"):
        if not asked.text(name):
            raise Refused(400, f"{name} is missing; GET /markets lists what there is", field=name)
    try:
        return candle_series(asked.text("venue"), asked.text("symbol"), asked.text("interval"))
    except ValueError as error:
        raise Refused(400, str(error), field=str(error).partition(" ")[0]) from None


def _amounts(rows: "tuple[SeriesRow, ...]") -> "Mapping[str, list[Any]]":
    candles = [row.candle for row in rows]
    names = ("open", "high", "low", "close", "volume")
    return {name: [getattr(candle, name) for candle in candles] for name in names}


def _moment(at: "datetime") -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


@routes.reads(
    "/markets/fills",
    query={"symbol": SYMBOL, "since": INSTANT, "until": INSTANT, "cursor": CURSOR},
    answer={"properties": {"fills": {"type": "array", "items": {"type": "object"}}}},
)
def list_own_fills(asked: Asked) -> dict[str, Any]:
    """What was bought and sold here of a symbol, oldest first, the newest page first.

    Each has its account, the account's mode, and the venue whose prices it was traded by: paper,
    sandbox and live never mix.
    """
    from datetime import UTC, datetime

    from chalicelib import bootstrap
    from chalicelib.services.trading.list_fills import list_fills

    symbol = needed(asked, "symbol")
    found = list_fills(
        bootstrap.trading().orders,
        symbol,
        since=asked.instant("since") or datetime.fromtimestamp(0, UTC),
        until=_until(asked),
    )
    accounts = bootstrap.strategies().configuration().accounts
    end = None if found.older is None else found.older.isoformat()
    return page("fills", [_fill(own, accounts) for own in found.fills], end=end)


def _fill(own: "OwnFill", accounts: "Mapping[str, Account]") -> dict[str, Any]:
    intent = own.order.intent
    account = accounts.get(intent.account)
    return {
        "at": own.fill.at,
        "account": intent.account,
        "mode": account.mode if account else "",
        "venue": (account.prices_from or account.exchange) if account else "",
        "strategies": [share.strategy for share in intent.shares],
        "side": intent.side,
        "price": own.fill.price,
        "quantity": own.fill.quantity,
        "order_id": intent.id,
    }


def _until(asked: Asked) -> "datetime | None":
    """Where the page before begins, or what the query says."""
    from datetime import UTC, datetime

    cursor = asked.cursor()
    if cursor is None:
        return asked.instant("until")
    try:
        return datetime.fromisoformat(cursor).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(
            400, "cursor is not one that this route gave; send the text of `next`", field="cursor"
        ) from None
