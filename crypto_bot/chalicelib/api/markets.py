"""Routes about markets: which there are, their candles, flow of trades, ranking and analyses.

A symbol is a parameter of the query, since no part of a path can hold its slash.
"""

from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import CURSOR, INSTANT, Asked, Routes
from chalicelib.api.answers import Refused, page

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
_MOST_MINUTES: Final = 1_440
_LOOKED_AT: Final = 200  # the newest rows of the table of minutes, to learn which symbols it has

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
_VENUE: Final = {"type": "string", "description": "The exchange's id, such as binance."}
_SYMBOL: Final = {"type": "string", "description": "Such as BTC/USDT."}
_TEXTS: Final = {"type": "array", "items": {"type": "string"}}
_CURSOR: Final = {"type": ["string", "null"]}


def _bars(most: int, usual: int) -> dict[str, Any]:
    return {
        "type": "integer",
        "minimum": 1,
        "maximum": most,
        "default": usual,
        "description": "How many at most.",
    }


@routes.reads(
    "/markets",
    answer={
        "properties": {
            "markets": {"type": "array", "items": {"type": "object"}},
            "flow": _TEXTS,
            "steps": _TEXTS,
        }
    },
)
def list_markets(_asked: Asked) -> dict[str, Any]:
    """The markets that a chart can be drawn of.

    `markets` have a venue, a symbol, the intervals of their candles, and the account whose made-up
    prices they are, if so. `flow` are the symbols of which minutes of trades are summed up, `steps`
    what to do where there is nothing yet.
    """
    from chalicelib.bootstrap import charts

    known = [
        {
            "venue": market.venue,
            "symbol": market.symbol,
            "intervals": market.collected,
            "made": market.made,
            "account": "",
        }
        for market in charts.listed_markets()
    ]
    made_up = [
        {
            "venue": charts.MADE_UP,
            "symbol": symbol,
            "intervals": ["1m", "5m", "15m", "1h", "4h", "1d"],
            "made": [],
            "account": account,
        }
        for account, symbol in charts.made_up_markets()
    ]
    with charts.kept_flow() as table:
        rows = [] if table is None else table.newest(_LOOKED_AT)
    flow = sorted({row.minute.symbol for row in rows})
    return {"markets": [*known, *made_up], "flow": flow, "steps": _steps(known, flow)}


def _steps(known: list[dict[str, Any]], flow: list[str]) -> list[str]:
    """What a terminal has to be told so that there is more to see."""
    steps = []
    if not known:
        steps += ["crypto-bot candles download binance BTC/USDT", "crypto-bot load-candles"]
    if not flow:
        steps += ["crypto-bot run --market BTC/USDT"]
    return steps


@routes.reads(
    "/markets/candles",
    query={
        "venue": _VENUE,
        "symbol": _SYMBOL,
        "interval": {"type": "string", "enum": _INTERVALS},
        "account": "Whose prices are meant where they are made up.",
        "columns": "What is derived and wanted, such as rsi_14,sma_20; nothing by default.",
        "since": INSTANT,
        "until": INSTANT,
        "limit": _bars(_MOST_BARS, 500),
        "cursor": CURSOR,
    },
    answer={
        "properties": {
            **dict.fromkeys(("start", "open", "high", "low", "close", "volume"), _TEXTS),
            "columns": _TEXTS,
            "derived": {"type": "object"},
            "next": _CURSOR,
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
    query={"symbol": _SYMBOL, "since": INSTANT, "until": INSTANT, "cursor": CURSOR},
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

    symbol = _needed(asked, "symbol")
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


@routes.reads(
    "/markets/flow",
    query={
        "symbol": {"type": "string", "description": "As the venue writes it, such as BTCUSDT."},
        "limit": _bars(_MOST_MINUTES, 120),
    },
    answer={"properties": {"minutes": {"type": "array", "items": {"type": "object"}}}},
)
def list_flow(asked: Asked) -> dict[str, Any]:
    """What takers bought (b) and sold (s) in each of the newest minutes, oldest first.

    The names of the columns are those of BTC in USD: `btc` is the base currency of the symbol and
    `usd` its quote currency. `spread` is avg_b - avg_s, null where one side traded nothing.
    """
    from chalicelib.bootstrap.charts import kept_flow

    symbol = _needed(asked, "symbol")
    with kept_flow() as table:
        rows = [] if table is None else table.newest(int(asked.text("limit", "120")), symbol)
    return {
        "minutes": [
            {
                "minute": row.minute.start,
                "total_count_b": row.total_count_b,
                "total_count_s": row.total_count_s,
                "total_btc_b": row.total_btc_b,
                "total_btc_s": row.total_btc_s,
                "total_usd_b": row.total_usd_b,
                "total_usd_s": row.total_usd_s,
                "avg_b": row.avg_b,
                "avg_s": row.avg_s,
                "spread": row.spread,
            }
            for row in reversed(rows)
        ]
    }


@routes.reads("/rankings/latest", answer={"properties": {"items": {"type": "array"}}})
def latest_ranking(_asked: Asked) -> dict[str, Any]:
    """The largest coins that can be traded, as they were ranked last; `as_of` null: never."""
    from chalicelib.bootstrap.charts import last_ranked

    found = last_ranked()
    if found is None:
        return {"as_of": None, "source": "", "quote": "", "items": []}
    return {
        "as_of": found.as_of,
        "source": found.source,
        "quote": found.quote,
        "items": found.items,
    }


@routes.reads(
    "/markets/analyses",
    query={"venue": _VENUE, "symbol": {**_SYMBOL, "description": "Left out: the whole venue."}},
    answer={"properties": {"at": _CURSOR, "figures": {"type": "object"}}},
)
def latest_analysis(asked: Asked) -> dict[str, Any]:
    """What was found out last about an instrument or a venue; `at` null: nothing yet.

    Figures are estimates, so they are numbers; null where there was too little.
    """
    from chalicelib.bootstrap.charts import read_analyses
    from chalicelib.domain.market.analysis import instrument_subject

    venue, symbol = _needed(asked, "venue"), asked.text("symbol")
    subject = instrument_subject(venue, symbol) if symbol else venue
    with read_analyses() as kept:
        found = [] if kept is None else kept.newest(subject, 1)
    if not found:
        return {"subject": subject, "at": None, "figures": {}}
    return {"subject": subject, "at": found[0].at, "figures": found[0].figures}


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


def _needed(asked: Asked, name: str) -> str:
    text = asked.text(name)
    if not text:
        raise Refused(400, f"{name} is missing; GET /markets lists what there is", field=name)
    return text
