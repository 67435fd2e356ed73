"""run and tick: everything in this process until stopped, or one round of work."""

import os
import platform
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click

from chalicelib import bootstrap
from chalicelib.cli.options import DEPLOYED, in_known_home
from chalicelib.cli.output import show_json
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.instant import read_instant
from chalicelib.domain.trading.account import Mode
from chalicelib.settings import Stage

_BUDGET = timedelta(seconds=50)


@click.command()
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder that holds the state [default: CRYPTO_BOT_HOME, else the platform's].",
)
@click.option(
    "--stage",
    type=click.Choice(DEPLOYED),
    help="Trade with the stores of this stage on AWS; home keeps the log and a lock only.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="0: any free one.",
)
@click.option("--for", "seconds", type=float, help="Stop after so many seconds.")
@click.option("--public-url", default="", metavar="URL", help="Where a tunnel serves this port.")
@click.option("--no-demo", is_flag=True, help="Start empty instead of with a demonstration.")
@click.option(
    "--replay-clock", is_flag=True, help="The time is the newest alert's; virtual accounts only."
)
@click.option(
    "--prices",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Candles that price every virtual account.",
)
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="At the end, draw what was last shown as SVG.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: log lines as JSON instead of tables.",
)
@click.option(
    "--market",
    "markets",
    multiple=True,
    metavar="NAME",
    help="Keep every trade of this market, such as BTC/USDT, and sum it up by minute.",
)
@click.option(
    "--collect", "collects", is_flag=True, help="Ask for the trades each minute; no stream."
)
def run(  # noqa: PLR0917 - click hands them over by name
    home: Path | None,
    stage: str | None,
    host: str,
    port: int,
    seconds: float | None,
    public_url: str,
    no_demo: bool,
    replay_clock: bool,
    prices: Path | None,
    picture: Path | None,
    log_format: str,
    markets: tuple[str, ...],
    collects: bool,
) -> None:
    """Take alerts and trade until Ctrl-C.

    With nothing configured, a demonstration runs in a sub-folder of its own. With --stage, alerts
    arrive at the stage's API, and whoever else ticks there is waited for: both never act at once.
    """
    from chalicelib import local
    from chalicelib.cli.applying import check_public_url
    from chalicelib.cli.screenshot import Photographer
    from chalicelib.cli.terminal_view import LogView, view_for
    from chalicelib.cli.written_files import check_folders

    check_folders(picture)
    if public_url:
        check_public_url(public_url)
    options = local.RunOptions(
        home=home,
        host=host,
        port=port,
        seconds=seconds,
        public_url=public_url,
        demo=not no_demo,
        replay_clock=replay_clock,
        prices=prices,
        logs_json=log_format == "json",
        stage=None if stage is None else Stage(stage),
        markets=markets,
        collects=collects,
    )
    view = LogView() if options.logs_json else view_for(sys.stdout)
    local.run(options, view if picture is None else Photographer(view, picture))


@click.command()
@in_known_home
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a sentence.")
@click.option("--at", metavar="TIME", help="Pretend it is TIME (UTC); virtual accounts only.")
def tick(as_json: bool, at: str | None) -> None:
    """Do what is due now, once.

    That is: reconcile orders, book fills, plan, execute.
    """
    from chalicelib.functions.watching import after_tick
    from chalicelib.services.trading.tick import tick as do_tick

    if at is not None:
        _pretend(at)
    ports = bootstrap.trading()
    deadline = ports.clock.now() + _BUDGET
    owner = f"cli-{platform.node()}-{os.getpid()}"  # on a stage, other machines tick, too
    try:
        report = do_tick(ports, owner=owner, deadline=deadline)
    except Exception as failure:
        if at is None:
            after_tick(None, failure, owner=owner)
        raise
    if at is None:
        after_tick(report, owner=owner)
    if not as_json:
        click.echo(report.summary())
        return
    show_json(
        {
            "outcome": report.outcome,
            "accounts": [
                {
                    "account": a.account,
                    "status": a.status,
                    "plans": a.plans,
                    "orders_sent": a.orders_sent,
                    "fills_booked": a.fills_booked,
                    "detail": a.detail,
                }
                for a in report.accounts
            ],
        }
    )


def _pretend(text: str) -> None:
    """From here on the clock stands at this time, which a real venue would not follow."""
    from chalicelib.adapters.clock import ReplayClock

    at = read_instant("--at", text, "2024-08-10T02:30:00Z")
    for account in bootstrap.strategies().configuration().accounts.values():
        if account.mode is not Mode.VIRTUAL:
            raise SettingsError(
                f"--at pretends another time, and account {account.name} is {account.mode}; "
                "that works with virtual accounts only"
            )
    bootstrap.use(replace(bootstrap.choices(), clock=ReplayClock(at)))
