"""How much a price moves, and channels of that width: deviation, true range, bands."""

from math import dist, fsum, sqrt
from typing import ClassVar, NamedTuple

from chalicelib.domain.bots.indicators.averages import EMA, RMA
from chalicelib.domain.bots.indicators.indicator import Indicator, positive, whole


class StdDev(Indicator):
    """sqrt(sum((value - mean)^2) / length) over the last `length` values: of the population.

    As ta.stdev does by default. Worked out anew from the mean each time: the difference of running
    sums of squares, which is faster, has no digit left where the price is large and calm.
    """

    __slots__ = ("at", "filled", "length", "mean", "root", "value", "window")
    parameters: ClassVar = ("length",)
    memory: ClassVar = ("value", "mean", "window", "at", "filled")

    def __init__(self, length: int = 20) -> None:
        self.length = whole("length", length)
        self.root = sqrt(length)
        self.value: float | None = None
        self.mean = 0.0
        self.window = [0.0] * length
        self.at = 0
        self.filled = False

    def update(self, close: float) -> float | None:
        """The deviation with this value; `mean` is the average that it is taken from."""
        window = self.window
        window[self.at] = close
        self.at = at = (self.at + 1) % self.length
        self.filled = self.filled or at == 0
        if not self.filled:
            return None
        self.mean = mean = fsum(window) / self.length  # sum() rounds otherwise from 3.12 on
        self.value = dist(window, [mean] * self.length) / self.root
        return self.value


class Channel(NamedTuple):
    """A middle and a bound on either side."""

    middle: float
    upper: float
    lower: float


class Bollinger(Indicator):
    """SMA(length) +- factor * StdDev(length), of the population, as ta.bb."""

    __slots__ = ("deviation", "factor", "length", "value")
    parameters: ClassVar = ("length", "factor")
    memory: ClassVar = ("value", "deviation")
    made_of = Channel

    def __init__(self, length: int = 20, factor: float = 2.0) -> None:
        self.length = whole("length", length)
        self.factor = positive("factor", factor)
        self.value: Channel | None = None
        self.deviation = StdDev(length)

    def update(self, close: float) -> Channel | None:
        """The bands with this close."""
        deviation = self.deviation.update(close)
        if deviation is not None:
            mean, width = self.deviation.mean, self.factor * deviation
            self.value = Channel(mean, mean + width, mean - width)
        return self.value


class ATR(Indicator):
    """RMA(true range, length), as ta.atr.

    True range = max(high - low, |high - previous close|, |low - previous close|); high - low for
    the first candle.
    """

    __slots__ = ("average", "length", "previous", "value")
    inputs = ("high", "low", "close")
    parameters: ClassVar = ("length",)
    memory: ClassVar = ("value", "previous", "average")

    def __init__(self, length: int = 14) -> None:
        self.length = whole("length", length)
        self.value: float | None = None
        self.previous: float | None = None
        self.average = RMA(length)

    def update(self, high: float, low: float, close: float) -> float | None:
        """The average true range with this candle."""
        span = true_range(high, low, self.previous)
        self.previous = close
        self.value = self.average.update(span)
        return self.value


def true_range(high: float, low: float, previous: float | None) -> float:
    """How far the price went from the previous close on."""
    if previous is None:
        return high - low
    # Two comparisons instead of three values and a maximum: the candle, stretched to the close.
    return (high if high > previous else previous) - (low if low < previous else previous)


class Keltner(Indicator):
    """EMA(close, length) +- factor * EMA(true range, length), as ta.kc.

    The first candle has no true range yet, so the first value is that of candle length + 1.
    """

    __slots__ = ("factor", "length", "middle", "previous", "span", "value")
    inputs = ("high", "low", "close")
    parameters: ClassVar = ("length", "factor")
    memory: ClassVar = ("value", "previous", "middle", "span")
    made_of = Channel

    def __init__(self, length: int = 20, factor: float = 2.0) -> None:
        self.length = whole("length", length)
        self.factor = positive("factor", factor)
        self.value: Channel | None = None
        self.previous: float | None = None
        self.middle = EMA(length)
        self.span = EMA(length)

    def update(self, high: float, low: float, close: float) -> Channel | None:
        """The channel with this candle."""
        middle, previous = self.middle.update(close), self.previous
        self.previous = close
        if previous is None:
            return None
        span = self.span.update(true_range(high, low, previous))
        if middle is not None and span is not None:
            width = self.factor * span
            self.value = Channel(middle, middle + width, middle - width)
        return self.value


class Donchian(Indicator):
    """Highest high and lowest low of the last `length` candles, this one included."""

    __slots__ = ("at", "filled", "highs", "length", "lower", "lows", "upper", "value")
    inputs = ("high", "low")
    parameters: ClassVar = ("length",)
    memory: ClassVar = ("value", "highs", "lows", "at", "filled", "upper", "lower")
    made_of = Channel

    def __init__(self, length: int = 20) -> None:
        self.length = whole("length", length)
        self.value: Channel | None = None
        self.highs = [0.0] * length
        self.lows = [0.0] * length
        self.at = 0
        self.filled = False
        self.upper = 0.0
        self.lower = 0.0

    def update(self, high: float, low: float) -> Channel | None:
        """The channel with this candle."""
        at, highs, lows = self.at, self.highs, self.lows
        old_high, old_low = highs[at], lows[at]
        highs[at] = high
        lows[at] = low
        at += 1
        self.at = at = 0 if at == self.length else at
        if not self.filled:
            if at:
                return None
            self.filled = True
            self.upper, self.lower = max(highs), min(lows)
        # All of them are looked through only when the one that was the highest or lowest leaves.
        if high >= self.upper:
            self.upper = high
        elif old_high == self.upper:
            self.upper = max(highs)
        if low <= self.lower:
            self.lower = low
        elif old_low == self.lower:
            self.lower = min(lows)
        self.value = Channel((self.upper + self.lower) / 2, self.upper, self.lower)
        return self.value
