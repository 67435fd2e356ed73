"""Telegram: a message of the owner's own bot into one chat."""

from collections.abc import Mapping
from typing import Final

from chalicelib.adapters.notifiers.posting import Target, field_of, target_of
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.operation.notice import Bulletin

API: Final = "https://api.telegram.org"
_LONGEST: Final = 4096


class TelegramNotifier:
    """`Notifier` whose secret has `token` (of the bot) and `chat` (a number or @channel)."""

    def __init__(
        self, fields: Mapping[str, str], whose: str, *, api: str = API, allows_loopback: bool
    ) -> None:
        token = field_of(fields, "token", whose)
        self._chat = field_of(fields, "chat", whose)
        if not all(letter.isalnum() or letter in ":_-" for letter in token):
            raise SettingsError(f"{whose} has a token that @BotFather did not give: 123456:ABC-xyz")
        self._target: Target = target_of(
            f"{api}/bot{token}/sendMessage", whose, allows_loopback=allows_loopback
        )

    def where(self) -> str:
        """See `Notifier.where`."""
        return f"chat {self._chat} at {self._target.host}"

    def send(self, bulletin: Bulletin) -> None:
        """See `Notifier.send`. Without a parse mode nothing in a text is markup."""
        self._target.post(
            {
                "chat_id": self._chat,
                "text": bulletin.text(_LONGEST),
                "link_preview_options": {"is_disabled": True},
            }
        )
