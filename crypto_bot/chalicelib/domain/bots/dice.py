"""Randomness that a bot may use: its whole state is one number, so a run can be told again.

SplitMix64 (Steele, Lea, Flood 2014). The library's own generator keeps 625 numbers.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

_ALL: Final = (1 << 64) - 1
_STEP: Final = 0x9E3779B97F4A7C15
_FNV_BASIS: Final = 0xCBF29CE484222325
_FNV_PRIME: Final = 0x100000001B3


class Dice:
    """The same seed gives the same numbers, on every machine and in every Python."""

    __slots__ = ("position",)

    def __init__(self, position: int) -> None:
        self.position = position

    def random(self) -> float:
        """From 0 to below 1."""
        return (self._next() >> 11) / (1 << 53)

    def uniform(self, low: float, high: float) -> float:
        """From `low` to below `high`."""
        return low + (high - low) * self.random()

    def integer(self, low: int, high: int) -> int:
        """From `low` to `high`, both included."""
        if low > high:
            raise ValueError(f"integer({low}, {high}): the first must not be above the second")
        return low + int(self.random() * (high - low + 1))

    def choice(self, things: Sequence[T]) -> T:
        """One of them."""
        return things[self.integer(0, len(things) - 1)]

    def _next(self) -> int:
        self.position = (self.position + _STEP) & _ALL
        mixed = self.position
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _ALL
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _ALL
        return mixed ^ (mixed >> 31)


def dice_for(seed: int, words: str) -> Dice:
    """Different dice for different words, so that twins on two instruments do not move alike."""
    position = _FNV_BASIS ^ (seed & _ALL)
    for byte in words.encode():
        position = ((position ^ byte) * _FNV_PRIME) & _ALL
    return Dice(position)
