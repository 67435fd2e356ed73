"""Routes about the program: settings, channels, notices and the log.

What opens a channel comes in and never goes out: no answer, log line or row of a table has it.
"""

from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import LIMIT, Asked, Routes
from chalicelib.api.answers import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.domain.operation.channel import Channel, Dispatch

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
    channel of each kind has; `keys_refusal` why what opens one cannot be handed in here.
    """
    from chalicelib.bootstrap.key_desk import key_desk, keys_refusal
    from chalicelib.bootstrap.operation import notices
    from chalicelib.domain.errors import StoreUnavailable
    from chalicelib.domain.operation.key_acts import ShowChannelKeys

    found, dispatch = notices().notifications(), notices().dispatch()
    try:
        keys = key_desk().do(ShowChannelKeys())
    except StoreUnavailable:
        keys = {}
    return {
        "kinds": {kind: _fields(kind) for kind in _KINDS},
        "channels": [_channel(one, dispatch, keys.get(one.name)) for one in found.channels],
        "most_per_hour": found.most_per_hour,
        "summary_hour": found.summary_hour,
        "keys_refusal": keys_refusal(),
    }


def _fields(kind: str) -> dict[str, Any]:
    from chalicelib.domain.operation.channel import ChannelKind

    return {"needs": ChannelKind(kind).needs, "takes": ChannelKind(kind).takes}


def _channel(
    channel: "Channel", dispatch: "Dispatch", known: "Mapping[str, Any] | None"
) -> dict[str, Any]:
    from chalicelib.services.trading.key_presence import Presence

    record = dispatch.record(channel.name)
    keys = known or {"presence": Presence.NOT_TOLD, "fields": (), "where": ""}
    return {
        "name": channel.name,
        "kind": channel.kind,
        "where": keys["where"],
        "secret": channel.secret,
        "keys": {"presence": keys["presence"], "fields": keys["fields"]},
        "topic": channel.topic,
        "least": channel.least,
        "sent_last": max(record.sent, default=None),
        "failures": record.failures,
        "retry_at": record.retry_at,
        "trouble": record.trouble,
    }


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
    from chalicelib.bootstrap.key_desk import key_desk
    from chalicelib.domain.operation.key_acts import PutChannel

    act = PutChannel(**asked.body, by=asked.holder.name, dry_run=asked.is_dry_run)
    return key_desk().do(act)


@routes.acts("/notifications/{channel}/remove")
def remove_channel(asked: Asked, channel: str) -> dict[str, Any]:
    """End a channel: nothing is told over it any more, and what opened it is forgotten."""
    from chalicelib.bootstrap.key_desk import key_desk
    from chalicelib.domain.operation.key_acts import RemoveChannel

    _refuse_unknown(channel)
    act = RemoveChannel(channel=channel, by=asked.holder.name, dry_run=asked.is_dry_run)
    return key_desk().do(act)


def _refuse_unknown(name: str) -> None:
    from chalicelib.bootstrap.operation import notices

    if notices().notifications().channel(name) is None:
        raise Refused(404, f"there is no channel {name[:60]!r}; GET /notifications lists them")


@routes.acts("/notifications/{channel}/test")
def test_channel(asked: Asked, channel: str) -> dict[str, Any]:
    """Send a message over a channel that says that it is a test."""
    from chalicelib.bootstrap.key_desk import key_desk
    from chalicelib.domain.operation.key_acts import TryChannel

    _refuse_unknown(channel)
    act = TryChannel(channel=channel, by=asked.holder.name, dry_run=asked.is_dry_run)
    return key_desk().do(act)


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
