"""Venues that do more than the virtual one: ban whoever asks, show a clock, call the owner in."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.errors import ExchangeUnavailable, OrderNotPlaced
from tests.trading_floor import HandClock, TradingFloor


class StrictVenue:
    """Every method of the exchange behind it, counted, and refused while a ban is on.

    `bans` maps methods to how long the next call of each is answered with a ban. `meanwhile` runs
    once when the named method has done its work.
    """

    def __init__(self, exchange: Any, clock: HandClock) -> None:
        self.exchange = exchange
        self.clock = clock
        self.bans: dict[str, timedelta] = {}
        self.meanwhile: dict[str, Callable[[], object]] = {}
        self.banned_until: datetime | None = None
        self.asked: list[str] = []
        self.asked_in_vain: list[str] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.exchange, name)
        if name == "traits":
            return method

        def ask(*given: Any) -> Any:
            self._receive(name)
            answer = method(*given)
            self.meanwhile.pop(name, lambda: None)()
            return answer

        return ask

    def _receive(self, name: str) -> None:
        self.asked.append(name)
        now = self.clock.now()
        if self.banned_until is not None and now < self.banned_until:
            self.asked_in_vain.append(name)
        if name in self.bans:
            self.banned_until = now + self.bans.pop(name)
            kind = OrderNotPlaced if name == "submit" else ExchangeUnavailable
            raise kind("418: banned", retry_at=self.banned_until)


class VenueWithClock(StrictVenue):
    """Also tells the time."""

    skew = timedelta(0)

    def clock_skew(self) -> timedelta | None:
        self._receive("clock_skew")
        return self.skew


def put_in_between(floor: TradingFloor, kind: type[StrictVenue] = StrictVenue) -> Any:
    """The floor's venue from now on, around the one that it had."""
    venue = kind(floor.exchange, floor.clock)
    floor.exchanges.by_account[floor.account.name] = venue
    return venue
