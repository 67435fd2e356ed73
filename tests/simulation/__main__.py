"""`python -m tests.simulation`: play seeds, replay one of them, or look for mutants' seeds."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from os import cpu_count
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.simulation.mutants import MUTANTS
from tests.simulation.schedule import Verdict, judged, play, shortcomings
from tests.simulation.setting import draw
from tests.simulation.world import World

PINNED: Final = Path(__file__).with_name("pinned.json")
CHUNK: Final = 20
QUARTERS: Final = 4
MEBIBYTE: Final = 1024  # of what `getrusage` counts in

_SOME: Final = click.IntRange(min=1)
_console = Console(stderr=True)


@click.group()
def main() -> None:
    """Deterministic simulation of the trading services."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Seeds that one process has played: the processor's seconds, and its memory's peak so far."""

    verdicts: list[Verdict]
    seconds: float
    peak: int


@dataclass(slots=True)
class Tally:
    """What all schedules of a run have come to."""

    wanted: int
    started: float = field(default_factory=time.monotonic)
    done: int = 0
    effects: int = 0
    failed: int = 0
    seconds: float = 0.0
    seen: Counter[str] = field(default_factory=Counter)
    peaks: list[int] = field(default_factory=lambda: [0] * QUARTERS)  # by quarter of the run

    def count(self, verdict: Verdict) -> None:
        self.done += 1
        self.effects += verdict.effects
        self.failed += bool(verdict.violations)
        self.seen.update(verdict.seen)

    def measure(self, chunk: Chunk) -> None:
        self.seconds += chunk.seconds
        quarter = min(self.done * QUARTERS // self.wanted, QUARTERS - 1)
        self.peaks[quarter] = max(self.peaks[quarter], chunk.peak)

    def rate(self) -> float:
        """Effects a second, by the clock on the wall."""
        return self.effects / (time.monotonic() - self.started)


@main.command()
@click.option("--seeds", default=1000, type=_SOME, show_default=True, help="How many schedules.")
@click.option("--first", default=0, show_default=True, help="The first seed.")
@click.option("--workers", default=cpu_count() or 1, show_default=True, help="Processes.")
@click.option("--keep-going", is_flag=True, help="Do not stop at the first failure.")
def run(seeds: int, first: int, workers: int, *, keep_going: bool) -> None:
    """Play SEEDS schedules; exit 1 where one fails, or too little was met."""
    tally = Tally(wanted=seeds)
    with _progress() as progress:
        task = progress.add_task("schedules", total=seeds, rate="")
        for chunk in _played(range(first, first + seeds), workers):
            tally.measure(chunk)
            for verdict in chunk.verdicts:
                tally.count(verdict)
                if verdict.violations:
                    _tell(verdict)
            rate = f"{tally.rate():,.0f} effects/s, {tally.failed} failed"
            progress.update(task, completed=tally.done, rate=rate)
            if tally.failed and not keep_going:
                break
    too_little = shortcomings(tally.seen, tally.effects, tally.done)
    _summary(tally, workers)
    for line in too_little:
        click.echo(f"too little: {line}")
    sys.exit(1 if tally.failed or too_little else 0)


@main.command()
@click.argument("seed", type=int)
@click.option("--mutant", type=click.Choice(sorted(MUTANTS)), help="With a defence taken away.")
@click.option("--all", "everything", is_flag=True, help="Reads too, not only what changes things.")
def replay(seed: int, mutant: str | None, *, everything: bool) -> None:
    """Play one seed step by step and say what happens."""
    setting = draw(seed)
    for account in setting.accounts:
        click.echo(f"{account.name}: {account.policy}, {account.order_style}, {account.mode}")
    click.echo(f"{setting.trouble}\n{setting.habits}")

    def told(at: float, who: str, what: str) -> None:
        if everything or not what.startswith(("get", "query", "shelf", "venue tickers")):
            click.echo(f"{at:10.3f} s  {who:10} {what}")

    defect = MUTANTS[mutant] if mutant else None
    world = World(seed, setting)
    world.kernel.trace = told
    if defect is None:
        world.run()
    else:
        defect.prepare(world)
        with defect.at_work():
            world.run()
    verdict = judged(world)
    click.echo(f"{verdict.effects} effects, fingerprint {verdict.fingerprint:08x}")
    for violation in verdict.violations:
        click.echo(violation)
    sys.exit(1 if verdict.violations else 0)


@main.command()
@click.option("--seeds", default=3000, show_default=True, help="How far to look.")
@click.option("--wanted", default=3, show_default=True, help="Seeds to pin per mutant.")
@click.option("--workers", default=cpu_count() or 1, show_default=True, help="Processes.")
def pin(seeds: int, wanted: int, workers: int) -> None:
    """Keep in pinned.json the seeds that still catch their mutant, and find others where not."""
    pinned = json.loads(PINNED.read_text()) if PINNED.exists() else {}
    with ProcessPoolExecutor(workers) as pool:
        for name in MUTANTS:
            still = [seed for seed in pinned.get(name, []) if _catches(name, seed)]
            caught = still if len(still) >= wanted else []
            looked = pool.map(partial(_catches, name), range(seeds)) if not caught else ()
            for seed, catches in enumerate(looked):
                caught += [seed] if catches else []
                if len(caught) == wanted:
                    break
            pinned[name] = caught
            _console.print(f"{name}: {caught}")
            PINNED.write_text(json.dumps(pinned, indent=2) + "\n")
            if not caught:
                sys.exit(1)
        pool.shutdown(cancel_futures=True)


def _catches(name: str, seed: int) -> bool:
    """Whether the seed sees the mutant, and sees nothing wrong without it."""
    mutant = MUTANTS[name]
    seen = set(mutant.expected) & invariants(play(seed, mutant))
    return bool(seen) and not play(seed).violations


def invariants(verdict: Verdict) -> set[str]:
    """The names of those that were violated."""
    return {violation.split(maxsplit=1)[0] for violation in verdict.violations}


def _played(seeds: range, workers: int) -> Iterator[Chunk]:
    chunks = [seeds[i : i + CHUNK] for i in range(0, len(seeds), CHUNK)]
    if workers <= 1:
        yield from map(_chunk, chunks)
        return
    with ProcessPoolExecutor(workers) as pool:
        try:
            yield from pool.map(_chunk, chunks)
        finally:  # also when nobody wants to see the rest
            pool.shutdown(cancel_futures=True)


def _chunk(seeds: Iterable[int]) -> Chunk:
    before = time.process_time()
    verdicts = [play(seed) for seed in seeds]
    seconds = time.process_time() - before
    return Chunk(verdicts, seconds, getrusage(RUSAGE_SELF).ru_maxrss // MEBIBYTE)


def _tell(verdict: Verdict) -> None:
    click.echo(f"seed {verdict.seed} fails: make simulate SEED={verdict.seed} replays it")
    for violation in verdict.violations[:5]:
        click.echo(f"  {violation}")


def _summary(tally: Tally, workers: int) -> None:
    seen, effects = tally.seen, tally.effects
    kills = sum(count for name, count in seen.items() if name.startswith("kill: "))
    faults = sum(count for name, count in seen.items() if name.startswith("fault: "))
    click.echo(
        f"{tally.done:,} schedules, {effects:,} effects ({effects / tally.done:,.0f} each), "
        f"{kills:,} kills, {faults:,} faults, {seen['INITIALIZED -> SUBMITTED']:,} sends, "
        f"{tally.failed} failed"
    )
    click.echo(
        f"{effects / tally.seconds:,.0f} effects a second of a core's work, all invariants on; "
        f"{tally.rate() / workers:,.0f} a second and process by the clock on the wall"
    )
    peaks = ", ".join(str(peak) for peak in tally.peaks if peak)
    click.echo(f"largest process {peaks} MiB by the quarters of the run")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=_console,
    )


if __name__ == "__main__":
    main()
