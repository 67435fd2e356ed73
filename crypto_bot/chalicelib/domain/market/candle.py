"""What an instrument did within one interval."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class Candle(NamedTuple):
    """`start` is when it opened (UTC); `volume` is in the base currency.

    Kept exactly as the venue said it. Who computes indicators makes floats of it.
    """

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
