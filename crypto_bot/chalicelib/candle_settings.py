"""Environment -> which markets are ranked, of which candles are collected, and where from.

Apart from market_settings.py, because no stage of trades asks for any of it.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.instant import read_instant
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.money import ZERO, parse_amount

_COINGECKO: Final = "https://api.coingecko.com"
_BINANCE_LISTS: Final = "https://www.binance.com"
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_LARGEST: Final = 200
_SYMBOL: Final = re.compile(r"\w[\w.$-]{0,38}/\w{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleSettings:
    """`symbols` empty: those that are ranked. `since` None: the thirty days before the first run.

    `venue_options` go to ccxt's constructor; `coingecko_secret` has a field api_key.
    """

    venue: str = "binance"
    venue_options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    symbols: tuple[str, ...] = ()
    intervals: tuple[Interval, ...] = (Interval.H1,)
    since: datetime | None = None
    ranking_size: int = 20
    least_volume: Decimal = Decimal(1_000_000)
    coingecko_url: str = _COINGECKO
    coingecko_secret: str = ""
    binance_lists_url: str = _BINANCE_LISTS

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "CandleSettings":
        """Every variable that is set and not blank, checked; SettingsError names what is odd."""
        given = {name: value.strip() for name, value in environment.items() if value.strip()}
        return cls(
            venue=given.get("CANDLE_VENUE", "binance"),
            venue_options=_options(given.get("CANDLE_VENUE_OPTIONS", "{}")),
            symbols=tuple(_symbol(word) for word in _words(given.get("CANDLE_SYMBOLS", ""))),
            intervals=tuple(
                _interval(word) for word in _words(given.get("CANDLE_INTERVALS", Interval.H1))
            ),
            since=read_instant("CANDLE_SINCE", given["CANDLE_SINCE"])
            if "CANDLE_SINCE" in given
            else None,
            ranking_size=_size(given.get("RANKING_SIZE", "20")),
            least_volume=_volume(given.get("RANKING_MIN_VOLUME", "1000000")),
            coingecko_url=_address("COINGECKO_URL", given.get("COINGECKO_URL", _COINGECKO)),
            coingecko_secret=given.get("COINGECKO_SECRET", ""),
            binance_lists_url=_address(
                "BINANCE_LISTS_URL", given.get("BINANCE_LISTS_URL", _BINANCE_LISTS)
            ),
        )


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _symbol(word: str) -> str:
    if not _SYMBOL.fullmatch(word):
        raise SettingsError(
            f"CANDLE_SYMBOLS has {word!r}; it must list base and quote currency such as BTC/USDT"
        )
    return word


def _interval(word: str) -> Interval:
    if word not in set(Interval):
        raise SettingsError(
            f"CANDLE_INTERVALS has {word!r}; it must list some of {', '.join(Interval)}"
        )
    return Interval(word)


def _options(text: str) -> Mapping[str, Any]:
    try:
        options = json.loads(text)
    except ValueError:
        options = None
    if not isinstance(options, dict):
        raise SettingsError(
            "CANDLE_VENUE_OPTIONS is no JSON object; it must hold options of ccxt such as"
            ' {"hostname": "binance.us"}'
        )
    return MappingProxyType(options)


def _size(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _LARGEST:
        raise SettingsError(f"RANKING_SIZE is {text!r}; it must be a number from 1 to {_LARGEST}")
    return int(text)


def _volume(text: str) -> Decimal:
    try:
        volume = parse_amount(text)
    except ValueError:
        volume = Decimal(-1)
    if volume < ZERO:
        raise SettingsError(
            f"RANKING_MIN_VOLUME is {text!r}; it must be an amount of the quote currency"
        )
    return volume


def _address(name: str, text: str) -> str:
    """A key goes along: nobody on the way may read it."""
    try:
        url = urlsplit(text)
        usable = url.scheme == "https" or (url.scheme == "http" and url.hostname in _LOOPBACK)
        usable = usable and bool(url.hostname) and not url.query and (url.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(
            f"{name} is {text!r}; it must be https:// and a host, or http:// to this machine"
        )
    return text


def read_candle_environment() -> CandleSettings:
    """The one look at the process's environment."""
    return CandleSettings.from_environment(os.environ)
