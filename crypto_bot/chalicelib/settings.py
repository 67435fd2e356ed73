"""Environment -> one frozen Settings, read once; whatever is odd raises, and paper is the default.

Live money needs two words: an account of mode live (or SANDBOX=false), and LIVE=yes. Stage dev
refuses live accounts whatever LIVE says.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final

from chalicelib.domain.deployment.bot_functions import asked_bot_functions, bot_schedules
from chalicelib.domain.deployment.key_functions import asked_key_functions
from chalicelib.domain.deployment.market_functions import asked_functions, schedules
from chalicelib.domain.deployment.schedule import checked_schedule, interval_of
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.money import ZERO, parse_amount
from chalicelib.domain.trading.account import DEFAULT_INCREMENT, Account, Mode

DEFAULT_ACCOUNT: Final = "default"
DEFAULT_SCHEDULE: Final = "rate(1 minute)"

# TradingView's own list; the word `tradingview` in WEBHOOK_SOURCES stands for it.
TRADINGVIEW_SOURCES: Final = (
    "52.89.214.238",
    "34.212.75.30",
    "54.218.53.128",
    "52.32.178.7",
)

_NEVER_LIVE: Final = "stage dev never trades live; use mode sandbox or virtual here, or stage prod"

_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})
_FUNCTION: Final = re.compile(r"crypto_bot-(?P<stage>dev|prod)(-|$)")
_LARGEST_INCREMENT: Final = Decimal("0.05")
_LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")


class Stage(StrEnum):
    """Where this process runs: embedded in one process, or deployed for trials or for good."""

    LOCAL = "local"
    DEV = "dev"
    PROD = "prod"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`increment` is a fraction of the price; `home` is None where the platform's folder is meant.

    `webhook_sources` empty means every address may send; `table_name` and `secret_name` are '' when
    not given. `exchange_name` '' means that the environment names no account of its own. The two
    prefixes bound what this stage may read as a secret, `secret_name` and `table_secret`, that of
    the table of summaries, besides; `project` is the folder with .chalice.
    `cloudwatch_metrics`: the ten figures become metrics there, and not words in the log alone.
    `ticks_on_host`: a machine of the stage ticks, so the schedule must not. `market_functions` are
    those of market data that the stage has, over the lake in `lake_bucket`; `market_schedules` say
    when they run, `candle_stages_in_pipeline` that a state machine runs those of candles instead.
    `bot_functions` and `bot_schedules` are those of bots, `key_functions` those of keys.
    """

    stage: Stage = Stage.LOCAL
    home: Path | None = None
    project: Path | None = None
    region: str = ""
    table_name: str = ""
    secret_name: str = ""
    secret_prefix: str = ""
    parameter_prefix: str = ""
    table_secret: str = ""
    alarm_topic: str = ""
    cloudwatch_metrics: bool = False
    ticks_on_host: bool = False
    market_functions: tuple[str, ...] = ()
    market_schedules: Mapping[str, str] = field(default_factory=lambda: schedules({}))
    bot_functions: tuple[str, ...] = ()
    bot_schedules: Mapping[str, str] = field(default_factory=lambda: bot_schedules({}))
    key_functions: tuple[str, ...] = ()
    candle_stages_in_pipeline: bool = False
    lake_bucket: str = ""
    exchange_name: str = ""
    quote_currency: str = "USDT"
    increment: Decimal = DEFAULT_INCREMENT
    sandbox: bool = True
    live: bool = False
    execute_schedule: str = DEFAULT_SCHEDULE
    webhook_sources: tuple[str, ...] = ()
    log_level: str = "INFO"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Every variable that is set and not blank, checked; SettingsError names what is odd."""
        given = {name: value.strip() for name, value in environment.items() if value.strip()}
        settings = cls(
            stage=_stage(given),
            home=Path(given["CRYPTO_BOT_HOME"]) if "CRYPTO_BOT_HOME" in given else None,
            project=Path(given["CRYPTO_BOT_PROJECT"]) if "CRYPTO_BOT_PROJECT" in given else None,
            region=given.get("CRYPTO_BOT_REGION", ""),
            table_name=given.get("TABLE_NAME", ""),
            secret_name=given.get("SECRET_NAME", ""),
            secret_prefix=given.get("SECRET_PREFIX", ""),
            parameter_prefix=given.get("PARAMETER_PREFIX", ""),
            table_secret=given.get("TRADE_FLOW_SECRET", ""),
            alarm_topic=given.get("ALARM_TOPIC_ARN", ""),
            cloudwatch_metrics=_flag(
                "CLOUDWATCH_METRICS", given.get("CLOUDWATCH_METRICS", _usual_metrics(given))
            ),
            ticks_on_host=given.get("TICKS_ON") == "host",
            market_functions=asked_functions(given),
            market_schedules=schedules(given),
            bot_functions=asked_bot_functions(given),
            bot_schedules=bot_schedules(given),
            key_functions=asked_key_functions(given),
            candle_stages_in_pipeline=given.get("CANDLE_STAGES_ON") == "pipeline",
            lake_bucket=given.get("LAKE_BUCKET", ""),
            exchange_name=given.get("EXCHANGE_NAME", ""),
            quote_currency=_currency(given.get("QUOTE_CURRENCY", "USDT")),
            increment=_increment(given.get("INCREMENT_PCT")),
            sandbox=_flag("SANDBOX", given.get("SANDBOX", "true")),
            live=_flag("LIVE", given.get("LIVE", "no")),
            execute_schedule=checked_schedule(
                "EXECUTE_SCHEDULE", given.get("EXECUTE_SCHEDULE", DEFAULT_SCHEDULE)
            ),
            webhook_sources=_sources(given),
            log_level=_log_level(given.get("LOG_LEVEL", "INFO")),
        )
        if "AWS_LAMBDA_FUNCTION_NAME" in given and not settings.table_name:
            raise SettingsError(
                "TABLE_NAME is not set, and a function keeps nothing on its disk; "
                "run make configure STAGE=dev, or prod, and deploy again"
            )
        _refuse_live_on_dev(given, settings.default_account())
        return settings

    @property
    def opted_functions(self) -> tuple[str, ...]:
        """All that the stage has beside those that every stage has."""
        return (*self.market_functions, *self.bot_functions, *self.key_functions)

    @property
    def is_deployed(self) -> bool:
        """Whether state and secrets are on AWS; a stage without a table only sets the rules."""
        return self.stage is not Stage.LOCAL and bool(self.table_name)

    @property
    def tick_interval(self) -> timedelta | None:
        """Time between two ticks of a rate; None for a cron, whose gaps are not even."""
        return interval_of(self.execute_schedule)

    def default_account(self) -> Account | None:
        """The account that the seed's variables describe; None without EXCHANGE_NAME."""
        if not self.exchange_name:
            return None
        mode = Mode.SANDBOX if self.sandbox else Mode.LIVE
        is_virtual = self.exchange_name == "virtual"
        return Account(
            name=DEFAULT_ACCOUNT,
            exchange=self.exchange_name,
            mode=Mode.VIRTUAL if is_virtual else mode,
            quote=self.quote_currency,
            secret=self.secret_name,
            increment=self.increment,
            prices_from="synthetic" if is_virtual else "",
        )

    @property
    def live_refusal(self) -> str:
        """Why nothing may trade live here, as the end of a sentence; '' where it may."""
        if self.stage is Stage.DEV:
            return _NEVER_LIVE
        return "" if self.live else "LIVE is not set; LIVE=yes confirms that real money is meant"

    @property
    def storing_refusal(self) -> str:
        """Why a live account may not even be stored here; '' where it waits for LIVE=yes."""
        return _NEVER_LIVE if self.stage is Stage.DEV else ""

    def check_accounts(self, accounts: Iterable[Account]) -> None:
        """SettingsError for the first account that this stage must not trade."""
        for account in accounts:
            if account.mode is Mode.LIVE and self.live_refusal:
                raise SettingsError(
                    f"account {account.name} has mode live, and {self.live_refusal}"
                )


