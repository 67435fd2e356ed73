"""Where the stages of market data meet: the bus, the lake and the table of summaries."""

from typing import TYPE_CHECKING, Any, Final

from chalicelib import bootstrap
from chalicelib.domain.errors import SettingsError
from chalicelib.market_ports.bus import Bus
from chalicelib.market_ports.lake import Lake
from chalicelib.market_ports.trades import TradeFlowTable, TradeHistory

if TYPE_CHECKING:
    from chalicelib.adapters.lakes.folder import FolderLake
    from chalicelib.market_settings import MarketSettings

TRADES_TOPIC: Final = "trades"
BUS_FILE: Final = "bus.sqlite3"
LAKE_FOLDER: Final = "lake"
SUMMARIES_FILE: Final = "summaries.sqlite3"
_PATIENCE: Final[dict[str, Any]] = {"connect_timeout": 5.0, "read_timeout": 30.0, "attempts": 3}


@bootstrap.made_once
def market_settings() -> "MarketSettings":
    """The environment, read once."""
    from chalicelib.market_settings import MarketSettings, read_market_environment

    given = bootstrap.choices().environment
    return read_market_environment() if given is None else MarketSettings.from_environment(given)


def bus() -> Bus:
    """Kafka where brokers are named, else a file. The caller closes it."""
    market = market_settings()
    if market.kafka:
        from chalicelib.adapters.buses.kafka import KafkaBus

        return KafkaBus(_kafka_options())
    from chalicelib.adapters.buses.sqlite import SqliteBus

    return SqliteBus(bootstrap.home() / BUS_FILE, bootstrap.clock(), retention=market.bus_retention)


def lake() -> Lake:
    """S3 where a bucket is named, else a folder."""
    bucket = market_settings().lake_bucket
    if bucket:
        from chalicelib.adapters.lakes.s3 import S3Lake

        return S3Lake(_s3(), bucket)
    return folder_lake()


@bootstrap.made_once
def _s3() -> Any:
    """To make a client takes longer than most of what is asked with it."""
    return bootstrap.aws("s3", **_PATIENCE)


def folder_lake() -> "FolderLake":
    """The lake that says itself what was put into it. SettingsError where it is a bucket."""
    from chalicelib.adapters.lakes.folder import FolderLake

    if market_settings().lake_bucket:
        raise SettingsError(
            "LAKE_BUCKET is set, and S3 tells the function summarize_trades what was put there;"
            " a worker summarises a lake in a folder. Sum up what is missing with"
            " crypto-bot sweep-summaries"
        )
    return FolderLake(bootstrap.home() / LAKE_FOLDER)


def trade_history() -> TradeHistory:
    """The venue's public trades of the past. The caller closes it."""
    from chalicelib.adapters.feeds.binance_history import BinanceTrades

    return BinanceTrades(market_settings().rest_url, bootstrap.clock())


def trade_flow() -> TradeFlowTable:
    """MySQL or MariaDB where an address is given, else a file. The caller closes it."""
    market = market_settings()
    if market.trade_flow:
        from chalicelib.adapters.tables.mysql import MysqlTradeFlow

        name = market.trade_flow_secret
        password = (lambda: _secret(name, "password")["password"]) if name else None
        return MysqlTradeFlow(market.trade_flow, password)
    from chalicelib.adapters.tables.sqlite import SqliteTradeFlow

    return SqliteTradeFlow(bootstrap.home() / SUMMARIES_FILE)


def _kafka_options() -> dict[str, Any]:
    market = market_settings()
    options: dict[str, Any] = dict(market.kafka)
    if market.kafka_secret:
        options |= bootstrap.secrets().secret(market.kafka_secret)
    mechanism = options.get("sasl.mechanisms", options.get("sasl.mechanism"))
    if mechanism == "OAUTHBEARER" and "sasl.oauthbearer.method" not in options:
        from botocore.session import get_session

        from chalicelib.adapters.buses.msk_token import msk_token

        session = get_session()
        region = bootstrap.settings().region or session.get_config_variable("region")
        if not region:
            raise SettingsError("CRYPTO_BOT_REGION is not set; MSK needs to know the region")
        options["oauth_cb"] = msk_token(session, region, bootstrap.clock())
    return options


def _secret(name: str, wanted: str) -> dict[str, str]:
    fields = bootstrap.secrets().secret(name)
    if wanted not in fields:
        raise SettingsError(f"the secret {name} has no field {wanted}")
    return {wanted: fields[wanted]}
