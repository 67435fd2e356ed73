"""What was found out about an instrument or a venue, as of the end of the candles it is of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

# A figure of an instrument: the standard deviation of its daily log returns.
VOLATILITY_DAY: Final = "volatility_day"


@dataclass(frozen=True, slots=True)
class Analysis:
    """`figures` is JSON; a figure for which there was too little is None.

    `subject` is a venue such as binance, or an instrument of one, such as binance BTC/USDT.
    """

    subject: str
    at: datetime
    figures: Mapping[str, Any]


def instrument_subject(venue: str, symbol: str) -> str:
    """What an instrument is analysed as."""
    return f"{venue} {symbol}"
