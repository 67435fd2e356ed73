"""A webhook of the owner's own: the notices as JSON."""

from collections.abc import Mapping
from typing import Final

from chalicelib.adapters.notifiers.posting import field_of, target_of
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.operation.notice import Bulletin

_LONGEST: Final = 4000


class WebhookNotifier:
    """`Notifier` whose secret has `url`, and `authorization` where that header is asked for."""

    def __init__(self, fields: Mapping[str, str], whose: str, *, allows_loopback: bool) -> None:
        url = field_of(fields, "url", whose)
        self._target = target_of(url, whose, allows_loopback=allows_loopback)
        header = fields.get("authorization", "").strip()
        if not (header.isascii() and (header.isprintable() or not header)):
            raise SettingsError(f"{whose} has an authorization that is no header: plain letters")
        self._headers = {"Authorization": header} if header else {}

    def where(self) -> str:
        """See `Notifier.where`."""
        return self._target.host

    def send(self, bulletin: Bulletin) -> None:
        """See `Notifier.send`."""
        notices = [
            {
                "key": notice.key,
                "severity": notice.severity.value,
                "at": notice.at.isoformat(),
                "sentence": notice.sentence,
                "signal_id": notice.signal_id,
            }
            for notice in bulletin.notices
        ]
        self._target.post(
            {
                "source": "crypto-bot",
                "stage": bulletin.stage,
                "severity": bulletin.severity.value,
                "text": bulletin.text(_LONGEST),
                "notices": notices,
                "more": bulletin.more,
            },
            self._headers,
        )
