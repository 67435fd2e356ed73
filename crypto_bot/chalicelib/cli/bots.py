"""bots: what the owner's bots are, where they run, and every verb on them."""

from collections.abc import Sequence

import click

from chalicelib import bootstrap
from chalicelib.bootstrap.bots import bot_ports
from chalicelib.cli.bot_deployments import delete, deploy, logs, start, stop, update
from chalicelib.cli.bot_rows import (
    bot_row,
    deployment_row,
    signal_row,
    standing_row,
    test_row,
    version_row,
)
from chalicelib.cli.bot_sources import backtest, check, edit, new, save
from chalicelib.cli.options import as_json, in_home
from chalicelib.cli.output import Row, show, show_json
from chalicelib.cli.rows import order_row
from chalicelib.domain.bots.deployed import DeployedBot
from chalicelib.domain.bots.version import StoredBot, number_named
from chalicelib.domain.errors import ActionRefused
from chalicelib.services.bots.find_bot import find_bot
from chalicelib.services.bots.report_deployment import report_deployment

_BOTS = ("bot", "version", "saved_at", "versions")
_DEPLOYMENTS = ("deployment", "bot", "strategy", "instruments", "interval", "state", "why")
_VERSIONS = ("version", "saved_at", "used_at")
_TESTS = (
    *("version", "at", "instruments", "interval", "since", "until"),
    *("total_return", "sharpe", "max_drawdown", "report"),
)
_STANDINGS = ("symbol", "seen", "quantity", "cash", "equity", "gain", "resting")
_SIGNALS = ("fired_at", "symbol", "state", "price", "status", "outcome")
_ORDERS = ("created_at", "account", "side", "symbol", "quantity", "filled", "status", "reason")
_NONE = "There is no bot yet: crypto-bot bots new NAME writes one to begin with."


@click.group()
def bots() -> None:
    """Bots of your own: their versions, what they were tried on, and where they run."""


@bots.command(name="list")
@in_home
@as_json
def list_(as_json: bool) -> None:
    """Show all bots, and all deployments."""
    ports = bot_ports()
    stored = [bot_row(bot) for bot in ports.bots.all()]
    deployed = [deployment_row(deployment) for deployment in ports.deployments.all()]
    if as_json:
        show_json({"bots": stored, "deployments": deployed})
        return
    show(stored, _BOTS, as_json=False, empty=_NONE)
    if deployed:
        click.echo()
        show(deployed, _DEPLOYMENTS, as_json=False, empty="")


@bots.command(name="show")
@in_home
@as_json
@click.option("--version", "number", metavar="X.Y", help="Of the bot [default: the newest].")
@click.option("--source", is_flag=True, help="Only the source of that version.")
@click.option("--limit", type=click.IntRange(min=1), default=10, show_default=True, help="Rows.")
@click.argument("name")
def show_(as_json: bool, number: str | None, source: bool, limit: int, name: str) -> None:
    """Show all of one.

    NAME is a bot: its versions and their tests; or a deployment: how it stands, its signals, and
    the orders that they led to.
    """
    ports = bot_ports()
    if source:
        wanted = None if number is None else number_named(number)
        click.echo(find_bot(ports, name, wanted).source, nl=False)
        return
    stored, deployed = ports.bots.get(name), ports.deployments.get(name)
    if stored is None and deployed is None:
        names = {bot.name for bot in ports.bots.all()}
        names |= {found.name for found in ports.deployments.all()}
        known = ", ".join(sorted(names)) or "none"
        raise ActionRefused(f"there is no bot and no deployment {name}; there is {known}")
    of_bot = {} if stored is None else _of_bot(stored, number, limit)
    of_deployment = {} if deployed is None else _of_deployment(deployed, limit)
    if as_json:
        show_json(of_bot | of_deployment)
        return
    if of_bot:
        click.echo(f"Bot {name}")
        show(of_bot["versions"], _VERSIONS, as_json=False, empty="")
        click.echo()
        show(of_bot["tests"], _TESTS, as_json=False, empty="It was not tried on the past yet.")
    if of_deployment:
        click.echo(f"Deployment {name}")
        show(of_deployment["deployment"], _DEPLOYMENTS, as_json=False, empty="")
        click.echo()
        show(of_deployment["standing"], _STANDINGS, as_json=False, empty="")
        click.echo()
        show(of_deployment["signals"], _SIGNALS, as_json=False, empty="It has sent no signal yet.")
        if of_deployment["orders"]:
            click.echo()
            show(of_deployment["orders"], _ORDERS, as_json=False, empty="")


def _of_bot(stored: StoredBot, number: str | None, limit: int) -> dict[str, Sequence[Row]]:
    versions = stored.versions[::-1]
    if number is not None:
        versions = (stored.note(number_named(number)),)
    tests = [
        test_row(test)
        for note in versions
        for test in bot_ports().bots.tests(stored.name, note.number, limit)
    ]
    return {"versions": [version_row(note) for note in versions], "tests": tests[:limit]}


def _of_deployment(deployed: DeployedBot, limit: int) -> dict[str, Sequence[Row]]:
    report = report_deployment(bot_ports(), bootstrap.trading(), deployed, limit)
    return {
        "deployment": [deployment_row(deployed)],
        "standing": [standing_row(bot) for bot in report.bots],
        "signals": [signal_row(signal) for signal in report.signals[:limit]],
        "orders": [order_row(order) for order in report.orders[:limit]],
    }


for _verb in (new, save, edit, check, backtest, deploy, update, start, stop, delete, logs):
    bots.add_command(_verb)
