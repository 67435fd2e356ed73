"""Amazon SNS: a topic whose subscribers get e-mail, text messages, or what they like."""

from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import NotDelivered
from chalicelib.domain.operation.notice import Bulletin

_LONGEST: Final = 8000
_LONGEST_SUBJECT: Final = 100


class SnsNotifier:
    """`Notifier` over botocore's client of sns, whose timeouts bound a call to 3 s."""

    def __init__(self, client: Any, topic: str) -> None:
        self._client = client
        self._topic = topic

    def where(self) -> str:
        """See `Notifier.where`."""
        return f"topic {self._topic.rsplit(':', maxsplit=1)[-1]}"

    def send(self, bulletin: Bulletin) -> None:
        """See `Notifier.send`."""
        try:
            self._client.publish(
                TopicArn=self._topic,
                Subject=bulletin.subject[:_LONGEST_SUBJECT],
                Message=bulletin.text(_LONGEST),
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise NotDelivered(f"{self.where()} was refused by AWS: {code}") from None
        except BotoCoreError as error:
            kind = type(error).__name__
            raise NotDelivered(f"{self.where()} cannot be reached: {kind}") from None
