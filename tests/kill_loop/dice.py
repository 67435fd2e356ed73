"""A seed and a number -> what happens in that life, or with that alert: pure, so it can be told."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from random import Random
from typing import Any

from tests.venues.faults import FaultKind

LONGEST_LIFE = 4.0  # seconds from the start; where nothing triggers the kill, this does
_AT_ONCE = 0.04


class Trigger(StrEnum):
    """After what the program is killed."""

    START = "start"  # of the process: it may not even listen yet
    ANSWERED = "answered"  # an alert got its 2xx
    ASKED = "asked"  # an order request has reached the venue, which has not acted on it
    ACCEPTED = "accepted"  # the venue has taken an order and has not answered


class Target(StrEnum):
    """What a fault hits."""

    NEW_ORDER = "new order"
    LOOKUP = "lookup"
    BALANCES = "balances"


# (kind, after acceptance, shortest and longest in seconds). Times stay below what the venue table
# grants: visible within 3 s, and what is late meets the venue's own check of time or nonce.
_ORDER_FAULTS = (
    (FaultKind.CUT, True, 0, 0),
    (FaultKind.CUT, False, 0, 0),
    (FaultKind.HANG, True, 0.2, 1.0),
    (FaultKind.LATE, False, 0.2, 4.5),
    (FaultKind.ERROR_500, True, 0, 0),
    (FaultKind.ERROR_500, False, 0, 0),
    (FaultKind.ERROR_503, True, 0, 0),
    (FaultKind.ERROR_502, False, 0, 0),
    (FaultKind.GARBAGE, True, 0, 0),
    (FaultKind.RATE_LIMIT, False, 0, 0),
    (FaultKind.INVISIBLE, False, 0.5, 2.5),
    (FaultKind.INVISIBLE, True, 0.5, 2.5),  # and its answer is lost: as if it were not there
    (FaultKind.INVISIBLE, True, 0.5, 2.5),
    (FaultKind.INVISIBLE, True, 0.5, 2.5),
    (FaultKind.PARTIAL_FILL, False, 0, 0),
    (FaultKind.PARTIAL_FILL, False, 0, 0),
)
_READING_FAULTS = (
    (FaultKind.CUT, False, 0, 0),
    (FaultKind.ERROR_500, False, 0, 0),
    (FaultKind.ERROR_503, False, 0, 0),
    (FaultKind.RATE_LIMIT, False, 0, 0),
    (FaultKind.GARBAGE, False, 0, 0),
    (FaultKind.LATE, False, 0.2, 1.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFault:
    """One fault of `tests.venues.faults`, to be put where this venue has its target."""

    target: Target
    kind: FaultKind
    after: bool
    nth: int
    seconds: float
    fraction: str

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "after": self.after,
            "nth": self.nth,
            "seconds": self.seconds,
            "fraction": self.fraction,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One start of the program and its end, `wait` seconds after the `nth` time of the trigger."""

    number: int
    trigger: Trigger
    nth: int
    wait: float
    price_factor: Decimal
    faults: tuple[PlannedFault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One alert to come: `pause` before it, `turns` to the other side or repeats the last one.

    A sender that `gives_up` does so after its first failure; `copies` are sent at once,
    `repeats_after` seconds after the answer once more.
    """

    number: int
    pause: float
    strategy: str
    turns: bool
    gives_up: bool
    copies: int
    repeats_after: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dice:
    seed: int
    strategies: tuple[str, ...] = field(default=())

    def life(self, number: int) -> Life:
        roll = self._for("life", number)
        trigger = roll.choice([*Trigger, Trigger.ACCEPTED])
        longest = 0.7 * LONGEST_LIFE if trigger is Trigger.START else _AT_ONCE
        return Life(
            number=number,
            trigger=trigger,
            nth=roll.choice([1, 1, 2, 3, 5]),
            wait=round(roll.uniform(0, longest), 4),
            price_factor=Decimal(roll.randint(9960, 10040)) / 10_000,
            faults=tuple(_fault(roll) for _ in range(roll.choice([1, 1, 2, 3, 4]))),
        )

    def wish(self, number: int) -> Wish:
        roll = self._for("alert", number)
        return Wish(
            number=number,
            pause=round(roll.uniform(0.05, 0.6), 3),
            strategy=roll.choice(self.strategies),
            turns=roll.random() < 0.85,
            gives_up=roll.random() < 0.1,
            copies=roll.choice([1, 1, 1, 2, 3]),
            repeats_after=round(roll.uniform(0, 3), 2) if roll.random() < 0.2 else None,
        )

    def _for(self, what: str, number: int) -> Random:
        # One generator each, so that no thread's haste changes what another one draws.
        return Random(f"{self.seed} {what} {number}")  # noqa: S311 - a scenario, not a secret


def _fault(roll: Random) -> PlannedFault:
    target = roll.choice([*Target, Target.NEW_ORDER, Target.NEW_ORDER])
    rows = _ORDER_FAULTS if target is Target.NEW_ORDER else _READING_FAULTS
    kind, after, shortest, longest = roll.choice(rows)
    return PlannedFault(
        target=target,
        kind=kind,
        after=after,
        nth=roll.choice([1, 1, 1, 2]),
        seconds=round(roll.uniform(shortest, longest), 2),
        fraction=str(Decimal(roll.randint(1, 9)) / 10),
    )
