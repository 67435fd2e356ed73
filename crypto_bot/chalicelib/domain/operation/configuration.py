"""notifications.toml -> the channels that the owner wants to be told over."""

import re
from typing import Final

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.operation.channel import (
    MOST_CHANNELS,
    MOST_PER_HOUR,
    SUMMARY_HOUR,
    Channel,
    ChannelKind,
    Notifications,
)
from chalicelib.domain.operation.notice import Severity
from chalicelib.domain.trading.configuration import values
from chalicelib.domain.trading.configuration.toml_source import Table, Unfit, read_toml

_KEYS: Final = frozenset({"most_per_hour", "summary_hour", "channels"})
_CHANNEL_KEYS: Final = frozenset({"kind", "secret", "topic", "least"})
_NEVER: Final = "never"
_TOPIC: Final = re.compile(r"arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w-]{1,256}")
_RIGHT_TOPIC: Final = 'the topic\'s name as AWS has it: "arn:aws:sns:eu-west-1:123456789012:alarms"'


def parse_notifications(text: str, name: str) -> Notifications:
    """SettingsError names the file, the line, the key and what would be right."""
    top = read_toml(text, name)
    top.refuse_unknown(_KEYS)
    tables = top.tables("channels")
    if len(tables) > MOST_CHANNELS:
        raise top.source.error(
            ("channels",), f"has {len(tables)} channels; {MOST_CHANNELS} are the most"
        )
    return Notifications(
        channels=tuple(_channel(table) for table in tables),
        most_per_hour=top.read("most_per_hour", values.whole(1, 100, "messages"), MOST_PER_HOUR),
        summary_hour=_hour(top),
    )


def check_channel(channel: Channel) -> None:
    """SettingsError for one that came another way than in a file, and would be wrong in one."""
    if not values.is_name(channel.name):
        raise SettingsError(
            f"the channel's name is {channel.name[:80]!r}, but must be up to 64 letters, digits,"
            " dots, dashes or underscores"
        )
    if channel.topic and channel.kind is not ChannelKind.SNS:
        raise SettingsError(f"a topic is for sns, and channel {channel.name} is {channel.kind}")
    if channel.topic and not _TOPIC.fullmatch(channel.topic):
        raise SettingsError(f"topic is {channel.topic[:80]!r}, but must be {_RIGHT_TOPIC}")


def _channel(table: Table) -> Channel:
    table.refuse_unknown(_CHANNEL_KEYS)
    name = table.path[-1]
    if not values.is_name(name):
        raise table.source.error(
            table.path,
            "has a name that is not up to 64 letters, digits, dots, dashes or underscores",
        )
    kind = table.need("kind", values.choice(ChannelKind))
    is_sns = kind is ChannelKind.SNS
    wrong = "secret" if is_sns else "topic"
    if wrong in table.values:
        needed = "its topic, as the function's own role opens it" if is_sns else "its secret"
        raise table.source.error((*table.path, wrong), f"is not for {kind}, which needs {needed}")
    return Channel(
        name=name,
        kind=kind,
        secret="" if is_sns else table.need("secret", values.text),
        topic=table.read("topic", _topic, "") if is_sns else "",
        least=table.read("least", values.choice(Severity), Severity.P2),
    )


def _topic(value: object) -> str:
    if not isinstance(value, str) or not _TOPIC.fullmatch(value):
        raise Unfit(_RIGHT_TOPIC)
    return value


def _hour(top: Table) -> int | None:
    def convert(value: object) -> int | None:
        return None if value == _NEVER else values.whole(0, 23, f'hours, or "{_NEVER}",')(value)

    return top.need("summary_hour", convert) if "summary_hour" in top.values else SUMMARY_HOUR
