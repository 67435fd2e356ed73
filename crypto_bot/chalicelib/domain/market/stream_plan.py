"""What is to be streamed from a venue, and what each of it is called there and on the bus.

A symbol is the venue's own name on Binance, so that its messages go on as they come; BTCUSDT of
Binance and of Binance US are therefore one symbol, and must not share a bus. Of other venues it
begins with the venue: kraken.BTCUSDT.
"""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.trade import AGGREGATED, SINGLE

BINANCE: Final = "binance"
BINANCE_US: Final = "binanceus"
MOST_SUBJECTS: Final = 200  # their names make up the address of one connection

_MARKET: Final = re.compile(r"([A-Z0-9]{1,15})/([A-Z0-9]{1,15})(?::([A-Z0-9]{1,15}))?")
_SYMBOL: Final = re.compile(r"[A-Z0-9]{2,30}")


class Subject(NamedTuple):
    """One stream: the trades of a symbol, or its candles where there is an interval."""

    symbol: str
    kind: str = AGGREGATED
    interval: Interval | None = None

    @property
    def key(self) -> bytes:
        """By which its messages keep their order on the bus."""
        return (f"{self.symbol}@{self.interval}" if self.interval else self.symbol).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPlan:
    """`markets` such as BTC/USDT. Only Binance has different `trades`, and candles."""

    markets: tuple[str, ...]
    venue: str = BINANCE
    trades: str = AGGREGATED
    intervals: tuple[Interval, ...] = (Interval.M1,)

    def __post_init__(self) -> None:
        if self.trades not in {AGGREGATED, SINGLE}:
            raise SettingsError(f"trades are {self.trades!r}; there are {AGGREGATED} and {SINGLE}")
        count = len(self.subjects)
        if count > MOST_SUBJECTS:
            raise SettingsError(
                f"{count} streams are too many for one process; it takes {MOST_SUBJECTS}:"
                " start several workers with some of the markets each"
            )

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Each once, the trades of a market before its candles."""
        symbols = [symbol_of(self.venue, market) for market in dict.fromkeys(self.markets)]
        if self.venue not in {BINANCE, BINANCE_US}:
            return tuple(Subject(symbol, SINGLE) for symbol in symbols)
        return tuple(
            subject
            for symbol in symbols
            for subject in (
                Subject(symbol, self.trades),
                *(Subject(symbol, self.trades, i) for i in dict.fromkeys(self.intervals)),
            )
        )


def symbol_of(venue: str, market: str) -> str:
    """What the market is called on the bus and in the lake. SettingsError for what is no market."""
    is_own = venue in {BINANCE, BINANCE_US}
    if is_own and _SYMBOL.fullmatch(market):
        return market
    parts = _MARKET.fullmatch(market)
    if parts is None:
        raise SettingsError(
            f"the market {market!r} is unknown; a market is named such as BTC/USDT, in capitals"
        )
    base, quote, settled = parts.groups()
    name = f"{base}{quote}" + (f"-{settled}" if settled else "")
    return name if is_own else f"{venue}.{name}"


def binance_name(subject: Subject) -> str:
    """The name of the stream on Binance, which wants small letters."""
    what = f"kline_{subject.interval}" if subject.interval else subject.kind
    return f"{subject.symbol.lower()}@{what}"
