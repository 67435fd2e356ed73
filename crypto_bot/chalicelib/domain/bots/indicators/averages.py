"""Averages of the last values: simple, exponential, Wilder's, weighted."""

from collections.abc import Iterable
from math import fsum
from typing import ClassVar

from chalicelib.domain.bots.indicators.indicator import Indicator, whole


class SMA(Indicator):
    """Simple: sum of the last `length` values / length. The first value is the length-th's."""

    __slots__ = ("at", "length", "total", "value", "window")
    parameters: ClassVar = ("length",)
    memory: ClassVar = ("value", "window", "at", "total")

    def __init__(self, length: int = 20) -> None:
        self.length = whole("length", length)
        self.value: float | None = None
        self.window = [0.0] * length
        self.at = 0
        self.total = 0.0

    def update(self, close: float) -> float | None:
        """The average with this value."""
        at = self.at
        self.total += close - self.window[at]
        self.window[at] = close
        at += 1
        if at == self.length:  # what was rounded while adding and taking away is made good
            self.total = fsum(self.window)
            self.at = 0
        else:
            self.at = at
            if self.value is None:
                return None
        self.value = self.total / self.length
        return self.value

    def over(self, closes: Iterable[float]) -> list[float | None]:
        """What `update` gives for each of them, to the last bit, in half the time."""
        length, window = self.length, self.window
        at, total, value = self.at, self.total, self.value
        averages: list[float | None] = []
        for close in closes:
            total += close - window[at]
            window[at] = close
            at += 1
            if at == length:
                total = fsum(window)
                at = 0
                value = total / length
            elif value is not None:
                value = total / length
            averages.append(value)
        self.at, self.total, self.value = at, total, value
        return averages


class _Exponential(Indicator):
    """previous + alpha * (value - previous), begun with the simple average of `length` values."""

    __slots__ = ("alpha", "length", "seen", "total", "value")
    parameters: ClassVar = ("length",)
    memory: ClassVar = ("value", "seen", "total")

    def __init__(self, length: int, alpha: float) -> None:
        self.length = length
        self.alpha = alpha
        self.value: float | None = None
        self.seen = 0
        self.total = 0.0

    def update(self, close: float) -> float | None:
        """The average with this value."""
        value = self.value
        if value is not None:
            self.value = value = value + self.alpha * (close - value)
            return value
        self.seen += 1
        self.total += close
        if self.seen == self.length:
            self.value = self.total / self.length
        return self.value


class EMA(_Exponential):
    """Exponential: previous + 2 / (length + 1) * (value - previous).

    Begins with the simple average of the first `length` values, as ta.ema does.
    """

    __slots__ = ()

    def __init__(self, length: int = 20) -> None:
        super().__init__(whole("length", length), 2 / (length + 1))


class RMA(_Exponential):
    """Wilder's: previous + (value - previous) / length.

    Begins with the simple average of the first `length` values, as ta.rma does.
    """

    __slots__ = ()

    def __init__(self, length: int = 14) -> None:
        super().__init__(whole("length", length), 1 / length)


class WMA(Indicator):
    """Weighted: (1 * oldest + 2 * next + ... + length * newest) / (1 + 2 + ... + length)."""

    __slots__ = ("at", "length", "total", "value", "weighted", "weights", "window")
    parameters: ClassVar = ("length",)
    memory: ClassVar = ("value", "window", "at", "total", "weighted")

    def __init__(self, length: int = 20) -> None:
        self.length = whole("length", length)
        self.weights = length * (length + 1) / 2
        self.value: float | None = None
        self.window = [0.0] * length
        self.at = 0
        self.total = 0.0
        self.weighted = 0.0

    def update(self, close: float) -> float | None:
        """The average with this value."""
        at = self.at
        # Each value's weight falls by one, which takes the sum of them all away.
        self.weighted += self.length * close - self.total
        self.total += close - self.window[at]
        self.window[at] = close
        at += 1
        if at == self.length:  # the oldest is at 0: see SMA
            self.total = fsum(self.window)
            self.weighted = fsum((n + 1) * held for n, held in enumerate(self.window))
            self.at = 0
        else:
            self.at = at
            if self.value is None:
                return None
        self.value = self.weighted / self.weights
        return self.value
