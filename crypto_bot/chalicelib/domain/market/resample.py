"""Candles of an interval -> those of a longer one, closed ones only.

A candle is closed when the last one within it is there, or one after it. Where there are none
within it there is none: a gap stays a gap.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.money import exact_arithmetic

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


def can_resample(source: Interval, target: Interval) -> bool:
    """Whether candles of `target` consist of whole ones of `source`, several each."""
    return target.length > source.length and not target.length % source.length


def source_of(target: Interval, there: Collection[Interval]) -> Interval | None:
    """Of which of those that are there a series is made: the longest that will do.

    None for one that is there itself, and where none will do.
    """
    able = [source for source in there if can_resample(source, target)]
    return None if target in there else max(able, key=lambda one: one.length, default=None)


class Resampler:
    """Of candles that ascend. `source` and `target` may be the same."""

    def __init__(self, source: Interval, target: Interval) -> None:
        if source is not target and not can_resample(source, target):
            raise ValueError(f"candles of {target} do not consist of whole candles of {source}")
        self._target = target
        self._step = source.length
        self._length = target.length
        self._open: Candle | None = None
        self._end = _LONG_AGO  # of the open one

    def opened_before(self, at: datetime) -> Candle | None:
        """What is closed because there is a candle that starts at `at`."""
        if self._open is None or at < self._end:
            return None
        done, self._open = self._open, None
        return done

    def add(self, candle: Candle) -> Candle | None:
        """What is closed with this one, once what was open before it is taken."""
        if self._open is None:
            start = self._target.start_of(candle.start)
            self._end = start + self._length
            self._open = candle._replace(start=start)
        else:
            self._open = _joined(self._open, candle)
        if candle.start + self._step < self._end:
            return None
        done, self._open = self._open, None
        return done


def _joined(held: Candle, later: Candle) -> Candle:
    with exact_arithmetic():
        return Candle(
            held.start,
            held.open,
            max(held.high, later.high),
            min(held.low, later.low),
            later.close,
            held.volume + later.volume,
        )
