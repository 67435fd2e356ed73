"""Slack, or what speaks its language (Mattermost, Rocket.Chat): an incoming webhook."""

from collections.abc import Mapping
from typing import Final

from chalicelib.adapters.notifiers.posting import field_of, target_of
from chalicelib.domain.operation.notice import Bulletin

_LONGEST: Final = 4000


class SlackNotifier:
    """`Notifier` whose secret has `url`."""

    def __init__(self, fields: Mapping[str, str], whose: str, *, allows_loopback: bool) -> None:
        url = field_of(fields, "url", whose)
        self._target = target_of(url, whose, allows_loopback=allows_loopback)

    def where(self) -> str:
        """See `Notifier.where`."""
        return f"a channel at {self._target.host}"

    def send(self, bulletin: Bulletin) -> None:
        """See `Notifier.send`. An alert's text must not call <!channel>."""
        self._target.post({"text": _escaped(bulletin.text(_LONGEST))})


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
