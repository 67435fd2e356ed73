"""notify: where the owner is told, what was said last, and a message to try it with."""

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from chalicelib import bootstrap
from chalicelib.bootstrap.accounts import channel_secret
from chalicelib.bootstrap.operation import notices, operation
from chalicelib.cli.applying import dry_run_option, read_file
from chalicelib.cli.options import as_json, in_home
from chalicelib.cli.output import show, show_json
from chalicelib.cli.rows import Row
from chalicelib.cli.secret_input import hidden, read_fields, refuse_typed
from chalicelib.domain.operation.channel import Channel, ChannelKind
from chalicelib.domain.operation.configuration import parse_notifications
from chalicelib.domain.operation.notice import Bulletin, Notice, Severity
from chalicelib.services.operation.apply_notifications import apply_notifications
from chalicelib.services.operation.put_channel import put_channel
from chalicelib.services.operation.remove_channel import remove_channel
from chalicelib.services.operation.try_channel import trial, try_channel, where_of

_CHANNEL_COLUMNS = ("channel", "kind", "where", "least", "state")
_NOTICE_COLUMNS = ("at", "severity", "sentence", "told")
_NEWEST = 20
_SHOWN = 4_000


@click.group(invoke_without_command=True)
@in_home
@as_json
@click.option("--test", "test", is_flag=True, help="Show the message that --yes would send.")
@click.option("--yes", is_flag=True, help="With --test: send it over every channel.")
@click.pass_context
def notify(context: click.Context, as_json: bool, test: bool, yes: bool) -> None:
    """Tell the owner: channels and the newest notices.

    With --test one message for each channel, shown and not sent unless you say --yes.
    """
    if context.invoked_subcommand is not None:
        return
    if yes and not test:
        raise click.UsageError("--yes belongs to --test: crypto-bot notify --test --yes")
    if test:
        _test(as_json=as_json, send=yes)
        return
    _list(as_json=as_json)


@notify.command("apply")
@in_home
@dry_run_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def apply_file(dry_run: bool, file: Path) -> None:
    """Make FILE (TOML) the channels; docs/notifications.md shows one."""
    wanted = parse_notifications(read_file(file), file.name)
    for channel in wanted.channels:
        click.echo(f"{channel.name}: {channel.kind}, {_where(channel)}, from {channel.least} on")
    if not wanted.channels:
        click.echo("No channel: notices are only kept, crypto-bot notify lists them.")
    if dry_run:
        click.echo("Dry run: nothing was stored.")
    elif apply_notifications(notices(), wanted):
        click.echo("Applied. crypto-bot notify --test --yes sends a message over each.")
    else:
        click.echo("Nothing changes: it is already so.")


@notify.command("add")
@in_home
@dry_run_option
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in ChannelKind]))
@click.option("--least", type=click.Choice(["P1", "P2"]), default="P2", show_default=True)
@click.option("--topic", default="", metavar="ARN", help="Of sns [default: the stage's alarms].")
@click.option("--keep-secret", is_flag=True, help="Of a channel that is there: leave it as it is.")
@click.argument("name")
@click.argument("typed", nargs=-1, metavar="")
def add(
    name: str,
    typed: tuple[str, ...],
    *,
    kind: str,
    least: str,
    topic: str,
    keep_secret: bool,
    dry_run: bool,
) -> None:
    """Add the channel NAME, or change it.

    What opens it is read from a prompt that does not show it, or from standard input: a JSON
    object, or lines such as url=VALUE. It replaces what was there.
    """
    refuse_typed(typed)
    wanted = Channel(
        name=name,
        kind=ChannelKind(kind),
        secret=channel_secret(name),
        topic=topic,
        least=Severity(least),
    )
    fields = None if keep_secret or not wanted.kind.needs else _asked(wanted.kind)
    put = put_channel(operation(), wanted, fields, bootstrap.secrets, dry_run=dry_run)
    where = f", {put.where}" if put.where else ""
    click.echo(f"{name}: {kind}{where}, from {least} on")
    if put.shared_with:
        click.echo(f"Its secret opens {', '.join(put.shared_with)}, too.")
    if dry_run:
        click.echo("Dry run: nothing was stored.")
        return
    if put.fields:
        click.echo(f"Stored {', '.join(put.fields)} as the secret {put.channel.secret}.")
    click.echo("Applied. crypto-bot notify --test --yes sends a message over each.")


