"""quarantine list | show | replay | drop: authentic alerts that nothing could be made of."""

import click

from chalicelib import bootstrap
from chalicelib.cli.options import as_json, in_known_home, row_limit
from chalicelib.cli.output import show, show_json
from chalicelib.cli.rows import given_up_row, quarantine_row, signal_row
from chalicelib.cli.slips import SubVerbs
from chalicelib.cli.words import moment, quarantine_line, signal_line
from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.signal import DesiredState, Signal
from chalicelib.services.trading.replay_alert import replay_alert
from chalicelib.services.trading.replay_signal import replay_signal

_COLUMNS = ("received_at", "strategy", "status", "reason", "excerpt", "id")
_REACH = 1_000  # signals among which those in quarantine are looked for


@click.group(cls=SubVerbs)
def quarantine() -> None:
    """Alerts that could not become signals, and signals that could not be planned."""


@quarantine.command("list")
@in_known_home
@as_json
@row_limit(20)
def list_alerts(as_json: bool, limit: int) -> None:
    """The newest of them, with the sentence that the sender was answered, or why planning failed.

    Signals are looked for among the newest 1,000.
    """
    store = bootstrap.signals()
    refused = [(alert.received_at, quarantine_row(alert)) for alert in store.quarantined(limit)]
    given_up = [(s.received_at, given_up_row(s)) for s in store.recent(_REACH) if s.quarantined_by]
    newest = sorted([*refused, *given_up], key=lambda item: item[0], reverse=True)
    rows = [row for _, row in newest[:limit]]
    show(rows, _COLUMNS, as_json=as_json, empty="No alert is in quarantine.")


@quarantine.command("show")
@in_known_home
@click.argument("alert_id")
def show_alert(alert_id: str) -> None:
    """Everything about ALERT_ID, credentials blanked, as JSON."""
    signal = _given_up(alert_id)
    if signal is not None:
        show_json(signal_row(signal))
        return
    alert = _named(alert_id)
    show_json({**quarantine_row(alert), "opened": alert.opened, "body": alert.body})


@quarantine.command("replay")
@in_known_home
@click.option("--yes", is_flag=True, help="Take it; without this it is only shown.")
@click.argument("alert_id")
def replay(yes: bool, alert_id: str) -> None:
    """Take ALERT_ID as if it arrived now, after its cause was mended.

    It keeps its own fire time: an entry that is too late by now is skipped, an exit always runs.
    """
    if _given_up(alert_id) is not None:
        signal, earlier = replay_signal(bootstrap.trading(), alert_id, dry_run=not yes), False
    else:
        replayed = replay_alert(bootstrap.trading(), alert_id, dry_run=not yes)
        signal, earlier = replayed.signal, replayed.earlier
    click.echo(f"{signal_line(signal)}: {signal.id}")
    if earlier:
        click.echo("It is stored already: the alert has arrived again by itself.")
    elif late := _late(signal):
        click.echo(late)
    click.echo("Taken; the next tick decides." if yes else "Dry run: --yes takes it.")


@quarantine.command("drop")
@in_known_home
@click.option("--yes", is_flag=True, help="Forget it; without this it is only shown.")
@click.argument("alert_id")
def drop(yes: bool, alert_id: str) -> None:
    """Forget ALERT_ID."""
    if _given_up(alert_id) is not None:
        raise ActionRefused(
            f"signal {alert_id} has ended and stays on record; leaving it alone is enough"
        )
    alert = _named(alert_id)
    if yes:
        bootstrap.signals().drop_quarantined(alert_id)
    click.echo(quarantine_line(alert))
    click.echo("Dropped." if yes else "Dry run: --yes drops it.")


def _given_up(signal_id: str) -> Signal | None:
    """The signal of that id, if an account could not plan it."""
    signal = bootstrap.signals().get(signal_id)
    return signal if signal is not None and signal.quarantined_by else None


def _named(alert_id: str) -> QuarantinedAlert:
    alert = bootstrap.signals().quarantined_alert(alert_id)
    if alert is None:
        raise ActionRefused(
            f"there is no alert {alert_id} in quarantine; crypto-bot quarantine list shows them"
        )
    return alert


def _late(signal: Signal) -> str:
    """A word of warning where the next tick will skip it."""
    strategy = bootstrap.strategies().strategy(signal.strategy)
    age = bootstrap.clock().now() - signal.fired_at
    if strategy is None or signal.state is not DesiredState.LONG or age <= strategy.entry_lag:
        return ""
    return (
        f"It fired {moment(signal.fired_at)}, and {signal.strategy} enters at most "
        f"{strategy.entry_lag} later: the next tick skips it."
    )
