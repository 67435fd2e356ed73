"""At which candles a bot with crossings is asked: found in whole columns, not candle by candle."""

from collections.abc import Iterator, Mapping, Sequence
from math import isnan, nan
from operator import gt, lt
from typing import Any

from chalicelib.domain.bots.lines import Crossing, Line
from chalicelib.domain.bots.tracks import Column


def awake(
    crossings: Sequence[Crossing], columns: Mapping[Line, Column], first: int, count: int
) -> list[int]:
    """The candles from `first` to before `count` with any of the crossings, in their order.

    The lines stand at the candle before the first.
    """
    found: set[int] = set()
    for line, other in crossings:
        values = [line.value, *columns[line][first:count]]
        if isinstance(other, Line):
            others = [other.value, *columns[other][first:count]]
        else:
            others = [other] * len(values)
        found.update(place + first - 1 for place in _crossed(values, others))
    return sorted(found)


def _crossed(values: Column, others: Column) -> Iterator[int]:
    """Where the first gets above or below the second."""
    pairs = enumerate(zip(values, others, strict=True))
    known = next((place for place, pair in pairs if None not in pair), len(values))
    since, against = values[known:], others[known:]
    try:
        places = _turns(since, against)
    except TypeError:  # unknown again further on: nothing is above or below what is no number
        places = _turns(_numbers(since), _numbers(against))
    return (place + known for place in places)


def _turns(values: Sequence[Any], others: Sequence[Any]) -> list[int]:
    found = []
    for beyond in (gt, lt):
        is_beyond = bytes(map(beyond, values, others))
        place = is_beyond.find(b"\0\1")
        while place >= 0:
            if not isnan(values[place]) and not isnan(others[place]):
                found.append(place + 1)
            place = is_beyond.find(b"\0\1", place + 1)
    return found


def _numbers(values: Column) -> list[float]:
    return [nan if value is None else value for value in values]
