"""Candles of a larger interval, made of smaller ones, and known only once they are closed.

A larger candle is closed by the smaller one that ends where it ends, or, where that one is missing,
by the next one there is. One whose beginning was not seen is left out: its open is not known.
"""

from typing import Any, Final

from chalicelib.domain.bots.candles import Candles, length_ms, no_candles
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.market.interval import Interval

_FIRST_MONDAY: Final = 4 * 86_400_000


class Larger:
    """What is under way is kept from one call to the next."""

    __slots__ = ("_at", "_forming", "_is_whole", "_length", "_small")

    def __init__(self, small: Interval, interval: Interval) -> None:
        self._small = length_ms(small)
        self._length = length_ms(interval)
        if self._length % self._small:
            raise BotRefused(
                f"interval is {interval}; it must be a multiple of the bot's own, {small}"
            )
        self._at = 0
        self._forming: list[float] = []  # open, high, low, close, volume
        self._is_whole = False

    def feed(self, candles: Candles) -> tuple[Candles, list[int]]:
        """Those closed, and how many of them are at the close of each of the small ones."""
        closed = no_candles()
        counts: list[int] = []
        for row in zip(*candles, strict=True):
            start = row[0]
            opened = start - (start - _FIRST_MONDAY) % self._length
            if self._forming and opened != self._at:
                self._close(closed)
            self._add(opened, row)
            if start + self._small == opened + self._length:
                self._close(closed)
            counts.append(len(closed.start))
        return closed, counts

    def state(self) -> list[Any]:
        """As JSON has it."""
        return [self._at, self._forming, self._is_whole]

    def restore(self, state: list[Any]) -> None:
        """Go on from there."""
        self._at, forming, self._is_whole = state
        self._forming = list(forming)

    def _add(self, opened: int, row: tuple[Any, ...]) -> None:
        start, first, high, low, last, volume = row
        if not self._forming:
            self._at = opened
            self._forming = [first, high, low, last, volume]
            self._is_whole = start == opened
            return
        forming = self._forming
        forming[1] = max(forming[1], high)
        forming[2] = min(forming[2], low)
        forming[3] = last
        forming[4] += volume

    def _close(self, closed: Candles) -> None:
        if self._is_whole:
            closed.start.append(self._at)
            for column, value in zip(closed.prices, self._forming, strict=True):
                column.append(value)
        self._forming = []
