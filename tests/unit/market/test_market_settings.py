"""What the environment says about bus, lake and table; what is odd is told without passwords."""

from datetime import timedelta

import pytest

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
    ],
)
def test_what_is_odd_is_told(variables: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        MarketSettings.from_environment(variables)
    assert str(refusal.value).startswith(told)
    assert "me:secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("variables", "bucket"),
    [
        ({}, ""),
        ({"LAKE_BUCKET": "lake"}, ""),
        ({"LAKE_BUCKET": "lake", "TRADE_FLOW_URL": "mysql://h/d"}, "lake"),
    ],
)
def test_functions_sum_up_only_where_there_is_a_table(
    variables: dict[str, str], bucket: str
) -> None:
    assert Settings.from_environment(variables).summarized_bucket == bucket
