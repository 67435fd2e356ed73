"""Single candles that traders have a name for, by TradingView's definitions.

The body of a candle lies between open and close, its shadows reach from there to high and low. Each
of these candles has a small body, a long shadow on one side of it and next to none on the other;
what it is called, and what it is taken for, depends on the trend that it ends:

                      at the end of a fall          at the end of a rise
    shadow below      hammer, bullish               hanging man, bearish
    shadow above      inverted hammer, bullish      shooting star, bearish

One candle is looked at; those before it say what is small, and where prices were going.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from chalicelib.domain.bots.indicators.averages import EMA, SMA
from chalicelib.domain.bots.indicators.indicator import Indicator, whole

BULLISH: Final = 1.0
BEARISH: Final = -1.0
NO_MATCH: Final = 0.0

# A body is small below the exponential average of so many bodies, its own among them.
BODIES: Final = 14
# A long shadow is at least so many bodies long,
LONG_SHADOW: Final = 2.0
# and next to none is at most this part of the body. (So the body lies in the candle's own half.)
NO_SHADOW: Final = 0.05


class Pattern(Indicator):
    """`value` is the pattern's `direction` where the candle is one, otherwise 0.

    Prices fall where the close is below the average of the last `trend` closes, its own among them,
    and rise where it is above. The first value is that of candle max(trend, 14).
    """

    __slots__ = ("bodies", "closes", "trend", "value")
    inputs: ClassVar = ("open", "high", "low", "close")
    parameters: ClassVar = ("trend",)
    memory: ClassVar = ("value", "bodies", "closes")
    direction: ClassVar[float]
    has_shadow_below: ClassVar[bool]

    def __init__(self, trend: int = 50) -> None:
        self.trend = whole("trend", trend)
        self.value: float | None = None
        self.bodies = EMA(BODIES)
        self.closes = SMA(trend)

    def update(self, opened: float, high: float, low: float, close: float) -> float | None:
        """Whether this candle is one."""
        body = abs(close - opened)
        usual = self.bodies.update(body)
        middle = self.closes.update(close)
        if usual is None or middle is None:
            return None
        ends_its_trend = close < middle if self.direction == BULLISH else close > middle
        self.value = NO_MATCH
        if ends_its_trend and 0 < body < usual:
            above, below = high - max(opened, close), min(opened, close) - low
            long, short = (below, above) if self.has_shadow_below else (above, below)
            if long >= LONG_SHADOW * body and short <= NO_SHADOW * body:
                self.value = self.direction
        return self.value


class Hammer(Pattern):
    """After a fall, sellers drove the price far down, and it came back."""

    __slots__ = ()
    direction: ClassVar = BULLISH
    has_shadow_below: ClassVar = True


class InvertedHammer(Pattern):
    """After a fall, buyers drove the price far up, and could not hold it yet."""

    __slots__ = ()
    direction: ClassVar = BULLISH
    has_shadow_below: ClassVar = False


class HangingMan(Pattern):
    """After a rise, sellers drove the price far down for the first time."""

    __slots__ = ()
    direction: ClassVar = BEARISH
    has_shadow_below: ClassVar = True


class ShootingStar(Pattern):
    """After a rise, buyers drove the price far up, and it fell back."""

    __slots__ = ()
    direction: ClassVar = BEARISH
    has_shadow_below: ClassVar = False


PATTERNS: Final[Mapping[str, type[Pattern]]] = {
    "hammer": Hammer,
    "inverted_hammer": InvertedHammer,
    "hanging_man": HangingMan,
    "shooting_star": ShootingStar,
}
