"""Routes about the program: settings, channels, notices and the log. No value of a secret."""

from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import LIMIT, Asked, Routes
from chalicelib.api.answers import Refused

if TYPE_CHECKING:
    from chalicelib.domain.operation.channel import Channel, Dispatch

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_LEVELS: Final = ["DEBUG", "INFO", "WARNING", "ERROR"]


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
    """The channels over which the owner is told, and how the last message over each fared."""
    from chalicelib.bootstrap.operation import notices

    found, dispatch = notices().notifications(), notices().dispatch()
    return {
        "channels": [_channel(channel, dispatch) for channel in found.channels],
        "most_per_hour": found.most_per_hour,
        "summary_hour": found.summary_hour,
    }


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
        "topic": channel.topic,
        "least": channel.least,
        "sent_last": max(record.sent, default=None),
        "failures": record.failures,
        "retry_at": record.retry_at,
        "trouble": record.trouble,
    }


@routes.acts("/notifications/{channel}/test")
def test_channel(asked: Asked, channel: str) -> dict[str, Any]:
    """Send a message over a channel that says that it is a test."""
    from chalicelib import bootstrap
    from chalicelib.bootstrap.accounts import owners_vault
    from chalicelib.bootstrap.operation import notices, operation
    from chalicelib.domain.errors import ActionRefused
    from chalicelib.services.operation.try_channel import trial, try_channel

    owners_vault("notify --test --yes")
    found = [one for one in notices().notifications().channels if one.name == channel]
    if not found:
        raise Refused(404, f"there is no channel {channel[:60]!r}; GET /notifications lists them")
    bulletin = trial(bootstrap.settings().stage.value, bootstrap.clock().now())
    send = not asked.is_dry_run
    tried = try_channel(operation().notifiers, found[0], bulletin, send=send)
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
