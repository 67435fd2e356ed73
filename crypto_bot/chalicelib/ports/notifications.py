"""What the owner is told, and the channels it goes over."""

from collections.abc import Mapping
from typing import Protocol

from chalicelib.domain.operation.channel import Channel, Dispatch, Notifications
from chalicelib.domain.operation.notice import Bulletin, Notice
from chalicelib.domain.operation.watch import Watch


class NoticeStore(Protocol):
    """What the owner was told and is to be told. Updates are compare-and-set."""

    def add(self, notice: Notice) -> bool:
        """Store the notice once; whether its key is new."""
        ...

    def update(self, notice: Notice) -> Notice:
        """Save over the version it was read at; returns it with its new version."""
        ...

    def undone(self, limit: int) -> list[Notice]:
        """Those that some channel still waits for, oldest first."""
        ...

    def recent(self, limit: int) -> list[Notice]:
        """Newest first."""
        ...

    def watch(self) -> Watch:
        """What the last look remembered; a fresh one (version 0) before the first."""
        ...

    def save_watch(self, watch: Watch) -> Watch:
        """Compare-and-set."""
        ...

    def dispatch(self) -> Dispatch:
        """What became of the messages so far; a fresh one (version 0) before the first."""
        ...

    def save_dispatch(self, dispatch: Dispatch) -> Dispatch:
        """Compare-and-set."""
        ...

    def notifications(self) -> Notifications:
        """The owner's channels; none (version 0) where nothing was applied yet."""
        ...

    def save_notifications(self, notifications: Notifications) -> Notifications:
        """Compare-and-set."""
        ...


class Notifier(Protocol):
    """One opened channel."""

    def where(self) -> str:
        """Where its messages go, for people: nothing in it opens anything."""
        ...

    def send(self, bulletin: Bulletin) -> None:
        """Hand it over within seconds, or NotDelivered."""
        ...


class Notifiers(Protocol):
    """Opens channels."""

    def open(self, channel: Channel, fields: Mapping[str, str] | None = None) -> Notifier:
        """SettingsError names what its secret lacks, or `fields`, which may become its secret."""
        ...
