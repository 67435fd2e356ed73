"""bots new, save, edit, check, backtest: from an idea to a version that has shown something."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from chalicelib import bootstrap
from chalicelib.bootstrap.bots import (
    bot_ports,
    check_bot,
    in_a_sandbox_of_its_own,
    in_this_process,
)
from chalicelib.bootstrap.trials import backtested, setup_of, told_of_check
from chalicelib.cli.options import in_home
from chalicelib.cli.trial_words import of_a_trial
from chalicelib.domain.bots.refusals import BotFailed, BotRefused
from chalicelib.domain.bots.version import StoredBot, VersionNumber, check_name, number_named
from chalicelib.domain.errors import ActionRefused, SettingsError
from chalicelib.services.bots.find_bot import find_bot
from chalicelib.services.bots.save_bot import save_bot

version_option = click.option(
    "--version", "number", metavar="X.Y", help="Of the bot [default: the newest]."
)
_major = click.option("--major", is_flag=True, help="Make it the next major version.")


@click.command()
@click.argument("name")
def new(name: str) -> None:
    """Write NAME.py into this folder: a bot that runs, to begin with."""
    from chalicelib.domain.bots.bot_template import template

    check_name(name)
    file = Path(f"{name}.py")
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(template(name))
    except FileExistsError:
        raise ActionRefused(f"{file} is there already, and nothing is written") from None
    except OSError as error:
        raise SettingsError(f"{file} cannot be written: {error.strerror}") from None
    click.echo(
        f"{file} is written. Try it on the past: crypto-bot backtest {file}\n"
        f"Keep it, to let it run: crypto-bot bots save {file}"
    )


@click.command()
@in_home
@click.option("--name", metavar="NAME", help="What it is called [default: the file's name].")
@_major
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def save(name: str | None, major: bool, file: Path) -> None:
    """Store FILE as the newest version of a bot.

    A version that was run stays as it is, and this becomes the next one.
    """
    from chalicelib.adapters.bot_files import read_source

    called = name or file.stem
    before = bot_ports().bots.get(called)
    _tell_saved(before, save_bot(bot_ports(), called, read_source(file), is_major=major))


@click.command()
@in_home
@_major
@click.argument("name")
def edit(major: bool, name: str) -> None:
    """Open NAME's newest source in your editor ($VISUAL, $EDITOR), and store what comes of it."""
    found = find_bot(bot_ports(), name)
    if found.stored is None:
        raise ActionRefused(
            f"{name} comes with the program; crypto-bot bots new NAME writes one of your own"
        )
    draft = bootstrap.home() / f"{name}.draft.py"
    begun = draft.read_text(encoding="utf-8") if draft.exists() else found.source
    text = click.edit(begun, extension=".py")
    if text is None:
        click.echo("Nothing was written in the editor, and nothing changes.")
        return
    try:
        saved = save_bot(bot_ports(), name, text, is_major=major)
    except (BotRefused, BotFailed) as error:
        draft.write_text(text, encoding="utf-8")
        raise ActionRefused(
            f"{error}. Nothing is stored; what you wrote is kept in {draft}, and the next"
            " crypto-bot bots edit begins with it"
        ) from None
    draft.unlink(missing_ok=True)
    _tell_saved(found.stored, saved)


@click.command()
@in_home
@version_option
@click.option(
    "--instrument", "instruments", multiple=True, metavar="NAME", help="[default: the bot's own]"
)
@click.option("--interval", help="[default: the bot's own]")
@click.option("--param", "params", multiple=True, metavar="NAME=NUMBER", help="Such as fast=20")
@click.argument("name")
def check(number: str | None, params: tuple[str, ...], name: str, **words: Any) -> None:
    """Run NAME again and again on candles of the lake: it must always do the same.

    What is found here would keep it from being deployed.
    """
    from chalicelib.cli.deployments import parameter

    found = find_bot(bot_ports(), name, _number(number))
    given = dict(map(parameter, params))
    checked = check_bot(found, lambda: setup_of(found.load(), words, given))
    for line in told_of_check(found, checked):
        click.echo(line)
    if checked.check is not None and checked.check.findings:
        raise click.exceptions.Exit(1)


@click.command()
@in_home
@version_option
@click.option("--param", "params", multiple=True, metavar="NAME=NUMBER", help="Such as fast=20")
@click.option(
    "--contained",
    is_flag=True,
    help="Run its code in a process that can do nothing else, which takes ten times as long.",
)
@click.option("--progress", is_flag=True, help="With --contained: say on stderr how far it is.")
@of_a_trial
@click.argument("name")
def backtest(
    number: str | None,
    params: tuple[str, ...],
    contained: bool,
    progress: bool,
    name: str,
    **words: Any,
) -> None:
    """Try NAME on the candles of the lake, and keep what came of it with its version."""
    from chalicelib.bootstrap.market import lake
    from chalicelib.cli.backtesting import show_backtest
    from chalicelib.cli.deployments import parameter
    from chalicelib.cli.progress_lines import teller
    from chalicelib.reports.backtest_chart import backtest_chart
    from chalicelib.reports.backtest_page import backtest_page
    from chalicelib.services.bots.keep_backtest import Drawn, keep_backtest

    with in_a_sandbox_of_its_own() if contained else nullcontext(in_this_process()) as ports:
        found = find_bot(ports, name, _number(number))
        if found.stored is None or found.number is None:
            raise ActionRefused(
                f"{name} comes with the program and has no history: crypto-bot backtest {name}"
            )
        if not contained:
            click.echo(
                f"crypto-bot: {found.title} runs in this process, with all that you may do: only"
                " run what you trust.",
                err=True,
            )
        setup = setup_of(found.load(), words, dict(map(parameter, params)))
        report = backtested(setup, words, teller() if contained and progress else None)
        try:  # what is shown may find nobody that reads on: it is kept by then
            drawn = Drawn(backtest_page(report), backtest_chart(report))
            kept = keep_backtest(ports, lake(), found.stored, found.number, report, drawn)
        finally:
            show_backtest(report, words)
    click.echo(f"\nKept with {found.title}; the page is {kept.report}/report.html of the lake")


def _number(text: str | None) -> VersionNumber | None:
    return None if text is None else number_named(text)


def _tell_saved(before: StoredBot | None, after: StoredBot) -> None:
    number = after.newest.number
    if before == after:
        click.echo(f"Nothing changes: {after.name} {number} is already so.")
        return
    click.echo(
        f"{after.name} {number} is stored. Try it: crypto-bot bots backtest {after.name}; let it"
        f" run: crypto-bot bots deploy {after.name}"
    )
