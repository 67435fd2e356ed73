"""Synthetic prices: made up, called so wherever they show, and the same for whoever looks.

The price is a pure function of seed, symbol and time: a sum of waves, from 15 seconds to 45 days
long, between random heights. Each is four times as long and twice as high as the one before, so
together they move like a random walk, and no history has to be kept or replayed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Final

from chalicelib.adapters.venues.virtual.prices import default_instrument
from chalicelib.domain.money import ONE, exact_arithmetic
from chalicelib.domain.trading.instrument import Instrument, Ticker
from chalicelib.ports import Clock

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_WAVES: Final = tuple(15_000_000 * 4**n for n in range(10))  # microseconds
_HEIGHTS: Final = tuple((Decimal(wave) / 86_400_000_000).sqrt() for wave in _WAVES)
_HALF: Final = 2**63

# Round numbers that look like the real thing; any other coin gets one out of its name.
_WORTH: Final = {
    "BTC": Decimal(60000),
    "ETH": Decimal(3000),
    "BNB": Decimal(500),
    "SOL": Decimal(150),
    "LTC": Decimal(80),
    "AVAX": Decimal(30),
    "LINK": Decimal(15),
    "XRP": Decimal("0.5"),
    "ADA": Decimal("0.4"),
    "DOGE": Decimal("0.1"),
    **dict.fromkeys(("USD", "USDT", "USDC", "DAI", "EUR", "GBP"), ONE),
}


class SyntheticPrices:
    """Any symbol has a price around its base price; `volatility` is per day, as a fraction."""

    def __init__(
        self,
        seed: str,
        clock: Clock,
        volatility: Decimal = Decimal("0.04"),
        base: Mapping[str, Decimal] | None = None,
    ) -> None:
        self._seed = seed
        self._clock = clock
        self._volatility = volatility
        self._base = dict(base or {})

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Default filters, with a tick that suits the price."""
        pairs = [symbol for symbol in symbols if _is_pair(symbol)]
        return {s: replace(default_instrument(s), price_tick=self._tick(s)) for s in pairs}

    def tickers(self, symbols: Sequence[str]) -> Mapping[str, Ticker]:
        """The prices of this moment."""
        now = self._clock.now()
        pairs = [symbol for symbol in symbols if _is_pair(symbol)]
        return {s: Ticker(symbol=s, last=self.price(s, now), at=now) for s in pairs}

    def daily_closes(self, symbol: str, days: int) -> list[Decimal]:
        """The prices at the last midnights, UTC."""
        if not _is_pair(symbol):
            return []
        midnight = self._clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        return [self.price(symbol, midnight - timedelta(days=n)) for n in reversed(range(days))]

    def price(self, symbol: str, at: datetime) -> Decimal:
        """The price at any time, above zero and a multiple of the tick."""
        elapsed, tick = (at - _EPOCH) // _MICROSECOND, self._tick(symbol)
        with exact_arithmetic():
            drift = sum(
                (
                    height * _wave(f"{self._seed}|{symbol}|{wave}", elapsed, wave)
                    for wave, height in zip(_WAVES, _HEIGHTS, strict=True)
                ),
                Decimal(0),
            )
            price = self._base_price(symbol) * (drift * self._volatility).exp()
            return max(price.quantize(tick, rounding=ROUND_HALF_EVEN), tick)

    def _base_price(self, symbol: str) -> Decimal:
        if symbol in self._base:
            return self._base[symbol]
        base, _, quote = symbol.partition("/")
        with exact_arithmetic():
            return _worth(base) / _worth(quote)

    def _tick(self, symbol: str) -> Decimal:
        """Five digits of the base price, and whole cents at most."""
        return Decimal(1).scaleb(min(self._base_price(symbol).adjusted() - 4, -2))


def _is_pair(symbol: str) -> bool:
    base, _, quote = symbol.partition("/")
    return bool(base and quote)


def _worth(asset: str) -> Decimal:
    return _WORTH.get(asset) or Decimal(1 + _hash(asset) % 500_00) / 100


def _wave(name: str, elapsed: int, length: int) -> Decimal:
    """Between -1 and 1; eases from one random height to the next in `length` microseconds."""
    index, inside = divmod(elapsed, length)
    part = Decimal(inside) / length
    ease = part * part * (3 - 2 * part)
    before, after = _height(name, index), _height(name, index + 1)
    return before + (after - before) * ease


@lru_cache(maxsize=4096)
def _height(name: str, index: int) -> Decimal:
    return Decimal(_hash(f"{name}|{index}") - _HALF) / _HALF


def _hash(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:8])
