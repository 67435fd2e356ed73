"""Rankings of the lake as a backtest knows them: none before its time, the last one before it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.domain.bots.candles import at_ms
from chalicelib.domain.market.ranking import RankedMarket, Ranking, dated_key, ranking_document
from chalicelib.services.bots.past_views import past_views

FIRST = datetime(2026, 1, 1, 6, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def lake(tmp_path: Path) -> FolderLake:
    """Four days, on each of which another one is the largest."""
    lake = FolderLake(tmp_path)
    for day, name in enumerate(("BTC", "ETH", "SOL", "XRP")):
        at = FIRST + day * DAY
        items = (ranked(name, market_cap=Decimal(5)), ranked("ADA", market_cap=None))
        ranking = Ranking(as_of=at, source="tests", quote="USDT", items=items)
        lake.put(dated_key(at), ranking_document(ranking))
    return lake


def ranked(name: str, market_cap: Decimal | None) -> RankedMarket:
    return RankedMarket(
        rank=1,
        symbol=name,
        id=name.lower(),
        market=f"{name}/USDT",
        market_cap=market_cap,
        price=Decimal("1.5"),
        volume_24h=Decimal(7),
    )


def known(lake: FolderLake, at: datetime, since: datetime, until: datetime) -> Any:
    found = past_views(lake, since, until).universe.as_of(at_ms(at))
    return found and found[0]


def test_a_list_counts_from_the_moment_it_was_made(lake: FolderLake) -> None:
    second = timedelta(seconds=1)
    until = FIRST + 3 * DAY
    assert known(lake, FIRST - second, FIRST, until) is None
    assert known(lake, FIRST, FIRST, until) == "BTC/USDT"
    assert known(lake, FIRST + DAY - second, FIRST, until) == "BTC/USDT"
    assert known(lake, FIRST + DAY, FIRST, until) == "ETH/USDT"
    assert known(lake, FIRST + 9 * DAY, FIRST, until) == "XRP/USDT"


def test_the_last_one_before_the_test_is_known_and_none_after_it(lake: FolderLake) -> None:
    since = FIRST + 2 * DAY - timedelta(hours=3)
    assert known(lake, since, since, since) == "ETH/USDT"
    assert known(lake, FIRST, since, since) is None  # further back, nobody asks
    assert known(lake, FIRST + 9 * DAY, since, since + DAY) == "XRP/USDT"
    assert known(lake, FIRST + 9 * DAY, since, since) == "SOL/USDT"
    late = FIRST + 30 * DAY
    assert known(lake, late, late, late) == "XRP/USDT"


def test_rows_are_numbers_and_texts(lake: FolderLake) -> None:
    first, second = past_views(lake, FIRST, FIRST).ranking.as_of(at_ms(FIRST))
    assert dict(first) == {
        "rank": 1,
        "symbol": "BTC",
        "id": "btc",
        "market": "BTC/USDT",
        "market_cap": 5.0,
        "price": 1.5,
        "volume_24h": 7.0,
    }
    assert {type(first[name]) for name in ("market_cap", "price", "volume_24h")} == {float}
    assert second["market_cap"] is None


def test_a_list_that_cannot_be_read_is_passed_over(lake: FolderLake) -> None:
    lake.put(dated_key(FIRST + DAY), b"{")
    assert known(lake, FIRST + DAY, FIRST, FIRST + DAY) == "BTC/USDT"


def test_without_rankings_there_is_none(tmp_path: Path) -> None:
    views = past_views(FolderLake(tmp_path), FIRST, FIRST)
    assert views.ranking.as_of(at_ms(FIRST)) is None
