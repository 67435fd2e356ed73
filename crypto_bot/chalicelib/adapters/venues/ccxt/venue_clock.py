"""The venue's time against ours: measured before the first signed request, and when it objects."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from chalicelib.adapters.venues.ccxt.venue import Venue

T = TypeVar("T")


class VenueClock:
    """Where a signature carries the time of day; elsewhere nothing happens."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._is_adjusted = False
        self._lock = asyncio.Lock()

    async def adjust(self) -> None:
        """Ask the venue for its time, unless that is known."""
        async with self._lock:  # those who come together ask once
            if self._venue.row.adjusts_clock and not self._is_adjusted:
                await self._venue.client.load_time_difference()
                self._is_adjusted = True

    def learn_from(self, error: Exception) -> None:
        """Measure again before the next request if the venue did not like our time."""
        if isinstance(error, self._venue.bad_nonce):
            self._is_adjusted = False

    async def watched(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """`work`, learning from how it fails."""
        try:
            return await work()
        except self._venue.bad_nonce as error:
            self.learn_from(error)
            raise
