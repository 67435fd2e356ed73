"""pipeline: the stages of candles and analyses by hand, and how each of them ran last.

STAGE is one of them, such as load_candles; the option --stage says on which deployment, as with
every verb.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

import click

from chalicelib import bootstrap
from chalicelib.cli.options import as_json, in_home
from chalicelib.cli.output import show
from chalicelib.domain.errors import SettingsError

if TYPE_CHECKING:
    from chalicelib.domain.market.stage_run import StageRun

_RUN_COLUMNS = ("stage", "outcome", "rows", "seconds", "as_of", "lag")
_STATUS_COLUMNS = ("stage", "schedule", "outcome", "ended_at", "rows", "seconds", "as_of", "lag")

_stages = click.argument("stages", metavar="[STAGE]...", nargs=-1)


class _Told(Protocol):
    def __call__(self, stage: str, done: int, total: int) -> None: ...


@click.group()
def pipeline() -> None:
    """The stages of candles and analyses: run them, and see how they ran."""


@pipeline.command()
@in_home
@_stages
@as_json
def run(stages: tuple[str, ...], as_json: bool) -> None:
    """Run each STAGE once now, in the order in which one needs what another makes.

    Without STAGE those that MARKET_FUNCTIONS names, or all. STAGE is one of rank_markets,
    collect_candles, load_candles, analyse_instruments, analyse_markets, sweep_summaries and
    compact_candles. One that fails does not keep the others from running.
    """
    from chalicelib.local.pipeline.stages import STAGES

    _run(_asked(stages, tuple(STAGES)), None, as_json=as_json)


@pipeline.command()
@in_home
@_stages
@click.option("--since", metavar="TIME", required=True, help="From here on, in UTC.")
@as_json
def backfill(stages: tuple[str, ...], since: str, as_json: bool) -> None:
    """Make the past complete: collect what is missing, load it, and sum up minutes again.

    Without STAGE those of collect_candles, load_candles and sweep_summaries that MARKET_FUNCTIONS
    names, or all three. If it breaks off, give it again.
    """
    from chalicelib.domain.instant import read_instant
    from chalicelib.local.pipeline.stages import BACKFILLED

    start = read_instant("--since", since)
    if start >= bootstrap.clock().now():
        raise SettingsError(f"--since is {since}; it must be a time that has passed")
    _run(_asked(stages, BACKFILLED), start, as_json=as_json)


@pipeline.command()
@in_home
@as_json
def status(as_json: bool) -> None:
    """Show of each stage when and how it ran last, and how far what it makes lies behind.

    Where a function runs the deployed bots, of that too.
    """
    from chalicelib.local.pipeline.run_stage import last_runs
    from chalicelib.local.pipeline.stages import STAGES

    runs, settings = last_runs(), bootstrap.settings()
    schedules = {**settings.market_schedules, **settings.bot_schedules}
    of_bots = [name for name in settings.bot_schedules if name in settings.bot_functions]
    rows = [
        _row(name, runs.get(name))
        | {"schedule": schedules[name] if name in settings.opted_functions else ""}
        for name in (*STAGES, *of_bots)
    ]
    show(rows, _STATUS_COLUMNS, as_json=as_json, empty="")
    if not as_json:
        for run in runs.values():
            _tell_trouble(run)


def _asked(stages: Sequence[str], offered: Sequence[str]) -> list[str]:
    from chalicelib.local.pipeline.stages import STAGES, stage_named

    wanted = {stage_named(name) for name in stages}
    other = sorted(wanted - set(offered))
    if other:
        raise SettingsError(f"{other[0]} has no past to fill; there are {', '.join(offered)}")
    switched_on = set(bootstrap.settings().market_functions) & set(offered)
    return [name for name in STAGES if name in (wanted or switched_on or offered)]


def _run(stages: Sequence[str], since: datetime | None, *, as_json: bool) -> None:
    from chalicelib.domain.market.stage_run import Outcome
    from chalicelib.local.pipeline.run_stage import alone, check_stores, run_stage
    from chalicelib.local.stopping import stopped_by_signals

    check_stores()
    runs: list[StageRun] = []
    with alone(), stopped_by_signals() as stopping, _progress(stages) as told:
        for name in stages:
            if stopping.is_set():
                break
            told(name, 0, 0)
            runs.append(run_stage(name, stopping, since=since, told=partial(told, name)))
            told(name, 1, 1)
    show([_row(run.stage, run) for run in runs], _RUN_COLUMNS, as_json=as_json, empty="")
    for run in runs:
        _tell_trouble(run)
    if len(runs) < len(stages) or any(run.outcome is not Outcome.DONE for run in runs):
        raise SystemExit(1)


def _tell_trouble(run: "StageRun") -> None:
    for trouble in run.trouble:
        click.echo(f"crypto-bot: {run.stage}: {trouble}", err=True)


def _row(name: str, run: "StageRun | None") -> dict[str, object]:
    """Seconds are whole ones; JSON has what the table leaves out, too."""
    if run is None:
        empty = dict.fromkeys(
            ("began_at", "ended_at", "rows", "seconds", "as_of", "lag", "done_at", "failing_since")
        )
        return {"stage": name, "outcome": "never", **empty, "trouble": []}
    lag = run.lag(bootstrap.clock().now())
    return {
        "stage": name,
        "outcome": str(run.outcome),
        "began_at": run.began_at,
        "ended_at": run.ended_at,
        "rows": run.rows,
        "seconds": round(run.duration.total_seconds(), 1),
        "as_of": run.as_of,
        "lag": None if lag is None else str(lag).partition(".")[0],
        "done_at": run.done_at,
        "failing_since": run.failing_since,
        "trouble": list(run.trouble),
    }


@contextmanager
def _progress(stages: Sequence[str]) -> Iterator[_Told]:
    """A bar for each stage on a terminal, and nothing anywhere else."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True
    ) as progress:
        tasks = {name: progress.add_task(name, start=False, total=None) for name in stages}

        def told(stage: str, done: int, total: int) -> None:
            progress.start_task(tasks[stage])
            progress.update(tasks[stage], completed=done, total=total or None)

        yield told
