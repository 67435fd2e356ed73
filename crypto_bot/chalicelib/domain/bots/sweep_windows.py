"""Candles -> what parameters are chosen on, and what they have to prove themselves on.

Nothing of an out-of-sample part is seen where something is chosen. The other way round, a part
begins with the candles before it as warm-up: indicators see them, but nothing is decided on them.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.refusals import CandlesRefused

IN_SAMPLE_PARTS: Final = 3  # so many times longer than what follows it, in a walk forward
_MOST_WINDOWS: Final = 100


class Span(NamedTuple):
    """From the candle that starts at `since` to before the one at `until`, in ms since 1970."""

    since: int
    until: int


class Window(NamedTuple):
    """`inside` is chosen on; `outside` follows it at once."""

    inside: Span
    outside: Span


def starts_of(candles: Mapping[str, Candles]) -> list[int]:
    """Of all of them, oldest first, each once."""
    return sorted({start for series in candles.values() for start in series.start})


def split(starts: Sequence[int], share: float, warmup: int) -> list[Window]:
    """One window: the first `share` of the candles, and the rest."""
    if not 0 < share < 1:
        raise CandlesRefused(f"the in-sample part is {share:g}; it must be between 0 and 1")
    return [_window(starts, (0, int(len(starts) * share), len(starts)), warmup)]


def walk_forward(starts: Sequence[int], count: int, warmup: int) -> list[Window]:
    """`count` windows whose out-of-sample parts are as long as each other and follow each other.

    Each is chosen on the three times as many candles just before it.
    """
    if not 1 <= count <= _MOST_WINDOWS:
        raise CandlesRefused(f"{count} windows: a walk forward has from 1 to {_MOST_WINDOWS}")
    parts = IN_SAMPLE_PARTS + count
    places = [len(starts) * number // parts for number in range(parts + 1)]
    edges = zip(places, places[IN_SAMPLE_PARTS:], places[IN_SAMPLE_PARTS + 1 :], strict=False)
    return [_window(starts, each, warmup) for each in edges]


def cut(
    candles: Mapping[str, Candles], starts: Sequence[int], span: Span, warmup: int
) -> dict[str, Candles]:
    """Those of the span, and before them as many as the bot has to see, where there are so many."""
    first = max(0, bisect_left(starts, span.since) - warmup)
    found = {}
    for symbol, series in candles.items():
        begin = bisect_left(series.start, starts[first])
        found[symbol] = series.between(begin, bisect_left(series.start, span.until))
    return found


def _window(starts: Sequence[int], places: tuple[int, int, int], warmup: int) -> Window:
    """`warmup` of the first one's candles are lost: before them there are none."""
    first, middle, end = places
    seen = middle - first - warmup  # of the others too: none of them is shorter than the first
    if seen < 2 or end - middle < 2:  # noqa: PLR2004 - a decision and what comes of it
        raise CandlesRefused(
            f"{len(starts):,} candles are too few: {middle - first:,} of them would be to choose on"
            f" and {end - middle:,} to prove it on, and the bot warms up on {warmup:,}"
        )
    length = min(after - before for before, after in pairwise(starts))
    last = starts[end] if end < len(starts) else starts[-1] + length
    return Window(Span(starts[first], starts[middle]), Span(starts[middle], last))
