"""bots deploy, update, start, stop, delete, logs: a bot that runs on live candles."""

from typing import Any

import click

from chalicelib import bootstrap
from chalicelib.bootstrap.bots import bot_ports, check_bot, forget_reader
from chalicelib.cli.bot_rows import mark_row
from chalicelib.cli.bot_sources import version_option
from chalicelib.cli.options import as_json, in_home, row_limit
from chalicelib.cli.output import show
from chalicelib.domain.bots.deployment import USUAL_CASH
from chalicelib.domain.bots.version import number_named
from chalicelib.domain.instant import read_instant
from chalicelib.domain.trading.account import Mode
from chalicelib.services.bots.delete_deployment import delete_deployment
from chalicelib.services.bots.deploy_bot import Deploying, Wanted, deploy_bot, prepare_deployment
from chalicelib.services.bots.find_deployment import find_deployment
from chalicelib.services.bots.report_deployment import marks_of
from chalicelib.services.bots.start_deployment import start_deployment
from chalicelib.services.bots.stop_deployment import stop_deployment
from chalicelib.services.bots.update_deployment import prepare_update, update_deployment

_MARKS = ("candle", "symbol", "close", "log", "signal")
_param = click.option(
    "--param", "params", multiple=True, metavar="NAME=NUMBER", help="Such as fast=20"
)


@click.command()
@in_home
@version_option
@click.option("--name", metavar="NAME", help="Of the deployment [default: the bot's].")
@click.option("--strategy", metavar="NAME", help="Whose signals they are [default: the name].")
@click.option(
    "--instrument", "instruments", multiple=True, metavar="NAME", help="[default: the bot's own]"
)
@click.option("--interval", default="", help="[default: the bot's own]")
@_param
@click.option("--cash", metavar="AMOUNT", help="In quote, what it reckons with [default: 10000].")
@click.option("--since", metavar="TIME", help="Trade by candles that close later [default: now].")
@click.option("--yes", is_flag=True, help="Do it, even where real money follows.")
@click.argument("bot")
def deploy(  # noqa: PLR0917 - click hands them over by name
    number: str | None,
    name: str | None,
    strategy: str | None,
    params: tuple[str, ...],
    cash: str | None,
    since: str | None,
    yes: bool,
    bot: str,
    **words: Any,
) -> None:
    """Let BOT run on live candles, if it stands its check.

    What it wants becomes signals of a strategy, and goes to every account that follows it.
    """
    from chalicelib.bootstrap.trials import amount
    from chalicelib.cli.deployments import parameter

    wanted = Wanted(
        name=name or bot,
        bot=bot,
        strategy=strategy or name or bot,
        since=bootstrap.clock().now() if since is None else read_instant("--since", since),
        cash=USUAL_CASH if cash is None else amount("--cash", cash),
        number=None if number is None else number_named(number),
        parameters=dict(map(parameter, params)),
        **words,
    )
    deploying = prepare_deployment(bot_ports(), bootstrap.webhook(), wanted, check_bot)
    _tell_checked(deploying)
    live = live_followers(wanted.strategy)
    if live and not yes:
        click.echo(
            f"Dry run: {', '.join(live)} would trade its wishes with real money; --yes deploys it."
        )
        return
    deployed = deploy_bot(bot_ports(), deploying)
    click.echo(
        f"{deployed.source} is deployed as {deployed.name} on {', '.join(deployed.instruments)}"
        f" {deployed.interval}, for strategy {deployed.strategy}. {_where_it_runs()}"
    )


