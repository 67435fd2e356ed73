"""`python -m tests.simulation`: play seeds, replay one of them, or look for mutants' seeds."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from os import cpu_count
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.simulation.mutants import MUTANTS
from tests.simulation.schedule import Verdict, judged, missing, play
from tests.simulation.setting import draw
from tests.simulation.world import World

PINNED: Final = Path(__file__).with_name("pinned.json")
CHUNK: Final = 20
ENOUGH: Final = 10_000  # schedules of which each floor has to be reached

_console = Console(stderr=True)


@click.group()
def main() -> None:
    """Deterministic simulation of the trading services."""


@main.command()
@click.option("--seeds", default=1000, show_default=True, help="How many schedules.")
@click.option("--first", default=0, show_default=True, help="The first seed.")
@click.option("--workers", default=cpu_count() or 1, show_default=True, help="Processes.")
@click.option("--keep-going", is_flag=True, help="Do not stop at the first failure.")
def run(seeds: int, first: int, workers: int, *, keep_going: bool) -> None:
    """Play SEEDS schedules; exit 1 where one fails, or too little was met."""
    total, effects, failed = Counter[str](), 0, 0
    started, done = time.monotonic(), 0
    with _progress() as progress:
        task = progress.add_task("schedules", total=seeds, rate="")
        for verdict in _played(range(first, first + seeds), workers):
            done += 1
            effects += verdict.effects
            total.update(verdict.seen)
            rate = effects / (time.monotonic() - started)
            progress.update(task, advance=1, rate=f"{rate:,.0f} effects/s, {failed} failed")
            if verdict.violations:
                failed += 1
                _tell(verdict)
                if not keep_going:
                    break
    too_seldom = missing(total, done)
    _summary(done, effects, failed, total, _processor_seconds())
    for line in too_seldom:
        click.echo(f"met too seldom: {line}")
    sys.exit(1 if failed or (too_seldom and done >= ENOUGH) else 0)


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


def _played(seeds: range, workers: int) -> Iterator[Verdict]:
    chunks = [seeds[i : i + CHUNK] for i in range(0, len(seeds), CHUNK)]
    if workers <= 1:
        for chunk in chunks:
            yield from _chunk(chunk)
        return
    with ProcessPoolExecutor(workers) as pool:
        for verdicts in pool.map(_chunk, chunks):
            yield from verdicts
        pool.shutdown(cancel_futures=True)


def _chunk(seeds: Iterable[int]) -> list[Verdict]:
    return [play(seed) for seed in seeds]


def _tell(verdict: Verdict) -> None:
    click.echo(f"seed {verdict.seed} fails: make simulate SEED={verdict.seed} replays it")
    for violation in verdict.violations[:5]:
        click.echo(f"  {violation}")


def _summary(done: int, effects: int, failed: int, seen: Counter[str], seconds: float) -> None:
    kills = sum(count for name, count in seen.items() if name.startswith("kill: "))
    faults = sum(count for name, count in seen.items() if name.startswith("fault: "))
    click.echo(
        f"{done:,} schedules, {effects:,} effects ({effects / max(done, 1):,.0f} each), "
        f"{kills:,} kills, {faults:,} faults, {seen['INITIALIZED -> SUBMITTED']:,} sends, "
        f"{failed} failed"
    )
    if seconds:
        click.echo(f"{effects / seconds:,.0f} effects a second and core, all invariants on")
    peak = getrusage(RUSAGE_CHILDREN).ru_maxrss // 1024
    click.echo(f"largest process {peak} MiB")


def _processor_seconds() -> float:
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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
