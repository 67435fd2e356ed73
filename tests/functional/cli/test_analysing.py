"""What the owner is told of the markets, from the candles and minutes that were stored."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import log
from statistics import stdev

import pytest

from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.tables.sqlite import SqliteTradeFlow
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.minute import Minute
from chalicelib.domain.market.minute_summary import MinuteSummary
from tests.functional.cli.owner_desk import Desk

BTC, ETH, SOL = "BTC/USDT", "ETH/USDT", "SOL/USDT"
START = datetime(2026, 1, 1, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
DAYS = 60


def lay(desk: Desk, symbol: str, closes: list[float], interval: Interval = Interval.D1) -> None:
    candles = [
        Candle(START + n * interval.length, *(Decimal(f"{close:.8f}"),) * 4, volume=Decimal(1))
        for n, close in enumerate(closes)
    ]
    with closing(FolderLake(desk.home / "lake")) as lake:
        ParquetCandles(lake).write(CandleSeries("binance", symbol, interval), candles)


def a_walk(days: int, *, up: float, swing: float, sign: int = 1) -> list[float]:
    price, closes = 100.0, []
    for n in range(days):
        price *= 1 + up + sign * swing * ((n * 7) % 5 - 2)
        closes.append(price)
    return closes


@pytest.fixture
def loaded(desk: Desk) -> Desk:
    lay(desk, BTC, a_walk(DAYS, up=0.001, swing=0.005))
    lay(desk, ETH, a_walk(DAYS, up=0.003, swing=0.01))
    lay(desk, SOL, a_walk(DAYS, up=0.002, swing=0.02, sign=-1))
    lay(desk, "OLD/USDT", a_walk(DAYS - 20, up=0.1, swing=0.0))  # not traded any more
    desk.run("load-candles")
    return desk


def test_an_instrument_is_known_by_how_it_moved(loaded: Desk) -> None:
    told = loaded.run("analyse-instruments").stdout.splitlines()
    assert told[0] == "binance BTC/USDT: as of 2026-03-02 00:00 UTC"
    assert len(told) == 4
    (analysis,) = loaded.read("analyses", "binance", BTC)
    figures = analysis["figures"]
    closes = [float(f"{close:.8f}") for close in a_walk(DAYS, up=0.001, swing=0.005)]
    changes = [log(closes[n] / closes[n - 1]) for n in range(DAYS - 30, DAYS)]
    assert figures["close"] == closes[-1]
    assert figures["volatility_day"] == pytest.approx(stdev(changes), rel=1e-5)
    assert figures["volatility_year"] == pytest.approx(stdev(changes) * 365**0.5, rel=1e-5)
    assert figures["momentum_7d"] == pytest.approx(closes[-1] / closes[-8] - 1, rel=1e-5)
    assert figures["momentum_90d"] is None
    assert figures["1d"]["sma_20"] == pytest.approx(sum(closes[-20:]) / 20)
    assert "volatility_day" in loaded.run("analyses", "binance", BTC).stdout


def test_who_pushed_a_market_is_set_against_what_came_of_it(desk: Desk) -> None:
    signs = [((n * 7) % 5 - 2) / 4 for n in range(200)]
    closes, price = [], 100.0
    for sign in signs:
        closes.append(price)
        price *= 1 + sign / 1000
    lay(desk, BTC, closes, Interval.M1)
    with closing(SqliteTradeFlow(desk.home / "summaries.sqlite3")) as table:
        for n, sign in enumerate(signs):
            summary = MinuteSummary(
                minute=Minute("BTCUSDT", START + n * MINUTE),
                total_usd_b=Decimal(str(100 * (1 + sign))),
                total_usd_s=Decimal(str(100 * (1 - sign))),
                avg_b=Decimal("100.5"),
                avg_s=Decimal("99.5"),
            )
            table.replace(summary, "by hand")
    desk.run("load-candles")
    assert desk.run("analyse-instruments").stdout == (
        "binance BTC/USDT: as of 2026-01-01 03:20 UTC\n"
    )
    flow = desk.read("analyses", "binance", BTC)[0]["figures"]["flow"]
    assert flow["minutes"] == 200
    assert flow["imbalance"] == pytest.approx(sum(signs) / 200)
    assert flow["spread"] == 0.01
    assert flow["spread_foretells_1m"] is None  # it never changed
    assert flow["imbalance_foretells_1m"] == pytest.approx(1, abs=1e-4)
    assert abs(flow["imbalance_foretells_5m"]) < 0.2


@pytest.mark.parametrize(("minutes", "is_known"), [(2 * 24 * 60, True), (2 * 24 * 60 + 1, False)])
def test_how_it_moved_long_before_its_last_trades_is_not_told(
    loaded: Desk, minutes: int, *, is_known: bool
) -> None:
    """Else an account would be sized by it, as if it were of today."""
    last = START + DAYS * DAY + (minutes - 1) * MINUTE
    with closing(SqliteTradeFlow(loaded.home / "summaries.sqlite3")) as table:
        summary = MinuteSummary(minute=Minute("BTCUSDT", last), total_usd_b=Decimal(1))
        table.replace(summary, "by hand")
    loaded.run("analyse-instruments")
    (analysis,) = loaded.read("analyses", "binance", BTC)
    known = {"close", "volatility_day", "volatility_year", "momentum_30d"}
    assert known & set(analysis["figures"]) == (known if is_known else set())
    assert analysis["figures"]["flow"]["minutes"] == 1


def test_a_venues_instruments_are_set_against_each_other(loaded: Desk) -> None:
    assert loaded.run("analyse-markets").stdout == "binance: as of 2026-03-02 00:00 UTC\n"
    (analysis,) = loaded.read("analyses", "binance")
    figures = analysis["figures"]
    assert figures["instruments"] == 3  # the one that ended before is in no ranking
    assert figures["rank"]["momentum_30d"] == {ETH: 1, SOL: 2, BTC: 3}
    assert figures["rank"]["volatility"] == {SOL: 1, ETH: 2, BTC: 3}
    assert figures["correlation"] == {
        BTC: {ETH: pytest.approx(1, abs=1e-3), SOL: pytest.approx(-1, abs=1e-3)},
        ETH: {SOL: pytest.approx(-1, abs=1e-3)},
    }
    last = [(n * 7) % 5 - 2 for n in range(DAYS)][-1]
    assert last > 0
    assert figures["rising"] == 0.6667


def test_to_analyse_again_adds_nothing(loaded: Desk) -> None:
    for _ in range(2):
        loaded.run("analyse-instruments")
        loaded.run("analyse-markets")
    assert len(loaded.read("analyses", "binance", BTC, "--limit", "9")) == 1
    assert len(loaded.read("analyses", "binance", "--limit", "9")) == 1


def test_before_anything_is_loaded_there_is_nothing_to_analyse(desk: Desk) -> None:
    for verb in ("analyse-instruments", "analyse-markets"):
        said = desk.run(verb).stdout
        assert said == "Nothing is loaded yet; crypto-bot load-candles does it.\n"
    assert desk.run("analyses", "binance").stdout == "Nothing is known of binance yet.\n"
