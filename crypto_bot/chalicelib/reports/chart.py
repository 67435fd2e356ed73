"""Lines, areas, candles and marks as SVG, in boxes that are scaled to time and value."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from math import ceil, floor, log10
from typing import Final, NamedTuple

from chalicelib.domain.bots.candles import moment
from chalicelib.reports.markup import text
from chalicelib.reports.thinning import DrawnCandle, Point

WIDTH: Final = 1000
_LEFT: Final = 6
_RIGHT: Final = 78  # for the numbers at the right edge
_FOOT: Final = 24  # for the times below
_INNER: Final = WIDTH - _LEFT - _RIGHT
_TICKS: Final = 5
_TIMES: Final = 7
_MARGIN: Final = 0.06
_ROUND: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_THINNEST: Final = 0.8
_MARK: Final = 5.5


class Box(NamedTuple):
    """From `top` so many units high; what it shows lies between its times and values."""

    since: int
    until: int
    low: float
    high: float
    top: float
    height: float

    def x(self, at: float) -> float:
        """Where a time is."""
        return _LEFT + (at - self.since) / ((self.until - self.since) or 1) * _INNER

    def y(self, value: float) -> float:
        """Where a value is."""
        return self.top + (self.high - value) / ((self.high - self.low) or 1) * self.height


def box(
    since: int,
    until: int,
    values: Iterable[float],
    *,
    top: float,
    height: float,
    margin: float = _MARGIN,
) -> Box:
    """Around the values, with some air above and below."""
    known = list(values) or [0.0]
    low, high = min(known), max(known)
    air = (high - low) * margin or abs(high) * margin or 1.0
    return Box(since, until, low - air, high + air, top, height)


def picture(height: float, label: str, parts: Iterable[str]) -> str:
    """The drawing as a whole, which scales with the page."""
    return (
        f'<div class="scroll"><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH}'
        f' {height:g}" role="img" aria-label="{text(label)}">{"".join(parts)}</svg></div>'
    )


def grid(frame: Box, words: Callable[[float], str]) -> str:
    """Lines at round values, with their numbers at the right."""
    parts = []
    for value in _round_values(frame.low, frame.high):
        y = frame.y(value)
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_LEFT + _INNER}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(f'<text x="{_LEFT + _INNER + 8}" y="{y + 4:.1f}">{text(words(value))}</text>')
    return "".join(parts)


def times(frame: Box) -> str:
    """Along the foot, evenly."""
    span = frame.until - frame.since
    parts = []
    for number in range(_TIMES):
        at = frame.since + span * number // (_TIMES - 1)
        anchor = "start" if number == 0 else "end" if number == _TIMES - 1 else "middle"
        parts.append(
            f'<text text-anchor="{anchor}" x="{frame.x(at):.1f}"'
            f' y="{frame.top + frame.height + 17:.1f}">{_time_words(at, span)}</text>'
        )
    return "".join(parts)


def caption(frame: Box, words: str) -> str:
    """The name of a panel, over its upper left."""
    return f'<text class="caption" x="{_LEFT + 4}" y="{frame.top - 6:.1f}">{text(words)}</text>'


def line(frame: Box, parts: Sequence[Sequence[Point]], kind: str) -> str:
    """A curve; each part of it for itself."""
    path = "".join(_path(frame, points) for points in parts)
    return f'<path class="{kind}" d="{path}"/>' if path else ""


def area(frame: Box, parts: Sequence[Sequence[Point]], kind: str, *, foot: float) -> str:
    """Between the curve and the value `foot`."""
    y = frame.y(foot)
    path = "".join(
        f"{_path(frame, points)}L{frame.x(points[-1][0]):.1f} {y:.1f}"
        f"L{frame.x(points[0][0]):.1f} {y:.1f}Z"
        for points in parts
    )
    return f'<path class="{kind}" d="{path}"/>' if path else ""


def candle_marks(frame: Box, drawn: Sequence[DrawnCandle], length: int) -> str:
    """`length` of one in ms. All that rose are one path, all that fell another: it is shorter."""
    width = max(_THINNEST, (frame.x(frame.since + length) - _LEFT) * 0.7)
    wicks: dict[str, list[str]] = {"up": [], "down": []}
    for each in drawn:
        x = frame.x(each.start + length / 2)
        upper, lower = max(each.open, each.close), min(each.open, each.close)
        tall = max(_THINNEST, frame.y(lower) - frame.y(upper))
        wicks["up" if each.close >= each.open else "down"].append(
            f"M{x:.1f} {frame.y(each.high):.1f}V{frame.y(each.low):.1f}"
            f"M{x - width / 2:.1f} {frame.y(upper):.1f}h{width:.1f}v{tall:.1f}h{-width:.1f}z"
        )
    return "".join(f'<path class="{kind}" d="{"".join(d)}"/>' for kind, d in wicks.items() if d)


def arrow(frame: Box, at: float, value: float, words: str, *, is_purchase: bool) -> str:
    """A fill: below its price pointing up for a purchase, above it pointing down for a sale."""
    x, y = frame.x(at), frame.y(value)
    away = _MARK * 1.8 if is_purchase else -_MARK * 1.8
    kind = "buy" if is_purchase else "sell"
    return (
        f'<path class="{kind}" d="M{x:.1f} {y:.1f}l{_MARK:g} {away:g}h{-2 * _MARK:g}z">'
        f"<title>{text(words)}</title></path>"
    )


def foot_of(frame: Box) -> float:
    """How high a picture is whose last box this is."""
    return frame.top + frame.height + _FOOT


def _path(frame: Box, points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{frame.x(at):.1f} {frame.y(value):.1f}" for at, value in points)


def _round_values(low: float, high: float) -> list[float]:
    rough = (high - low) / _TICKS
    if rough <= 0:
        return [low]
    power = 10.0 ** floor(log10(rough))
    step = next(n * power for n in _ROUND if n * power >= rough * (1 - 1e-9))
    first = ceil(low / step)
    return [number * step for number in range(first, floor(high / step) + 1)]


def _time_words(at: int, span: int) -> str:
    length = timedelta(milliseconds=span)
    if length > timedelta(days=300):
        return f"{moment(at):%b %Y}"
    return f"{moment(at):%d %b}" if length > timedelta(days=7) else f"{moment(at):%d %b %H:%M}"