def _stage(given: Mapping[str, str]) -> Stage:
    if _is_chalice_cli(given):
        return Stage.LOCAL
    name = "CRYPTO_BOT_STAGE" if "CRYPTO_BOT_STAGE" in given else "STAGE"
    if name not in given:
        return _deployed_stage(given.get("AWS_LAMBDA_FUNCTION_NAME", ""))
    try:
        return Stage(given[name].lower())
    except ValueError:
        raise SettingsError(f"{name} is {given[name]!r}; it must be local, dev or prod") from None


def _refuse_live_on_dev(given: Mapping[str, str], account: Account | None) -> None:
    """Also while `chalice deploy` loads the application, which is nowhere yet."""
    word = given.get("CRYPTO_BOT_STAGE", given.get("STAGE", "")).lower()
    if word == Stage.DEV and account is not None and account.mode is Mode.LIVE:
        raise SettingsError(
            "SANDBOX is false on stage dev, which never trades live; set SANDBOX to true there, "
            "or trade on stage prod"
        )


def _is_chalice_cli(given: Mapping[str, str]) -> bool:
    """`chalice local` and `chalice deploy` load app.py with a stage's variables, but not on AWS."""
    return given.get("AWS_CHALICE_CLI_MODE") == "true"


def _deployed_stage(function: str) -> Stage:
    """A config.json from before there were stages: Chalice names its functions app-stage-name."""
    if not function:
        return Stage.LOCAL
    named = _FUNCTION.match(function)
    if named is None:
        raise SettingsError(
            f"CRYPTO_BOT_STAGE is not set in function {function}; it must be dev or prod"
        )
    return Stage(named["stage"])


