"""Stretches in which a series should have candles and has none. Like a candle, a gap is data.

A venue that was down traded nothing, and its candles of that time never come; one that was only
asked at a bad moment has them later. Which of the two it is, only asking again can tell.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from chalicelib.domain.market.interval import Interval

# Asked so often and never given: the venue has nothing there.
MOST_ASKED: Final = 5
_SCHEMA: Final = 1


class Gap(NamedTuple):
    """From `start`, where the first missing candle would begin, to before `end`.

    `asked` is how many times the venue was asked for it again and gave nothing.
    """

    start: datetime
    end: datetime
    asked: int = 0

    def missing(self, interval: Interval) -> int:
        """How many candles there are not."""
        return (self.end - self.start) // interval.length

    @property
    def is_open(self) -> bool:
        """Whether it is worth asking again."""
        return self.asked < MOST_ASKED


def find_gaps(
    starts: Iterable[datetime],
    interval: Interval,
    start: datetime,
    end: datetime,
    *,
    asked: int = 0,
) -> list[Gap]:
    """Between `start` and `end`, both on the interval's grid; `starts` ascend."""
    gaps: list[Gap] = []
    expected = start
    for at in starts:
        if at > expected:
            gaps.append(Gap(expected, min(at, end), asked))
        expected = max(expected, at + interval.length)
    if expected < end:
        gaps.append(Gap(expected, end, asked))
    return gaps


def joined(gaps: Iterable[Gap]) -> list[Gap]:
    """Ascending and apart from each other; where two overlap, the one that was asked more stays."""
    kept: list[Gap] = []
    for gap in sorted(gaps, key=lambda gap: (gap.start, -gap.asked)):
        start = max(gap.start, kept[-1].end) if kept else gap.start
        if start < gap.end:
            kept.append(gap._replace(start=start))
    return kept


def without(gaps: Iterable[Gap], start: datetime, end: datetime) -> list[Gap]:
    """What is left of them outside of the stretch."""
    left: list[Gap] = []
    for gap in gaps:
        parts = (
            gap._replace(end=min(gap.end, start)),
            gap._replace(start=max(gap.start, end)),
        )
        left += [part for part in parts if part.start < part.end]
    return left


def gaps_document(gaps: Sequence[Gap]) -> bytes:
    """JSON; equal gaps make equal bytes."""
    items = [
        {"start": f"{gap.start:%Y-%m-%dT%H:%MZ}", "end": f"{gap.end:%Y-%m-%dT%H:%MZ}"}
        | {"asked": gap.asked}
        for gap in gaps
    ]
    return json.dumps({"schema": _SCHEMA, "gaps": items}, indent=1).encode()


def read_gaps(document: bytes) -> list[Gap]:
    """What `gaps_document` wrote; ValueError for anything else."""
    try:
        return [
            Gap(_instant(item["start"]), _instant(item["end"]), int(item["asked"]))
            for item in json.loads(document)["gaps"]
        ]
    except (KeyError, TypeError) as error:
        raise ValueError(f"no list of gaps: {error!r}") from None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
