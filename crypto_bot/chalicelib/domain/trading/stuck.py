"""What an open plan moved in one instrument, where that can be neither booked nor concluded.

The plan stays open and is tried again by every tick: nothing of it is sent again or forgotten.
Meanwhile nothing more is bought of the instrument, because the books may not show all of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

# Why, in words, by plan and symbol.
Faults = Mapping[tuple[str, str], str]


class Act(StrEnum):
    """What cannot be done: the fills' way into the books, or the plan's last word."""

    BOOKED = "booked"
    CONCLUDED = "concluded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """One plan and instrument on which such work has failed since then."""

    plan_id: str
    symbol: str
    act: Act
    why: str
    since: datetime

    @property
    def reason(self) -> str:
        """For people."""
        return (
            f"what plan {self.plan_id} did cannot be {self.act}: {self.why}; "
            "every tick tries it again"
        )


def stuck_after(
    before: Iterable[Stuck], act: Act, faults: Faults, now: datetime
) -> tuple[Stuck, ...]:
    """With these faults in place of all that were known of `act`."""
    earlier = {(s.plan_id, s.symbol): s for s in before if s.act is act}
    others = {(s.plan_id, s.symbol, s.act): s for s in before if s.act is not act}
    found = {
        (*key, act): replace(
            earlier.get(key) or Stuck(plan_id=key[0], symbol=key[1], act=act, why="", since=now),
            why=why,
        )
        for key, why in faults.items()
    }
    merged = {**others, **found}
    return tuple(merged[key] for key in sorted(merged))
