"""What the environment says of ranking and candles, and what it must not say."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chalicelib.candle_settings import CandleSettings
from chalicelib.domain.errors import SettingsError


def test_without_a_word_the_usual() -> None:
    usual = CandleSettings.from_environment({"CANDLE_VENUE": " "})
    assert usual == CandleSettings()
    assert (usual.venue, usual.symbols, usual.intervals) == ("binance", (), ("1h",))


def test_every_word() -> None:
    read = CandleSettings.from_environment(
        {
            "CANDLE_VENUE": "kraken",
            "CANDLE_VENUE_OPTIONS": '{"timeout": 5}',
            "CANDLE_SYMBOLS": "BTC/EUR, ETH/EUR",
            "CANDLE_INTERVALS": "1m 1d",
            "CANDLE_SINCE": "2024-01-01",
            "RANKING_SIZE": "7",
            "RANKING_MIN_VOLUME": "0.5",
            "COINGECKO_URL": "http://127.0.0.1:80",
            "COINGECKO_SECRET": "gecko",
            "BINANCE_LISTS_URL": "https://example.com/",
        }
    )
    assert read == CandleSettings(
        venue="kraken",
        venue_options={"timeout": 5},
        symbols=("BTC/EUR", "ETH/EUR"),
        intervals=read.intervals,
        since=datetime(2024, 1, 1, tzinfo=UTC),
        ranking_size=7,
        least_volume=Decimal("0.5"),
        coingecko_url="http://127.0.0.1:80",
        coingecko_secret="gecko",
        binance_lists_url="https://example.com/",
    )
    assert read.intervals == ("1m", "1d")


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("CANDLE_VENUE_OPTIONS", "[]", "is no JSON object"),
        ("CANDLE_VENUE_OPTIONS", "{", "is no JSON object"),
        ("CANDLE_SYMBOLS", "BTCUSDT", "has 'BTCUSDT'; it must list base and quote"),
        ("CANDLE_SYMBOLS", "../BTC/USDT", "has '../BTC/USDT'"),
        ("CANDLE_INTERVALS", "1h 7m", "has '7m'; it must list some of 1m, 3m"),
        ("CANDLE_SINCE", "yesterday", "is 'yesterday'; it must be a time such as 2024-01-01"),
        ("RANKING_SIZE", "0", "is '0'; it must be a number from 1 to 200"),
        ("RANKING_SIZE", "201", "is '201'"),
        ("RANKING_SIZE", "many", "is 'many'"),
        ("RANKING_MIN_VOLUME", "-1", "is '-1'; it must be an amount"),
        ("RANKING_MIN_VOLUME", "NaN", "is 'NaN'; it must be an amount"),
        ("COINGECKO_URL", "http://example.com", "it must be https:// and a host"),
        ("COINGECKO_URL", "https://", "it must be https:// and a host"),
        ("COINGECKO_URL", "https://example.com?x=1", "it must be https:// and a host"),
        ("BINANCE_LISTS_URL", "ftp://example.com", "it must be https:// and a host"),
        ("BINANCE_LISTS_URL", "https://example.com:99999", "it must be https:// and a host"),
    ],
)
def test_what_is_odd_is_named(name: str, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} ") as refusal:
        CandleSettings.from_environment({name: text})
    assert told in str(refusal.value)
