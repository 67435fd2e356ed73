"""The venue's rate limit, kept evenly: a request leaves once those before have paid for it."""

import asyncio


class Pace:
    """Unlike ccxt's own throttle it counts the time in which nothing was waiting, and never polls.

    That time is worth no burst: after a pause one request leaves at once, and the next waits.
    """

    def __init__(self, seconds_per_unit: float) -> None:
        self._seconds_per_unit = seconds_per_unit
        self._free_at = 0.0

    async def wait(self, cost: float) -> None:
        """Until it is the caller's turn; turns go by the order of the calls."""
        now = asyncio.get_running_loop().time()
        turn = max(now, self._free_at)
        self._free_at = turn + cost * self._seconds_per_unit
        if turn > now:
            await asyncio.sleep(turn - now)
