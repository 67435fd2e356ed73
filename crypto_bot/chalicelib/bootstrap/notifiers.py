"""A channel -> the notifier that carries its messages, opened with what its secret holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.operation.channel import Channel, ChannelKind
from chalicelib.ports import Notifier, SecretStore

_CONNECT_SECONDS = 1.0
_READ_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """`Notifiers`: each kind's library is loaded by its first message.

    `allows_loopback` is for the embedded run: only there is this machine the owner's own.
    `alarm_topic` is where a channel without a topic of its own publishes; '' where there is none.
    """

    secrets: Callable[[], SecretStore]
    allows_loopback: bool
    alarm_topic: str = ""

    def open(self, channel: Channel, fields: Mapping[str, str] | None = None) -> Notifier:
        """See `Notifiers.open`."""
        if channel.kind is ChannelKind.SNS:
            return _sns(self._topic(channel))
        from chalicelib.adapters.notifiers.discord import DiscordNotifier
        from chalicelib.adapters.notifiers.slack import SlackNotifier
        from chalicelib.adapters.notifiers.telegram import TelegramNotifier
        from chalicelib.adapters.notifiers.webhook import WebhookNotifier

        makers: dict[ChannelKind, Callable[..., Notifier]] = {
            ChannelKind.TELEGRAM: TelegramNotifier,
            ChannelKind.DISCORD: DiscordNotifier,
            ChannelKind.SLACK: SlackNotifier,
            ChannelKind.WEBHOOK: WebhookNotifier,
        }
        fields = self.secrets().secret(channel.secret) if fields is None else fields
        whose = f"the secret {channel.secret!r} of channel {channel.name}"
        return makers[channel.kind](fields, whose, allows_loopback=self.allows_loopback)

    def _topic(self, channel: Channel) -> str:
        if channel.topic or self.alarm_topic:
            return channel.topic or self.alarm_topic
        raise SettingsError(
            f"channel {channel.name} names no topic, and only a stage on AWS has one of its own; "
            'write topic = "arn:aws:sns:..."'
        )


def _sns(topic: str) -> Notifier:
    from chalicelib.adapters.notifiers.sns import SnsNotifier
    from chalicelib.drivers.boto3_session import aws_client

    client = aws_client(
        "sns",
        region=topic.split(":")[3],
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        attempts=1,
    )
    return SnsNotifier(client, topic)
