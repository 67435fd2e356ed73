"""What two runs of a bot have done, held against each other."""

from collections.abc import Sequence
from decimal import Decimal
from math import isclose
from typing import Final

from chalicelib.domain.bots.checks.replay import Replay, told
from chalicelib.domain.bots.context import Plot
from chalicelib.domain.bots.intent import Intent

EQUAL: Final = 1e-9  # of whole columns, indicators are computed in another order of additions


def difference(one: Replay, other: Replay, starts: Sequence[int]) -> tuple[int, str, str] | None:
    """The first candle at which they are not alike, and what each of them has there."""
    for at in starts:
        mine, yours = one.asked.get(at, ()), other.asked.get(at, ())
        if not alike(mine, yours, EQUAL):
            return at, told(mine), told(yours)
    mine_drawn, yours_drawn = _points(one.plots, starts), _points(other.plots, starts)
    for place in sorted({*mine_drawn, *yours_drawn}):
        a, b = mine_drawn.get(place), yours_drawn.get(place)
        if a != b and (a is None or b is None or not isclose(a, b, rel_tol=EQUAL)):
            return place[0], f"{place[1]} at {a}", f"at {b}"
    return None


def _points(plots: Sequence[Plot], starts: Sequence[int]) -> dict[tuple[int, str], float]:
    last = starts[-1]
    return {
        (at, plot.name): value
        for plot in plots
        for at, value in zip(plot.start, plot.values, strict=True)
        if value is not None and at <= last
    }


def alike(mine: Sequence[Intent], yours: Sequence[Intent], tolerance: float) -> bool:
    return len(mine) == len(yours) and all(
        _same(a, b, tolerance) for a, b in zip(mine, yours, strict=True)
    )


def _same(mine: Intent, yours: Intent, tolerance: float) -> bool:
    for a, b in zip(mine[1:], yours[1:], strict=True):  # ids are counted from the beginning
        if a == b:
            continue
        if not isinstance(a, Decimal) or not isinstance(b, Decimal):
            return False
        if not isclose(a, b, rel_tol=tolerance):
            return False
    return True
