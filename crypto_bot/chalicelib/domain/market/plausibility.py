"""Candles that are well-formed and still cannot be: prices far away from all those before."""

from collections.abc import Sequence
from statistics import median
from typing import Final

from chalicelib.domain.market.candle import Candle
from chalicelib.domain.money import plain

_COMPARED: Final = 5
_FEWEST: Final = 3
_FACTOR: Final = 10


class Plausibility:
    """Remembers the last closes, kept or not: a price that stays is the new price.

    What it says of a candle depends on those before it alone, so it says the same again.
    """

    def __init__(self, closes: Sequence[float] = ()) -> None:
        self._closes = list(closes)

    def flaw_of(self, candle: Candle) -> str:
        """Why it cannot be, as a sentence; '' where nothing speaks against it."""
        before = self._closes
        self._closes = [*before, float(candle.close)][-_COMPARED:]
        if len(before) < _FEWEST:
            return ""
        usual = median(before)
        for name, price in (("high", candle.high), ("low", candle.low)):
            if not usual / _FACTOR <= float(price) <= usual * _FACTOR:
                return (
                    f"{name} is {plain(price)}; it must be within {_FACTOR} times {usual:.10g}, the"
                    " middle of the closes before"
                )
        return ""

    def closes(self) -> list[float]:
        """To go on from."""
        return list(self._closes)
