"""Routes about the program: settings, channels, notices and the log.

What opens a channel comes in and never goes out: no answer, log line or row of a table has it.
"""

from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import LIMIT, Asked, Routes
from chalicelib.api.answers import Refused

if TYPE_CHECKING:
    from chalicelib.domain.operation.channel import Channel, Dispatch
    from chalicelib.services.operation.put_channel import PutChannel

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_LEVELS: Final = ["DEBUG", "INFO", "WARNING", "ERROR"]
_KINDS: Final = ["telegram", "discord", "slack", "webhook", "sns"]
_NAME: Final = {"type": "string", "minLength": 1, "maxLength": 64}
# No `type`, and nothing else that would be checked before it comes here: what is wrong with a body
# is said with some of it.
_FIELDS: Final = {
    "writeOnly": True,
    "description": 'What opens it, such as {"token": "...", "chat": "..."}; never shown. Left out,'
    " a channel that is there keeps what it has. GET /notifications tells the fields of each kind.",
}


@routes.reads("/settings", answer={"properties": {"settings": {"type": "array"}}})
def list_settings(_asked: Asked) -> dict[str, Any]:
    """What the program runs with: each setting's name, value, and the variable that sets it.

    Names of secrets are shown, and nothing that is in them.
    """
    from chalicelib import bootstrap
    from chalicelib.api.settings_shown import shown_settings

    settings = bootstrap.settings()
    home = "" if bootstrap.is_function() else str(bootstrap.home())
    return {
        "stage": settings.stage,
        "version": _version(),
        "settings": shown_settings(settings, home),
    }


