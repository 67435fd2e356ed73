"""The environment becomes Settings: what is odd raises a sentence, and paper is the default."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.settings import TRADINGVIEW_SOURCES, Settings, Stage

DEPLOYED = {"TABLE_NAME": "state"}


def account(mode: Mode) -> Account:
    return Account(name="main", exchange="binance", mode=mode, quote="USDT")


def test_what_configure_writes_is_read():
    settings = Settings.from_environment(
        {
            "CRYPTO_BOT_STAGE": "prod",
            "CRYPTO_BOT_REGION": "eu-west-1",
            "TABLE_NAME": "crypto-bot-prod-state",
            "SECRET_PREFIX": "crypto-bot-prod/",
            "PARAMETER_PREFIX": "/crypto-bot-prod/",
            "ALARM_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:crypto-bot-prod-alarms",
            "CLOUDWATCH_METRICS": "yes",
            "TICKS_ON": "host",
        }
    )
    assert settings == Settings(
        stage=Stage.PROD,
        region="eu-west-1",
        table_name="crypto-bot-prod-state",
        secret_prefix="crypto-bot-prod/",
        parameter_prefix="/crypto-bot-prod/",
        alarm_topic="arn:aws:sns:eu-west-1:123456789012:crypto-bot-prod-alarms",
        cloudwatch_metrics=True,
        ticks_on_host=True,
    )


def test_an_empty_environment_is_an_embedded_paper_run():
    assert Settings.from_environment({}) == Settings()
    assert Settings().stage is Stage.LOCAL
    assert not Settings().is_deployed
    assert Settings().sandbox
    assert not Settings().live
    assert Settings().default_account() is None


def test_only_a_stage_with_a_table_keeps_its_state_on_aws():
    assert Settings.from_environment({"STAGE": "dev"} | DEPLOYED).is_deployed
    assert not Settings.from_environment({"STAGE": "dev"}).is_deployed
    assert not Settings.from_environment(DEPLOYED).is_deployed


def test_blank_variables_count_as_not_set():
    assert Settings.from_environment({"SANDBOX": " ", "EXCHANGE_NAME": ""}) == Settings()


@pytest.mark.parametrize("text", ["TRUE", "True", "true", "1", "yes", "ON", " true "])
def test_every_spelling_of_yes_means_sandbox(text):
    assert Settings.from_environment({"SANDBOX": text}).sandbox is True


@pytest.mark.parametrize("text", ["FALSE", "False", "false", "0", "no", "OFF"])
def test_every_spelling_of_no_leaves_the_sandbox(text):
    assert Settings.from_environment({"SANDBOX": text}).sandbox is False


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"SANDBOX": "maybe"}, "SANDBOX is 'maybe'; it must be true, 1"),
        ({"SANDBOX": "t"}, "SANDBOX is 't'"),
        ({"LIVE": "really"}, "LIVE is 'really'"),
        ({"STAGE": "staging"}, "STAGE is 'staging'; it must be local, dev or prod"),
        ({"CRYPTO_BOT_STAGE": "test"}, "CRYPTO_BOT_STAGE is 'test'"),
        ({"INCREMENT_PCT": "0.1"}, "INCREMENT_PCT is '0.1'; it must be a fraction"),
        ({"INCREMENT_PCT": "NaN"}, "INCREMENT_PCT is 'NaN'"),
        ({"INCREMENT_PCT": "-0.001"}, "INCREMENT_PCT is '-0.001'"),
        ({"INCREMENT_PCT": "a bit"}, "INCREMENT_PCT is 'a bit'"),
        ({"QUOTE_CURRENCY": "US D"}, "QUOTE_CURRENCY is 'US D'"),
        ({"EXECUTE_SCHEDULE": "* * * * *"}, "EXECUTE_SCHEDULE is '\\* \\* \\* \\* \\*'"),
        ({"EXECUTE_SCHEDULE": "rate(0 minutes)"}, "EXECUTE_SCHEDULE is 'rate\\(0 minutes\\)'"),
        ({"WEBHOOK_SOURCES": "tradingviev"}, "WEBHOOK_SOURCES has 'tradingviev'"),
        ({"WEBHOOK_SOURCES": "10.0.0.1/8"}, "WEBHOOK_SOURCES has '10.0.0.1/8'"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL is 'LOUD'"),
        ({"AWS_LAMBDA_FUNCTION_NAME": "crypto_bot-prod"}, "TABLE_NAME is not set"),
        ({"AWS_LAMBDA_FUNCTION_NAME": "mine"}, "CRYPTO_BOT_STAGE is not set in function mine"),
    ],
)
def test_an_odd_value_is_refused_by_name(environment, named):
    with pytest.raises(SettingsError, match=named):
        Settings.from_environment(environment)


@pytest.mark.parametrize(
    ("environment", "stage"),
    [
        ({"STAGE": "PROD"} | DEPLOYED, Stage.PROD),
        ({"CRYPTO_BOT_STAGE": "dev", "STAGE": "prod"} | DEPLOYED, Stage.DEV),
        ({"AWS_LAMBDA_FUNCTION_NAME": "crypto_bot-prod"} | DEPLOYED, Stage.PROD),
        ({"AWS_LAMBDA_FUNCTION_NAME": "crypto_bot-dev-tick"} | DEPLOYED, Stage.DEV),
        ({"CRYPTO_BOT_STAGE": "dev", "AWS_CHALICE_CLI_MODE": "true"}, Stage.LOCAL),
    ],
)
def test_the_stage_is_the_nearest_word_for_it(environment, stage):
    assert Settings.from_environment(environment).stage is stage


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"CRYPTO_BOT_STAGE": "prod"}, True),
        ({"CRYPTO_BOT_STAGE": "dev"}, False),
        ({}, False),
        ({"CRYPTO_BOT_STAGE": "dev", "CLOUDWATCH_METRICS": "yes"}, True),
        ({"CRYPTO_BOT_STAGE": "prod", "CLOUDWATCH_METRICS": "no"}, False),
    ],
)
def test_metrics_are_prods_unless_told(environment, expected):
    assert Settings.from_environment(environment).cloudwatch_metrics is expected


def test_the_seeds_variables_describe_one_account():
    settings = Settings.from_environment(
        {
            "EXCHANGE_NAME": "gemini",
            "TABLE_NAME": "tradesignals",
            "SECRET_NAME": "keys",
            "QUOTE_CURRENCY": "usd",
            "INCREMENT_PCT": "0.0005",
            "SANDBOX": "True",
        }
    )
    assert settings.table_name == "tradesignals"
    assert settings.default_account() == Account(
        name="default",
        exchange="gemini",
        mode=Mode.SANDBOX,
        quote="USD",
        secret="keys",
        increment=Decimal("0.0005"),
    )


@pytest.mark.parametrize(
    ("environment", "mode"),
    [
        ({"EXCHANGE_NAME": "gemini"}, Mode.SANDBOX),
        ({"EXCHANGE_NAME": "gemini", "SANDBOX": "False"}, Mode.LIVE),
        ({"EXCHANGE_NAME": "virtual", "SANDBOX": "False"}, Mode.VIRTUAL),
    ],
)
def test_the_default_account_is_paper_unless_told(environment, mode):
    account = Settings.from_environment(environment).default_account()
    assert account is not None
    assert account.mode is mode


def test_stage_dev_never_trades_live():
    settings = Settings(stage=Stage.DEV, live=True)
    with pytest.raises(SettingsError, match="account main has mode live, and stage dev"):
        settings.check_accounts([account(Mode.LIVE)])


def test_live_has_to_be_spelled_out():
    with pytest.raises(SettingsError, match="LIVE=yes"):
        Settings(stage=Stage.PROD).check_accounts([account(Mode.LIVE)])
    Settings(stage=Stage.PROD, live=True).check_accounts([account(Mode.LIVE)])
    Settings().check_accounts([account(Mode.SANDBOX), account(Mode.VIRTUAL)])


def test_tradingview_stands_for_its_four_addresses():
    settings = Settings.from_environment({"WEBHOOK_SOURCES": "TradingView, 10.0.0.0/8 ::1"})
    assert settings.webhook_sources == (*TRADINGVIEW_SOURCES, "10.0.0.0/8", "::1")
    assert len(TRADINGVIEW_SOURCES) == 4


def test_chalice_local_names_no_real_source_and_so_has_no_list():
    environment = {"WEBHOOK_SOURCES": "tradingview", "AWS_CHALICE_CLI_MODE": "true"}
    assert Settings.from_environment(environment).webhook_sources == ()


@pytest.mark.parametrize(
    ("schedule", "interval"),
    [
        ("rate(1 minute)", timedelta(minutes=1)),
        ("rate(8 hours)", timedelta(hours=8)),
        ("cron(1 0,8,16 * * ? *)", None),
    ],
)
def test_a_rate_has_an_interval_and_a_cron_has_none(schedule, interval):
    settings = Settings.from_environment({"EXECUTE_SCHEDULE": schedule})
    assert settings.execute_schedule == schedule
    assert settings.tick_interval == interval


def test_the_home_folder_can_be_moved():
    settings = Settings.from_environment({"CRYPTO_BOT_HOME": "~/here"})
    assert settings.home == Path("~/here")
