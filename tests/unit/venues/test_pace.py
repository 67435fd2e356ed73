"""Requests leave as evenly as the venue's rate limit asks for."""

import asyncio

from chalicelib.adapters.venues.ccxt.pace import Pace

UNIT = 0.02
EARLY = 0.001  # what a timer may be early by


async def _departures(costs: list[float], pause: float = 0) -> list[float]:
    """Seconds from the start, or from the end of the pause, for a request of cost 1 and others."""
    pace = Pace(UNIT)
    loop = asyncio.get_running_loop()
    start = loop.time()
    await pace.wait(1)
    if pause:
        await asyncio.sleep(pause)
        start = loop.time()
    left: list[float] = []

    async def go(cost: float) -> None:
        await pace.wait(cost)
        left.append(loop.time() - start)

    await asyncio.gather(*(go(cost) for cost in costs))
    return left


def test_each_waits_for_what_the_ones_before_it_cost() -> None:
    left = asyncio.run(_departures([1, 3, 0.5, 1]))

    for departure, paid_before in zip(left, [1, 2, 5, 5.5], strict=True):
        assert departure >= paid_before * UNIT - EARLY


def test_a_pause_pays_for_one_request_and_no_burst() -> None:
    first, second = asyncio.run(_departures([1, 1], pause=5 * UNIT))

    assert first < UNIT
    assert second >= UNIT - EARLY
