"""What the market stages had stored by a given time, so that a backtest knows no more than that."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Timeline:
    """Versions of one thing by when they were stored, in ms; any order, JSON values."""

    __slots__ = ("_stored", "_values")

    def __init__(self, versions: Iterable[tuple[int, Any]] = ()) -> None:
        ordered = sorted(versions, key=lambda version: version[0])
        self._stored = [stored for stored, _ in ordered]
        self._values = [_unchanging(value) for _, value in ordered]

    def __reduce__(self) -> tuple[type["Timeline"], tuple[list[tuple[int, Any]]]]:
        """For a process of its own: what cannot be changed cannot be sent either."""
        return Timeline, (self.versions(),)

    def versions(self) -> list[tuple[int, Any]]:
        """All of them as JSON has them, oldest first."""
        return list(zip(self._stored, map(_plain, self._values), strict=True))

    def as_of(self, ms: int) -> Any:
        """The newest one stored by then; None before the first."""
        place = bisect_right(self._stored, ms)
        return self._values[place - 1] if place else None


class Views(NamedTuple):
    """Analytics by symbol, the ranking's rows, and the symbols of the universe."""

    analytics: Timeline = Timeline()
    ranking: Timeline = Timeline()
    universe: Timeline = Timeline()


def _unchanging(value: Any) -> Any:
    if isinstance(value, Mapping):
        return MappingProxyType({key: _unchanging(held) for key, held in value.items()})
    if isinstance(value, list | tuple):
        return tuple(_unchanging(held) for held in value)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(held) for key, held in value.items()}
    return [_plain(held) for held in value] if isinstance(value, tuple) else value
