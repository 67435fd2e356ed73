"""A seed played from beginning to end, and what came of it."""

from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field
from math import sqrt
from typing import TYPE_CHECKING, Final

from chalicelib.domain.errors import CryptoBotError
from chalicelib.domain.trading.order import LEGAL_MOVES
from tests.simulation.setting import Setting, draw
from tests.simulation.steps import IN_BETWEEN, KILL_WEIGHTS
from tests.simulation.venue import SEND_FAULTS
from tests.simulation.world import World

if TYPE_CHECKING:
    from tests.simulation.mutants import Mutant

# What has to be met, and how often: a thousand times in the whole run.
WHOLE_RUN: Final = 10_000  # schedules
FLOOR: Final = 1000 / WHOLE_RUN
LUCK: Final = 3.0  # standard deviations that a shorter run is forgiven
ENOUGH: Final = 300  # schedules: of fewer, nothing rare can be expected
LEAST_EFFECTS: Final = 500  # of a schedule, on average
FEW: Final = 20  # schedules have no average worth the name


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one seed did: `violations` is empty for a good program, `seen` counts what it met."""

    seed: int
    effects: int
    fingerprint: int
    violations: tuple[str, ...]
    seen: Counter[str] = field(default_factory=Counter)


def play(seed: int, mutant: "Mutant | None" = None, setting: Setting | None = None) -> Verdict:
    """The whole schedule of a seed, with a defence taken away if a mutant is given."""
    with mutant.at_work() if mutant else nullcontext():
        world = World(seed, setting or draw(seed))
        if mutant:
            mutant.prepare(world)
        world.run()
        return judged(world)


def judged(world: World) -> Verdict:
    """What the auditor found, and whatever ended a process without being meant to."""
    crashes = [
        f"crash of {process.name}: {type(error).__name__}: {error}"
        for process, error in world.kernel.failures
        if not isinstance(error, CryptoBotError)
    ]
    return Verdict(
        seed=world.seed,
        effects=world.kernel.effects,
        fingerprint=world.kernel.fingerprint,
        violations=(*world.auditor.violations, *crashes),
        seen=_seen(world),
    )


def _seen(world: World) -> Counter[str]:
    seen = Counter(world.auditor.seen)
    for step, count in world.kernel.kills.items():
        seen[f"kill: {step}"] += count
    for faults in (world.table.faults, *(v.floor.faults for v in world.venues.values())):
        for fault, count in faults.items():
            seen[f"fault: {fault}"] += count
    seen["fault: frozen"] += world.kernel.stalls
    return seen


def required() -> list[str]:
    """What a run has to go through before its silence means anything."""
    edges = [f"{old} -> {new}" for old, moves in LEGAL_MOVES.items() for new in moves if new != old]
    kills = ["deadline", *IN_BETWEEN]
    for step in sorted(KILL_WEIGHTS.keys() - IN_BETWEEN):
        kills += [f"{step} before", f"{step} after"]
    return [
        *edges,
        *(f"fault: {fault}" for fault in FAULTS),
        *FEATURES,
        *(f"kill: {kill}" for kill in kills),
    ]


FAULTS: Final = (
    *SEND_FAULTS,
    # the store
    "throttled",
    "applied, answered with an error",
    "shelf shows late",
    "conflict",
    # the venue
    "order not shown",
    "trades not shown",
    "vanished",
    "cancel, answer lost",
    "fill before cancel",
    "a stop woke",
    *(f"venue {call} failed" for call in ("find", "cancel", "balances", "tickers", "instruments")),
    "venue open orders failed",
    "another bot's order",
    # ticks
    "frozen",
    "tick missed",
    "tick twice",
    # alerts
    "alert late",
    "alert overtaken",
    "alert twice",
    "alert resent",
    "alert with another body",
    # the owner
    "configuration changed",
    "deposit",
    "withdrawal",
    "manual trade",
    "cancelled by hand",
)
FEATURES: Final = (
    "two strategies in one order",
    "a reduction before an increase",
    "crosses",
    "an entry denied for a stranger",
    "an order that waited was met",
    "an order that waited expired",
    "an order that waited was taken back",
)


def floor(schedules: int) -> float:
    """How often each has to be met in so many schedules."""
    mean = FLOOR * schedules
    return mean if schedules >= WHOLE_RUN else mean - LUCK * sqrt(mean)


def missing(seen: Counter[str], schedules: int) -> list[str]:
    """What was met too seldom for so many schedules."""
    if schedules < ENOUGH:
        return []
    least = floor(schedules)
    return [
        f"{name}: {seen[name]} times, at least {least:,.0f} are wanted"
        for name in required()
        if seen[name] < least
    ]


def shortcomings(seen: Counter[str], effects: int, schedules: int) -> list[str]:
    """Why so many schedules prove less than they seem to."""
    found = missing(seen, schedules)
    if schedules >= FEW and effects < LEAST_EFFECTS * schedules:
        average = effects / schedules
        found.append(
            f"{average:.0f} effects in a schedule on average, at least {LEAST_EFFECTS} are wanted"
        )
    return found
