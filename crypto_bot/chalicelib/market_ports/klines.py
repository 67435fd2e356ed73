"""Where the latest candles of the bus are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.kline import Kline


class Klines(Protocol):
    """The closed candles of the bus, the latest so many. StoreUnavailable where it fails."""

    def add(self, klines: Sequence[Kline]) -> None:
        """Each in place of one of the same start; what is too old to be kept is left out."""
        ...

    def newest(
        self, symbol: str, interval: Interval, limit: int, since: datetime | None = None
    ) -> list[Candle]:
        """Newest first, those that start at `since` itself included."""
        ...

    def close(self) -> None:
        """Let go of the connection or file."""
        ...
