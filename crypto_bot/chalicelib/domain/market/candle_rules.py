"""What a candle must be like to be kept: closed, on its interval's grid, and possible."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval

# The columns of the lake are DECIMAL(38, 18).
DIGITS: Final = 38
DECIMALS: Final = 18
_LARGEST: Final = Decimal(10) ** (DIGITS - DECIMALS)

# A candle that has just ended may still change: the venue's clock is not ours.
_SETTLED: Final = timedelta(seconds=10)


def last_closed(interval: Interval, now: datetime) -> datetime:
    """Candles that start before this are over, and say for good what they say."""
    return interval.start_of(now - _SETTLED)


def flaw_of(candle: Candle, interval: Interval) -> str:
    """Why it is none, as a sentence that names the field; '' where nothing is wrong."""
    if candle.start != interval.start_of(candle.start):
        return f"start is {candle.start:%Y-%m-%d %H:%M:%S}; candles of {interval} begin elsewhere"
    for name in ("open", "high", "low", "close", "volume"):
        flaw = _flaw_of_amount(name, getattr(candle, name))
        if flaw:
            return flaw
    if candle.high < max(candle.open, candle.close, candle.low):
        return f"high is {candle.high}; it must not be below open, close or low"
    if candle.low > min(candle.open, candle.close):
        return f"low is {candle.low}; it must not be above open or close"
    return ""


def _flaw_of_amount(name: str, value: Decimal) -> str:
    lowest = "zero or more" if name == "volume" else "above zero"
    if not value.is_finite() or value < 0 or (name != "volume" and not value):
        return f"{name} is {value}; it must be {lowest}"
    exponent = value.normalize().as_tuple().exponent
    if value >= _LARGEST or not isinstance(exponent, int) or exponent < -DECIMALS:
        return f"{name} is {value}; it must be below 1e20, with {DECIMALS} decimals at most"
    return ""
