"""At which candles a bot with crossings is asked: found in whole columns, not candle by candle."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from math import isnan, nan
from operator import gt, lt
from typing import Any

from chalicelib.domain.bots.lines import Crossing, Line
from chalicelib.domain.bots.packed_column import crossings as packed_crossings
from chalicelib.domain.bots.tracks import Column, Shared


def awake(
    crossings: Sequence[Crossing],
    columns: Mapping[Line, Column],
    first: int,
    count: int,
    shared: Shared | None = None,
) -> list[int]:
    """The candles from `first` to before `count` with any of the crossings, in their order.

    The lines stand at the candle before the first. `shared` keeps what others need, too, of columns
    that begin with the first candle there is.
    """
    found: set[int] = set()
    for crossing in crossings:
        later = None if shared is None else _later(crossing, columns, first, shared)
        end = count if later is None else min(first + 1, count)
        found.update(_between(crossing, columns, first, end), later or ())
    return sorted(found)


def _between(
    crossing: Crossing, columns: Mapping[Line, Column], first: int, end: int
) -> Iterator[int]:
    line, other = crossing
    values = _from_where_it_stands(line, columns, first, end)
    if isinstance(other, Line):
        others = _from_where_it_stands(other, columns, first, end)
    else:
        others = [other] * len(values)
    return (place + first - 1 for place in _crossed(values, others))


def _from_where_it_stands(
    line: Line, columns: Mapping[Line, Column], first: int, end: int
) -> Column:
    """What stands before the first candle may be older than the column: it comes from the line."""
    if not first:
        return [line.value, *columns[line][:end]]
    values = columns[line][first - 1 : end]
    values[0] = line.value
    return values


def _later(
    crossing: Crossing, columns: Mapping[Line, Column], first: int, shared: Shared
) -> list[int] | None:
    """Those after the first candle; None where they have to be found one by one."""
    line, other = crossing
    if not isinstance(other, Line):
        return None
    values = shared.packed(line, columns[line])
    others = shared.packed(other, columns[other])
    if values is None or others is None:
        return None
    places = packed_crossings(values, others)
    return places[bisect_right(places, first) :]


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
