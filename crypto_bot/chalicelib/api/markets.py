"""Routes about markets: which there are, their flow of trades, ranking and analyses.

A symbol is a parameter of the query, since no part of a path can hold its slash.
"""

from typing import Any, Final

from chalice import Blueprint

from chalicelib.api.access import Asked, Routes
from chalicelib.api.market_words import NULLABLE, SYMBOL, TEXTS, VENUE, bars, needed

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_MOST_MINUTES: Final = 1_440
_LOOKED_AT: Final = 200  # the newest rows of the table of minutes, to learn which symbols it has


@routes.reads(
    "/markets",
    answer={
        "properties": {
            "markets": {"type": "array", "items": {"type": "object"}},
            "flow": TEXTS,
            "steps": TEXTS,
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
    "/markets/flow",
    query={
        "symbol": {"type": "string", "description": "As the venue writes it, such as BTCUSDT."},
        "limit": bars(_MOST_MINUTES, 120),
    },
    answer={"properties": {"minutes": {"type": "array", "items": {"type": "object"}}}},
)
def list_flow(asked: Asked) -> dict[str, Any]:
    """What takers bought (b) and sold (s) in each of the newest minutes, oldest first.

    The names of the columns are those of BTC in USD: `btc` is the base currency of the symbol and
    `usd` its quote currency. `spread` is avg_b - avg_s, null where one side traded nothing.
    """
    from chalicelib.bootstrap.charts import kept_flow

    symbol = needed(asked, "symbol")
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
    query={"venue": VENUE, "symbol": {**SYMBOL, "description": "Left out: the whole venue."}},
    answer={"properties": {"at": NULLABLE, "figures": {"type": "object"}}},
)
def latest_analysis(asked: Asked) -> dict[str, Any]:
    """What was found out last about an instrument or a venue; `at` null: nothing yet.

    Figures are estimates, so they are numbers; null where there was too little.
    """
    from chalicelib.bootstrap.charts import read_analyses
    from chalicelib.domain.market.analysis import instrument_subject

    venue, symbol = needed(asked, "venue"), asked.text("symbol")
    subject = instrument_subject(venue, symbol) if symbol else venue
    with read_analyses() as kept:
        found = [] if kept is None else kept.newest(subject, 1)
    if not found:
        return {"subject": subject, "at": None, "figures": {}}
    return {"subject": subject, "at": found[0].at, "figures": found[0].figures}
