"""What market data has found out, as far as sizing reads it."""

from datetime import datetime
from decimal import Decimal
from typing import Protocol


class Volatilities(Protocol):
    """How much instruments move, as last analysed."""

    def of_day(self, venue: str, symbol: str, now: datetime) -> Decimal | None:
        """Standard deviation of daily log returns; None where none is known that is recent."""
        ...