def _usual_metrics(given: Mapping[str, str]) -> str:
    """An account has ten of them free, which are prod's."""
    return "yes" if _stage(given) is Stage.PROD else "no"


def _flag(name: str, text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise SettingsError(f"{name} is {text!r}; it must be true, 1, yes, on, false, 0, no or off")


def _currency(text: str) -> str:
    if not text.isalnum() or not text.isascii():
        raise SettingsError(f"QUOTE_CURRENCY is {text!r}; it must be a currency such as USDT")
    return text.upper()


def _increment(text: str | None) -> Decimal:
    """A fraction, as the seed multiplied it, whatever its name says."""
    if text is None:
        return DEFAULT_INCREMENT
    try:
        value = parse_amount(text)
    except ValueError:
        value = Decimal(-1)
    if not ZERO <= value <= _LARGEST_INCREMENT:
        raise SettingsError(
            f"INCREMENT_PCT is {text!r}; it must be a fraction of the price "
            f"from 0 to {_LARGEST_INCREMENT}, where 0.001 means 0.1 %"
        )
    return value


def _sources(given: Mapping[str, str]) -> tuple[str, ...]:
    if _is_chalice_cli(given):  # it calls every sender 127.0.0.1, and a list would refuse them all
        return ()
    addresses: list[str] = []
    for word in given.get("WEBHOOK_SOURCES", "").replace(",", " ").split():
        if word.lower() == "tradingview":
            addresses += TRADINGVIEW_SOURCES
        else:
            addresses.append(str(_network(word)))
    return tuple(addresses)


def _network(word: str) -> str | IPv4Network | IPv6Network:
    try:
        network = ip_network(word)
    except ValueError:
        raise SettingsError(
            f"WEBHOOK_SOURCES has {word!r}; it must list addresses, networks such as 10.0.0.0/8, "
            "or the word tradingview"
        ) from None
    return word if network.num_addresses == 1 else network


def _log_level(text: str) -> str:
    if text.upper() not in _LOG_LEVELS:
        raise SettingsError(f"LOG_LEVEL is {text!r}; it must be {', '.join(_LOG_LEVELS)}")
    return text.upper()


def read_environment() -> Settings:
    """The one look at the process's environment."""
    return Settings.from_environment(os.environ)