def _version() -> str:
    """'' in a function's package, which has no record of it."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("crypto-bot")
    except PackageNotFoundError:
        return ""


@routes.reads("/notifications", answer={"properties": {"channels": {"type": "array"}}})
def list_channels(_asked: Asked) -> dict[str, Any]:
    """The channels over which the owner is told, and how the last message over each fared.

    `keys` tells the names of the fields that have a value, and never a value; `kinds` those that a
    channel of each kind has.
    """
    from chalicelib.bootstrap.operation import notices

    found, dispatch = notices().notifications(), notices().dispatch()
    return {
        "kinds": {kind: _fields(kind) for kind in _KINDS},
        "channels": [_channel(channel, dispatch) for channel in found.channels],
        "most_per_hour": found.most_per_hour,
        "summary_hour": found.summary_hour,
    }


def _fields(kind: str) -> dict[str, Any]:
    from chalicelib.domain.operation.channel import ChannelKind

    return {"needs": ChannelKind(kind).needs, "takes": ChannelKind(kind).takes}


def _channel(channel: "Channel", dispatch: "Dispatch") -> dict[str, Any]:
    from chalicelib import bootstrap
    from chalicelib.bootstrap.operation import operation
    from chalicelib.services.operation.try_channel import where_of

    record = dispatch.record(channel.name)
    # Only to look where it leads a function would have to read its secret.
    where = "" if bootstrap.is_function() else where_of(operation().notifiers, channel)
    return {
        "name": channel.name,
        "kind": channel.kind,
        "where": where,
        "secret": channel.secret,
        "keys": _presence(channel),
        "topic": channel.topic,
        "least": channel.least,
        "sent_last": max(record.sent, default=None),
        "failures": record.failures,
        "retry_at": record.retry_at,
        "trouble": record.trouble,
    }


def _presence(channel: "Channel") -> dict[str, Any]:
    from chalicelib import bootstrap
    from chalicelib.services.trading.key_presence import KeyPresence, Presence, presence_of

    if not channel.kind.needs:
        keys = KeyPresence(presence=Presence.NOT_NEEDED)
    elif bootstrap.is_function():
        keys = KeyPresence(presence=Presence.NOT_TOLD)
    else:
        keys = presence_of(channel.secret, bootstrap.secrets())
    return {"presence": keys.presence, "fields": keys.fields}


@routes.acts(
    "/notifications",
    body={
        "name": _NAME,
        "kind": {"type": "string", "enum": _KINDS},
        "least": {"type": "string", "enum": ["P1", "P2"], "description": "P1: only what is grave."},
        "topic": {"type": "string", "description": "Of sns; left out: that of the stage's alarms."},
        "fields": _FIELDS,
    },
    needed=("name", "kind"),
)
def put_channel(asked: Asked) -> dict[str, Any]:
    """Add a channel, or change the one of that name, whose kind stays.

    What opens it goes straight to where the bot reads it, and to no other place.
    """
    from functools import partial

    from chalicelib.bootstrap.accounts import channel_secret, owners_vault
    from chalicelib.bootstrap.operation import operation
    from chalicelib.domain.operation.channel import Channel, ChannelKind
    from chalicelib.domain.operation.notice import Severity
    from chalicelib.services.operation.put_channel import put_channel as put

    name, kind = asked.body["name"], ChannelKind(asked.body["kind"])
    wanted = Channel(
        name=name,
        kind=kind,
        secret=channel_secret(name),
        topic=asked.body.get("topic", ""),
        least=Severity(asked.body.get("least", "P2")),
    )
    found = put(
        operation(),
        wanted,
        asked.body.get("fields"),
        partial(owners_vault, f"notify add {name} --kind {kind}"),
        dry_run=asked.is_dry_run,
    )
    return _told(found, is_dry_run=asked.is_dry_run)


def _told(found: "PutChannel", *, is_dry_run: bool) -> dict[str, Any]:
    channel = found.channel
    what = "added" if found.is_new else "changed"
    where = f", {found.where}" if found.where else ""
    said = f"channel {channel.name} ({channel.kind}{where}) from {channel.least} on"
    stored = f"; {', '.join(found.fields)} as the secret {channel.secret}" if found.fields else ""
    shared = {"shared_with": found.shared_with}
    if is_dry_run:
        return {"would": f"{said} would be {what}{stored}", **shared}
    return {"done": f"{said} is {what}{stored}", **shared}


@routes.acts("/notifications/{channel}/remove")
def remove_channel(asked: Asked, channel: str) -> dict[str, Any]:
    """End a channel: nothing is told over it any more, and what opened it is forgotten."""
    from functools import partial

    from chalicelib.bootstrap.accounts import channel_secret, owners_vault
    from chalicelib.bootstrap.operation import operation
    from chalicelib.services.operation.remove_channel import remove_channel as remove

    _named(channel)
    removed = remove(
        operation(),
        channel,
        channel_secret(channel),
        partial(owners_vault, f"notify remove {channel} --yes"),
        dry_run=asked.is_dry_run,
    )
    told = f"channel {channel}"
    told += f", and its secret {removed.forgotten}," if removed.forgotten else ""
    stays = f"; the secret {removed.kept} stays" if removed.kept else ""
    if asked.is_dry_run:
        return {"would": f"{told} would be removed{stays}"}
    return {"done": f"{told} is removed{stays}"}


def _named(name: str) -> "Channel":
    from chalicelib.bootstrap.operation import notices

    found = notices().notifications().channel(name)
    if found is None:
        raise Refused(404, f"there is no channel {name[:60]!r}; GET /notifications lists them")
    return found


@routes.acts("/notifications/{channel}/test")
def test_channel(asked: Asked, channel: str) -> dict[str, Any]:
    """Send a message over a channel that says that it is a test."""
    from chalicelib import bootstrap
    from chalicelib.bootstrap.accounts import owners_vault
    from chalicelib.bootstrap.operation import operation
    from chalicelib.domain.errors import ActionRefused
    from chalicelib.services.operation.try_channel import trial, try_channel

    owners_vault("notify --test --yes")
    found = _named(channel)
    bulletin = trial(bootstrap.settings().stage.value, bootstrap.clock().now())
    send = not asked.is_dry_run
    tried = try_channel(operation().notifiers, found, bulletin, send=send)
    if not tried.ok:
        raise ActionRefused(f"channel {channel}: {tried.result}")
    if asked.is_dry_run:
        return {"would": f"would send over {channel}: {bulletin.text(500)}"}
    return {"done": f"sent over {channel}; look whether it has arrived"}


@routes.reads(
    "/notices",
    query={"limit": LIMIT},
    answer={"properties": {"notices": {"type": "array", "items": {"type": "object"}}}},
)
def list_notices(asked: Asked) -> dict[str, Any]:
    """What the owner was told or is to be told, newest first."""
    from chalicelib.bootstrap.operation import notices

    return {
        "notices": [
            {
                "at": notice.at,
                "severity": notice.severity,
                "sentence": notice.sentence,
                "told": notice.told,
                "signal_id": notice.signal_id,
            }
            for notice in notices().recent(asked.limit())
        ]
    }


@routes.reads(
    "/logs",
    query={
        "limit": LIMIT,
        "level": {"type": "string", "enum": _LEVELS, "description": "This one and graver."},
        "containing": "Only lines with this text, in any case.",
    },
    answer={"properties": {"lines": {"type": "array", "items": {"type": "object"}}}},
)
def list_log(asked: Asked) -> dict[str, Any]:
    """The newest lines of the log, newest first, without credentials; `where` says where it is.

    On AWS the log is in CloudWatch, and `lines` are none: a function has no right to read it.
    """
    from chalicelib import bootstrap

    if bootstrap.is_function():
        from chalicelib.domain.deployment.policies import deployed_name

        stage = bootstrap.settings().stage.value
        groups = [f"/aws/lambda/{deployed_name(name, stage)}" for name in ("api_handler", "tick")]
        return {"where": f"CloudWatch, log groups {' and '.join(groups)}", "lines": []}
    from chalicelib.adapters.telemetry.log_file import LOG_FILE, newest_lines

    home = bootstrap.home()
    lines = newest_lines(
        home,
        asked.limit(),
        level=asked.text("level", "INFO"),
        containing=asked.text("containing"),
    )
    return {"where": str(home / LOG_FILE), "lines": lines}
