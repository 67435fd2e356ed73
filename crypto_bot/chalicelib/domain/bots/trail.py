"""What a bot on live candles leaves behind for people: its lines, its curves and its signals."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from chalicelib.domain.bots.context import LogLine, Plot

MOST_LINES: Final = 5
LONGEST_LINE: Final = 200
MOST_CURVES: Final = 20
_DIGITS: Final = 10


class Point(NamedTuple):
    """Of the curve `name` at one candle; `panel` as in a Plot."""

    name: str
    panel: str
    value: float


class Mark(NamedTuple):
    """Of one candle, which started at `at` (ms). `signal` is the id of the one it led to."""

    at: int
    close: str
    lines: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    signal: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that anybody could want to see."""
        return not (self.lines or self.points or self.signal)


def mark(at: int, close: str, logs: Sequence[LogLine], plots: Iterable[Plot]) -> Mark:
    """What came of one candle, cut to a length of which months fit into a few rows."""
    lines = [line.text[:LONGEST_LINE] for line in logs]
    if len(lines) > MOST_LINES:
        left_out = len(lines) - MOST_LINES + 1
        lines = [*lines[: MOST_LINES - 1], f"{left_out} more lines at this candle are not kept"]
    points = [
        Point(plot.name, plot.panel, float(f"{value:.{_DIGITS}g}"))
        for plot in plots
        for start, value in zip(plot.start, plot.values, strict=True)
        if start == at and value is not None
    ]
    return Mark(at, close, tuple(lines), tuple(points[:MOST_CURVES]))
