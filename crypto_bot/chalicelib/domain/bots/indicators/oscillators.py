"""How fast and how far a price went: RSI, MACD, stochastic, rate of change."""

from typing import ClassVar, NamedTuple

from chalicelib.domain.bots.indicators.averages import EMA, RMA, SMA
from chalicelib.domain.bots.indicators.indicator import Indicator, whole
from chalicelib.domain.bots.indicators.ranges import Donchian


class RSI(Indicator):
    """100 - 100 / (1 + RMA(gains) / RMA(losses)) over `length` changes, as ta.rsi.

    100 without losses. The first value is that of candle length + 1.
    """

    __slots__ = ("gains", "length", "losses", "previous", "value")
    parameters: ClassVar = ("length",)
    memory: ClassVar = ("value", "previous", "gains", "losses")

    def __init__(self, length: int = 14) -> None:
        self.length = whole("length", length)
        self.value: float | None = None
        self.previous: float | None = None
        self.gains = RMA(length)
        self.losses = RMA(length)

    def update(self, close: float) -> float | None:
        """The index with this close."""
        previous = self.previous
        self.previous = close
        if previous is None:
            return None
        change = close - previous
        gain = self.gains.update(change if change > 0 else 0.0)
        loss = self.losses.update(-change if change < 0 else 0.0)
        if gain is None or loss is None:
            return None
        self.value = 100 - 100 / (1 + gain / loss) if loss else 100.0
        return self.value


class MacdValue(NamedTuple):
    """`histogram` is macd - signal."""

    macd: float
    signal: float
    histogram: float


class MACD(Indicator):
    """macd = EMA(fast) - EMA(slow), signal = EMA(macd, signal), as ta.macd."""

    __slots__ = (
        "fast",
        "fast_line",
        "signal",
        "signal_line",
        "slow",
        "slow_line",
        "value",
    )
    parameters: ClassVar = ("fast", "slow", "signal")
    memory: ClassVar = ("value", "fast_line", "slow_line", "signal_line")
    made_of = MacdValue

    def __init__(self, fast: int = 12, slow: int = 26, signal: int = 9) -> None:
        self.fast = whole("fast", fast)
        self.slow = whole("slow", slow)
        self.signal = whole("signal", signal)
        self.value: MacdValue | None = None
        self.fast_line = EMA(fast)
        self.slow_line = EMA(slow)
        self.signal_line = EMA(signal)

    def update(self, close: float) -> MacdValue | None:
        """Line, signal and histogram with this close."""
        fast = self.fast_line.update(close)
        slow = self.slow_line.update(close)
        if fast is None or slow is None:
            return None
        signal = self.signal_line.update(fast - slow)
        if signal is not None:
            self.value = MacdValue(fast - slow, signal, fast - slow - signal)
        return self.value


class StochasticValue(NamedTuple):
    """Both in percent of the range."""

    k: float
    d: float


class Stochastic(Indicator):
    """100 * (close - lowest low) / (highest high - lowest low) of `length` candles, as ta.stoch.

    k is its SMA over `smooth`, d is the SMA of k over `signal`. A candle at whose end there is no
    range is passed over.
    """

    __slots__ = ("d", "k", "length", "range", "signal", "smooth", "value")
    inputs = ("high", "low", "close")
    parameters: ClassVar = ("length", "smooth", "signal")
    memory: ClassVar = ("value", "range", "k", "d")
    made_of = StochasticValue

    def __init__(self, length: int = 14, smooth: int = 1, signal: int = 3) -> None:
        self.length = whole("length", length)
        self.smooth = whole("smooth", smooth)
        self.signal = whole("signal", signal)
        self.value: StochasticValue | None = None
        self.range = Donchian(length)
        self.k = SMA(smooth)
        self.d = SMA(signal)

    def update(self, high: float, low: float, close: float) -> StochasticValue | None:
        """Where the close lies in the range, smoothed."""
        channel = self.range.update(high, low)
        if channel is None or channel.upper == channel.lower:
            return self.value
        k = self.k.update(100 * (close - channel.lower) / (channel.upper - channel.lower))
        d = None if k is None else self.d.update(k)
        if k is not None and d is not None:
            self.value = StochasticValue(k, d)
        return self.value


class ROC(Indicator):
    """100 * (value - value `length` candles ago) / that value, as ta.roc; None where that is 0."""

    __slots__ = ("at", "filled", "length", "value", "window")
    parameters: ClassVar = ("length",)
    memory: ClassVar = ("value", "window", "at", "filled")

    def __init__(self, length: int = 9) -> None:
        self.length = whole("length", length)
        self.value: float | None = None
        self.window = [0.0] * length
        self.at = 0
        self.filled = False

    def update(self, close: float) -> float | None:
        """The change in percent."""
        at = self.at
        before = self.window[at]
        self.window[at] = close
        if self.filled:
            self.value = 100 * (close - before) / before if before else None
        self.at = at = (at + 1) % self.length
        self.filled = self.filled or at == 0
        return self.value
