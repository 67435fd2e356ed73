"""Ticks in told time: at each whole minute in which something is due, and at no other.

Nothing else could happen in between: signals and accounts say themselves when they are next due,
and what waits for the market, a stop or a breaker, makes its account due again and again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chalicelib.ports import TradingPorts
from chalicelib.services.trading.next_due import next_due
from chalicelib.services.trading.tick import TickReport, tick

_MINUTE: Final = timedelta(minutes=1)
_BUDGET: Final = timedelta(minutes=1)


@dataclass(slots=True, kw_only=True)
class MinuteTicks:
    """`move` sets the clock of the ports; `told` hears of every tick. `last` is the newest one."""

    ports: TradingPorts
    owner: str
    move: Callable[[datetime], datetime]
    told: Callable[[TickReport], object]
    last: datetime | None = None

    def until(self, end: datetime) -> None:
        """Every tick that is due by then; the clock stays at the last of them."""
        while (minute := self._next()) is not None and minute <= end:
            now = self.move(minute)
            report = tick(self.ports, owner=self.owner, deadline=now + _BUDGET)
            self.last = minute
            self.told(report)

    def _next(self) -> datetime | None:
        """The whole minute at which the next tick has something to do; each minute ticks once."""
        due = next_due(self.ports)
        if due is None:
            return None
        minute = _whole_minute(max(due, self.ports.clock.now()))
        if self.last is not None and minute <= self.last:
            return self.last + _MINUTE
        return minute


def _whole_minute(instant: datetime) -> datetime:
    down = instant.replace(second=0, microsecond=0)
    return down if down == instant else down + _MINUTE
