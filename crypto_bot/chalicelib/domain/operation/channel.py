"""Where notices go, and how many of them: what the owner wrote into notifications.toml."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from chalicelib.domain.operation.notice import Severity

MOST_CHANNELS: Final = 10
MOST_PER_HOUR: Final = 20
SUMMARY_HOUR: Final = 7

_HOUR: Final = timedelta(hours=1)
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_DOUBLINGS: Final = 6


class ChannelKind(StrEnum):
    """Who carries the message."""

    SNS = "sns"
    TELEGRAM = "telegram"
    DISCORD = "discord"
    SLACK = "slack"
    WEBHOOK = "webhook"

    @property
    def needs(self) -> tuple[str, ...]:
        """Fields that its secret has to have; none where it has no secret."""
        return _NEEDED[self]

    @property
    def takes(self) -> tuple[str, ...]:
        """Fields that its secret may have besides."""
        return ("authorization",) if self is ChannelKind.WEBHOOK else ()


_NEEDED: Final = {
    ChannelKind.SNS: (),
    ChannelKind.TELEGRAM: ("token", "chat"),
    ChannelKind.DISCORD: ("url",),
    ChannelKind.SLACK: ("url",),
    ChannelKind.WEBHOOK: ("url",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way to the owner. `secret` names what opens it, `topic` is SNS's; P1 `least` mutes P2."""

    name: str
    kind: ChannelKind
    secret: str = ""
    topic: str = ""
    least: Severity = Severity.P2

    def wants(self, severity: Severity) -> bool:
        """Whether it is grave enough for this channel."""
        return severity <= self.least


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifications:
    """All channels by name. `summary_hour` (UTC) is when a day is summed up; None for never."""

    channels: tuple[Channel, ...] = ()
    most_per_hour: int = MOST_PER_HOUR
    summary_hour: int | None = SUMMARY_HOUR
    version: int = 0

    def channel(self, name: str) -> Channel | None:
        """The one of that name."""
        return next((one for one in self.channels if one.name == name), None)

    def with_channel(self, channel: Channel) -> "Notifications":
        """With it in the place of the one of its name, or as the last."""
        if self.channel(channel.name) is None:
            return replace(self, channels=(*self.channels, channel))
        places = (channel if one.name == channel.name else one for one in self.channels)
        return replace(self, channels=tuple(places))

    def without_channel(self, name: str) -> "Notifications":
        """The others."""
        return replace(self, channels=tuple(one for one in self.channels if one.name != name))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRecord:
    """What became of the bulletins of one channel; `trouble` is why the last one failed, if so."""

    sent: tuple[datetime, ...] = ()
    failures: int = 0
    retry_at: datetime | None = None
    trouble: str = ""

    def has_room(self, severity: Severity, most: int, now: datetime) -> bool:
        """Whether another one may go now. Half of the room is kept for what is grave."""
        if self.retry_at is not None and now < self.retry_at:
            return False
        room = most if severity is Severity.P1 else (most + 1) // 2
        return len([at for at in self.sent if now - at < _HOUR]) < room

    def succeeded(self, now: datetime) -> "ChannelRecord":
        """The record after a bulletin that arrived."""
        return ChannelRecord(sent=(*(at for at in self.sent if now - at < _HOUR), now))

    def failed(self, now: datetime, trouble: str) -> "ChannelRecord":
        """The record after one that did not: the next is tried after 1, 2, 4 ... 60 minutes."""
        pause = min(_FIRST_PAUSE * 2 ** min(self.failures, _DOUBLINGS), _LONGEST_PAUSE)
        return ChannelRecord(
            sent=self.sent, failures=self.failures + 1, retry_at=now + pause, trouble=trouble
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """The records of all channels, saved by compare-and-set on `version`."""

    records: dict[str, ChannelRecord] = field(default_factory=dict)
    version: int = 0

    def record(self, channel: str) -> ChannelRecord:
        """An empty one for a channel that nothing was sent over."""
        return self.records.get(channel, ChannelRecord())