def _asked(kind: ChannelKind) -> Mapping[str, str]:
    if not sys.stdin.isatty():
        return read_fields(sys.stdin.read(), kind.needs[0])
    click.echo(f"What opens {kind}; what you type is not shown.")
    answers = {field: hidden(field) for field in kind.needs}
    answers |= {field: hidden(f"{field} (Enter if there is none)") for field in kind.takes}
    return {field: answer for field, answer in answers.items() if answer}


@notify.command("remove")
@in_home
@click.option("--yes", is_flag=True, help="Remove it; else it is only said what would be.")
@click.argument("name")
def remove(yes: bool, name: str) -> None:
    """Remove the channel NAME, with what opened it where that was made for it."""
    found = remove_channel(
        operation(), name, channel_secret(name), bootstrap.secrets, dry_run=not yes
    )
    secret = f" and its secret {found.forgotten}" if found.forgotten else ""
    if yes:
        click.echo(f"Removed channel {name}{secret}.")
    else:
        click.echo(f"Dry run: channel {name}{secret} would be removed; say --yes.")
    if found.kept:
        click.echo(f"The secret {found.kept} stays.")


def _list(*, as_json: bool) -> None:
    notifications, dispatch = notices().notifications(), notices().dispatch()
    channels: list[Row] = [
        {
            "channel": channel.name,
            "kind": channel.kind.value,
            "where": _where(channel),
            "least": channel.least.value,
            "state": dispatch.record(channel.name).trouble or "works",
        }
        for channel in notifications.channels
    ]
    said = [_row(notice) for notice in notices().recent(_NEWEST)]
    if as_json:
        show_json({"channels": channels, "notices": said})
        return
    none = "There is no channel yet: crypto-bot notify add NAME --kind KIND."
    show(channels, _CHANNEL_COLUMNS, as_json=False, empty=none)
    show(said, _NOTICE_COLUMNS, as_json=False, empty="Nothing was worth saying yet.")


def _row(notice: Notice) -> Row:
    return {
        "at": notice.at,
        "severity": notice.severity.value,
        "sentence": notice.sentence,
        "told": list(notice.told),
        "key": notice.key,
        "signal_id": notice.signal_id,
    }


def _test(*, as_json: bool, send: bool) -> None:
    """Exit code 1 if a channel cannot be used."""
    bulletin = trial(bootstrap.settings().stage.value, bootstrap.clock().now())
    channels = notices().notifications().channels
    rows = [_tried(channel, bulletin, send=send) for channel in channels]
    if as_json:
        show_json({"text": bulletin.text(_SHOWN), "sent": send, "channels": rows})
    else:
        click.echo(bulletin.text(_SHOWN))
        click.echo()
        none = "There is no channel yet: crypto-bot notify add NAME --kind KIND."
        show(rows, ("channel", "where", "result"), as_json=False, empty=none)
        if channels and not send:
            click.echo("Dry run: nothing was sent; crypto-bot notify --test --yes sends it.")
    if not all(row["ok"] for row in rows):
        raise SystemExit(1)


def _tried(channel: Channel, bulletin: Bulletin, *, send: bool) -> Row:
    tried = try_channel(operation().notifiers, channel, bulletin, send=send)
    row: Row = {"channel": channel.name, "kind": channel.kind.value, "where": _where(channel)}
    return {**row, "ok": tried.ok, "result": tried.result}


def _where(channel: Channel) -> str:
    return where_of(operation().notifiers, channel)
