"""A seed played from beginning to end, and what came of it."""

from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chalicelib.domain.errors import CryptoBotError
from chalicelib.domain.trading.order import LEGAL_MOVES
from tests.simulation.kernel import KILL_WEIGHTS
from tests.simulation.setting import Setting, draw
from tests.simulation.venue import SEND_FAULTS
from tests.simulation.world import World

if TYPE_CHECKING:
    from tests.simulation.mutants import Mutant

# Of ten thousand schedules a thousand have to meet each of these.
FLOOR: Final = 0.1


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
        seen[f"kill: {step.removesuffix(' before').removesuffix(' after')}"] += count
    for faults in (world.table.faults, *(v.floor.faults for v in world.venues.values())):
        for fault, count in faults.items():
            seen[f"fault: {fault}"] += count
    seen["fault: frozen"] += world.kernel.stalls
    return seen


def required() -> list[str]:
    """What a run has to go through before its silence means anything."""
    edges = [f"{old} -> {new}" for old, moves in LEGAL_MOVES.items() for new in moves if new != old]
    faults = (
        *SEND_FAULTS,
        "throttled",
        "applied, answered with an error",
        "cancel, answer lost",
        "fill before cancel",
        "vanished",
        "frozen",
        "tick missed",
        "tick twice",
        "alert twice",
        "alert late",
        "configuration changed",
        "deposit",
        "manual trade",
        "cancelled by hand",
        *(f"venue {call} failed" for call in ("find", "cancel", "balances", "tickers")),
    )
    features = (
        "two strategies in one order",
        "a reduction before an increase",
        "crosses",
    )
    kills = [f"kill: {step}" for step in sorted({*KILL_WEIGHTS, *READS})]
    return [*edges, *(f"fault: {fault}" for fault in faults), *features, *kills]


READS: Final = (
    "get account",
    "get ledger",
    "get lease",
    "get plan",
    "get signal",
    "query config",
    "query order",
    "shelf accounts.due",
    "shelf signals.open",
    "write lease",
)


def missing(seen: Counter[str], schedules: int) -> list[str]:
    """What was met too seldom for so many schedules."""
    floor = FLOOR * schedules
    return [f"{name}: {seen[name]}" for name in required() if seen[name] < floor]
