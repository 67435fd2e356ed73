"""Requests leave as evenly as the venue's rate limit asks for."""

import asyncio

from chalicelib.adapters.venues.ccxt.pace import Pace

UNIT = 0.02
EARLY = 0.001  # what a timer may be early by


async def _departures(
    costs: list[float], pause: float = 0, burst: float = 0, first: float = 1
) -> list[float]:
    """Seconds from the start, or from the end of the pause, for requests after the first."""
    pace = Pace(UNIT, burst)
    loop = asyncio.get_running_loop()
    start = loop.time()
    await pace.wait(first)
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


HOUR = 3600 / UNIT  # who waited for it would keep the test waiting too


def test_what_may_be_saved_up_leaves_at_once() -> None:
    assert len(asyncio.run(_departures([HOUR, HOUR], first=HOUR, burst=2 * 3600))) == 2


def test_behind_what_was_saved_up_requests_leave_evenly() -> None:
    left = asyncio.run(_departures([1, 1, 1, 1], burst=2 * UNIT))

    for departure, paid_before in zip(left, [0, 0, 1, 2], strict=True):
        assert departure >= paid_before * UNIT - EARLY


def test_what_costs_nothing_waits_for_nobody() -> None:
    assert len(asyncio.run(_departures([0, 0], first=HOUR))) == 2
