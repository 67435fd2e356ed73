"""What the environment says about bus, lake and table; what is odd is told without passwords."""

from datetime import timedelta

import pytest

from chalicelib.domain.deployment.market_functions import asked_functions, check_needs
from chalicelib.domain.errors import SettingsError
from chalicelib.market_settings import MarketSettings
from chalicelib.settings import Settings


def test_nothing_set_is_embedded() -> None:
    settings = MarketSettings.from_environment({"KAFKA_BROKERS": " ", "LAKE_BUCKET": ""})
    assert settings == MarketSettings()
    assert settings.bus_retention == timedelta(hours=24)


def test_kafka_takes_any_option_of_its_client() -> None:
    settings = MarketSettings.from_environment(
        {
            "KAFKA_BROKERS": "a:9092,b:9092",
            "KAFKA_OPTIONS": '{"security.protocol": "SASL_SSL", "session.timeout.ms": 6000}',
        }
    )
    assert settings.kafka == {
        "bootstrap.servers": "a:9092,b:9092",
        "security.protocol": "SASL_SSL",
        "session.timeout.ms": "6000",
    }


def test_an_address_has_the_names_of_its_client() -> None:
    settings = MarketSettings.from_environment(
        {"TRADE_FLOW_URL": "mysql://me:a%40b@db.example:3307/market?ssl_ca=/etc/ca.pem"}
    )
    assert settings.trade_flow == {
        "host": "db.example",
        "port": 3307,
        "user": "me",
        "password": "a@b",
        "database": "market",
        "ssl_ca": "/etc/ca.pem",
    }


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"KAFKA_OPTIONS": "{}"}, "KAFKA_OPTIONS is set and KAFKA_BROKERS is not"),
        ({"KAFKA_BROKERS": "a", "KAFKA_OPTIONS": "[]"}, "KAFKA_OPTIONS is no JSON object"),
        ({"KAFKA_BROKERS": "a", "KAFKA_OPTIONS": "secret"}, "KAFKA_OPTIONS is no JSON object"),
        ({"BUS_RETENTION_HOURS": "0"}, "BUS_RETENTION_HOURS is '0'; it must be whole hours"),
        ({"BUS_RETENTION_HOURS": "1.5"}, "BUS_RETENTION_HOURS is '1.5'; it must be whole hours"),
        ({"TRADE_FLOW_URL": "postgres://me:secret@h/d"}, "TRADE_FLOW_URL names no host and"),
        ({"TRADE_FLOW_URL": "mysql://me:secret@h"}, "TRADE_FLOW_URL names no host and database"),
        ({"TRADE_FLOW_URL": "mysql://me:secret@h:x/d"}, "TRADE_FLOW_URL is no address"),
        ({"TRADE_FLOW_URL": "mysql://h/d?secrets=1"}, "TRADE_FLOW_URL has the option 'secrets'"),
        ({"MARKET_VENUE": "kraken"}, "MARKET_VENUE is 'kraken'; it must be binance or binanceus"),
        ({"MARKET_REST_URL": "http://api.binance.us"}, "MARKET_REST_URL is 'http://api.binance"),
        ({"MARKET_REST_URL": "https://"}, "MARKET_REST_URL is 'https://'; it must be https:// and"),
        ({"MARKET_REST_URL": "https://h:x"}, "MARKET_REST_URL is 'https://h:x'; it must be https"),
        ({"MARKET_REST_URL": "https://h/api"}, "MARKET_REST_URL is 'https://h/api'; it must be"),
        ({"MARKET_STREAM_URL": "https://h"}, "MARKET_STREAM_URL is 'https://h'; it must be wss:"),
        ({"MARKET_STREAM_URL": "ws://h"}, "MARKET_STREAM_URL is 'ws://h'; it must be wss:// and"),
        ({"MARKETS": "BTCUSDT ../x"}, "MARKETS has '../x'; it must be a market such as BTC/USDT"),
    ],
)
def test_what_is_odd_is_told(variables: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        MarketSettings.from_environment(variables)
    assert str(refusal.value).startswith(told)
    assert "me:secret" not in str(refusal.value)


def test_trades_are_collected_from_where_the_venue_gives_them_away() -> None:
    assert MarketSettings().rest_url == "https://data-api.binance.vision"
    settings = MarketSettings.from_environment(
        {"MARKET_VENUE": "binanceus", "MARKETS": "BTC/USDT, ethusdt XRPETH"}
    )
    assert settings.rest_url == "https://api.binance.us"
    assert settings.markets == ("BTCUSDT", "ETHUSDT", "XRPETH")
    loopback = MarketSettings.from_environment({"MARKET_REST_URL": "http://127.0.0.1:8080"})
    assert (loopback.venue, loopback.rest_url) == ("binance", "http://127.0.0.1:8080")


def test_streams_are_where_the_venue_has_them() -> None:
    assert MarketSettings().stream_url == "wss://data-stream.binance.vision"
    american = MarketSettings.from_environment({"MARKET_VENUE": "binanceus"})
    assert american.stream_url == "wss://stream.binance.us:9443"
    loopback = MarketSettings.from_environment({"MARKET_STREAM_URL": "ws://127.0.0.1:8080"})
    assert loopback.stream_url == "ws://127.0.0.1:8080"


LAKE = {"LAKE_BUCKET": "lake"}
TABLE = {"TRADE_FLOW_URL": "mysql://h/d"}


def test_a_stage_has_the_functions_that_it_asks_for_and_can_feed() -> None:
    assert Settings.from_environment({**LAKE, **TABLE, "MARKETS": "BTCUSDT"}).market_functions == ()
    asked = {"MARKET_FUNCTIONS": "collect_trades, sweep_summaries"}
    given = {**asked, **LAKE, **TABLE, "MARKETS": "BTCUSDT"}
    settings = Settings.from_environment(given)
    assert settings.market_functions == ("collect_trades", "sweep_summaries")
    check_needs(settings.market_functions, given)
    assert settings.lake_bucket == "lake"


def test_functions_are_listed_with_spaces_or_commas() -> None:
    assert asked_functions({}) == ()
    asked = {"MARKET_FUNCTIONS": "collect_trades,sweep_summaries, rank_markets load_candles"}
    names = ("collect_trades", "sweep_summaries", "rank_markets", "load_candles")
    assert asked_functions(asked) == names
    with pytest.raises(SettingsError) as refusal:
        check_needs(names, {"LAKE_BUCKET", "MARKETS"})
    assert str(refusal.value) == (
        "MARKET_FUNCTIONS has sweep_summaries, and TRADE_FLOW_URL is not set; set it for this"
        " stage, too"
    )


@pytest.mark.parametrize(
    ("asked", "given", "told"),
    [
        ("summarise", LAKE, "MARKET_FUNCTIONS has 'summarise'; it must list collect_trades, "),
        ("collect_trades", LAKE, "MARKET_FUNCTIONS has collect_trades, and MARKETS is not set"),
        ("sweep_summaries", LAKE, "MARKET_FUNCTIONS has sweep_summaries, and TRADE_FLOW_URL is"),
        ("summarize_trades", TABLE, "MARKET_FUNCTIONS has summarize_trades, and LAKE_BUCKET is"),
        ("analyse_markets", LAKE, "MARKET_FUNCTIONS has analyse_markets, and SERIES_TABLE is not"),
    ],
)
def test_a_function_that_could_do_nothing_is_refused(
    asked: str, given: dict[str, str], told: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        check_needs(asked_functions({"MARKET_FUNCTIONS": asked}), given)
    assert str(refusal.value).startswith(told)
