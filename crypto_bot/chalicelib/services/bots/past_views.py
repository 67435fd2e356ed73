"""[lake of rankings] -> what a bot may know of them at any time of a backtest."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from chalicelib.domain.bots.candles import at_ms
from chalicelib.domain.bots.views import Timeline, Views
from chalicelib.domain.market.ranking import DATED, RankedMarket, Ranking, dated_key, read_ranking
from chalicelib.market_ports.lake import Lake


def past_views(lake: Lake, since: datetime, until: datetime) -> Views:
    """By the lists that are kept, one of each day, from the last one before `since` on."""
    rankings = list(_rankings(lake, since, until))
    return Views(
        ranking=Timeline((at_ms(kept.as_of), [*map(_row, kept.items)]) for kept in rankings),
        universe=Timeline(
            (at_ms(kept.as_of), [item.market for item in kept.items]) for kept in rankings
        ),
    )


def _rankings(lake: Lake, since: datetime, until: datetime) -> Iterator[Ranking]:
    keys = [kept.key for kept in lake.objects(DATED)]
    before = bisect_left(keys, dated_key(since)) - 1
    for key in keys[max(0, before) :]:
        document = lake.get(key) if key <= dated_key(until) else None
        try:
            if document is not None:
                yield read_ranking(document)
        except ValueError:
            continue  # the list of the day before stands for it


def _row(item: RankedMarket) -> dict[str, Any]:
    """Numbers as a bot's own are."""
    return {
        "rank": item.rank,
        "symbol": item.symbol,
        "id": item.id,
        "market": item.market,
        "market_cap": None if item.market_cap is None else float(item.market_cap),
        "price": float(item.price),
        "volume_24h": float(item.volume_24h),
    }
