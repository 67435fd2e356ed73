"""Expressions of a schedule: what AWS takes is taken, and what it would not is told before."""

import pytest

from chalicelib.domain.deployment.market_functions import MARKET_FUNCTIONS, schedules, use_parquet
from chalicelib.domain.deployment.schedule import checked_schedule
from chalicelib.domain.errors import SettingsError
from chalicelib.settings import Settings

USUAL = {
    "collect_trades": "rate(1 minute)",
    "sweep_summaries": "rate(1 hour)",
    "rank_markets": "rate(1 day)",
    "collect_candles": "rate(1 hour)",
    "load_candles": "rate(1 hour)",
    "analyse_instruments": "rate(1 hour)",
    "analyse_markets": "rate(1 hour)",
    "compact_candles": "cron(20 3 * * ? *)",
}


UNKNOWN = (
    "it must be a rate such as rate(1 minute) or a cron of six fields such as"
    " cron(1 0,8,16 * * ? *)"
)
ONE_OF_TWO = "one of day of the month and day of the week, its third and fifth field, must be ?"


@pytest.mark.parametrize(
    "expression",
    [
        *("rate(1 hour)", "rate(5 minutes)", "cron(20 3 * * ? *)", "cron(0/5 8-17 ? * MON-FRI *)"),
        *("cron(*/5 * * * ? *)", "cron(0 0 L * ? *)", "cron(0 0 ? * 6#3 2026)"),
        *("cron(0 0 31W JAN,feb ? 2026/2)", "cron(59 23 ? 12 FRIL 2199)"),
    ],
)
def test_what_aws_takes_is_taken(expression: str) -> None:
    assert checked_schedule("X", expression) == expression


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("hourly", UNKNOWN),
        ("rate(1 week)", UNKNOWN),
        ("rate(1 minutes)", "it must be rate(1 minute)"),
        ("rate(1 days)", "it must be rate(1 day)"),
        ("rate(12 hour)", "it must be rate(12 hours)"),
        ("cron(20 3 * * ?)", "a cron has six fields, such as cron(1 0,8,16 * * ? *)"),
        ("cron(20 3 * * * *)", ONE_OF_TWO),
        ("cron(20 3 ? * ? *)", ONE_OF_TWO),
        ("cron(60 3 * * ? *)", "its field for minutes is '60'; it must be from 0 to 59"),
        ("cron(0 8-24 * * ? *)", "its field for hours is '8-24'; it must be from 0 to 23"),
        (
            "cron(0 0 32W * ? *)",
            "its field for day of the month is '32W'; it must be from 1 to 31",
        ),
        (
            "cron(0 0 ? MAY MOO *)",
            "its field for day of the week is 'MOO'; it must be from 1 to 7, or SUN to SAT",
        ),
        (
            "cron(0 0 ? MOO 1 *)",
            "its field for month is 'MOO'; it must be from 1 to 12, or JAN to DEC",
        ),
        (
            "cron(0 0 ? * 6#6 *)",
            "its field for day of the week is '6#6'; it must be from 1 to 7, or SUN to SAT",
        ),
        ("cron(0/0 0 ? * 1 *)", "its field for minutes is '0/0'; it must be from 0 to 59"),
        ("cron(٣ 0 ? * 1 *)", "its field for minutes is '٣'; it must be from 0 to 59"),
    ],
)
def test_what_aws_would_refuse_is_told(expression: str, told: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        checked_schedule("X_SCHEDULE", expression)
    assert str(refusal.value) == f"X_SCHEDULE is {expression!r}; {told}"


def test_a_function_has_its_usual_time_or_the_one_of_its_variable() -> None:
    assert schedules({}) == USUAL
    assert schedules(
        {"LOAD_CANDLES_SCHEDULE": "rate(2 days)", "SUMMARIZE_TRADES_SCHEDULE": "x"}
    ) == (USUAL | {"load_candles": "rate(2 days)"})
    with pytest.raises(SettingsError) as refusal:
        schedules({"RANK_MARKETS_SCHEDULE": "rate(2 day)"})
    assert str(refusal.value) == ("RANK_MARKETS_SCHEDULE is 'rate(2 day)'; it must be rate(2 days)")


def test_settings_say_when_each_function_runs() -> None:
    assert Settings().market_schedules == USUAL
    moved = {"COLLECT_CANDLES_SCHEDULE": "cron(5 * * * ? *)", "LOAD_CANDLES_SCHEDULE": " "}
    settings = Settings.from_environment(moved)
    assert settings.market_schedules == USUAL | {"collect_candles": "cron(5 * * * ? *)"}
    assert set(MARKET_FUNCTIONS) - set(USUAL) == {"summarize_trades"}  # S3 wakes it


def test_only_who_looks_into_candles_takes_duckdb_along() -> None:
    light = ["collect_trades", "summarize_trades", "sweep_summaries", "rank_markets"]
    assert not use_parquet(light)
    assert not use_parquet([])
    for name in set(MARKET_FUNCTIONS) - set(light):
        assert use_parquet([*light, name]), name
