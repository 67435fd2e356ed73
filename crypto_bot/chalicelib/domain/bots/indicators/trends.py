"""Which way a price goes, and how decidedly: ADX, Supertrend, parabolic SAR, Ichimoku."""

from typing import ClassVar, Final, NamedTuple

from chalicelib.domain.bots.indicators.averages import RMA
from chalicelib.domain.bots.indicators.indicator import Indicator, positive, whole
from chalicelib.domain.bots.indicators.ranges import ATR, Donchian, true_range

# TradingView takes numbers this near for equal; without it equal steps of a price, which differ in
# the last bit, would count as a movement.
_EQUAL: Final = 1e-10

UP: Final = -1.0
DOWN: Final = 1.0


class AdxValue(NamedTuple):
    """`plus` and `minus` are +DI and -DI."""

    plus: float
    minus: float
    adx: float


class ADX(Indicator):
    """100 * RMA(|plus - minus| / (plus + minus), smoothing), as ta.dmi.

    plus = 100 * RMA(+DM, length) / RMA(true range, length), minus likewise. +DM is the rise of the
    high where it is positive and more than the fall of the low, else 0; -DM the other way round.
    Counted from the second candle on. Where there was no range, plus and minus are 0.
    """

    __slots__ = ("adx", "length", "minus", "plus", "previous", "smoothing", "span", "value")
    inputs = ("high", "low", "close")
    parameters: ClassVar = ("length", "smoothing")
    memory: ClassVar = ("value", "previous", "span", "plus", "minus", "adx")
    made_of = AdxValue

    def __init__(self, length: int = 14, smoothing: int = 14) -> None:
        self.length = whole("length", length)
        self.smoothing = whole("smoothing", smoothing)
        self.value: AdxValue | None = None
        self.previous: list[float] | None = None
        self.span = RMA(length)
        self.plus = RMA(length)
        self.minus = RMA(length)
        self.adx = RMA(smoothing)

    def update(self, high: float, low: float, close: float) -> AdxValue | None:
        """Both directions and the index with this candle."""
        previous = self.previous
        self.previous = [high, low, close]
        if previous is None:
            return None
        rise, fall = high - previous[0], previous[1] - low
        span = self.span.update(true_range(high, low, previous[2]))
        plus = self.plus.update(rise if rise - fall > _EQUAL and rise > _EQUAL else 0.0)
        minus = self.minus.update(fall if fall - rise > _EQUAL and fall > _EQUAL else 0.0)
        if span is None or plus is None or minus is None:
            return None
        plus = 100 * plus / span if span else 0.0
        minus = 100 * minus / span if span else 0.0
        adx = self.adx.update(abs(plus - minus) / ((plus + minus) or 1.0))
        if adx is not None:
            self.value = AdxValue(plus, minus, 100 * adx)
        return self.value


class SupertrendValue(NamedTuple):
    """`direction` is -1 while the price goes up and 1 while it goes down, as in Pine."""

    line: float
    direction: float


class Supertrend(Indicator):
    """(high + low) / 2 -+ factor * ATR(length), as ta.supertrend.

    Going up, the line is the lower band, which never falls while the close stays above it; going
    down, the upper band, which never rises. A close beyond the line turns it. It begins going down.
    """

    __slots__ = ("atr", "factor", "length", "lower", "previous", "upper", "value")
    inputs = ("high", "low", "close")
    parameters: ClassVar = ("factor", "length")
    memory: ClassVar = ("value", "previous", "lower", "upper", "atr")
    made_of = SupertrendValue

    def __init__(self, factor: float = 3.0, length: int = 10) -> None:
        self.factor = positive("factor", factor)
        self.length = whole("length", length)
        self.value: SupertrendValue | None = None
        self.previous = 0.0
        self.lower = 0.0
        self.upper = 0.0
        self.atr = ATR(length)

    def update(self, high: float, low: float, close: float) -> SupertrendValue | None:
        """The line and its direction with this candle."""
        atr = self.atr.update(high, low, close)
        if atr is None:
            return None
        middle, width = (high + low) / 2, self.factor * atr
        lower, upper, direction = middle - width, middle + width, DOWN
        if self.value is not None:
            if lower <= self.lower <= self.previous:
                lower = self.lower
            if upper >= self.upper >= self.previous:
                upper = self.upper
            if self.value.direction == DOWN:
                direction = UP if close > upper else DOWN
            else:
                direction = DOWN if close < lower else UP
        self.previous, self.lower, self.upper = close, lower, upper
        self.value = SupertrendValue(upper if direction == DOWN else lower, direction)
        return self.value


