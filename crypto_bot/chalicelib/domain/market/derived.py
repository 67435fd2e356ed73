"""A candle -> what is derived from it and those before: its return and the chosen indicators.

Derived values are estimates, not money: floats of ten digits, so that the way of computing does not
show in them.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chalicelib.domain.bots.indicators.named import NamedIndicator, Prices
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.series_day import SeriesRow

RETURN: Final = "return"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)


class Derivation:
    """Of candles that ascend. `return` is close / close before - 1; None after a gap.

    Indicators take a gap as charts do: the candles on either side are neighbours.
    """

    def __init__(self, interval: Interval, indicators: Sequence[str]) -> None:
        self._length = interval.length
        made = map(NamedIndicator, indicators)
        self._indicators = list({indicator.name: indicator for indicator in made}.values())
        self._close = 0.0
        self._expected = _EPOCH  # when the next candle begins, if none is missing

    @property
    def names(self) -> list[str]:
        """The indicators with all their parameters."""
        return [indicator.name for indicator in self._indicators]

    def derive(self, candle: Candle) -> SeriesRow:
        """The candle with its columns."""
        prices = _prices(candle)
        follows = candle.start == self._expected
        change = prices.close / self._close - 1 if follows and self._close else None
        self._close, self._expected = prices.close, candle.start + self._length
        derived: dict[str, float | None] = {RETURN: _rounded(change)}
        for indicator in self._indicators:
            values = indicator.update(prices)
            derived |= zip(indicator.columns, map(_rounded, values), strict=True)
        return SeriesRow(candle, derived)

    def state(self) -> dict[str, Any]:
        """JSON to go on from."""
        return {
            "close": self._close,
            "expected": int(self._expected.timestamp()),
            "indicators": {held.name: held.state() for held in self._indicators},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where one with the same indicators stood."""
        self._close = state["close"]
        self._expected = datetime.fromtimestamp(state["expected"], UTC)
        for indicator in self._indicators:
            indicator.restore(state["indicators"][indicator.name])


def _prices(candle: Candle) -> Prices:
    return Prices(
        float(candle.open),
        float(candle.high),
        float(candle.low),
        float(candle.close),
        float(candle.volume),
        (candle.start - _EPOCH) // _DAY,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.10g}")
