"""alert-template and lint-alert: the message in TradingView's alert dialog."""

from pathlib import Path

import click

from chalicelib import bootstrap
from chalicelib.cli.applying import public_url_option, read_file, webhook_url
from chalicelib.cli.options import as_json, in_home
from chalicelib.cli.output import show_json
from chalicelib.domain.trading.alerts.template import alert_template as template_of
from chalicelib.domain.trading.alerts.template import lint_notes, lint_template
from chalicelib.domain.trading.configuration.names import strategy_named


@click.command("alert-template")
@in_home
@as_json
@public_url_option
@click.argument("strategy")
def alert_template(as_json: bool, public_url: str, strategy: str) -> None:
    """Message and webhook URL for TradingView.

    To paste into the alert dialog of STRATEGY.
    """
    known = strategy_named(bootstrap.strategies().configuration(), strategy)
    url = webhook_url(public_url, known.name, "TOKEN")
    message = template_of(known)
    if as_json:
        show_json({"url": url, "message": message})
        return
    click.echo(message)
    click.echo(f"Webhook URL: {url}", err=True)
    click.echo(
        "TOKEN is what `strategies apply` showed once; "
        f"`crypto-bot strategies token {known.name}` makes another.",
        err=True,
    )


@click.command("lint-alert")
@in_home
@as_json
@click.option("--strategy", metavar="NAME", help="Whose alert it is: checks its tickers, too.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def lint_alert(as_json: bool, strategy: str | None, file: Path) -> None:
    """Check a message as the webhook reads it.

    Exit code 1 if an alert with the message in FILE would fail.
    """
    known = None
    if strategy is not None:
        known = strategy_named(bootstrap.strategies().configuration(), strategy)
    text = read_file(file)
    problems, notes = lint_template(text, known), lint_notes(text)
    if as_json:
        show_json({"file": str(file), "problems": problems, "notes": notes})
    else:
        for note in notes:
            click.echo(f"{file}: note: {note}")
        for problem in problems:
            click.echo(f"{file}: {problem}")
        click.echo(f"{len(problems)} problems." if problems else "The message is good.")
    if problems:
        raise SystemExit(1)
