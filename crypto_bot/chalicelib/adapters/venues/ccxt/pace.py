"""The venue's rate limit, kept evenly: a request leaves once those before have paid for it."""

import asyncio


class Pace:
    """Unlike ccxt's own throttle it counts the time in which nothing was waiting, and never polls.

    That time is worth `burst` seconds of requests at once, where the venue lets a client save up;
    else one request leaves after a pause, and the next waits.
    """

    def __init__(self, seconds_per_unit: float, burst: float = 0.0) -> None:
        self._seconds_per_unit = seconds_per_unit
        self._burst = burst
        self._free_at = 0.0

    async def wait(self, cost: float) -> None:
        """Until it is the caller's turn; turns go by the order of the calls.

        What costs nothing waits for nobody: Kraken counts orders apart from questions.
        """
        if not cost:
            return
        now = asyncio.get_running_loop().time()
        turn = max(now, self._free_at - self._burst)
        self._free_at = max(now, self._free_at) + cost * self._seconds_per_unit
        if turn > now:
            await asyncio.sleep(turn - now)
