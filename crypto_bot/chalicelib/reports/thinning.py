"""A year of minutes in a thousand points: what is left out is never the highest or the lowest."""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

from chalicelib.domain.bots.candles import Candles

Point = tuple[int, float]


class DrawnCandle(NamedTuple):
    """`count` candles as one."""

    start: int
    open: float
    high: float
    low: float
    close: float


def stretches(start: Sequence[int], values: Sequence[float | None], most: int) -> list[list[Point]]:
    """The curve, broken where a value is missing; of each bucket its lowest and its highest."""
    size = max(1, ceil(2 * len(start) / most))
    found: list[list[Point]] = []
    is_broken = True
    for first in range(0, len(start), size):
        points = [
            (at, value)
            for at, value in zip(
                start[first : first + size], values[first : first + size], strict=True
            )
            if value is not None
        ]
        if not points:
            is_broken = True
            continue
        if is_broken:
            found.append([points[0]])
        found[-1] += _outermost(points)
        is_broken = False
    if found and values[-1] is not None:
        found[-1].append((start[-1], values[-1]))
    return [_without_repeats(points) for points in found]


def merged(candles: Candles, most: int) -> tuple[list[DrawnCandle], int]:
    """At most so many, and of how many candles each of them is."""
    size = max(1, ceil(len(candles.start) / most))
    drawn = []
    for first in range(0, len(candles.start), size):
        end = min(first + size, len(candles.start))
        drawn.append(
            DrawnCandle(
                candles.start[first],
                candles.open[first],
                max(candles.high[first:end]),
                min(candles.low[first:end]),
                candles.close[end - 1],
            )
        )
    return drawn, size


def _outermost(points: Sequence[Point]) -> list[Point]:
    lowest, highest = min(points, key=_value), max(points, key=_value)
    return sorted({lowest, highest})


def _without_repeats(points: Sequence[Point]) -> list[Point]:
    return list(dict.fromkeys(points))


def _value(point: Point) -> float:
    return point[1]