@click.command()
@in_home
@click.option("--version", "number", metavar="X.Y", help="To this one [default: the newest].")
@_param
@click.option("--yes", is_flag=True, help="Do it, even where real money follows.")
@click.argument("deployment")
def update(number: str | None, params: tuple[str, ...], yes: bool, deployment: str) -> None:
    """Let a deployment go on with another version of its bot, or with other parameters.

    DEPLOYMENT keeps what it holds. Where the new version declares the same indicators and needs no
    longer history, it goes on with their state and its own; else it begins anew on the candles
    that were kept.
    """
    from chalicelib.cli.deployments import parameter

    ports = bot_ports()
    updating = prepare_update(
        ports,
        bootstrap.webhook(),
        check_bot,
        deployment,
        None if number is None else number_named(number),
        dict(map(parameter, params)),
    )
    live = live_followers(updating.deployed.strategy)
    if live and not yes:
        click.echo(
            f"Dry run: {', '.join(live)} trade its wishes with real money; --yes updates it."
        )
        return
    updated = update_deployment(ports, updating)
    stands = "" if updated.is_running else f"; it is stopped: crypto-bot bots start {deployment}"
    click.echo(f"{deployment} is {updated.source} now{stands}.")


@click.command()
@in_home
@click.argument("deployment")
def start(deployment: str) -> None:
    """Let a deployment that is stopped, or rests on an instrument, go on where it was."""
    started = start_deployment(bot_ports(), deployment)
    click.echo(f"{started.name} goes on. {_where_it_runs()}")


@click.command()
@in_home
@click.option("--reason", default="the owner stopped it", help="Kept with it.")
@click.argument("deployment")
def stop(reason: str, deployment: str) -> None:
    """Let a deployment ask for nothing more; what it holds stays, and its state is kept."""
    stopped = stop_deployment(bot_ports(), bootstrap.webhook(), deployment, reason)
    forget_reader(deployment)
    click.echo(
        f"{deployment} stops within seconds. What its strategy holds stays: crypto-bot close"
        f" {stopped.strategy} sells it; crypto-bot bots start {deployment} lets it go on."
    )


@click.command()
@in_home
@click.option("--yes", is_flag=True, help="Do it; without this it is only said.")
@click.argument("deployment")
def delete(yes: bool, deployment: str) -> None:
    """Forget a deployment that is stopped, with its state and its logs."""
    found = find_deployment(bot_ports(), deployment)
    if not yes:
        click.echo(
            f"Dry run: --yes forgets {deployment} ({found.source} on"
            f" {', '.join(found.instruments)}), its state and its logs; its signals stay."
        )
        return
    delete_deployment(bot_ports(), bootstrap.webhook(), deployment)
    forget_reader(deployment)
    click.echo(f"{deployment} is deleted.")


@click.command()
@in_home
@row_limit(20)
@as_json
@click.argument("deployment")
def logs(limit: int, as_json: bool, deployment: str) -> None:
    """Show what a deployment said, plotted (--json) and sent at its last candles."""
    found = find_deployment(bot_ports(), deployment)
    rows = [mark_row(symbol, mark) for symbol, mark in marks_of(bot_ports(), found, limit)]
    show(rows, _MARKS, as_json=as_json, empty=f"{deployment} has left nothing behind yet.")


def live_followers(strategy: str) -> list[str]:
    """Accounts that would trade its signals with real money."""
    configuration = bootstrap.strategies().configuration()
    followers = configuration.followers(strategy)
    return [name for name in followers if configuration.accounts[name].mode is Mode.LIVE]


def _where_it_runs() -> str:
    settings = bootstrap.settings()
    if not bootstrap.choices().from_outside:
        return "It runs in crypto-bot worker bots, or in crypto-bot run --market with its markets."
    if "run_bots" in settings.bot_functions:
        return f"The stage's function run_bots runs it, {settings.bot_schedules['run_bots']}."
    return (
        f"Stage {settings.stage} has no function that runs it: name run_bots in BOT_FUNCTIONS of"
        f" .chalice/config.json, then make configure and make deploy STAGE={settings.stage}."
    )


def _tell_checked(deploying: Deploying) -> None:
    for checked in deploying.checked:
        symbols = ", ".join(checked.setup.instruments)
        if checked.check is None:
            click.echo(
                f"crypto-bot: there are no candles of {symbols} {checked.setup.interval} in the"
                " lake: the bot is not checked on them",
                err=True,
            )
            continue
        for sentence in checked.check.unchecked:
            click.echo(f"crypto-bot: {symbols}: {sentence}", err=True)
