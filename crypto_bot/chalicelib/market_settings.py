"""Environment -> where the stages of market data meet: bus, lake and the table of summaries.

Apart from settings.py, because neither the webhook nor the tick asks for any of it.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.collecting import symbol_named

_MYSQL_PORT: Final = 3306
_ADDRESS_OPTIONS: Final = frozenset({"ssl_ca", "unix_socket"})
_MOST_HOURS: Final = 24 * 366
# Where each venue gives its public data away without a key.
_REST: Final = MappingProxyType(
    {"binance": "https://data-api.binance.vision", "binanceus": "https://api.binance.us"}
)
_STREAMS: Final = MappingProxyType(
    {
        "binance": "wss://data-stream.binance.vision",
        "binanceus": "wss://stream.binance.us:9443",
    }
)
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_WANTED: Final = "it must be such as mysql://user@host:3306/database"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSettings:
    """Empty means embedded: a file or folder in the home folder.

    `kafka` has librdkafka's options; the secrets are read where they are needed: the fields of
    `kafka_secret` are further options, `trade_flow_secret` has a field password.
    `sweep_machine` is the ARN of the state machine that sweeps run on.
    `markets` are the symbols, as the venue writes them, whose trades are collected over `rest_url`;
    `stream_url` is where its streams are.
    """

    kafka: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    kafka_secret: str = ""
    bus_retention: timedelta = timedelta(hours=24)
    lake_bucket: str = ""
    sweep_machine: str = ""
    trade_flow: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    trade_flow_secret: str = ""
    venue: str = "binance"
    rest_url: str = _REST["binance"]
    stream_url: str = _STREAMS["binance"]
    markets: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "MarketSettings":
        """Every variable that is set and not blank, checked; SettingsError names what is odd."""
        given = {name: value.strip() for name, value in environment.items() if value.strip()}
        venue = _venue("MARKET_VENUE", given.get("MARKET_VENUE", "binance"))
        return cls(
            kafka=_kafka(given.get("KAFKA_BROKERS", ""), given.get("KAFKA_OPTIONS", "")),
            kafka_secret=given.get("KAFKA_SECRET", ""),
            bus_retention=_hours("BUS_RETENTION_HOURS", given.get("BUS_RETENTION_HOURS", "24")),
            lake_bucket=given.get("LAKE_BUCKET", ""),
            sweep_machine=given.get("SWEEP_MACHINE", ""),
            trade_flow=_mysql("TRADE_FLOW_URL", given.get("TRADE_FLOW_URL", "")),
            trade_flow_secret=given.get("TRADE_FLOW_SECRET", ""),
            venue=venue,
            rest_url=_address("MARKET_REST_URL", given.get("MARKET_REST_URL", _REST[venue])),
            stream_url=_address(
                "MARKET_STREAM_URL",
                given.get("MARKET_STREAM_URL", _STREAMS[venue]),
                scheme="wss",
            ),
            markets=tuple(
                symbol_named(word, "MARKETS")
                for word in given.get("MARKETS", "").replace(",", " ").split()
            ),
        )


def _kafka(brokers: str, options: str) -> Mapping[str, str]:
    if not brokers:
        if options:
            raise SettingsError(
                "KAFKA_OPTIONS is set and KAFKA_BROKERS is not; name the brokers as host:port"
            )
        return MappingProxyType({})
    try:
        named = json.loads(options or "{}")
    except ValueError:
        named = None
    if not isinstance(named, dict):
        raise SettingsError(
            "KAFKA_OPTIONS is no JSON object; it must be one such as"
            ' {"security.protocol": "SASL_SSL"}'
        )
    texts = {n: v if isinstance(v, str) else json.dumps(v) for n, v in named.items()}
    return MappingProxyType({**texts, "bootstrap.servers": brokers})


def _venue(name: str, text: str) -> str:
    if text not in _REST:
        raise SettingsError(f"{name} is {text!r}; it must be {' or '.join(_REST)}")
    return text


def _address(name: str, text: str, scheme: str = "https") -> str:
    """Prices that somebody on the way could change are worse than none."""
    try:
        url = urlsplit(text)
        plain = scheme.removesuffix("s")
        usable = url.scheme == scheme or (url.scheme == plain and url.hostname in _LOOPBACK)
        usable = usable and bool(url.hostname) and url.path in {"", "/"} and (url.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(
            f"{name} is {text!r}; it must be {scheme}:// and a host, or"
            f" {scheme.removesuffix('s')}:// to this machine"
        )
    return text


def _hours(name: str, text: str) -> timedelta:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_HOURS:
        raise SettingsError(f"{name} is {text!r}; it must be whole hours from 1 to {_MOST_HOURS}")
    return timedelta(hours=int(text))


def _mysql(name: str, text: str) -> Mapping[str, Any]:
    """The parts by PyMySQL's names. A password is never quoted back."""
    if not text:
        return MappingProxyType({})
    try:
        url = urlsplit(text)
        port = url.port or _MYSQL_PORT
    except ValueError:
        raise SettingsError(f"{name} is no address; {_WANTED}") from None
    database = url.path.removeprefix("/")
    if url.scheme not in {"mysql", "mariadb"} or not url.hostname or not database:
        raise SettingsError(f"{name} names no host and database of MySQL or MariaDB; {_WANTED}")
    address: dict[str, Any] = {
        "host": url.hostname,
        "port": port,
        "user": unquote(url.username or ""),
        "password": unquote(url.password or ""),
        "database": unquote(database),
    }
    for option, value in parse_qsl(url.query, keep_blank_values=True):
        if option not in _ADDRESS_OPTIONS:
            known = " and ".join(sorted(_ADDRESS_OPTIONS))
            raise SettingsError(f"{name} has the option {option!r}; there are {known}")
        address[option] = value
    return MappingProxyType(address)


def read_market_environment() -> MarketSettings:
    """The one look at the process's environment."""
    return MarketSettings.from_environment(os.environ)
