"""Analyses are found again as they were, the newest first, whichever store keeps them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.adapters.series.analyses_dynamodb import DynamoDbAnalyses
from chalicelib.adapters.series.analyses_sqlite import SqliteAnalyses
from chalicelib.domain.market.analysis import Analysis
from chalicelib.drivers.dynamodb_table import DynamoDbTable
from chalicelib.market_ports.series import Analyses

NOON = datetime(2024, 8, 8, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
BTC = "binance BTC/USDT"


@pytest.fixture
def dynamodb_analyses(market_table: DynamoDbTable) -> DynamoDbAnalyses:
    return DynamoDbAnalyses(market_table)


@pytest.fixture
def sqlite_analyses(tmp_path: Path) -> Iterator[SqliteAnalyses]:
    opened = SqliteAnalyses(tmp_path / "series.sqlite3")
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite_analyses", "dynamodb_analyses"])
def kept(request: pytest.FixtureRequest) -> Analyses:
    chosen: Analyses = request.getfixturevalue(request.param)
    return chosen


def test_the_newest_come_first_and_as_they_were(kept: Analyses) -> None:
    figures = {"a": 0.1 + 0.2, "b": None, "c": {"ETH/USDT": -1e-9, "d": [1, "é"]}}
    made = [Analysis(BTC, NOON + n * HOUR, {**figures, "n": n}) for n in (1, 0, 3, 2)]
    kept.add(made)
    kept.add([Analysis("binance", NOON, {}), Analysis("binance BTC/USDC", NOON, {})])
    newest = sorted(made, key=lambda analysis: analysis.at, reverse=True)
    assert kept.newest(BTC, 9) == newest
    assert kept.newest(BTC, 2) == newest[:2]
    assert kept.newest(BTC, 9, until=NOON + HOUR) == newest[2:]
    assert kept.newest(BTC, 9, until=NOON + HOUR - timedelta(seconds=1)) == newest[3:]
    assert kept.newest(BTC, 9, until=NOON - HOUR) == []
    assert kept.newest("binance", 9) == [Analysis("binance", NOON, {})]
    assert kept.newest("kraken", 9) == []


def test_what_is_found_out_again_takes_the_place_of_the_old(kept: Analyses) -> None:
    for number in (1, 2):
        kept.add([Analysis(BTC, NOON, {"n": number})])
    assert kept.newest(BTC, 9) == [Analysis(BTC, NOON, {"n": 2})]


def test_to_find_out_nothing_is_no_mistake(kept: Analyses) -> None:
    kept.add([])
    assert kept.newest(BTC, 1) == []
