"""Markets -> the streams of a venue, and what they are called on the bus."""

import pytest

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.stream_message import subject_named
from chalicelib.domain.market.stream_plan import StreamPlan, Subject, binance_name, symbol_of


@pytest.mark.parametrize(
    ("venue", "market", "symbol"),
    [
        ("binance", "BTC/USDT", "BTCUSDT"),
        ("binanceus", "BTC/USDT", "BTCUSDT"),
        ("binance", "ETHUSDT", "ETHUSDT"),
        ("kraken", "BTC/USD", "kraken.BTCUSD"),
        ("okx", "BTC/USDT:USDT", "okx.BTCUSDT-USDT"),
    ],
)
def test_a_market_has_one_name_on_the_bus(venue: str, market: str, symbol: str) -> None:
    assert symbol_of(venue, market) == symbol


@pytest.mark.parametrize("market", ["", "btc/usdt", "BTC-USDT", "BTC/", "BTC/USDT/X", "../BTC"])
@pytest.mark.parametrize("venue", ["binance", "kraken"])
def test_what_is_no_market_is_named(venue: str, market: str) -> None:
    with pytest.raises(SettingsError, match="is unknown; a market is named such as BTC/USDT"):
        symbol_of(venue, market)


def test_binance_has_trades_and_candles_of_each_market_once() -> None:
    plan = StreamPlan(
        markets=("BTC/USDT", "ETH/USDT", "BTC/USDT"), intervals=(Interval.M1, Interval.H1)
    )
    assert [binance_name(subject) for subject in plan.subjects] == [
        "btcusdt@aggTrade",
        "btcusdt@kline_1m",
        "btcusdt@kline_1h",
        "ethusdt@aggTrade",
        "ethusdt@kline_1m",
        "ethusdt@kline_1h",
    ]
    assert [subject_named(binance_name(subject).encode()) for subject in plan.subjects] == [
        Subject(s.symbol, "aggTrade", s.interval) for s in plan.subjects
    ]
    assert [subject.key for subject in plan.subjects][:2] == [b"BTCUSDT", b"BTCUSDT@1m"]


def test_other_venues_have_trades_alone() -> None:
    plan = StreamPlan(markets=("BTC/USD",), venue="kraken")
    assert plan.subjects == (Subject("kraken.BTCUSD", "trade"),)


def test_single_trades_are_streamed_where_they_are_wanted() -> None:
    plan = StreamPlan(markets=("BTC/USDT",), trades="trade")
    assert plan.subjects == (
        Subject("BTCUSDT", "trade"),
        Subject("BTCUSDT", "trade", Interval.M1),
    )
    assert subject_named(b"btcusdt@trade") == Subject("BTCUSDT", "trade")


@pytest.mark.parametrize(
    "name",
    [
        b"btcusdt@depth@100ms",
        b"btcusdt@depth@trade",
        b"btcusdt@kline_7m",
        b"btcusdt",
        b"!ticker",
        b"\xff@depth",
    ],
)
def test_a_stream_of_something_else_is_no_subject(name: bytes) -> None:
    assert subject_named(name) is None


def test_more_than_one_address_holds_is_refused() -> None:
    hundred = tuple(f"C{n}/USDT" for n in range(100))
    assert len(StreamPlan(markets=hundred).subjects) == 200
    with pytest.raises(SettingsError) as refusal:
        StreamPlan(markets=(*hundred, "BTC/USDT"))
    assert str(refusal.value) == (
        "202 streams are too many for one process; it takes 200: start several workers with some of"
        " the markets each"
    )


def test_another_kind_of_trades_is_refused() -> None:
    with pytest.raises(SettingsError, match="trades are 'all'; there are aggTrade and trade"):
        StreamPlan(markets=("BTC/USDT",), trades="all")
