"""Rankings and analyses as a bot knows them: none before its time, the last one before it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.series.analyses_sqlite import SqliteAnalyses
from chalicelib.domain.bots import Bot
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import at_ms
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.views import Views
from chalicelib.domain.market.analysis import Analysis, instrument_subject
from chalicelib.domain.market.ranking import RankedMarket, Ranking, dated_key, ranking_document
from chalicelib.services.bots.live_views import LiveViews
from chalicelib.services.bots.past_views import Findings, past_views

FIRST = datetime(2026, 1, 1, 6, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
BTC, ETH = "BTC/USDT", "ETH/USDT"


class Basket(Bot):
    instruments = (BTC, ETH)
    interval = "5m"
    together = True

    def on_candle(self, ctx: Context) -> None: ...


(SETUP,) = set_up(Basket)


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


def seen(lake: FolderLake, since: datetime, until: datetime) -> Views:
    return past_views(Findings(lake), SETUP, "binance", since, until)


def known(lake: FolderLake, at: datetime, since: datetime, until: datetime) -> Any:
    found = seen(lake, since, until).universe.as_of(at_ms(at))
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
    first, second = seen(lake, FIRST, FIRST).ranking.as_of(at_ms(FIRST))
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
    views = seen(FolderLake(tmp_path), FIRST, FIRST)
    assert views.ranking.as_of(at_ms(FIRST)) is None


@pytest.fixture
def analyses(tmp_path: Path) -> Iterator[SqliteAnalyses]:
    with closing(SqliteAnalyses(tmp_path / "series.sqlite3")) as kept:
        yield kept


def analysed(symbol: str, at: datetime, number: int, venue: str = "binance") -> Analysis:
    return Analysis(instrument_subject(venue, symbol), at, {"momentum_7d": number})


def figures(views: Views, at: datetime) -> dict[str, int]:
    known_then = views.analytics.as_of(at_ms(at)) or {}
    return {symbol: of["momentum_7d"] for symbol, of in known_then.items()}


def test_an_analysis_is_known_an_hour_after_its_candles(
    lake: FolderLake, analyses: SqliteAnalyses
) -> None:
    analyses.add(
        [
            analysed(BTC, FIRST, 1),
            analysed(ETH, FIRST + HOUR, 2),
            analysed(BTC, FIRST + HOUR, 3),
            analysed(BTC, FIRST, 4, venue="kraken"),
            analysed("SOL/USDT", FIRST, 5),
        ]
    )
    views = past_views(Findings(lake, analyses), SETUP, "binance", FIRST, FIRST + DAY)
    second = timedelta(seconds=1)
    assert views.analytics.as_of(at_ms(FIRST + HOUR - second)) is None
    assert figures(views, FIRST + HOUR) == {BTC: 1}
    assert figures(views, FIRST + 2 * HOUR - second) == {BTC: 1}
    assert figures(views, FIRST + 2 * HOUR) == {BTC: 3, ETH: 2}
    until = past_views(Findings(lake, analyses), SETUP, "binance", FIRST, FIRST + 2 * HOUR - second)
    assert figures(until, FIRST + DAY) == {BTC: 1}


def test_no_more_is_read_than_the_last_analysis_before_the_test(
    lake: FolderLake, analyses: SqliteAnalyses
) -> None:
    last = 2_100  # several pages
    analyses.add([analysed(BTC, FIRST + n * HOUR, n) for n in range(last + 1)])
    end = FIRST + (last + 1) * HOUR
    everything = past_views(Findings(lake, analyses), SETUP, "binance", FIRST, end)
    assert [figures(everything, FIRST + (n + 1) * HOUR)[BTC] for n in range(last + 1)] == [
        *range(last + 1)
    ]
    since = FIRST + 500 * HOUR + HOUR / 2
    later = past_views(Findings(lake, analyses), SETUP, "binance", since, end)
    assert figures(later, since) == {BTC: 499}
    assert figures(later, since - HOUR) == {}
    assert figures(later, end) == {BTC: last}


def test_on_live_candles_it_is_looked_up_once_in_five_minutes(
    lake: FolderLake, analyses: SqliteAnalyses
) -> None:
    opened: list[int] = []

    @contextmanager
    def findings() -> Iterator[Findings]:
        opened.append(1)
        yield Findings(lake, analyses)

    views = LiveViews(findings, "binance")
    analyses.add([analysed(BTC, FIRST - HOUR, 1)])
    assert figures(views(SETUP, FIRST), FIRST) == {BTC: 1}
    analyses.add([analysed(BTC, FIRST - HOUR + timedelta(minutes=4), 2)])
    late = FIRST + timedelta(minutes=4, seconds=59)
    assert figures(views(SETUP, late), late) == {BTC: 1}
    later = FIRST + timedelta(minutes=5)
    assert figures(views(SETUP, later), later) == {BTC: 2}
    assert views(SETUP, later).universe.as_of(at_ms(later)) == (BTC, "ADA/USDT")
    assert len(opened) == 2
