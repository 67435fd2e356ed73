"""Prices and what was traded at them: VWAP, on-balance volume."""

from typing import ClassVar

from chalicelib.domain.bots.indicators.indicator import Indicator


class VWAP(Indicator):
    """sum((high + low + close) / 3 * volume) / sum(volume) since midnight UTC, as ta.vwap.

    None while nothing was traded on the day.
    """

    __slots__ = ("day", "traded", "value", "volume")
    inputs = ("high", "low", "close", "volume", "day")
    memory: ClassVar = ("value", "day", "traded", "volume")

    def __init__(self) -> None:
        self.value: float | None = None
        self.day: int | None = None
        self.traded = 0.0
        self.volume = 0.0

    def update(
        self, high: float, low: float, close: float, volume: float, day: int
    ) -> float | None:
        """The day's average price with this candle."""
        if day != self.day:
            self.day = day
            self.traded = self.volume = 0.0
        self.traded += (high + low + close) / 3 * volume
        self.volume += volume
        self.value = self.traded / self.volume if self.volume else None
        return self.value


class OBV(Indicator):
    """On-balance volume: + volume where the close rose, - volume where it fell, as ta.obv.

    It begins with the second candle, at 0: only its changes mean something.
    """

    __slots__ = ("previous", "value")
    inputs = ("close", "volume")
    memory: ClassVar = ("value", "previous")

    def __init__(self) -> None:
        self.value: float | None = None
        self.previous: float | None = None

    def update(self, close: float, volume: float) -> float | None:
        """The balance with this candle."""
        previous = self.previous
        self.previous = close
        if previous is None:
            return None
        balance = self.value or 0.0
        if close > previous:
            balance += volume
        elif close < previous:
            balance -= volume
        self.value = balance
        return balance
