"""A message by which the owner sees whether a channel reaches him."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.errors import CryptoBotError
from chalicelib.domain.operation.channel import Channel
from chalicelib.domain.operation.notice import Bulletin, Notice, Severity, bulletin_of
from chalicelib.ports import Notifiers


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """`result` is a sentence."""

    ok: bool
    result: str


def trial(stage: str, now: datetime) -> Bulletin:
    """What is sent."""
    notice = Notice(
        key="test",
        severity=Severity.P2,
        sentence="this is a test; what needs you is told here from now on",
        at=now,
    )
    return bulletin_of([notice], stage)


def try_channel(notifiers: Notifiers, channel: Channel, bulletin: Bulletin, *, send: bool) -> Tried:
    """Without `send` it is only seen whether the channel can be opened."""
    try:
        notifier = notifiers.open(channel)
        if send:
            notifier.send(bulletin)
    except CryptoBotError as trouble:
        return Tried(ok=False, result=str(trouble))
    return Tried(ok=True, result="sent" if send else "would be sent")


def where_of(notifiers: Notifiers, channel: Channel) -> str:
    """Where its messages go, for people."""
    try:
        return notifiers.open(channel).where()
    except CryptoBotError as trouble:
        return f"cannot be opened: {trouble}"
