"""Discord: a message through a channel's own webhook address."""

from collections.abc import Mapping
from typing import Final

from chalicelib.adapters.notifiers.posting import field_of, target_of
from chalicelib.domain.operation.notice import Bulletin

_LONGEST: Final = 2000


class DiscordNotifier:
    """`Notifier` whose secret has `url`."""

    def __init__(self, fields: Mapping[str, str], whose: str, *, allows_loopback: bool) -> None:
        url = field_of(fields, "url", whose)
        self._target = target_of(url, whose, allows_loopback=allows_loopback)

    def where(self) -> str:
        """See `Notifier.where`."""
        return f"a channel at {self._target.host}"

    def send(self, bulletin: Bulletin) -> None:
        """See `Notifier.send`. An alert's text must not call @everyone."""
        self._target.post({"content": bulletin.text(_LONGEST), "allowed_mentions": {"parse": []}})
