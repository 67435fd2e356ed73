"""One question to a publisher, and what each kind of refusal means."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from chalicelib.domain.errors import ExchangeUnavailable
from chalicelib.drivers.http_get import get_json
from chalicelib.ports import Clock

_OK: Final = 200
_TOO_MANY: Final = 429
_BANNED: Final = 418
# Where the publisher does not say how long: its limits are counted by the minute or the hour.
_USUAL_SILENCE: Final = timedelta(hours=1)


def ask(name: str, url: str, clock: Clock, headers: Mapping[str, str]) -> Any:
    """The document. ExchangeUnavailable says who did not give it, and until when not to ask."""
    try:
        answer = get_json(url, headers)
    except OSError as error:
        kind = type(error).__name__
        raise ExchangeUnavailable(f"{name} cannot be reached: {error.strerror or kind}") from error
    if answer.status in {_TOO_MANY, _BANNED}:
        until = _silence(answer.retry_after, clock.now())
        raise ExchangeUnavailable(
            f"{name} wants to hear nothing until {until:%Y-%m-%d %H:%M:%S} UTC"
            f" (it answered {answer.status})",
            retry_at=until,
        )
    if answer.status != _OK:
        raise ExchangeUnavailable(f"{name} answered {answer.status}")
    return answer.document


def malformed(name: str, wanted: str) -> ExchangeUnavailable:
    """To be raised for a document that is not what the publisher documents."""
    return ExchangeUnavailable(f"{name} did not answer with {wanted}")


def _silence(retry_after: str, now: datetime) -> datetime:
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return now + timedelta(seconds=min(int(text), 7 * 86_400))
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return now + _USUAL_SILENCE
    return until if until.tzinfo else until.replace(tzinfo=UTC)