class PSAR(Indicator):
    """Wilder's parabolic stop and reverse, as ta.sar.

    Each candle it goes `acceleration` of the way to the extreme of the trend, never into the range
    of the two candles before. `acceleration` begins at `start` and grows by `step` with each new
    extreme, up to `most`. A candle that reaches it turns the trend, and it begins anew at the
    extreme. The second candle has the first value: the low of the first, or its high where that was
    above the second's.
    """

    __slots__ = ("acceleration", "extreme", "most", "recent", "rising", "start", "step", "value")
    inputs = ("high", "low")
    parameters: ClassVar = ("start", "step", "most")
    memory: ClassVar = ("value", "rising", "acceleration", "extreme", "recent")

    def __init__(self, start: float = 0.02, step: float = 0.02, most: float = 0.2) -> None:
        self.start = positive("start", start)
        self.step = positive("step", step)
        self.most = positive("most", most)
        self.value: float | None = None
        self.rising = True
        self.acceleration = start
        self.extreme = 0.0
        self.recent: list[float] = []  # high and low of the last two candles, newest first

    def update(self, high: float, low: float) -> float | None:
        """Where the stop is with this candle."""
        recent = self.recent
        self.recent = [high, low, *recent[:2]]
        if not recent:
            return None
        if self.value is None:
            self.rising = high >= recent[0]
            self.extreme = high if self.rising else low
            self.value = recent[1] if self.rising else recent[0]
            return self.value
        stop = self.value + self.acceleration * (self.extreme - self.value)
        if self.rising:
            self.value = self._while_rising(stop, high, low, recent)
        else:
            self.value = self._while_falling(stop, high, low, recent)
        return self.value

    def _while_rising(self, stop: float, high: float, low: float, recent: list[float]) -> float:
        if low <= stop:
            turned = max(self.extreme, high, *recent[0::2])
            self._turn(low)
            return turned
        if high > self.extreme:
            self._go_on(high)
        return min(stop, *recent[1::2])

    def _while_falling(self, stop: float, high: float, low: float, recent: list[float]) -> float:
        if high >= stop:
            turned = min(self.extreme, low, *recent[1::2])
            self._turn(high)
            return turned
        if low < self.extreme:
            self._go_on(low)
        return max(stop, *recent[0::2])

    def _turn(self, extreme: float) -> None:
        self.rising = not self.rising
        self.acceleration = self.start
        self.extreme = extreme

    def _go_on(self, extreme: float) -> None:
        self.acceleration = min(self.acceleration + self.step, self.most)
        self.extreme = extreme


class IchimokuValue(NamedTuple):
    """`lead_a` and `lead_b` are drawn ahead; the `cloud` is what was drawn ahead to this candle.

    The lagging span is the close, drawn back: a candle cannot know it.
    """

    conversion: float
    base: float
    lead_a: float
    lead_b: float
    cloud_a: float
    cloud_b: float


class Ichimoku(Indicator):
    """Middles of the ranges of `conversion`, `base` and `span` candles.

    lead_a = (conversion + base) / 2, lead_b = the middle of `span` candles; both are drawn
    displacement - 1 candles ahead, as TradingView's built-in does.
    """

    __slots__ = (
        "base", "base_range", "conversion", "conversion_range", "displacement", "leads", "span",
        "span_range", "value",
    )  # fmt: skip
    inputs = ("high", "low")
    parameters: ClassVar = ("conversion", "base", "span", "displacement")
    memory: ClassVar = ("value", "conversion_range", "base_range", "span_range", "leads")
    made_of = IchimokuValue

    def __init__(
        self, conversion: int = 9, base: int = 26, span: int = 52, displacement: int = 26
    ) -> None:
        self.conversion = whole("conversion", conversion)
        self.base = whole("base", base)
        self.span = whole("span", span)
        self.displacement = whole("displacement", displacement)
        self.value: IchimokuValue | None = None
        self.conversion_range = Donchian(conversion)
        self.base_range = Donchian(base)
        self.span_range = Donchian(span)
        self.leads: list[list[float]] = []  # oldest first

    def update(self, high: float, low: float) -> IchimokuValue | None:
        """Lines and cloud with this candle."""
        conversion = self.conversion_range.update(high, low)
        base = self.base_range.update(high, low)
        span = self.span_range.update(high, low)
        if conversion is None or base is None or span is None:
            return None
        lead = [(conversion.middle + base.middle) / 2, span.middle]
        self.leads.append(lead)
        if len(self.leads) < self.displacement:
            return None
        cloud = self.leads.pop(0)
        self.value = IchimokuValue(conversion.middle, base.middle, *lead, *cloud)
        return self.value
