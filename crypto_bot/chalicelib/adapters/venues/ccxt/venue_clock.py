"""The venue's time against ours: measured before the first signed request, and when it objects."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
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

    async def skew(self) -> timedelta | None:
        """Measured now, and signatures go by it; None where they carry no time of day.

        The time that the question and its answer took explains away as much of a difference.
        """
        if not self._venue.row.adjusts_clock:
            return None
        client = self._venue.client
        before = client.milliseconds()
        await client.load_time_difference()
        self._is_adjusted = True
        least = -int(client.options["timeDifference"])  # as if the answer had taken no time
        most = least + client.milliseconds() - before
        return timedelta(milliseconds=0 if least <= 0 <= most else min(least, most, key=abs))

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
