"""sweep: a bot with many combinations of its parameters, chosen on one part of the candles."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from typing_extensions import override

from chalicelib import bootstrap
from chalicelib.bootstrap.trials import no_candles, span_of, venue_of
from chalicelib.cli.options import in_home
from chalicelib.cli.trial_words import FILE, of_a_trial, one_setup, written
from chalicelib.cli.written_files import check_folders, write_then_show
from chalicelib.domain.bots.refusals import BotRefused, CandlesRefused
from chalicelib.domain.bots.sweep_ranking import METRICS
from chalicelib.domain.errors import SettingsError

if TYPE_CHECKING:
    from chalicelib.domain.bots.candles import Candles
    from chalicelib.domain.bots.setup import Setup
    from chalicelib.domain.bots.sweep_grid import Axis, Combination, Condition
    from chalicelib.domain.bots.sweep_report import Question, SweepReport
    from chalicelib.domain.bots.sweep_trial import Trials
    from chalicelib.domain.bots.sweep_windows import Window
    from chalicelib.domain.bots.views import Views
    from chalicelib.market_ports.candles import CandleLake

_USUAL_SPLIT = 0.7


@click.command()
@in_home
@click.argument("bot")
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUES",
    help="Such as fast=5:50:5, fast=5,8,13, fast=10, or fast for all its steps.",
)
@click.option(
    "--where", multiple=True, metavar="CONDITION", help='Only those, such as "fast<slow".'
)
@click.option("--random", "drawn", type=int, metavar="N", help="Draw N of the combinations.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draw.")
@click.option(
    "--metric", type=click.Choice(METRICS), default=METRICS[0], show_default=True, help="To go by."
)
@click.option("--split", type=float, metavar="SHARE", help="In-sample part [default: 0.7].")
@click.option("--walk-forward", type=int, metavar="N", help="Choose N times, on what went before.")
@click.option("--processes", type=click.IntRange(1, 256), metavar="N", help="[default: the cores].")
@click.option("--output", type=FILE, metavar="FILE", help="Keep the trials here, not in the home.")
@click.option("--here", is_flag=True, help="With --stage: its candles, but on this machine.")
@of_a_trial
@written
def sweep(bot: str, json_file: Path | None, html_file: Path | None, **words: Any) -> None:
    """Try BOT with many combinations of its parameters on the candles of the lake.

    They are chosen on the first part of the candles and tried again on the rest. What has been
    tried is kept: after Ctrl-C the same command goes on. With --stage the trials run on AWS, many
    at once, and Ctrl-C stops them there, too.
    """
    from chalicelib.cli.sweep_output import show_sweep

    check_folders(json_file, html_file, words["output"])
    report = _swept(bot, words)
    files = {}
    if json_file:
        from chalicelib.domain.bots.sweep_report import sweep_document

        document = sweep_document(report)
        files[json_file] = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    if html_file:
        from chalicelib.reports.sweep_page import sweep_page

        files[html_file] = sweep_page(report)
    write_then_show(files, lambda: show_sweep(report))


def _swept(bot: str, words: dict[str, Any]) -> "SweepReport":
    from chalicelib.bootstrap.sweeps import (
        program,
        source_of,
        stage_pool,
        trial_file,
        trial_pool,
    )
    from chalicelib.domain.bots.sweep_key import sweep_key
    from chalicelib.services.bots.sweep_bot import sweep_bot

    on_stage = _is_on_stage(words)
    question, trials = _asked(bot, words)
    source = source_of(bot)
    key = sweep_key(program(), source, trials)
    with trial_file(question.setup.name, key, words["output"]) as log:
        if on_stage:
            spans = [span for window in question.windows for span in window]
            pool = stage_pool(bot, source, key, trials, spans)
        else:
            count = len(question.combinations) * len(question.windows)
            pool = trial_pool(bot, source, trials, processes=words["processes"], count=count)
        try:
            with closing(pool), _progress() as told:
                report = sweep_bot(question, trials, pool, log, told)
        except KeyboardInterrupt:
            raise _Stopped(log.path, on_stage=on_stage) from None
    click.echo(f"All trials are kept in {log.path}", err=True)
    return report


def _is_on_stage(words: dict[str, Any]) -> bool:
    """Whether the trials run there; SettingsError where they cannot."""
    from chalicelib.bootstrap.sweeps import check_stage_runs

    if not bootstrap.choices().from_outside:
        if words["here"]:
            raise SettingsError("--here is for the candles of a stage: give --stage, too")
        return False
    if not words["here"]:
        if words["processes"]:
            raise SettingsError("--processes are those of this machine: with --stage add --here")
        check_stage_runs()
    return not words["here"]


class _Stopped(click.ClickException):
    """Ctrl-C, which loses at most what was just being tried."""

    exit_code = 130

    def __init__(self, kept: Path, *, on_stage: bool) -> None:
        where = ", on the stage, too" if on_stage else ""
        super().__init__(
            f"stopped{where}; what was tried is kept in {kept}: the same command goes on"
        )

    @override
    def show(self, file: Any = None) -> None:
        click.echo(f"crypto-bot: {self.message}", err=True)


def _asked(bot: str, words: dict[str, Any]) -> "tuple[Question, Trials]":
    from chalicelib.bootstrap.candles import candle_lake
    from chalicelib.bootstrap.trials import terms_of
    from chalicelib.domain.bots.sweep_report import Question
    from chalicelib.domain.bots.sweep_trial import Trials

    setup = one_setup(bot, words, {})
    try:
        axes, conditions, combinations = _combinations(setup, words)
        lake = candle_lake()
        venue = venue_of(lake, setup, words["venue"])
        terms = terms_of(setup, venue, words)
        candles, views = _candles(lake, setup, venue, words)
        windows = _windows(setup, candles, words)
    except (BotRefused, CandlesRefused) as error:
        raise SettingsError(str(error)) from None
    question = Question(
        setup=setup,
        venue=venue,
        axes=axes,
        conditions=conditions,
        drawn=words["drawn"],
        metric=words["metric"],
        combinations=combinations,
        windows=windows,
    )
    return question, Trials(setup, candles, terms, views)


def _combinations(
    setup: "Setup", words: dict[str, Any]
) -> "tuple[list[Axis], list[Condition], list[Combination]]":
    from chalicelib.domain.bots.sweep_grid import (
        axis_of,
        condition_of,
        drawn_combinations,
        every_combination,
    )

    axes = [axis_of(setup.bot, text) for text in words["params"]]
    conditions = [condition_of(setup.bot, text) for text in words["where"]]
    if words["drawn"] is None:
        return axes, conditions, every_combination(setup.bot, axes, conditions)
    drawn = drawn_combinations(setup.bot, axes, conditions, words["drawn"], words["seed"])
    return axes, conditions, drawn


def _candles(
    lake: "CandleLake", setup: "Setup", venue: str, words: dict[str, Any]
) -> "tuple[dict[str, Candles], Views]":
    from chalicelib.bootstrap.bots import findings
    from chalicelib.domain.bots.candles import moment
    from chalicelib.services.bots.backtest_bot import CandlesMissing, candles_kept
    from chalicelib.services.bots.past_views import past_views

    since, until = span_of(words)
    end = until or bootstrap.clock().now()
    try:
        candles = candles_kept(setup, lake, venue=venue, since=since, until=end)
    except CandlesMissing as error:
        raise no_candles(error, lake, since, until) from None
    begin = moment(min(series.start[0] for series in candles.values()))
    with findings() as known:
        return candles, past_views(known, setup, venue, begin, end)


def _windows(
    setup: "Setup", candles: "dict[str, Candles]", words: dict[str, Any]
) -> "list[Window]":
    from chalicelib.domain.bots.sweep_windows import split, starts_of, walk_forward

    share, count = words["split"], words["walk_forward"]
    if share is not None and count is not None:
        raise SettingsError("--split and --walk-forward are two ways of doing it: give one of them")
    starts, warmup = starts_of(candles), setup.bot.warmup
    if count is not None:
        return walk_forward(starts, count, warmup)
    return split(starts, _USUAL_SPLIT if share is None else share, warmup)


@contextmanager
def _progress() -> "Iterator[Callable[[int, int], None]]":
    """A bar on a terminal, and nothing anywhere else."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("trials"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("trials", total=None)

        def told(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield told
